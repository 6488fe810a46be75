"""Made-up weather by seed: days that hang together, clouds that pass within them, a tree in the east."""

from __future__ import annotations

import math
import random
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bitgrid.clock import HeldClock
from bitgrid.config.house import Location, PvPlane
from bitgrid.feeds.errands import Errands
from bitgrid.feeds.pv.feed import PvForecastFeed
from bitgrid.feeds.pv.learning import Home
from bitgrid.feeds.pv.memory import Memory
from bitgrid.feeds.pv.record import Record
from bitgrid.feeds.pv.teacher import Teacher
from bitgrid.store.feeds import BlockMeans, FeedsStore
from bitgrid.sun import clear_sky_w, sun_position
from feeds.now import AtOnce

BLOCK_S, DAY_S = 600, 86_400
A_DAY = DAY_S // BLOCK_S
MUNICH = Location(latitude=48.14, longitude=11.58)
ROOF = (PvPlane(peak_w=4000, tilt_deg=35, azimuth_deg=160), PvPlane(peak_w=2500, tilt_deg=20, azimuth_deg=250))
SPRING = 1_712_016_000 // BLOCK_S  # 2024-04-02T00:00:00Z


@dataclass(frozen=True)
class Weather:
    """What is in the way of the sun.

    Args:
        seed: the same, the same weather.
        tree_deg: while the sun is in the east and lower, a fifth arrives.
        limit_w: of the inverter.
        cloudless: nothing else is in the way.
    """

    seed: int = 1
    tree_deg: float = 0.0
    limit_w: float = math.inf
    cloudless: bool = False


def measured(
    days: int,
    weather: Weather = Weather(),
    place: Location = MUNICH,
    roof: Sequence[PvPlane] = ROOF,
    first_block: int = SPRING,
) -> Record:
    """Block means of so many days, W."""
    chance = random.Random(weather.seed)
    day_mean, now, watts = 0.6, 0.6, array("d")
    for block in range(first_block, first_block + days * A_DAY):
        if block % A_DAY == 0:
            day_mean = min(1.0, max(0.1, 0.6 + 0.4 * (day_mean - 0.6) + chance.gauss(0, 0.3)))
        now += 0.15 * (day_mean - now) + chance.gauss(0, 0.07)
        share = 1.0 if weather.cloudless else min(1.05, max(0.05, now))
        middle_s = (block + 0.5) * BLOCK_S
        sun = sun_position(middle_s, place.latitude, place.longitude)
        if sun.azimuth_deg < 180 and sun.elevation_deg < weather.tree_deg:
            share *= 0.2
        clear_w = clear_sky_w(middle_s, place.latitude, place.longitude, roof)
        watts.append(round(min(weather.limit_w, clear_w * share)))
    return Record(first_block, watts)


def remember(store: FeedsStore, record: Record) -> None:
    """As if the house had been running."""
    for block, watts in enumerate(record.pv_w, record.first_block):
        store.add(BlockMeans(block * BLOCK_S, None if math.isnan(watts) else round(watts), 300))


class House:
    """A feed over a store, a clock in the hand, and errands done at once."""

    def __init__(
        self, directory: Path, block: int, planes: Sequence[PvPlane] = (), place: Location = MUNICH
    ) -> None:
        self.store = FeedsStore(directory / "feeds.sqlite")
        self.clock = HeldClock(wall_s=block * BLOCK_S)
        self.planes, self.place = planes, place
        self.restart()

    def restart(self) -> None:
        """What is not in the store is forgotten."""
        self.errands, memory = Errands(AtOnce()), Memory(self.store, BLOCK_S)
        self.teacher = Teacher(Home(self.place, self.planes, BLOCK_S), memory, self.errands, self.clock)
        self.feed = PvForecastFeed(self.teacher, memory, None, self.clock, BLOCK_S)

    def step(self) -> None:
        """As the process does; an errand's result is taken in before the next."""
        for _ in range(2):
            self.errands.step()
            self.feed.step()

    def told(self) -> list[tuple[float, float, float]]:
        """The forecast on the bus; empty where there is none."""
        curves = [told.telemetry.value for told in self.feed.told()]
        assert len(curves) <= 1
        return [
            triple for curve in curves if isinstance(curve, list) for triple in curve if isinstance(triple, tuple)
        ]

    @property
    def source(self) -> str:
        """What it is said to be made of."""
        return next(iter(self.feed.told())).telemetry.source
