"""From clearness now to clearness then: a line for each lead time and quantile, learned from the home's days."""

from __future__ import annotations

import math
from bisect import bisect_right
from operator import mul
from typing import NamedTuple, Self

from pydantic import Field, model_validator

from bitgrid.feeds.pv.clearness import HOUR_S, MOST, Clearness, Skies
from bitgrid.feeds.pv.fits import quantile_fit
from bitgrid.feeds.pv.record import Record
from bitgrid.feeds.pv.sky import Learned, Light, Roof, Sky

QUANTILES = (0.1, 0.5, 0.9)
LEADS_S = tuple(round(hours * HOUR_S) for hours in (0, 1 / 6, 0.5, 1, 1.5, 2, 3, 4, 6, 8, 12, 18, 24, 36))
"""Where each class of lead time begins; the last has no end, and is learned up to two days."""
LAST_S = 48 * HOUR_S
PERSISTS_S = 6 * HOUR_S
"""Before anything is learned: the time in which the present clearness loses two thirds of its say."""
MOST_SAMPLES = 2000
AS_IF = 50.0
"""Samples that the untaught line counts for in the learned one."""
SCATTER = 7919
"""A prime: lead times of a class are taken in turn, out of step with the hours."""
LEAST_LIGHT = 0.03
"""Of the roof's peak; dimmer blocks teach nothing."""

Triple = tuple[float, float, float]
Line = list[float]


class Features(NamedTuple):
    """What a line weighs."""

    one: float
    last: float
    now: float
    lately: float
    day: float
    week: float
    usual: float
    height: float
    height_and_lately: float


class Model(Learned):
    """All that is learned.

    Args:
        roof: what the sun meets.
        days: of sunlight that it was learned from.
        at_s: when, UTC epoch seconds.
        lines: by class of lead time and quantile, coefficients of `features`; empty: untaught.
        home: whose it is, as `Home.name` tells; one of another place or roof is not used.
    """

    roof: Roof
    days: int
    at_s: float
    lines: list[list[Line]] = Field(default_factory=list)
    home: str = ""

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        shape = [len(line) for lead in self.lines for line in lead]
        if self.lines and shape != [len(Features._fields)] * len(LEADS_S) * len(QUANTILES):
            raise ValueError("lines of another form")
        return self


def features(skies: Skies, usual: float, light: Light) -> Features:
    """Of a block to come; the height is that of its sun."""
    return Features(1.0, *skies, usual, light.height, light.height * skies.lately)


def lead_class(lead_s: float) -> int:
    """The class of a lead time, from the issue to the beginning of the block."""
    return min(max(0, bisect_right(LEADS_S, lead_s) - 1), len(LEADS_S) - 1)


def untaught(lead: int, quantile: float) -> Line:
    """The line of a class of lead time that nothing was learned for: what is now fades into what is usual."""
    holds = math.exp(-LEADS_S[lead] / PERSISTS_S)
    fades = 1 - holds
    spread = (quantile - 0.5) * (0.25 + 0.75 * fades)
    return [spread, 0.3 * holds, 0.3 * holds, 0.4 * holds, 0.3 * fades, 0.2 * fades, 0.5 * fades, 0.0, 0.0]


def learn_lines(record: Record, sky: Sky, clearness: Clearness) -> list[list[Line]]:
    """A line for each class of lead time and quantile."""
    past = _Past(record, sky, clearness)
    return [past.lines(lead) for lead in range(len(LEADS_S))]


class _Past:
    """What was measured, and what could have been known of it before."""

    def __init__(self, record: Record, sky: Sky, clearness: Clearness) -> None:
        self._record, self._sky, self._clearness = record, sky, clearness
        least_w = LEAST_LIGHT * sky.roof.peak_w
        lit = [
            block
            for block, watts in enumerate(record.pv_w, record.first_block)
            if not math.isnan(watts) and sky.light(block).clear_w > least_w
        ]
        self._targets = lit[:: max(1, len(lit) // MOST_SAMPLES)]

    def lines(self, lead: int) -> list[Line]:
        """Of a class of lead time, by quantile; each block is told from one issue, at changing leads."""
        begins = LEADS_S[lead] // self._sky.block_s
        span = max(1, [*LEADS_S, LAST_S][lead + 1] // self._sky.block_s - begins)
        rows, goal, weights = [], [], []
        for number, target in enumerate(self._targets):
            issue = target - begins - number * SCATTER % span
            if issue >= self._record.first_block:
                light = self._sky.light(target)
                rows.append(features(self._clearness.at(issue), self._clearness.usual(issue, target), light))
                goal.append(min(MOST, self._record.at(target) / light.clear_w))
                weights.append(light.clear_w)
        if not rows:
            return [untaught(lead, share) for share in QUANTILES]
        columns = list(zip(*rows, strict=True))
        return [quantile_fit(columns, goal, weights, share, (untaught(lead, share), AS_IF)) for share in QUANTILES]


def clearness_of(lines: list[list[Line]], lead: int, row: Features) -> Triple:
    """Clearness to come, p10, p50 and p90, in their order."""
    told = lines[lead] if lines else [untaught(lead, share) for share in QUANTILES]
    low, median, high = sorted(min(MOST, max(0.0, sum(map(mul, line, row)))) for line in told)
    return low, median, high
