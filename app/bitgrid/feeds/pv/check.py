"""The nightly check: yesterday forecast once more with what was known then, beside persistence and the outside."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

from bitgrid.feeds.pv.forecast import Outlook
from bitgrid.feeds.pv.record import Record
from bitgrid.feeds.pv.trust import Band, Score, Trust, band_of

EVERY_S = 1800
LEADS_S = (0, 1200, 2400, 3600, 7200, 10_800, 18_000, 28_800, 43_200, 57_600, 72_000, 85_800)
DAY_S = 86_400
SCALE_FADE = 0.8
SCALES = (0.3, 3.0)
LEAST_BLOCKS = 6
"""Measured half hours of daylight that a day needs to be judged."""


class Case(NamedTuple):
    """A block that was forecast and measured, W; None where there was no such forecast."""

    band: Band
    measured: float
    own: float
    persistence: float | None
    outside: float | None


def check(outlook: Outlook, record: Record, until: int) -> Trust:
    """What is trusted after the day before block ``until`` was compared with what had been expected of it.

    Each forecast is made from what was known at its issue, by the model that was in force that day.
    """
    trust = outlook.trust
    block_s = outlook.sky.block_s
    checked_to = trust.checked_to if trust.checked_to <= until else 0  # else the clock was ahead
    begins = max(until - DAY_S // block_s, checked_to, int(outlook.model.at_s // block_s))
    cases = list(_cases(outlook, record, range(begins, until)))
    if len(cases) < LEAST_BLOCKS * len(LEADS_S):
        return trust
    scores = dict(trust.scores)
    for band in {case.band for case in cases}:
        night = _score([case for case in cases if case.band == band])
        scores[band] = scores.get(band, Score()).after(night)
    return Trust(scores=scores, checked_to=until, outside_scale=_scale(trust.outside_scale, cases))


def _cases(outlook: Outlook, record: Record, blocks: range) -> Iterator[Case]:
    step, block_s = max(1, EVERY_S // outlook.sky.block_s), outlook.sky.block_s
    for target in blocks[::step]:
        measured, light = record.at(target), outlook.sky.light(target)
        if math.isnan(measured) or light.clear_w <= 0:
            continue
        for lead_s in LEADS_S:
            issue = target - lead_s // block_s
            clearness = outlook.clearness.persisting(issue)
            elsewhere = None if outlook.outside is None else outlook.outside.clearness(issue, target)
            yield Case(
                band_of(lead_s),
                measured,
                outlook.own(issue, target),
                None if clearness is None else clearness * light.clear_w,
                None if elsewhere is None else elsewhere * light.clear_w,
            )


def _score(cases: list[Case]) -> Score:
    comparable = [
        (abs(c.own - c.measured), abs(c.persistence - c.measured)) for c in cases if c.persistence is not None
    ]
    beside = [(abs(c.own - c.measured), abs(c.outside - c.measured)) for c in cases if c.outside is not None]
    return Score(
        own=_mean([own for own, _ in comparable]),
        persistence=_mean([other for _, other in comparable]),
        own_beside_outside=_mean([own for own, _ in beside]),
        outside=_mean([other for _, other in beside]),
        nights=1.0,
    )


def _scale(scale: float, cases: list[Case]) -> float:
    """What the roof yields of what somebody else expected of it, slowly."""
    both = [(case.measured, case.outside) for case in cases if case.outside is not None]
    expected = sum(outside for _, outside in both)
    if expected <= 0:
        return scale
    seen = min(SCALES[1], max(SCALES[0], sum(measured for measured, _ in both) / expected))
    return SCALE_FADE * scale + (1 - SCALE_FADE) * seen


def _mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else 0.0
