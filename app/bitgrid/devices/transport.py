"""How a driver reaches its device: three kinds of exchange, each bytes (or registers) out and in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


class ByteExchange(Protocol):
    """One request, one answer, then the connection ends: the cgminer API."""

    def __call__(self, request: bytes) -> bytes:
        """Send and receive.

        Raises:
            DeviceSilent: no answer.
        """


@dataclass(frozen=True)
class HttpAnswer:
    """Status code and body."""

    status: int
    body: bytes


class HttpExchange(Protocol):
    """One HTTP request."""

    def __call__(self, method: str, target: str, body: bytes = b"") -> HttpAnswer:
        """Send and receive; ``target`` is path and query.

        Raises:
            DeviceSilent: no answer.
        """


class RegisterReader(Protocol):
    """Reads of Modbus holding registers."""

    def __call__(self, address: int, count: int) -> list[int]:
        """``count`` (at most 125) registers from ``address``, each 0–65535.

        Raises:
            DeviceSilent: no answer.
            DeviceRefused: a Modbus exception.
        """
