"""Run by itself in some network: listens wherever it is told, and answers, until its standard input ends."""

from __future__ import annotations

import contextlib
import json
import selectors
import socket
import sys


def listener(protocol: str, address: str, port: int) -> socket.socket:
    """A socket that waits there; also for an address that this host has not got yet."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((address, port))
    if protocol == "tcp":
        sock.listen(50)
    sock.settimeout(0)
    return sock


def serve(places: list[list[object]]) -> None:
    """Take connections and answer datagrams until nobody holds the other end of the standard input."""
    with selectors.DefaultSelector() as selector:
        for protocol, address, port in places:
            selector.register(listener(str(protocol), str(address), int(str(port))), selectors.EVENT_READ)
        selector.register(sys.stdin, selectors.EVENT_READ)
        print("ready", flush=True)  # noqa: T201  whoever started it waits for this
        while True:
            for key, _ in selector.select():
                if key.fileobj is sys.stdin:
                    return
                answer(key.fileobj)


def answer(sock: socket.socket) -> None:
    """One connection taken and ended, or one datagram answered."""
    with contextlib.suppress(OSError):
        if sock.type is socket.SOCK_STREAM:
            sock.accept()[0].close()
        else:
            _, sender = sock.recvfrom(100)
            sock.sendto(b"yes", sender)


if __name__ == "__main__":
    serve(json.loads(sys.argv[1]))
