"""When to learn: hourly in the first days, then each night after the sun's midnight, always beside the loop."""

from __future__ import annotations

from functools import partial

from bitgrid.clock import Clock
from bitgrid.config.house import Location
from bitgrid.feeds.errands import Errands
from bitgrid.feeds.pv.clearness import DAY_S, HOUR_S
from bitgrid.feeds.pv.learning import Home, Lesson, first_model, night
from bitgrid.feeds.pv.memory import Memory
from bitgrid.feeds.pv.model import Model
from bitgrid.feeds.pv.outside import Outside
from bitgrid.feeds.pv.trust import Trust

ERRAND, MODEL, TRUST = "learning the sun", "pv_model", "pv_trust"
LEARN_FROM_S = 400 * DAY_S
YOUNG_DAYS = 3
DEGREES_PER_DAY = 360


class Teacher:
    """Holds what is learned.

    Args:
        home: of the roof.
        memory: what was measured and kept.
        errands: for a night's learning, which takes seconds.
        clock: of the house.
    """

    def __init__(self, home: Home, memory: Memory, errands: Errands, clock: Clock) -> None:
        self._home, self._memory, self._errands, self._clock = home, memory, errands, clock
        kept = memory.load(MODEL, Model)
        is_own = kept is not None and kept.home == home.name
        self.model = kept if is_own else first_model(home)
        self.trust = (memory.load(TRUST, Trust) if is_own else None) or Trust()
        self.lessons = 0
        self.problem = ""
        self._taught_period = self._period(self.model.at_s) if self.model is not None else None

    @property
    def place(self) -> Location:
        """Where the roof is."""
        return self._home.place

    def step(self, outside: Outside | None) -> None:
        """Send for a lesson when one is due."""
        now_s = self._clock.now()
        if self._period(now_s) == self._taught_period or self._errands.is_out(ERRAND):
            return
        self._taught_period = self._period(now_s)
        record = self._memory.record(int(now_s // self._home.block_s), LEARN_FROM_S)
        work = partial(night, self._home, record, now_s, self.model, (self.trust, outside))
        self._errands.send(ERRAND, work, self._on_lesson, self._on_failure)

    def _period(self, at_s: float) -> tuple[str, int]:
        """Changes when a lesson is due: each hour while little is known, else at the sun's midnight."""
        if self.model is None or self.model.days < YOUNG_DAYS:
            return "hour", int(at_s // HOUR_S)
        return "day", int((at_s + self._home.place.longitude / DEGREES_PER_DAY * DAY_S) // DAY_S)

    def _on_lesson(self, lesson: Lesson) -> None:
        now_s, was_young = self._clock.now(), self._period(0)[0]
        self.model, self.trust, self.problem = lesson.model, lesson.trust, ""
        if self._period(0)[0] != was_young:
            self._taught_period = self._period(now_s)
        self.lessons += 1
        if self.model is not None and self.model.days:
            self._memory.keep(MODEL, now_s, self.model)
            self._memory.keep(TRUST, now_s, self.trust)

    def _on_failure(self, reason: str) -> None:
        self.problem = f"last night nothing was learned of the sun ({reason}); what was known before stands"
