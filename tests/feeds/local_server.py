"""A server on this machine that says what a test wrote down for it, and remembers what it was asked."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

from bitgrid.feeds.web import Fetch

Say = Callable[[bytes], None]
Script = Callable[[Say], None]


def answer(body: bytes, status: str = "200 OK", *headers: str) -> Script:
    """A whole answer, its length told."""
    head = "\r\n".join([f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers])
    return lambda say: say(f"{head}\r\n\r\n".encode() + body)


class LocalServer(socketserver.ThreadingTCPServer):
    """Listens on a free port of 127.0.0.1; ``script`` is what it says next, ``asked`` what it heard."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.script: Script = answer(b"{}")
        self.asked: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def instead_of_the_world(self, fetch: Fetch) -> Fetch:
        """A way to servers that all live here."""

        def fetch_here(url: str, **asked: Any) -> bytes:
            return fetch(self.url + urlsplit(url).path, **asked)

        return fetch_here


class _Handler(socketserver.StreamRequestHandler):
    server: LocalServer

    def handle(self) -> None:
        with suppress(OSError):  # who asked may leave at any time
            self._hear()
            self.server.script(self._say)

    def _hear(self) -> None:
        head: list[str] = []
        while line := self.rfile.readline().decode().strip():
            head.append(line)
        length = next((int(line.split(":")[1]) for line in head if line.lower().startswith("content-length")), 0)
        self.server.asked.append("\n".join(head) + "\n\n" + self.rfile.read(length).decode())

    def _say(self, said: bytes) -> None:
        self.wfile.write(said)
        self.wfile.flush()


@contextmanager
def local_server() -> Iterator[LocalServer]:
    """A server that lives as long as the context."""
    with LocalServer() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
