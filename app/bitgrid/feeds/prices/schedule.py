"""When a source is asked: as seldom as will do.

The auction of the coupled European market closes at noon and tells its prices between a quarter to one and one,
Central European time, for the whole of the next day in that time.
"""

from __future__ import annotations

import datetime as dt
import zlib
from typing import NamedTuple
from zoneinfo import ZoneInfo

MARKET_ZONE = ZoneInfo("Europe/Brussels")
PUBLISHED = dt.time(13, 0)
SPREAD_S = 900
"""Houses ask spread over so many seconds after `PUBLISHED`, each always at its own moment."""
FIRST_WAIT_S = 900
LAST_WAIT_S = 7200


class MarketDays(NamedTuple):
    """From the beginning of today at the market to the end of tomorrow, UTC epoch seconds."""

    start_s: int
    tomorrow_s: int
    end_s: int


def market_days(now_s: float) -> MarketDays:
    """Today and tomorrow as the market counts them; a day may have 23 or 25 hours."""
    today = dt.datetime.fromtimestamp(now_s, MARKET_ZONE).date()
    return MarketDays(*(_midnight_s(today + dt.timedelta(days=days)) for days in range(3)))


class Schedule:
    """Decides when to ask.

    Args:
        house: its short name, from which its own moment after `PUBLISHED` follows.
    """

    def __init__(self, house: str) -> None:
        self.jitter_s = zlib.crc32(house.encode()) % SPREAD_S
        self._wait_s = 0.0
        self._asked_boot_s: float | None = None

    def wanted_until_s(self, now_s: float) -> int:
        """Until when prices should be known now: the end of today, or of tomorrow once that is published."""
        days = market_days(now_s)
        today = dt.datetime.fromtimestamp(now_s, MARKET_ZONE).date()
        published_s = dt.datetime.combine(today, PUBLISHED, MARKET_ZONE).timestamp() + self.jitter_s
        return days.end_s if now_s >= published_s else days.tomorrow_s

    def is_due(self, now_s: float, boot_s: float, known_until_s: float) -> bool:
        """Whether to ask now, with prices known without a gap until ``known_until_s``."""
        has_waited = self._asked_boot_s is None or boot_s - self._asked_boot_s >= max(FIRST_WAIT_S, self._wait_s)
        return has_waited and known_until_s < self.wanted_until_s(now_s)

    def asked(self, boot_s: float) -> None:
        """It was asked at ``boot_s``; the next question waits twice as long as the last."""
        self._asked_boot_s = boot_s
        self._wait_s = min(LAST_WAIT_S, max(FIRST_WAIT_S, self._wait_s * 2))

    def satisfied(self) -> None:
        """The answer told all that was wanted: the waits begin anew."""
        self._wait_s = 0.0


def _midnight_s(day: dt.date) -> int:
    return round(dt.datetime.combine(day, dt.time(), MARKET_ZONE).timestamp())
