"""A bus whose messages are handled in one thread, whichever bus they came by: an end of the link hears two."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from bitgrid.bus import Bus, Handler, Sayable


class InTurn:
    """What `Bus` says, and handlers run when ``put`` lets them.

    Args:
        bus: the bus.
        put: takes work, and does it later, in one thread.
    """

    def __init__(self, bus: Bus, put: Callable[[Callable[[], None]], None]) -> None:
        self._bus, self._put = bus, put

    @property
    def is_connected(self) -> bool:
        """Whether the broker can be reached now."""
        return self._bus.is_connected

    def publish(
        self, topic: str, message: Sayable, *, retain: bool = False, expiry_s: float | None = None
    ) -> None:
        """Send a message; see `Bus.publish`."""
        self._bus.publish(topic, message, retain=retain, expiry_s=expiry_s)

    def subscribe(self, pattern: str, handler: Handler) -> None:
        """Have a message handled in turn; see `Bus.subscribe`."""
        self._bus.subscribe(pattern, lambda received: self._put(partial(handler, received)))
