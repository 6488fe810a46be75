"""The forecast of the household: the usual day, and how far the present and yesterday deviate from theirs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bitgrid.feeds.household.persistence import FIT_DAYS, Persistence, Series, fit
from bitgrid.feeds.household.profile import WINDOW_DAYS, Profile, Spread, profile
from bitgrid.feeds.household.table import LocalTime, Slot, Table, is_workday, table_of
from bitgrid.store.feeds import BlockMeans

LEARN_DAYS = WINDOW_DAYS + FIT_DAYS
RECENT_S = 3600
"""A block that is longer ago is not the present any more."""
NARROWER = 0.5
"""By how much p90 is nearer where all of the present deviation remains. p10 is not: what has just been switched on
is as soon switched off again. Measured by bench/household.py."""
SATURDAY, MONDAY = 6, 1
"""Ordinals of some weekend's day and some workday (0001-01-01 was a Monday)."""


@dataclass(frozen=True)
class Learned:
    """What was learned of a household on the day ``day`` (ordinal), from ``days`` days."""

    day: int
    days: int
    workday: Profile
    weekend: Profile
    persistence: Persistence

    def usual(self, slot: Slot) -> Spread:
        """The usual day's quantiles."""
        return (self.workday if is_workday(slot.day) else self.weekend)[slot.number]


def learn(rows: Sequence[BlockMeans], day: int, local: LocalTime) -> Learned | None:
    """Learn a household's habits; None while hardly a day of it is known.

    Args:
        rows: the last `LEARN_DAYS` or more; what lies on ``day`` or later is not looked at.
        day: ordinal of the present day.
        local: the house's local time.
    """
    table = {one: values for one, values in table_of(rows, local).items() if one < day}
    workday, weekend = (profile(table, day, like, local) for like in (MONDAY, SATURDAY))
    if workday is None or weekend is None:
        return None
    loads_w, medians_w = _last_days(table, day, local)
    persistence = fit(loads_w, medians_w, local.slots_a_day, local.block_s)
    days = sum(one >= day - WINDOW_DAYS for one in table)
    return Learned(day, days, workday, weekend, persistence)


def _last_days(table: Table, day: int, local: LocalTime) -> tuple[Series, Series]:
    """What was drawn in the last days, and what would have been usual, each day by what was known before it."""
    loads_w: list[float | None] = []
    medians_w: list[float | None] = []
    for one in range(day - FIT_DAYS, day):
        usual = profile(table, one, one, local)
        for index in range(local.slots_a_day):
            loads_w.append(table.get(one, {}).get(index))
            medians_w.append(None if usual is None else usual[index].median_w)
    return loads_w, medians_w


class Household:
    """What a household will draw, from what was learned and what it drew of late.

    Args:
        learned: its habits.
        rows: its last two days or more.
        local: the house's local time.
    """

    def __init__(self, learned: Learned, rows: Sequence[BlockMeans], local: LocalTime) -> None:
        self._learned, self._local = learned, local
        known = [(row.start_s, float(row.load_w)) for row in rows if row.load_w is not None]
        self._recent: Mapping[Slot, float] = {local.slot(start_s): load_w for start_s, load_w in known}
        self._last = known[-1] if known else None

    def forecast(self, first_s: int, blocks: int) -> list[tuple[float, float, float]]:
        """Quantiles 10, 50 and 90 by block from the one that begins at ``first_s`` on, whole W."""
        last_s, deviation_w = self._present(first_s)
        remains = self._learned.persistence.remains
        block_s, forecast = self._local.block_s, []
        for start_s in range(first_s, first_s + blocks * block_s, block_s):
            share = 0.0 if last_s is None else remains(start_s - last_s - block_s)
            forecast.append(_told(self._usual(self._local.slot(start_s)), share, deviation_w))
        return forecast

    def _present(self, first_s: int) -> tuple[int | None, float]:
        """When the last block began that is still the present, and how far it deviates from the usual, W."""
        if self._last is None:
            return None, 0.0
        last_s, load_w = self._last
        if not 0 < first_s - last_s <= RECENT_S:
            return None, 0.0
        return last_s, load_w - self._usual(self._local.slot(last_s)).median_w

    def _usual(self, slot: Slot) -> Spread:
        """The usual day's quantiles, moved by what remains of the deviation at that time of the last day known."""
        usual = self._learned.usual(slot)
        for days_ago in (1, 2):
            before = slot._replace(day=slot.day - days_ago)
            if before in self._recent:
                deviation_w = self._recent[before] - self._learned.usual(before).median_w
                by_w = deviation_w * self._learned.persistence.tomorrow**days_ago
                return Spread(*(power_w + by_w for power_w in usual))
        return usual


def _told(usual: Spread, share: float, deviation_w: float) -> tuple[float, float, float]:
    median_w = usual.median_w + share * deviation_w
    low_w = median_w - (usual.median_w - usual.low_w)
    high_w = median_w + (1 - NARROWER * share) * (usual.high_w - usual.median_w)
    return (_whole(low_w), _whole(median_w), _whole(high_w))


def _whole(power_w: float) -> float:
    return float(max(0, round(power_w)))
