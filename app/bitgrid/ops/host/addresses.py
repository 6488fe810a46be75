"""By which addresses this host is in its network."""

from __future__ import annotations

import socket

_ELSEWHERE = (("192.0.2.1", 9), ("2001:db8::1", 9))
"""Addresses of nobody (RFC 5737, RFC 3849): asking which way leads there sends nothing."""


def own_addresses() -> tuple[str, ...]:
    """This host's, IPv4 first; none where it is in no network."""
    return tuple(address for place in _ELSEWHERE if (address := _own_address(place)))


def _own_address(place: tuple[str, int]) -> str:
    family = socket.AF_INET6 if ":" in place[0] else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as asking:
            asking.connect(place)
            return str(asking.getsockname()[0])
    except OSError:
        return ""
