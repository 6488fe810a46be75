"""Talking to supervisord: XML-RPC over its Unix socket, with the standard library alone."""

from __future__ import annotations

import http.client
import socket
import xmlrpc.client
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TIMEOUT_S = 5.0
_ADDRESS = "http://localhost/RPC2"  # XML-RPC wants one; the socket is what counts
RUNNING, FATAL = "RUNNING", "FATAL"


class SupervisorAway(Exception):
    """supervisord does not answer, or answers something else than asked."""


@dataclass(frozen=True)
class ProgramInfo:
    """What supervisord knows of a program; ``exit_status`` is that of its last end."""

    name: str
    state: str
    pid: int
    exit_status: int
    description: str


class Supervisor:
    """supervisord behind a Unix socket."""

    def __init__(self, path: Path) -> None:
        self._path = str(path)

    def programs(self) -> list[ProgramInfo]:
        """Every program and its state.

        Raises:
            SupervisorAway: no answer.
        """
        found = self._call("getAllProcessInfo")
        return [
            ProgramInfo(one["name"], one["statename"], one["pid"], one["exitstatus"], one["description"])
            for one in found
        ]

    def start(self, name: str) -> None:
        """Start a program without waiting for it.

        Raises:
            SupervisorAway: no answer, or it refuses.
        """
        self._call("startProcess", name, False)  # noqa: FBT003  XML-RPC has no keywords

    def stop(self, name: str) -> None:
        """Tell a program to end, without waiting for it.

        Raises:
            SupervisorAway: no answer, or it refuses.
        """
        self._call("stopProcess", name, False)  # noqa: FBT003  XML-RPC has no keywords

    def _call(self, method: str, *arguments: object) -> Any:  # noqa: ANN401  XML-RPC is untyped
        try:
            with xmlrpc.client.ServerProxy(_ADDRESS, transport=_UnixTransport(self._path)) as proxy:
                return getattr(proxy.supervisor, method)(*arguments)
        except (OSError, http.client.HTTPException, xmlrpc.client.Error) as error:
            raise SupervisorAway(f"supervisord: {method}: {error}") from error


class _UnixTransport(xmlrpc.client.Transport):
    def __init__(self, path: str) -> None:
        super().__init__()
        self._path = path

    def make_connection(self, host: Any) -> http.client.HTTPConnection:  # noqa: ANN401  as the library declares it
        connection = _UnixConnection(self._path)
        self._connection = host, connection  # the library closes what it finds here
        return connection


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=TIMEOUT_S)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)
