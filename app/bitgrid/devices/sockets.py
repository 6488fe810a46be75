"""Exchanges over real sockets. Each is bounded as a whole, in time and in size, whatever the other side does.

Time-outs here are the machine's: a house that runs fast does not make a network faster.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from typing import Any

from bitgrid.clock import Clock, SystemClock
from bitgrid.devices.errors import DeviceNonsense, DeviceSilent
from bitgrid.devices.transport import NO_HEADERS, ByteExchange, HttpAnswer, HttpExchange

MAX_ANSWER_BYTES = 262_144
_CHUNK_BYTES = 16_384
_MACHINE = SystemClock()


class _Deadline:
    """A moment by which all must be over."""

    def __init__(self, timeout_s: float, clock: Clock) -> None:
        self._clock = clock
        self._ends_boot_s = clock.boot() + timeout_s

    def left_s(self) -> float:
        """Machine seconds left.

        Raises:
            TimeoutError: none.
        """
        left_s = self._ends_boot_s - self._clock.boot()
        if left_s <= 0:
            raise TimeoutError("timed out")
        return left_s


def tcp_exchange(host: str, port: int, timeout_s: float, machine: Clock = _MACHINE) -> ByteExchange:
    """Connect, send, read until the other side closes or sends NUL; what follows that is not looked at.

    The answer is empty when the other side took the request and closed without a word.

    Args:
        host: address or name of the device.
        port: its port.
        timeout_s: for all of it, machine seconds.
        machine: the machine's own clock.
    """

    def exchange(request: bytes) -> bytes:
        deadline = _Deadline(timeout_s, machine)
        with _named(host, port), socket.create_connection((host, port), deadline.left_s()) as connection:
            connection.settimeout(deadline.left_s())
            connection.sendall(request)
            return _read_all(connection, deadline, f"{host}:{port}")

    return exchange


def http_exchange(host: str, port: int, timeout_s: float, machine: Clock = _MACHINE) -> HttpExchange:
    """One plain HTTP/1.1 request on a connection of its own. No proxy, no redirect, no cookie.

    Args:
        host: address or name of the device.
        port: its port.
        timeout_s: for all of it, machine seconds.
        machine: the machine's own clock.
    """

    def exchange(
        method: str, target: str, body: bytes = b"", headers: Mapping[str, str] = NO_HEADERS
    ) -> HttpAnswer:
        deadline = _Deadline(timeout_s, machine)
        with _named(host, port), _connect(host, port, deadline) as connection:
            http = HTTPConnection(host, port)
            http.sock = connection
            own = {"Connection": "close"} | ({"Content-Type": "application/json"} if body else {})
            http.request(method, target, body or None, own | dict(headers))
            with http.getresponse() as response:
                answer = _limited(response.read(MAX_ANSWER_BYTES + 1), f"{host}:{port}")
                if response.length:
                    raise ConnectionError(f"its answer ended {response.length} bytes too early")
            told = {name.lower(): value for name, value in response.getheaders()}
            return HttpAnswer(response.status, answer, told)

    return exchange


class _TimedSocket(socket.socket):
    """A socket of which every read ends at the same moment, so that a slow drip cannot prolong it."""

    deadline: _Deadline

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        """Receive, at most until the deadline."""
        self.settimeout(self.deadline.left_s())
        return super().recv_into(*args, **kwargs)


def _connect(host: str, port: int, deadline: _Deadline) -> _TimedSocket:
    plain = socket.create_connection((host, port), deadline.left_s())
    timed = _TimedSocket(fileno=plain.detach())
    timed.deadline = deadline
    timed.settimeout(deadline.left_s())
    return timed


def _read_all(connection: socket.socket, deadline: _Deadline, device: str) -> bytes:
    answer, end = bytearray(), b""
    while not end:
        connection.settimeout(deadline.left_s())
        chunk = connection.recv(_CHUNK_BYTES)
        if not chunk:
            break
        said, end, _later = chunk.partition(b"\0")
        answer += said + end
        _limited(answer, device)
    return bytes(answer)


def _limited(answer: bytes | bytearray, device: str) -> bytes:
    if len(answer) > MAX_ANSWER_BYTES:
        raise DeviceNonsense(f"{device} answered more than {MAX_ANSWER_BYTES} bytes")
    return bytes(answer)


@contextmanager
def _named(host: str, port: int) -> Iterator[None]:
    """Turn what can go wrong on the way into device errors that name the address."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error) or type(error).__name__
        raise DeviceSilent(f"{host}:{port} gave no answer: {reason}. Look at its power and network.") from error
    except (HTTPException, ValueError) as error:
        raise DeviceNonsense(f"{host}:{port} does not speak HTTP: {error!r}") from error
