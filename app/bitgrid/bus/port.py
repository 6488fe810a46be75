"""What a process sees of the bus, whatever carries it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Received:
    """A message that came in. ``retained``: the broker had kept it, so its true age is unknown."""

    topic: str
    payload: bytes
    retained: bool


Handler = Callable[[Received], None]


class Sayable(Protocol):
    """What can be published: a `Message`, or what is said in the form of those who read it."""

    def encode(self) -> bytes:
        """Its bytes on the bus."""


class Bus(Protocol):
    """Publish and subscribe."""

    @property
    def is_connected(self) -> bool:
        """Whether the broker can be reached now."""

    def publish(
        self, topic: str, message: Sayable, *, retain: bool = False, expiry_s: float | None = None
    ) -> None:
        """Send a message; while the broker is away it is dropped, never kept for later.

        Args:
            topic: where to.
            message: what.
            retain: whether the broker keeps it for those who come later.
            expiry_s: seconds of the house after which the broker must no longer deliver it.
        """

    def subscribe(self, pattern: str, handler: Handler) -> None:
        """Call ``handler`` for every message whose topic fits an MQTT pattern, also after a reconnect."""
