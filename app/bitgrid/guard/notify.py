"""Telling systemd that the guard is up and alive: the protocol of sd_notify(3), a datagram."""

from __future__ import annotations

import os
import socket


class Notify:
    """Sends to the socket that ``NOTIFY_SOCKET`` names; without one it does nothing.

    The watchdog is fed only from where the watch was kept: a guard that hangs is not fed.
    """

    def __init__(self) -> None:
        name = os.environ.get("NOTIFY_SOCKET", "")
        self._address = f"\0{name[1:]}" if name.startswith("@") else name
        self._has_watchdog = bool(os.environ.get("WATCHDOG_USEC"))

    def ready(self) -> None:
        """The guard listens."""
        self._send(b"READY=1")

    def alive(self) -> None:
        """Every load was watched just now."""
        if self._has_watchdog:
            self._send(b"WATCHDOG=1")

    def _send(self, state: bytes) -> None:
        if not self._address:
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
            try:
                out.sendto(state, socket.MSG_DONTWAIT, self._address)
            except OSError:
                return  # nobody listens: then nobody waits for it either
