"""A roof as learned, and what it yields under a cloudless sky: planes, shade, the inverter's limit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from bitgrid.config.house import Location
from bitgrid.sun import STANDARD_IRRADIANCE_W_M2, SunPosition, clear_sky, irradiance_under_w_m2, sun_position

AZIMUTHS, AZIMUTH_STEP_DEG = 24, 15.0
HEIGHTS, HEIGHT_STEP_DEG = 16, 6.0
MOST_KEPT = 80_000
"""Blocks whose light is remembered: a year and a half."""


class Learned(BaseModel):
    """What is kept from night to night; anything else found in the store is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


Share = Annotated[float, Field(ge=0, le=2)]


class RoofPlane(Learned):
    """A plane, real or one of those a roof is put together from; degrees as in site.yaml."""

    peak_w: Annotated[float, Field(ge=0)]
    tilt_deg: float
    azimuth_deg: float


class Roof(Learned):
    """What the sun meets.

    Args:
        planes: their yields add up.
        peak_w: about the most it yields under a clear sky in a year.
        shade: share of the clear sky's power that arrives, by sun height and azimuth; None: nothing is in the way.
        limit_w: where the inverter cuts off; None: it does not.
    """

    planes: list[RoofPlane]
    peak_w: Annotated[float, Field(ge=0)]
    shade: list[list[Share]] | None = None
    limit_w: Annotated[float, Field(gt=0)] | None = None

    @model_validator(mode="after")
    def _shade_is_whole(self) -> Self:
        if self.shade is not None and [len(row) for row in self.shade] != [AZIMUTHS] * HEIGHTS:
            raise ValueError("a shade of another form")
        return self


class Light(NamedTuple):
    """Of a block: the roof's power under a cloudless sky, W, and the sine of the sun's height, 0 at night."""

    clear_w: float
    height: float


DARK = Light(0.0, 0.0)


class Sky:
    """A cloudless sky over a roof.

    Args:
        roof: as learned.
        place: where the house stands.
        block_s: length of a block, s; its middle stands for it.
    """

    def __init__(self, roof: Roof, place: Location, block_s: int) -> None:
        self.roof, self.place, self.block_s = roof, place, block_s
        self._known: dict[int, Light] = {}

    def light(self, block: int) -> Light:
        """Of a block, reckoned once."""
        light = self._known.get(block)
        if light is None:
            if len(self._known) > MOST_KEPT:
                self._known.clear()
            light = self._known[block] = self._reckon(block)
        return light

    def _reckon(self, block: int) -> Light:
        sun = sun_at(block, self.place, self.block_s)
        if sun.elevation_deg <= 0:
            return DARK
        watts = sum(yields_w(self.roof.planes, sun))
        if self.roof.shade is not None:
            watts *= let_through(self.roof.shade, sun)
        if self.roof.limit_w is not None:
            watts = min(watts, self.roof.limit_w)
        return Light(watts, math.sin(math.radians(sun.elevation_deg)))


def sun_at(block: int, place: Location, block_s: int) -> SunPosition:
    """Where the sun stands in the middle of a block."""
    return sun_position((block + 0.5) * block_s, place.latitude, place.longitude)


def yields_w(planes: Sequence[RoofPlane], sun: SunPosition) -> list[float]:
    """What each plane yields under a cloudless sky, W."""
    sky = clear_sky(sun.elevation_deg)
    return [
        plane.peak_w
        * irradiance_under_w_m2(sky, sun, plane.tilt_deg, plane.azimuth_deg)
        / STANDARD_IRRADIANCE_W_M2
        for plane in planes
    ]


def corners(sun: SunPosition) -> tuple[int, int, float, float]:
    """The cell of the shade's table that the sun stands in, and how far into it, 0 to 1 each way."""
    up, round_ = min(sun.elevation_deg / HEIGHT_STEP_DEG, HEIGHTS - 1.001), sun.azimuth_deg / AZIMUTH_STEP_DEG
    row, column = int(up), int(round_)
    return row, column % AZIMUTHS, up - row, round_ - column


def let_through(shade: list[list[float]], sun: SunPosition) -> float:
    """Share of the clear sky's power at this place of the sun, between the four nearest of the table."""
    row, column, up, round_ = corners(sun)
    after = (column + 1) % AZIMUTHS
    low = shade[row][column] * (1 - round_) + shade[row][after] * round_
    high = shade[row + 1][column] * (1 - round_) + shade[row + 1][after] * round_
    return low * (1 - up) + high * up
