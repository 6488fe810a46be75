"""A bus inside one process, for tests and simulation: same contract as the broker, delivered at once, in order."""

from __future__ import annotations

from collections import deque
from functools import lru_cache

from paho.mqtt.client import topic_matches_sub

from bitgrid.bus.port import Handler, Received, Sayable

_fits = lru_cache(maxsize=4096)(topic_matches_sub)


class MemoryBus:
    """Delivers on publish. A message published by a handler waits until the one being delivered is done."""

    def __init__(self) -> None:
        self.is_connected = True
        self._handlers: list[tuple[str, Handler]] = []
        self._retained: dict[str, bytes] = {}
        self._queue: deque[Received] = deque()
        self._delivering = False

    def publish(
        self, topic: str, message: Sayable, *, retain: bool = False, expiry_s: float | None = None
    ) -> None:
        """Deliver to every subscriber; see `Bus.publish`."""
        if not self.is_connected or (expiry_s is not None and expiry_s <= 0):
            return
        payload = message.encode()
        if retain:
            self._retained[topic] = payload
        self._queue.append(Received(topic, payload, retained=False))
        self._drain()

    def subscribe(self, pattern: str, handler: Handler) -> None:
        """Register a handler and hand it what is retained; see `Bus.subscribe`."""
        self._handlers.append((pattern, handler))
        for topic, payload in list(self._retained.items()):
            if _fits(pattern, topic):
                handler(Received(topic, payload, retained=True))

    def _drain(self) -> None:
        if self._delivering:
            return
        self._delivering = True
        try:
            while self._queue:
                received = self._queue.popleft()
                for pattern, handler in list(self._handlers):
                    if _fits(pattern, received.topic):
                        handler(received)
        finally:
            self._delivering = False
