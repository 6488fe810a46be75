"""The local day by which starts are counted, on a clock that may step.

A day begins at local midnight. When the clock steps, the day that runs ends when it would have ended by the clock
it began on, and the one after it at the first midnight that leaves it whole. So no step forgets a count, and none
makes two days of one: a count begins anew at most once in `SHORTEST_DAY_S` of true time.
"""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

SHORTEST_DAY_S = 23 * 3600
"""The day on which summer time begins."""


class LocalDays:
    """Days, each named by the local date of its last second, as yyyymmdd.

    Args:
        zone: whose midnight it is.
        name: the day that was counted last; 0: none was.
        ends_s: when it ends by the clock as it now is, UTC epoch seconds.
    """

    def __init__(self, zone: ZoneInfo, name: int = 0, ends_s: int = 0) -> None:
        self._zone, self.name, self.ends_s = zone, name, ends_s

    def at(self, now_s: int) -> int:
        """The day that runs now. How often it is asked makes no difference, nor whether the house slept."""
        if now_s >= self.ends_s:
            ends_s = self._midnight_from(self.ends_s + SHORTEST_DAY_S)
            self.ends_s = ends_s if now_s < ends_s else self._midnight_from(now_s + 1)
            self.name = _name(self._local(self.ends_s - 1))
        return self.name

    def step(self, now_s: int, step_s: int) -> None:
        """The clock has stepped by ``step_s`` and now shows ``now_s``: the day that runs keeps its true end."""
        self.at(now_s - step_s)
        self.ends_s += step_s

    def _midnight_from(self, at_s: int) -> int:
        """The first local midnight at or after a time."""
        day = self._local(at_s - 1).date() + dt.timedelta(days=1)
        return round(dt.datetime(day.year, day.month, day.day, tzinfo=self._zone).timestamp())

    def _local(self, at_s: int) -> dt.datetime:
        return dt.datetime.fromtimestamp(at_s, self._zone)


def _name(local: dt.datetime) -> int:
    return local.year * 10_000 + local.month * 100 + local.day
