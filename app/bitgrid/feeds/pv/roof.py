"""Learning a roof: the planes whose clear-sky power lies along the upper edge of what was measured, and the shade.

Clouds, snow, holes and curtailment only ever take away, so what was measured is fitted from above: what the roof
yields beyond a guess counts nineteen times what it stays below. Above the inverter's limit nothing is expected.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from bitgrid.config.house import Location, PvPlane
from bitgrid.feeds.pv.fits import dot, non_negative, normal_equations
from bitgrid.feeds.pv.record import Record, quantile
from bitgrid.feeds.pv.sky import (
    AZIMUTHS,
    HEIGHTS,
    Roof,
    RoofPlane,
    corners,
    sun_at,
    yields_w,
)
from bitgrid.sun import SunPosition

EVERY_S = 1800
LOWEST_DEG = 3.0
"""Lower, a sample says more about the horizon than about the roof."""
FIRST_HOUR = 3
"""Samples from which the scale of a roof nobody described can be told."""
ENOUGH_DAYS = 10
"""Days of sunlight from which a roof is put together, and its shade learned."""
ABOVE, BELOW, FITS = 0.95, 0.05, 8
EDGE_SHARE = 0.85
"""Of the samples near a place of the sun so many lie below the clear sky's share there."""
AS_IF = 12
"""Samples of no shade that each place of the sun starts with."""
LIMIT_SHARE, LIMIT_WITHIN = 0.03, 0.985
"""When so many daylight samples lie so close to the highest, the inverter cuts off there."""
CANDIDATES = [(0.0, 180.0)] + [(tilt, 45.0 * eighth) for tilt in (30.0, 60.0) for eighth in range(8)]


class Sample(NamedTuple):
    """A block of daylight."""

    sun: SunPosition
    pv_w: float


def samples(record: Record, place: Location, block_s: int) -> list[Sample]:
    """Every half hour's daylight of a record."""
    step, found = max(1, EVERY_S // block_s), []
    for block in range(record.first_block, record.end_block, step):
        watts = record.at(block)
        if not math.isnan(watts):
            sun = sun_at(block, place, block_s)
            if sun.elevation_deg > 0:
                found.append(Sample(sun, watts))
    return found


def given_roof(planes: Sequence[PvPlane], scale: float = 1.0) -> Roof:
    """The roof of site.yaml."""
    own = [
        RoofPlane(peak_w=plane.peak_w * scale, tilt_deg=plane.tilt_deg, azimuth_deg=plane.azimuth_deg)
        for plane in planes
    ]
    return Roof(planes=own, peak_w=sum(plane.peak_w for plane in own))


def learn_roof(record: Record, place: Location, block_s: int, given: Sequence[PvPlane], days: int) -> Roof | None:
    """The roof that a record shows; None while that cannot be told.

    Args:
        record: of a year or less.
        place: where the house stands.
        block_s: length of a block, s.
        given: the planes of site.yaml, if it names any.
        days: how many days of sunlight the record has.
    """
    lit = [sample for sample in samples(record, place, block_s) if sample.sun.elevation_deg > LOWEST_DEG]
    is_enough = days >= ENOUGH_DAYS
    if given and not is_enough:
        return given_roof(given)
    if len(lit) < FIRST_HOUR or max(sample.pv_w for sample in lit) <= 0:
        return None
    facing = 180.0 if place.latitude >= 0 else 0.0
    simple = [RoofPlane(peak_w=1, tilt_deg=30, azimuth_deg=facing)]
    many = [RoofPlane(peak_w=1, tilt_deg=tilt, azimuth_deg=azimuth) for tilt, azimuth in CANDIDATES]
    basis = given_roof(given).planes if given else many if is_enough else simple
    limit_w = _limit_w([sample.pv_w for sample in lit]) if is_enough else None
    scales = _envelope(lit, basis, limit_w, are_one=bool(given))
    planes = [
        plane.model_copy(update={"peak_w": plane.peak_w * scale})
        for plane, scale in zip(basis, scales, strict=True)
        if scale > 0
    ]
    peak_w = max(sum(yields_w(planes, sample.sun)) for sample in lit)
    shade = learn_shade(samples(record, place, block_s), planes, limit_w) if is_enough else None
    return Roof(planes=planes, peak_w=min(peak_w, limit_w or peak_w), shade=shade, limit_w=limit_w)


def _envelope(lit: list[Sample], planes: list[RoofPlane], limit_w: float | None, *, are_one: bool) -> list[float]:
    """How much of each plane there is; of planes that are one roof the same of each."""
    columns = list(zip(*(yields_w(planes, sample.sun) for sample in lit), strict=True))
    if are_one:
        columns = [tuple(map(sum, zip(*columns, strict=True)))]
    goal = [sample.pv_w for sample in lit]
    weights, scales = [1.0] * len(lit), [0.0] * len(columns)
    for _ in range(FITS):
        scales = non_negative(*normal_equations(columns, goal, weights))
        guess = [dot(row, scales) for row in zip(*columns, strict=True)]
        weights = [_weight(watts, told, limit_w) for watts, told in zip(goal, guess, strict=True)]
    return scales * len(planes) if are_one else scales


def _weight(watts: float, guess_w: float, limit_w: float | None) -> float:
    if watts > guess_w:
        return ABOVE
    is_cut_off = limit_w is not None and watts >= LIMIT_WITHIN * limit_w
    return 0.0 if is_cut_off else BELOW


def _limit_w(yields_w: list[float]) -> float | None:
    """Where the inverter cuts off, if it does."""
    top_w = quantile(yields_w, 0.999)
    near = sum(watts >= LIMIT_WITHIN * top_w for watts in yields_w)
    return top_w if near >= LIMIT_SHARE * len(yields_w) else None


def learn_shade(lit: list[Sample], planes: list[RoofPlane], limit_w: float | None) -> list[list[float]]:
    """Share of the planes' power that arrives by the sun's height and azimuth; 1 where the sun never stood."""
    shares: dict[tuple[int, int], list[float]] = {}
    for sample in lit:
        clear_w = sum(yields_w(planes, sample.sun))
        clear_w = min(clear_w, limit_w or clear_w)
        if clear_w > 0:
            row, column, _, _ = corners(sample.sun)
            for place in ((row + up, (column + on) % AZIMUTHS) for up in (0, 1) for on in (0, 1)):
                shares.setdefault(place, []).append(min(2.0, sample.pv_w / clear_w))
    table = [[1.0] * AZIMUTHS for _ in range(HEIGHTS)]
    for (row, column), known in shares.items():
        edge = quantile(known, EDGE_SHARE)
        table[row][column] = (AS_IF + edge * len(known)) / (AS_IF + len(known))
    return table
