"""The house: sun, household, battery, miners and other loads, and a meter that closes the balance to the watt.

    grid = house + miners + battery − pv        (grid + import, battery + charging)

It lives in steps of one second on a fixed grid, so that what happens does not depend on how often `House.step` is
called. The battery works for self-consumption, as in real homes: it takes what is left over after household and
miners, and covers what both are missing.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from bitgrid.config import LevelConfig, PlantConfig, Site
from bitgrid.plant.battery import BatteryBank
from bitgrid.plant.faults import Fault
from bitgrid.plant.miner import SimulatedMiner
from bitgrid.plant.plain import SimulatedRod
from bitgrid.plant.relay import SimulatedRelay
from bitgrid.plant.source import Source
from bitgrid.plant.wiring import Wiring


@dataclass
class EnergyCounters:
    """What has flowed since the start, watt seconds."""

    pv_ws: int = 0
    house_ws: int = 0
    miners_ws: int = 0
    imported_ws: int = 0
    exported_ws: int = 0
    charged_ws: int = 0
    discharged_ws: int = 0


class House:
    """A simulated house.

    Args:
        site: what is in it.
        plant: how it behaves.
        source: PV power and household load.
        start_epoch_s: the moment it begins, UTC epoch seconds; fractions are dropped.
    """

    def __init__(self, site: Site, plant: PlantConfig, source: Source, start_epoch_s: float) -> None:
        self.site, self.plant, self._source = site, plant, source
        self.now_s = self.start_s = int(start_epoch_s)
        self.faults: set[Fault] = set()
        self.wiring = Wiring()
        self.pv_factor = 1.0
        self.extra_load_w = 0
        self.battery = BatteryBank(site.battery.capacity_wh, plant.battery) if site.battery else None
        self.miners = {load.id: SimulatedMiner(load, plant.miner) for load in site.loads if load.miner}
        rods = {load.id: SimulatedRod(load) for load in site.loads if not load.miner}
        self.drawing: dict[str, SimulatedMiner | SimulatedRod] = {
            load.id: self.miners.get(load.id) or rods[load.id] for load in site.loads
        }
        self.relays = {load.id: SimulatedRelay(load.relay.auto_off_s) for load in site.loads if load.relay}
        self.energy = EnergyCounters()
        self.pv_w = self.house_w = self.miners_w = self.battery_w = 0
        self._loads = [(drawing, self.relays.get(name)) for name, drawing in self.drawing.items()]
        self._known_faults: set[Fault] = set()
        self.grid_w = self.metered_w = -self._surplus()

    @property
    def soc_pct(self) -> float | None:
        """State of charge of the battery, %; None without one."""
        return self.battery.soc_pct if self.battery else None

    def step(self, to_epoch_s: float) -> None:
        """Live up to a moment, in whole seconds; a moment that has passed changes nothing."""
        while self.now_s + 1 <= to_epoch_s:
            self.now_s += 1
            if self.faults != self._known_faults:
                self._strike()
            faults, now_s = self.faults, self.now_s
            miners_w = 0
            for drawing, relay in self._loads:
                miners_w += drawing.step(now_s, relay is None or relay.step(now_s, faults), faults)
            self.miners_w = miners_w
            self._balance()
            self._count()

    def status(self) -> dict[str, Any]:
        """The whole truth, whatever the devices say; JSON."""
        return {
            "at_s": self.now_s,
            "pv_w": self.pv_w,
            "house_w": self.house_w,
            "miners_w": self.miners_w,
            "battery_w": self.battery_w,
            "grid_w": self.grid_w,
            "soc_pct": None if self.soc_pct is None else round(self.soc_pct, 2),
            "pv_factor": self.pv_factor,
            "extra_load_w": self.extra_load_w,
            "faults": sorted(self.faults),
            "wires": self.wiring.status(),
            "energy": asdict(self.energy),
            "loads": {name: self._load_status(name) for name in self.drawing},
        }

    def _load_status(self, name: str) -> dict[str, Any]:
        relay = self.relays.get(name)
        contact = "none" if relay is None else "closed" if relay.is_contact_closed else "open"
        miner = self.drawing[name]
        if isinstance(miner, SimulatedRod):
            return miner.status() | {"relay": contact}
        levels = {level.power_w: level.name for level in self._load_levels(name)}
        return {
            "power_w": miner.power_w,
            "temp_c": round(miner.temp_c, 1),
            "hashrate_ths": round(miner.hashrate_ths, 3),
            "is_powered": miner.is_powered,
            "is_up": miner.is_up,
            "is_hashing": miner.is_hashing,
            "setting_w": miner.setting_w,
            "level": levels.get(miner.setting_w, "between") if miner.is_hashing else "off",
            "relay": contact,
        }

    def _load_levels(self, name: str) -> list[LevelConfig]:
        return next(load.levels for load in self.site.loads if load.id == name)

    def _strike(self) -> None:
        """Let those faults happen that are a moment, not a state."""
        if Fault.RELAY_BUTTON in self.faults - self._known_faults:
            for relay in self.relays.values():
                relay.switch(output=True, now_s=self.now_s, toggle_after_s=None, source="button")
        self._known_faults = set(self.faults)

    def _surplus(self) -> int:
        pv_w, house_w = self._source.at(self.now_s)
        self.pv_w = round(pv_w * self.pv_factor)
        self.house_w = house_w + self.extra_load_w
        return self.pv_w - self.house_w - self.miners_w

    def _balance(self) -> None:
        surplus_w = self._surplus()
        self.battery_w = self.battery.balance(surplus_w) if self.battery else 0
        self.grid_w = self.battery_w - surplus_w
        if Fault.METER_FROZEN not in self.faults:
            self.metered_w = -self.grid_w if Fault.METER_SIGN_SWAPPED in self.faults else self.grid_w

    def _count(self) -> None:
        energy = self.energy
        energy.pv_ws += self.pv_w
        energy.house_ws += self.house_w
        energy.miners_ws += self.miners_w
        if self.grid_w >= 0:
            energy.imported_ws += self.grid_w
        else:
            energy.exported_ws -= self.grid_w
        if self.battery_w >= 0:
            energy.charged_ws += self.battery_w
        else:
            energy.discharged_ws -= self.battery_w
