"""Days unlike the others, such as an absence or a house full of guests: they must not pass for habits.

How likely the next day is such a day is counted from what followed days like yesterday: after an ordinary day
hardly, within a holiday quite.
"""

from __future__ import annotations

from itertools import pairwise
from statistics import fmean, median

from bitgrid.feeds.household.table import Table

FACTOR = 2.0
"""A day whose mean power is less than half or more than twice the median day's is unusual."""
KNOWN_SHARE = 0.5
"""Of a day's slots; a day of which less is known is taken for an ordinary one."""
UNSEEN = 0.5
"""Counted in favour of what has not been seen yet, as Krichevsky and Trofimov do (1981)."""


def unusual_days(table: Table, slots_a_day: int) -> frozenset[int]:
    """The days, by ordinal, that are unlike the others."""
    means_w = {
        day: fmean(values.values()) for day, values in table.items() if len(values) >= KNOWN_SHARE * slots_a_day
    }
    if not means_w:
        return frozenset()
    usual_w = median(means_w.values())
    return frozenset(day for day, mean_w in means_w.items() if not usual_w / FACTOR <= mean_w <= usual_w * FACTOR)


def chance_of_unusual(table: Table, unusual: frozenset[int], day: int) -> float:
    """How likely a day is an unusual one, by what followed days like the one before it."""
    was_unusual = day - 1 in unusual
    followers = [
        after in unusual
        for before, after in pairwise(sorted(table))
        if after == before + 1 and (before in unusual) == was_unusual
    ]
    return (sum(followers) + UNSEEN) / (len(followers) + 2 * UNSEEN)
