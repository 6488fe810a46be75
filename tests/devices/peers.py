"""Other ends of a connection, on loopback, each misbehaving in one way."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

DRIP_S = 0.02
Behaviour = Callable[[socket.socket, threading.Event], None]


@contextmanager
def peer(*behaviours: Behaviour) -> Iterator[int]:
    """A port at which each connection in turn meets the next behaviour; the last one meets all that follow."""
    done = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.05)
        thread = threading.Thread(target=_serve, args=(server, behaviours, done))
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            done.set()
            with suppress(OSError):  # so that it need not wait for nobody
                socket.create_connection(server.getsockname(), 0.05).close()
            thread.join()


def _serve(server: socket.socket, behaviours: tuple[Behaviour, ...], done: threading.Event) -> None:
    count = 0
    while not done.is_set():
        try:
            connection, _ = server.accept()
        except TimeoutError:
            continue
        with connection, suppress(OSError):
            connection.settimeout(2)
            behaviours[min(count, len(behaviours) - 1)](connection, done)
        count += 1


def saying(answer: bytes) -> Behaviour:
    """Read the request, answer, close."""

    def behave(connection: socket.socket, _done: threading.Event) -> None:
        connection.recv(4096)
        connection.sendall(answer)

    return behave


def mute(connection: socket.socket, _done: threading.Event) -> None:
    """Take everything, say nothing, never close before the other side does: a half-open connection."""
    while connection.recv(4096):
        continue


def resetting(connection: socket.socket, _done: threading.Event) -> None:
    """Answer half, then reset."""
    connection.recv(4096)
    connection.sendall(b'{"STATUS":')
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def dripping(head: bytes, drop: bytes) -> Behaviour:
    """One drop after another, each well within any time-out for a single receive, for ever."""

    def behave(connection: socket.socket, done: threading.Event) -> None:
        connection.recv(4096)
        connection.sendall(head)
        while not done.wait(DRIP_S):
            connection.sendall(drop)

    return behave


def staying(answer: bytes) -> Behaviour:
    """Answer in full and keep the connection open."""

    def behave(connection: socket.socket, done: threading.Event) -> None:
        connection.recv(4096)
        connection.sendall(answer)
        done.wait(5)

    return behave


def flooding(head: bytes) -> Behaviour:
    """More than anybody wants."""

    def behave(connection: socket.socket, done: threading.Event) -> None:
        connection.recv(4096)
        connection.sendall(head)
        while not done.is_set():
            connection.sendall(b"x" * 65_536)

    return behave
