"""The key figures of today, as docs/kpi.md reckons them: asked for now and then, beside the bridge's thread."""

from __future__ import annotations

import json
import logging
from concurrent.futures import Executor, Future
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from bitgrid.clock import Clock
from bitgrid.explain import Language
from bitgrid.ha.entities import FIGURES
from bitgrid.web.kpis import Asked, KpiDesk
from bitgrid.web.problems import Refusal

EVERY_S, AGAIN_S = 3600.0, 600.0
"""Seconds of the house until they are asked for anew, and where there was no answer. At the earliest after
`PAUSE_MACHINE_S`, for a child process is what reckons them."""
PAUSE_MACHINE_S = 300.0
GOOD_FOR_S = 2.5 * EVERY_S

log = logging.getLogger(__name__)


class Today:
    """Asks for the figures, and keeps the last answer while it is one.

    Args:
        desk: who has them reckoned.
        clock: the house's time.
        zone: where the house's days begin.
        language: of reasons, which are not shown here.
        executor: where asking may take its time.
    """

    def __init__(
        self, desk: KpiDesk, clock: Clock, zone: ZoneInfo, language: Language, executor: Executor
    ) -> None:
        self._desk, self._clock, self._zone, self._language = desk, clock, zone, language
        self._executor = executor
        self._asked: tuple[date, Future[str]] | None = None
        self._told: tuple[date, float, dict[str, float | None]] | None = None
        self._next_boot_s = 0.0

    def step(self) -> None:
        """Take in an answer that has come, and ask anew when it is time."""
        clock = self._clock
        if self._asked is not None and self._asked[1].done():
            day, future = self._asked
            self._asked = None
            self._take(day, future)
        if self._asked is None and clock.boot() >= self._next_boot_s:
            self._next_boot_s = self._after(EVERY_S)
            asked = Asked(self._day(), self._day() + timedelta(days=1), self._language)
            self._asked = asked.begin, self._executor.submit(self._desk.answer, asked)

    def document(self) -> dict[str, float | None]:
        """Each figure's value; None where it is not known, or only of a while ago, or of yesterday."""
        good_for_s = max(GOOD_FOR_S, 2.5 * PAUSE_MACHINE_S * self._clock.speed)
        if self._told is not None:
            day, boot_s, values = self._told
            if day == self._day() and self._clock.boot() - boot_s < good_for_s:
                return values
        return dict.fromkeys(FIGURES)

    def _after(self, seconds: float) -> float:
        return self._clock.boot() + max(seconds, PAUSE_MACHINE_S * self._clock.speed)

    def _day(self) -> date:
        return datetime.fromtimestamp(self._clock.now(), UTC).astimezone(self._zone).date()

    def _take(self, day: date, future: Future[str]) -> None:
        try:
            kpis = json.loads(future.result())["kpis"]
            values = {name: _value(kpis.get(name)) for name in FIGURES}
        except Refusal as refusal:
            log.info("no key figures of today: %s", refusal.detail)
            self._next_boot_s = self._after(AGAIN_S)
        except (ValueError, KeyError, TypeError, AttributeError):
            log.exception("what was told of the key figures could not be read")
        else:
            self._told = day, self._clock.boot(), values


def _value(told: object) -> float | None:
    value = told.get("value") if isinstance(told, dict) else None
    return value if isinstance(value, int | float) else None
