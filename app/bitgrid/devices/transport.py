"""How a driver reaches its device: three kinds of exchange, each bytes (or registers) out and in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, Protocol

NO_HEADERS: Mapping[str, str] = MappingProxyType({})


class ByteExchange(Protocol):
    """One request, one answer, then the connection ends: the cgminer API."""

    def __call__(self, request: bytes) -> bytes:
        """Send and receive.

        Raises:
            DeviceSilent: no answer.
        """


@dataclass(frozen=True)
class HttpAnswer:
    """Status code, body, and headers by their names in lower case."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict, compare=False)


class HttpExchange(Protocol):
    """One HTTP request."""

    def __call__(
        self, method: str, target: str, body: bytes = b"", headers: Mapping[str, str] = NO_HEADERS
    ) -> HttpAnswer:
        """Send and receive; ``target`` is path and query, ``headers`` go beside those that always go.

        Raises:
            DeviceSilent: no answer.
        """


RegisterFunction = Literal["holding", "input"]
"""Modbus function 3 or 4."""


@dataclass(frozen=True)
class Pacing:
    """What a Modbus device wants to be spared. Seconds of the house: a real device runs at its speed.

    Args:
        connect_delay_s: pause between connecting and the first request.
        pause_s: pause before each further request.
        wait: waits so many seconds.
    """

    connect_delay_s: float = 0.0
    pause_s: float = 0.0
    wait: Callable[[float], object] = lambda _seconds: None


PROMPT = Pacing()
"""No pause at all."""


class RegisterReader(Protocol):
    """Reads of Modbus registers."""

    def __call__(self, address: int, count: int, function: RegisterFunction = "holding") -> list[int]:
        """``count`` (at most 125) registers from ``address``, each 0–65535.

        Raises:
            DeviceSilent: no answer.
            DeviceRefused: a Modbus exception; `DeviceBusy`: one that says nothing of what the device has.
        """
