"""How far what deviates from the usual day goes on deviating: now, and at the same time tomorrow.

The kettle of this minute says little about the next hour; a sauna, a guest or an electric car says more. How
much, a home's own last weeks tell: whatever would have given the smallest absolute errors.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

FIT_DAYS = 14
LEADS_S = (0, 1800, 3600, 10_800, 21_600)
SHARES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
HALF_LIVES_S = (600, 1200, 1800, 3600, 10_800, 43_200)
TOMORROW_SHARES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)
LEAST_PAIRS = 500
"""Errors to learn from; with fewer, `UNLEARNED` holds."""


class Persistence(NamedTuple):
    """What remains of a deviation.

    Args:
        share: of the last block's, in the block after it.
        half_life_s: in which half of that is gone again.
        tomorrow: of a block's, in the same block of the next day.
    """

    share: float
    half_life_s: float
    tomorrow: float

    def remains(self, lead_s: float) -> float:
        """The share of the last block's deviation so long after the block that follows it."""
        return float(self.share * 2 ** (-lead_s / self.half_life_s))


UNLEARNED = Persistence(share=0.6, half_life_s=1800, tomorrow=0.0)
"""Before a home has told: about what is learned of a recorded home; of tomorrow nothing is claimed."""

Series = Sequence[float | None]
"""By block, W; None where not known."""


def fit(loads_w: Series, medians_w: Series, slots_a_day: int, block_s: int) -> Persistence:
    """What a home's last days tell.

    Args:
        loads_w: what was drawn, block after block.
        medians_w: the usual day's medians for the same blocks, each learned before its day.
        slots_a_day: blocks of a day.
        block_s: length of a block, s.
    """
    deviations = [
        None if load is None or usual is None else load - usual
        for load, usual in zip(loads_w, medians_w, strict=True)
    ]
    tomorrow = _tomorrow(deviations, slots_a_day)
    left = _less_yesterday(deviations, tomorrow, slots_a_day)
    leads = sorted({lead_s // block_s for lead_s in LEADS_S})
    pairs = {lead: _pairs(left, lead + 1) for lead in leads}
    if min(map(len, pairs.values())) < LEAST_PAIRS:
        return UNLEARNED
    candidates = [Persistence(share, half_life_s, tomorrow) for share in SHARES for half_life_s in HALF_LIVES_S]
    of_equals_the_first = [UNLEARNED._replace(tomorrow=tomorrow), *candidates]
    return min(of_equals_the_first, key=lambda one: _error(one, pairs, block_s))


def _tomorrow(deviations: Series, slots_a_day: int) -> float:
    pairs = _pairs(deviations, slots_a_day)
    if len(pairs) < LEAST_PAIRS:
        return UNLEARNED.tomorrow
    return min(TOMORROW_SHARES, key=lambda share: _mean(abs(later - share * now) for now, later in pairs))


def _less_yesterday(deviations: Series, tomorrow: float, slots_a_day: int) -> Series:
    """The deviations from the usual day with yesterday's share in it."""
    yesterday = [*[None] * slots_a_day, *deviations[:-slots_a_day]]
    return [
        None if now is None else now - tomorrow * (before or 0.0)
        for now, before in zip(deviations, yesterday, strict=True)
    ]


def _pairs(series: Series, apart: int) -> list[tuple[float, float]]:
    """Values so many blocks apart, where both are known."""
    return [
        (now, later)
        for now, later in zip(series, series[apart:], strict=False)
        if now is not None and later is not None
    ]


def _error(one: Persistence, pairs: dict[int, list[tuple[float, float]]], block_s: int) -> float:
    """Mean absolute error over the leads, each counting the same."""
    return _mean(
        _mean(abs(later - remains * now) for now, later in told)
        for lead, told in pairs.items()
        for remains in (one.remains(lead * block_s),)
    )


def _mean(values: Iterable[float]) -> float:
    listed = list(values)
    return sum(listed) / len(listed)
