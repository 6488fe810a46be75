"""The house in large steps: what `plant.model.House` lives second by second, fast enough for a year.

    grid = house + miners + battery − pv        (grid + import, battery + charging), to the watt second

PV power and household hold still within a step. A miner's power is a straight ramp between two levels, after its
boot, and its energy in a step is that ramp's integral. Not here: faults, a miner that ignores its orders, the
seconds until an order arrives.
"""

from __future__ import annotations

from math import exp
from typing import NamedTuple

from bitgrid.config import LoadConfig
from bitgrid.config.plant import PlantMiner
from bitgrid.kernel import OFF, Battery
from bitgrid.replay.battery_bank import BatteryBank


class Flow(NamedTuple):
    """What flowed in a step, watt seconds; signs as in the module."""

    seconds: int
    pv_ws: int
    house_ws: int
    miners_ws: tuple[int, ...]
    battery_ws: int
    grid_ws: int

    def mean_w(self, energy_ws: int) -> int:
        """A mean power over the step, W."""
        return round(energy_ws / self.seconds)

    def plus(self, other: Flow) -> Flow:
        """Two steps one after the other, as one."""
        return Flow(
            self.seconds + other.seconds,
            self.pv_ws + other.pv_ws,
            self.house_ws + other.house_ws,
            tuple(map(sum, zip(self.miners_ws, other.miners_ws, strict=True))),
            self.battery_ws + other.battery_ws,
            self.grid_ws + other.grid_ws,
        )


class RampedMiner:
    """A miner's power over time: level, then ramp, then level; and how warm it gets.

    Args:
        load: its levels, its ramp, and whether a relay cuts its standby.
        physics: boot, standby and warmth.
    """

    def __init__(self, load: LoadConfig, physics: PlantMiner) -> None:
        self._physics, self._ramp_s = physics, load.ramp_s
        self._levels = {level.name: level.power_w for level in load.levels}
        self._cooldown_s = load.cooldown_s
        self._off_w = 0 if load.relay else physics.standby_w
        self._boot_s = physics.boot_s if load.relay else 0
        self._from_s = self._to_s = 0
        self._from_w = self._to_w = float(self._off_w)
        self.temp_c = physics.ambient_c
        self.level = OFF

    def set_level(self, level: str, now_s: int) -> None:
        """Have it go to a level, or off."""
        if level == self.level:
            return
        present_w, was_off = self.power_w(now_s), self.level == OFF
        self.level = level
        if level == OFF:
            self._ramp(self._physics.standby_w, now_s + self._cooldown_s, 0, self._off_w)
        else:
            begins_s = now_s + (self._boot_s if was_off else 0)
            begins_w = self._physics.standby_w if was_off else present_w
            self._ramp(begins_w, begins_s, self._ramp_s, self._levels[level])

    def _ramp(self, from_w: float, from_s: int, length_s: int, to_w: float) -> None:
        self._from_w, self._from_s, self._to_s, self._to_w = from_w, from_s, from_s + length_s, to_w

    def power_w(self, at_s: float) -> float:
        """Its power at a moment, W."""
        if at_s >= self._to_s:
            return self._to_w
        if at_s <= self._from_s:
            return self._from_w
        share = (at_s - self._from_s) / (self._to_s - self._from_s)
        return self._from_w + (self._to_w - self._from_w) * share

    def is_steady(self, at_s: int) -> bool:
        """Whether its power changes no more."""
        return at_s >= self._to_s

    def live(self, now_s: int, seconds: int) -> int:
        """Live on; the energy it drew, watt seconds."""
        end_s = now_s + seconds
        if now_s >= self._to_s:
            energy_ws = round(self._to_w * seconds)
        else:
            bends = (min(max(bend, now_s), end_s) for bend in (self._from_s, self._to_s))
            first_s, last_s = bends
            energy_ws = round(
                self._from_w * (first_s - now_s)
                + (self.power_w(first_s) + self.power_w(last_s)) / 2 * (last_s - first_s)
                + self._to_w * (end_s - last_s)
            )
        settles_c = self._physics.ambient_c + self._physics.kelvin_per_watt * energy_ws / seconds
        self.temp_c += (settles_c - self.temp_c) * (1 - exp(-seconds / self._physics.thermal_time_constant_s))
        return energy_ws


class BlockHouse:
    """A house stepped by the minute or by the block.

    Args:
        loads: its miners.
        battery: its battery; None without one.
        soc: the battery's state of charge to begin with, 0.1 %.
        now_s: when it begins, UTC epoch seconds.
        physics: how a miner behaves.
    """

    def __init__(
        self, loads: list[LoadConfig], battery: Battery | None, soc: int, now_s: int, physics: PlantMiner
    ) -> None:
        self.now_s = now_s
        self.miners = {load.id: RampedMiner(load, physics) for load in loads}
        self.bank = None if battery is None else BatteryBank(battery, soc)

    @property
    def soc(self) -> int | None:
        """State of charge, 0.1 %; None without a battery."""
        return None if self.bank is None else self.bank.soc

    @property
    def is_steady(self) -> bool:
        """Whether every miner is off and will draw from now on what it draws."""
        return all(miner.level == OFF and miner.is_steady(self.now_s) for miner in self.miners.values())

    def live(self, seconds: int, pv_w: int, house_w: int) -> Flow:
        """Live on with the sun and the household as they are."""
        miners_ws = tuple(miner.live(self.now_s, seconds) for miner in self.miners.values())
        pv_ws, house_ws = pv_w * seconds, house_w * seconds
        surplus_ws = pv_ws - house_ws - sum(miners_ws)
        battery_ws = 0 if self.bank is None else self.bank.balance(surplus_ws, seconds)
        self.now_s += seconds
        return Flow(seconds, pv_ws, house_ws, miners_ws, battery_ws, battery_ws - surplus_ws)
