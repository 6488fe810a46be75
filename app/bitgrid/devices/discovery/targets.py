"""Which addresses are asked: private IPv4 alone, at most `MAX_HOSTS` of them. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import AddressValueError, IPv4Address, IPv4Network, NetmaskValueError

PRIVATE = tuple(map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16")))
"""RFC 1918 and RFC 3927: what no router passes on."""
LOOPBACK = IPv4Network("127.0.0.0/8")
LARGEST_PREFIX = 22
MAX_HOSTS = 4096
_COLUMNS = {"destination": 1, "gateway": 2, "mask": 7}


class BadTarget(ValueError):
    """An address that is not scanned, and why."""


def hosts_of(targets: Iterable[str]) -> list[str]:
    """Every address of some addresses and subnets, each once, in order.

    Args:
        targets: such as ``192.168.1.20`` or ``192.168.1.0/24``. Loopback is only what is named here.

    Raises:
        BadTarget: it is none, not private, or too large.
    """
    found = dict.fromkeys(str(host) for target in targets for host in _network(target).hosts())
    if len(found) > MAX_HOSTS:
        raise BadTarget(f"{len(found)} addresses at once are too many; name at most {MAX_HOSTS}")
    return list(found)


def own_subnets(route_table: str) -> list[str]:
    """The private subnets this machine is connected to and that are small enough.

    Args:
        route_table: Linux's ``/proc/net/route``.
    """
    networks = [network for network in _connected(route_table) if network.prefixlen >= LARGEST_PREFIX]
    return [str(network) for network in networks if _is_private(network)]


def _network(target: str) -> IPv4Network:
    try:
        network = IPv4Network(target, strict=False)
    except (AddressValueError, NetmaskValueError):
        raise BadTarget(f"{target} is no IPv4 address or subnet; write 192.168.1.20 or 192.168.1.0/24") from None
    if not _is_private(network) and not network.subnet_of(LOOPBACK):
        raise BadTarget(
            f"{target} is no private address. Only the home's own network is scanned: "
            f"{', '.join(map(str, PRIVATE))}"
        )
    if network.prefixlen < LARGEST_PREFIX:
        raise BadTarget(f"{target} is too large; name a /{LARGEST_PREFIX} at most, such as 192.168.0.0/22")
    return network


def _is_private(network: IPv4Network) -> bool:
    return any(network.subnet_of(private) for private in PRIVATE)


def _connected(route_table: str) -> Iterator[IPv4Network]:
    """The subnets that are reached without a gateway."""
    for line in route_table.splitlines()[1:]:
        columns = line.split()
        if len(columns) <= max(_COLUMNS.values()):
            continue
        address, gateway, mask = (_from_kernel(columns[place]) for place in _COLUMNS.values())
        if gateway == IPv4Address(0) and address != gateway:
            yield IPv4Network(f"{address}/{mask}", strict=False)


def _from_kernel(text: str) -> IPv4Address:
    """An address as the kernel prints it: hexadecimal, of a little-endian machine."""
    return IPv4Address(bytes.fromhex(text)[::-1])
