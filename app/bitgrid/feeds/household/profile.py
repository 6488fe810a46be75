"""The household's usual day: what it draws in each slot, as quantiles of what it drew on days like that one."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate
from typing import NamedTuple

from bitgrid.feeds.household.table import LocalTime, Table, is_workday
from bitgrid.feeds.household.unusual import chance_of_unusual, unusual_days

WINDOW_DAYS = 56
HALF_LIFE_DAYS = 10.0
OTHER_KIND = 0.15
"""What a weekend's day counts for a workday, and the other way round."""
NEIGHBOUR_S = 1800
NEIGHBOURS = 1.0
"""What the slots within half an hour count together: nobody cooks at the same minute every day.

These four are measured: bench/household.py shows what they give on a recorded home."""
QUANTILES = (0.1, 0.5, 0.9)


class Spread(NamedTuple):
    """Quantiles 10, 50 and 90 of a power, W."""

    low_w: float
    median_w: float
    high_w: float


Profile = tuple[Spread, ...]
"""A day's quantiles by slot."""
_Sample = tuple[int, float]
"""Power in W, and what it counts."""
_Column = tuple[list[_Sample], list[_Sample]]
"""The samples of a slot: of usual days, and of unusual ones."""


def profile(table: Table, day: int, like: int, local: LocalTime) -> Profile | None:
    """The usual day, by what is known before ``day``; None while hardly a day is known.

    Args:
        table: the history; days from ``day`` on are not looked at.
        day: ordinal of the day on which one asks.
        like: ordinal of the day asked about; it may be a later one.
        local: the house's local time.
    """
    known = {one: values for one, values in table.items() if day - WINDOW_DAYS <= one < day}
    unusual = unusual_days(known, local.slots_a_day)
    chance = chance_of_unusual(known, unusual, day)
    counted = {one: _counts(one, day, like) for one in known}
    columns: list[_Column] = [([], []) for _ in range(local.slots_a_day)]
    for one, values in known.items():
        for index, power_w in values.items():
            columns[index][one in unusual].append((power_w, counted[one]))
    reach = NEIGHBOUR_S // local.block_s
    slots = [_spread(_around(columns, index, reach), chance) for index in range(local.slots_a_day)]
    told = [spread for spread in slots if spread is not None]
    return tuple(told) if len(told) == local.slots_a_day else None


def _counts(one: int, day: int, like: int) -> float:
    """What a day counts: half as much every ten days, less where it is of another kind."""
    kind = 1.0 if is_workday(one) == is_workday(like) else OTHER_KIND
    return float(kind * 2 ** (-(day - one) / HALF_LIFE_DAYS))


def _around(columns: list[_Column], index: int, reach: int) -> _Column:
    """The samples of a slot and its neighbours; midnight has two sides."""
    around: _Column = ([], [])
    for offset in range(-reach, reach + 1):
        weight = 1.0 if offset == 0 else NEIGHBOURS / (2 * reach)
        for into, samples in zip(around, columns[(index + offset) % len(columns)], strict=True):
            into += [(power_w, counts * weight) for power_w, counts in samples]
    return around


def _spread(samples: _Column, chance: float) -> Spread | None:
    """Quantiles of usual and unusual days together, each kind by its chance."""
    usual, unusual = samples
    if not usual or not unusual:
        return _quantiles(usual or unusual)
    return _quantiles([*_weighing(usual, 1 - chance), *_weighing(unusual, chance)])


def _weighing(samples: list[_Sample], total: float) -> Iterator[_Sample]:
    """The same samples, counting ``total`` together."""
    factor = total / sum(counts for _power_w, counts in samples)
    return ((power_w, counts * factor) for power_w, counts in samples)


def _quantiles(samples: list[_Sample]) -> Spread | None:
    """Weighted quantiles: the first value up to which so much of the weight lies."""
    if not samples:
        return None
    samples.sort()
    sums = list(accumulate(counts for _power_w, counts in samples))
    powers_w: list[float] = []
    index = 0
    for quantile in QUANTILES:
        while index < len(sums) - 1 and sums[index] < quantile * sums[-1]:
            index += 1
        powers_w.append(float(samples[index][0]))
    return Spread(*powers_w)
