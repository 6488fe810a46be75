"""A device that says what it is asked."""

from __future__ import annotations

import socketserver
from contextlib import suppress

from bitgrid.plant.listeners import Listener


class _Echo(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        with suppress(OSError):
            while question := self.request.recv(4096):
                self.request.sendall(question)


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False


def echo_server() -> tuple[Listener, int]:
    """A running echo, and its port."""
    server = _Server(("127.0.0.1", 0), _Echo)
    return Listener(server), server.server_address[1]
