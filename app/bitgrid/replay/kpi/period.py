"""A period by the house's own days: from one local midnight to the next, twice a year 23 or 25 hours long."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from bitgrid.replay.kpi.errors import BadPeriod

MOST_DAYS = 3660
_MONTH_LENGTH = len("2025-05")


@dataclass(frozen=True)
class Day:
    """A local day; a block belongs to the day it begins in.

    Args:
        date: by the house's calendar.
        begins_s: its midnight, UTC epoch seconds.
        from_s: its beginning within the period.
        to_s: its end, left out.
    """

    date: dt.date
    begins_s: int
    from_s: int
    to_s: int


@dataclass(frozen=True)
class Period:
    """From one moment to another, the end left out.

    Args:
        from_s: beginning, UTC epoch seconds.
        to_s: end.
        zone: of the house.
        block_s: length of a block, s.
    """

    from_s: int
    to_s: int
    zone: ZoneInfo
    block_s: int

    def __post_init__(self) -> None:
        if self.to_s <= self.from_s:
            raise BadPeriod(
                f"the period ends ({self._local(self.to_s)}) before it has begun ({self._local(self.from_s)}); "
                f"give its beginning first"
            )
        if self.to_s - self.from_s > MOST_DAYS * 86_400:
            raise BadPeriod(f"the period is longer than {MOST_DAYS} days; ask for a shorter one")

    def days(self) -> list[Day]:
        """Its local days, the first and the last cut to the period."""
        return list(self._days())

    def until(self, now_s: float) -> Period | None:
        """What of it is over: up to the last block that has ended by ``now_s``; None if nothing is."""
        ends_s = int(now_s) // self.block_s * self.block_s
        to_s = min(self.to_s, ends_s)
        return Period(self.from_s, to_s, self.zone, self.block_s) if to_s > self.from_s else None

    @property
    def first_block(self) -> int:
        """The first block that begins in it."""
        return -(-self.from_s // self.block_s)

    @property
    def end_block(self) -> int:
        """The first block that begins after it."""
        return -(-self.to_s // self.block_s)

    def _days(self) -> Iterator[Day]:
        begin_s, date = self.from_s, self._local(self.from_s).date()
        while begin_s < self.to_s:
            date += dt.timedelta(days=1)
            end_s = min(midnight_s(date, self.zone), self.to_s)
            if end_s > begin_s:  # the calendar of a place may leave a day out
                before = date - dt.timedelta(days=1)
                yield Day(before, midnight_s(before, self.zone), begin_s, end_s)
            begin_s = max(begin_s, end_s)

    def _local(self, at_s: int) -> dt.datetime:
        return dt.datetime.fromtimestamp(at_s, self.zone)


def midnight_s(date: dt.date, zone: ZoneInfo) -> int:
    """When a local day begins, UTC epoch seconds."""
    return int(dt.datetime(date.year, date.month, date.day, tzinfo=zone).timestamp())


def month(text: str, zone: ZoneInfo, block_s: int) -> Period:
    """A month of the house's calendar, as ``2025-05``.

    Raises:
        BadPeriod: it is none.
    """
    try:
        first = dt.date.fromisoformat(f"{text}-01" if len(text) == _MONTH_LENGTH else "")
        after = (first + dt.timedelta(days=31)).replace(day=1)
        return Period(midnight_s(first, zone), midnight_s(after, zone), zone, block_s)
    except (ValueError, OverflowError):
        raise BadPeriod(f"{text} is no month; write it as 2025-05") from None
