"""When somebody is asked: at the start, then now and then; after a failure a little later each time."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from bitgrid.clock import Clock
from bitgrid.feeds.errands import Errands
from bitgrid.feeds.web import FetchError

T = TypeVar("T")
FIRST_RETRY_S = 60.0
LAST_RETRY_S = 3600.0


class Asking:
    """One question to one server, stepped.

    Args:
        name: of the errand.
        errands: the way there, beside the loop.
        clock: of the house.
        every_s: from one good answer to the next question, s.
    """

    def __init__(self, name: str, errands: Errands, clock: Clock, every_s: float) -> None:
        self._name, self._errands, self._clock, self._every_s = name, errands, clock, every_s
        self._next_boot_s = 0.0
        self._retry_s = FIRST_RETRY_S
        self.problem = ""

    def step(self, ask: Callable[[], T], take: Callable[[T], None]) -> None:
        """Ask if it is time to. ``take`` gets a good answer, and may refuse it with a `FetchError`."""
        if self._clock.boot() < self._next_boot_s or self._errands.is_out(self._name):
            return

        def good(answer: T) -> None:
            try:
                take(answer)
            except FetchError as error:
                self._failed(str(error))
                return
            self.problem, self._retry_s = "", FIRST_RETRY_S
            self._next_boot_s = self._clock.boot() + self._every_s

        self._errands.send(self._name, ask, good, self._failed)

    def _failed(self, reason: str) -> None:
        self.problem = reason
        self._next_boot_s = self._clock.boot() + self._retry_s
        self._retry_s = min(LAST_RETRY_S, 2 * self._retry_s)
