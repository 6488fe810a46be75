"""The forecast itself: clear-sky power of each block to come, times the clearness that is expected of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from bitgrid.feeds.pv.clearness import Clearness
from bitgrid.feeds.pv.model import Model, Triple, clearness_of, features, lead_class
from bitgrid.feeds.pv.outside import Outside
from bitgrid.feeds.pv.sky import Sky
from bitgrid.feeds.pv.trust import Trust, band_of

MOST_OF_CLEAR = 1.25
"""Clouds around the sun add for minutes; a block's mean is not above so much of the clear sky's power."""
LOW, MEDIAN, HIGH = range(3)


@dataclass(frozen=True)
class Outlook:
    """What a forecast is made of.

    Args:
        model: as learned.
        sky: over its roof.
        clearness: of what was measured.
        trust: what the last nights' checks said.
        outside: what somebody else expects, if the owner asked for it.
    """

    model: Model
    sky: Sky
    clearness: Clearness
    trust: Trust = field(default_factory=Trust)
    outside: Outside | None = None

    def watts(self, issue: int, count: int) -> list[Triple]:
        """p10, p50 and p90 of the blocks from ``issue`` on, whole W, as known when it begins."""
        persisting = self.clearness.persisting(issue)
        skies = self.clearness.at(issue)
        told = []
        for target in range(issue, issue + count):
            light = self.sky.light(target)
            if light.clear_w <= 0:
                told.append((0.0, 0.0, 0.0))
                continue
            lead_s = (target - issue) * self.sky.block_s
            row = features(skies, self.clearness.usual(issue, target), light)
            expected = clearness_of(self.model.lines, lead_class(lead_s), row)
            expected = self._corrected(expected, issue, target, persisting)
            low, median, high = (round(light.clear_w * min(MOST_OF_CLEAR, share)) for share in expected)
            told.append((float(low), float(median), float(high)))
        return told

    def own(self, issue: int, target: int) -> float:
        """The learned median of one block, W, whatever the checks said of it."""
        light = self.sky.light(target)
        row = features(self.clearness.at(issue), self.clearness.usual(issue, target), light)
        lead = lead_class((target - issue) * self.sky.block_s)
        return light.clear_w * min(MOST_OF_CLEAR, clearness_of(self.model.lines, lead, row)[MEDIAN])

    def _corrected(self, told: Triple, issue: int, target: int, persisting: float | None) -> Triple:
        """Clearness with what stands in for it after a bad night's check, and what somebody else expects."""
        low, median, high = told
        band = band_of((target - issue) * self.sky.block_s)
        if persisting is not None and self.trust.falls_back(band):
            return min(low, persisting), persisting, max(high, persisting)
        elsewhere = None if self.outside is None else self.outside.clearness(issue, target)
        if elsewhere is None:
            return told
        share = self.trust.outside_share(band)
        moved = share * (elsewhere * self.trust.outside_scale - median)
        low, median, high = sorted(max(0.0, value + moved) for value in told)
        return low, median, high
