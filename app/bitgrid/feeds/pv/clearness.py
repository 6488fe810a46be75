"""How clear the sky was: measured power over clear-sky power, just now, today, this week, and usual at this hour.

Each is drawn to the next longer one where there was little light to tell it by, so that at dawn and after a hole
the last hours, then yesterday, then the weeks before stand in, without a step.
"""

from __future__ import annotations

import math
from itertools import accumulate
from typing import NamedTuple

from bitgrid.feeds.pv.record import Record
from bitgrid.feeds.pv.sky import Sky

DAY_S, HOUR_S = 86_400, 3600
SLOTS = 48
"""Half hours of a UTC day, each with its usual clearness."""
UNTAUGHT = 0.6
"""Where nothing was measured yet: what a roof in middle Europe yields of its clear sky, summer and winter."""
HALF_LIFE_DAYS = 15
SMOOTH = (0.3, 0.7, 1.0, 0.7, 0.3)
"""How the half hours around one count towards what is usual in it."""
MOST = 1.6
"""Clouds around the sun can add to it, no more than so."""
WINDOWS = (
    (30 * DAY_S, 1.2),
    (7 * DAY_S, 1.2),
    (DAY_S, 0.3),
    (2 * HOUR_S, 0.05),
    (HOUR_S // 2, 0.015),
    (HOUR_S // 6, 0.005),
)
"""Length, s, and how many hours at full power the next longer one counts for in it."""
USUAL_H = 1.5
ENOUGH_LIGHT = 0.1
"""A clearness that is to persist must have been measured at so much of the roof's peak."""
RECENT_S = 60 * DAY_S
"""Of what is older, nothing is left in any of it."""
PERSISTING_S, LOOK_BACK_S = HOUR_S // 2, 3 * DAY_S


class Skies(NamedTuple):
    """Clearness at the beginning of a block: of the last ten minutes, half hour, two hours, day and week."""

    last: float
    now: float
    lately: float
    day: float
    week: float


class Clearness:
    """Of a record under a sky.

    Args:
        record: what was measured.
        sky: what would have been without clouds.
    """

    def __init__(self, record: Record, sky: Sky) -> None:
        self._first, self._sky = record.first_block, sky
        self._pv = [0.0]
        self._clear = [0.0]
        lit_w: list[tuple[float, float]] = []
        for index, watts in enumerate(record.pv_w):
            clear_w = 0.0 if math.isnan(watts) else sky.light(self._first + index).clear_w
            lit_w.append((min(watts, MOST * clear_w), clear_w) if clear_w > 0 else (0.0, 0.0))
        self._pv += accumulate(watts for watts, _ in lit_w)
        self._clear += accumulate(watts for _, watts in lit_w)
        self._hour = HOUR_S / sky.block_s * sky.roof.peak_w
        self._usual = self._usual_by_day(lit_w)

    def at(self, block: int) -> Skies:
        """As known when a block begins: nothing of it or after it is looked at."""
        value, found = UNTAUGHT, []
        for length_s, hours in WINDOWS:
            pv, clear = self._sums(block - max(1, length_s // self._sky.block_s), block)
            value = (pv + value * hours * self._hour) / (clear + hours * self._hour) if self._hour else value
            found.append(value)
        _month, week, day, lately, now, last = found
        return Skies(last, now, lately, day, week)

    def usual(self, block: int, target: int) -> float:
        """Usual clearness at the time of day of ``target``, as known on the day of ``block``."""
        if not self._usual:
            return UNTAUGHT
        day = block * self._sky.block_s // DAY_S - self._first * self._sky.block_s // DAY_S
        return self._usual[min(max(0, day), len(self._usual) - 1)][self._slot(target)]

    def persisting(self, block: int) -> float | None:
        """The clearness of the last half hour of good light before a block; None: there was none for days."""
        length, block_s = max(1, PERSISTING_S // self._sky.block_s), self._sky.block_s
        enough = ENOUGH_LIGHT * self._sky.roof.peak_w * length
        for end in range(block, block - LOOK_BACK_S // block_s, -1):
            pv, clear = self._sums(end - length, end)
            if clear >= enough > 0:
                return min(MOST, pv / clear)
        return None

    def _sums(self, begin: int, end: int) -> tuple[float, float]:
        last = len(self._pv) - 1
        first, after = (min(max(0, block - self._first), last) for block in (begin, end))
        return self._pv[after] - self._pv[first], self._clear[after] - self._clear[first]

    def _slot(self, block: int) -> int:
        return block * self._sky.block_s % DAY_S * SLOTS // DAY_S

    def _usual_by_day(self, lit_w: list[tuple[float, float]]) -> list[list[float]]:
        """For the beginning of each day of the record, and of the day after it: usual clearness by half hour."""
        pv, clear, tables = [0.0] * SLOTS, [0.0] * SLOTS, []
        fade, block_s = 0.5 ** (1 / HALF_LIFE_DAYS), self._sky.block_s
        day = self._first * block_s // DAY_S
        for index, (watts, clear_w) in enumerate(lit_w):
            block = self._first + index
            while day <= block * block_s // DAY_S:
                tables.append(self._table(pv, clear))
                pv, clear = [fade * value for value in pv], [fade * value for value in clear]
                day += 1
            pv[self._slot(block)] += watts
            clear[self._slot(block)] += clear_w
        return [*tables, self._table(pv, clear)] if lit_w else []

    def _table(self, pv: list[float], clear: list[float]) -> list[float]:
        held = USUAL_H * self._hour
        if not held:
            return [UNTAUGHT] * SLOTS
        base = (sum(pv) + UNTAUGHT * held) / (sum(clear) + held)
        return [(_around(pv, slot) + base * held) / (_around(clear, slot) + held) for slot in range(SLOTS)]


def _around(values: list[float], slot: int) -> float:
    return sum(share * values[(slot + i - 2) % SLOTS] for i, share in enumerate(SMOOTH))
