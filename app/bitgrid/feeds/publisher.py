"""Publishes what the feeds know: once a minute, at once in a new block, and at once when the broker is back."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from bitgrid.bus import Bus, Topics
from bitgrid.clock import Clock
from bitgrid.feeds.port import Feed

log = logging.getLogger(__name__)

INTERVAL_S = 60.0


class FeedsPublisher:
    """Stepped by its process.

    Args:
        feeds: each is stepped whether or not the broker is there.
        bus, topics: where their values are told, retained.
        clock: of the house.
        block_s: length of a block, s.
    """

    def __init__(self, feeds: Sequence[Feed], bus: Bus, topics: Topics, clock: Clock, block_s: int) -> None:
        self._feeds, self._block_s = feeds, block_s
        self._bus, self._topics, self._clock = bus, topics, clock
        self._told_boot_s: float | None = None
        self._block: int | None = None

    def step(self) -> str:
        """Step the feeds and publish if it is time to; tell what is wrong, or nothing."""
        problem = "; ".join(filter(None, map(_stepped, self._feeds)))
        if not self._bus.is_connected:
            self._told_boot_s = None
            return problem
        block = int(self._clock.now() // self._block_s)
        is_due = self._told_boot_s is None or self._clock.boot() - self._told_boot_s >= INTERVAL_S
        if block != self._block or is_due:
            self._block, self._told_boot_s = block, self._clock.boot()
            self._publish()
        return problem

    def _publish(self) -> None:
        for feed in self._feeds:
            for device, signal, telemetry in feed.told():
                sent = telemetry.model_copy(update={"sent_boot_s": self._clock.boot()})
                self._bus.publish(self._topics.telemetry(device, signal), sent, retain=True)


def _stepped(feed: Feed) -> str:
    """Step a feed and tell what is wrong; the fault of one does not silence the others."""
    try:
        feed.step()
        return feed.problem()
    except Exception as error:  # whatever it is, prices are told though the sun's forecast fails
        log.exception("%s failed", type(feed).__name__)
        return f"{type(feed).__name__} failed ({type(error).__name__}); what it knew grows old"
