"""The rules' end of the local socket to the guard."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from bitgrid.guard.link import (
    GuardReport,
    LocalSocket,
    Request,
    allowed_user_ids,
    decode_report,
    encode,
)

_LISTEN_S = 0.2


class GuardChannel:
    """Sends requests to ``guard.sock``, hears reports on ``rules.sock``, both in the run directory."""

    def __init__(self, run_directory: Path) -> None:
        self._socket = LocalSocket(run_directory / "rules.sock")
        self._guard = run_directory / "guard.sock"
        self._believed = allowed_user_ids("BITGRID_RULES_PEERS")

    def send(self, request: Request) -> None:
        """Send a request; one that cannot go out is lost, and the guard acts on silence."""
        self._socket.send(encode(request), self._guard)

    def listen(self, stopping: threading.Event, handler: Callable[[GuardReport], None]) -> None:
        """Hand every report from the guard's user to ``handler``, until told to end."""
        while not stopping.is_set():
            received = self._socket.receive(_LISTEN_S)
            if received is None or received[1] not in self._believed:
                continue
            report = decode_report(received[0])
            if report is not None:
                handler(report)

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()
