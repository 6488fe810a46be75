"""Where the house's PV power and load come from: simulated by seed, or recorded in a file."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from bitgrid.config import PlantConfig, Site
from bitgrid.plant.household import Household
from bitgrid.plant.recorded import RecordedHome
from bitgrid.plant.weather import Weather

SIMULATION_STEP_S = 10


class Source(Protocol):
    """PV power and household load over time."""

    def at(self, epoch_s: float) -> tuple[int, int]:
        """PV power and house load at a moment, W; depends on nothing but the moment."""


class SimulatedHome:
    """Weather and household of a site, in steps of ten seconds."""

    def __init__(self, site: Site, plant: PlantConfig) -> None:
        self._weather = Weather(site, plant.seed, plant.cloudiness)
        self._household = Household(site.location.timezone, plant.seed, plant.house_base_w, plant.house_peak_w)
        self._step, self._value = -1, (0, 0)

    def at(self, epoch_s: float) -> tuple[int, int]:
        """PV power and house load, W; held within each step."""
        step = int(epoch_s // SIMULATION_STEP_S)
        if step != self._step:
            start_s = step * SIMULATION_STEP_S
            self._step = step
            self._value = self._weather.pv_power_w(start_s), self._household.power_w(start_s)
        return self._value


class Restless:
    """A recorded house, which says one figure for a quarter of an hour or more, moving by a watt as real ones do.

    Without it the house would look frozen: no measured power is exactly the same for long. 0 stays 0.
    """

    def __init__(self, recorded: Source) -> None:
        self._recorded = recorded

    def at(self, epoch_s: float) -> tuple[int, int]:
        """PV power and house load, W: as recorded, and a watt more in every other minute."""
        pv_w, house_w = self._recorded.at(epoch_s)
        more_w = int(epoch_s // 60) % 2
        return pv_w + more_w if pv_w else 0, house_w + more_w if house_w else 0


def open_source(site: Site, plant: PlantConfig, recording: Path | None) -> Source:
    """The recorded home where a recording is named, else the simulated one."""
    if recording is None:
        return SimulatedHome(site, plant)
    return Restless(RecordedHome.read(recording, site.location))
