"""Run by itself, as some user in some network: which places can be reached from here? JSON in, JSON out.

TCP: a connection is made. UDP and ping: an answer comes. Everything is tried at once, and what is silent for the
time given is not reached. Standard library only, so that any Python on any host can run it.
"""

from __future__ import annotations

import json
import selectors
import socket
import sys
import time
from typing import Any


def tried(target: dict[str, Any]) -> socket.socket | None:
    """A socket on its way to a target, or none where the very first step is refused."""
    is_v6 = ":" in target["address"]
    kind = socket.SOCK_STREAM if target["protocol"] == "tcp" else socket.SOCK_DGRAM
    ping = socket.IPPROTO_ICMPV6 if is_v6 else socket.IPPROTO_ICMP
    sock = socket.socket(
        socket.AF_INET6 if is_v6 else socket.AF_INET, kind, ping if target["protocol"] == "ping" else 0
    )
    sock.settimeout(0)
    try:
        if target.get("source"):
            sock.bind((target["source"], target.get("source_port", 0)))
        sock.connect_ex((target["address"], target["port"]))
        if kind is socket.SOCK_DGRAM:
            # Read as a ping it is an echo request; the kernel fills in its checksum.
            sock.send(bytes([128 if is_v6 else 8, 0, 0, 0, 0, 0, 0, 1]))
    except OSError:
        sock.close()
        return None
    return sock


def reached(sock: socket.socket) -> bool:
    """Whether what happened on a socket is an answer."""
    if sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
        return False
    if sock.type is socket.SOCK_STREAM:
        return True
    try:
        return bool(sock.recv(100))
    except OSError:
        return False


def ask(targets: list[dict[str, Any]], wait_s: float) -> list[bool]:
    """Which of the targets are reached, in their order."""
    answers = [False] * len(targets)
    with selectors.DefaultSelector() as selector:
        for number, target in enumerate(targets):
            sock = tried(target)
            if sock is not None:
                is_tcp = sock.type is socket.SOCK_STREAM
                selector.register(sock, selectors.EVENT_WRITE if is_tcp else selectors.EVENT_READ, number)
        ends_s = time.monotonic() + wait_s
        left_s = wait_s
        while selector.get_map():
            found = selector.select(max(0.0, left_s))
            # On a busy machine the time may be over before this is looked at: what is there by then counts.
            if not found and left_s <= 0:
                break
            left_s = ends_s - time.monotonic()
            for key, _ in found:
                sock = key.fileobj
                answers[key.data] = reached(sock)
                selector.unregister(sock)
                sock.close()
        for key in list(selector.get_map().values()):
            key.fileobj.close()
    return answers


if __name__ == "__main__":
    print(json.dumps(ask(json.loads(sys.argv[1]), float(sys.argv[2]))))  # noqa: T201  its answer
