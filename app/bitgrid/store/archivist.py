"""The recorder's care for the archive: when a day has ended, a child process archives it; then hot rows may go.

The child loads pyarrow and ends; the recorder itself never does. It starts the child some minutes after midnight,
UTC, and after its own start; at once again while more is to do; and an hour later where something failed. The
child may be interrupted at any instant. May touch: the hot telemetry; starts the child it is given.
"""

from __future__ import annotations

import datetime as dt
import logging
from typing import Protocol

from bitgrid.clock import Clock
from bitgrid.store.archive.outcome import Outcome
from bitgrid.store.errors import StoreError
from bitgrid.store.telemetry import TelemetryStore

log = logging.getLogger(__name__)

DAY_S = 86_400
AFTER_MIDNIGHT_S = 1200.0
AFTER_START_S = 300.0
AGAIN_S = 3600.0


class Child(Protocol):
    """A process that makes one run for the archive."""

    def start(self) -> None:
        """Begin a run.

        Raises:
            OSError: it cannot be begun.
        """

    def outcome(self) -> Outcome | None:
        """What the run came to; None while it goes on. One that failed altogether is an outcome with a problem."""


class Archivist:
    """Steps through the archive's day; see above."""

    def __init__(self, store: TelemetryStore, child: Child, clock: Clock) -> None:
        self._store, self._child, self._clock = store, child, clock
        self._is_running = False
        self._next_boot_s = clock.boot() + AFTER_START_S
        self._due_s = 0.0
        self._problem = ""
        self._ready: list[tuple[str, int]] = []

    def step(self) -> str:
        """Go on; tell what a person should know, or nothing."""
        if self._ready:
            self._forget(*self._ready.pop())
        elif self._is_running:
            outcome = self._child.outcome()
            if outcome is not None:
                self._ended(outcome)
        elif self._clock.boot() >= self._next_boot_s:
            self._start()
        return self._problem

    def _start(self) -> None:
        try:
            # Reckoned where a run begins: one that goes on over midnight has not seen the day that ended then.
            self._due_s = (self._clock.now() - AFTER_MIDNIGHT_S) // DAY_S * DAY_S + DAY_S + AFTER_MIDNIGHT_S
            self._child.start()
            self._is_running = True
        except OSError as error:
            self._ended(Outcome(problems=[f"the archive's process cannot be started: {error}"]))

    def _ended(self, outcome: Outcome) -> None:
        self._is_running = False
        for words in outcome.done:
            log.info("%s", words)
        for words in (*outcome.problems, *outcome.warnings):
            log.warning("%s", words)
        lost = [f"the telemetry of {day} is given up, as there is no room to keep it" for day in outcome.given_up]
        self._problem = "; ".join([*lost, *_first(outcome.problems), *outcome.warnings])
        self._ready = [*outcome.ready.items(), *outcome.given_up.items()]
        self._next_boot_s = self._clock.boot() + self._rest_s(outcome)

    def _rest_s(self, outcome: Outcome) -> float:
        if outcome.is_more:
            return 0.0
        until_s = min(max(0.0, self._due_s - self._clock.now()), DAY_S)
        return min(AGAIN_S, until_s) if outcome.problems or outcome.warnings else until_s

    def _forget(self, day: str, held: int) -> None:
        """Delete a day's hot telemetry, if it is still what the child has looked at."""
        try:
            if not self._store.drop_day(dt.date.fromisoformat(day), held):
                log.info("more telemetry of %s came in meanwhile; it is archived first", day)
        except StoreError as error:
            self._problem = str(error)
            self._next_boot_s = self._clock.boot() + AGAIN_S


def _first(problems: list[str]) -> list[str]:
    """The first problem, and how many more there are."""
    more = [f"and {len(problems) - 1} more problems, see the log"] if len(problems) > 1 else []
    return [*(f"the archive: {words}" for words in problems[:1]), *more]
