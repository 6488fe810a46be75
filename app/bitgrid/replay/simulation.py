"""Closed loop: a house in large steps carries every decision into battery, meter and miner, at full speed.

The same kernel decides as in the real house: at each tick from the means of the block that ended, and by the
minute, while something runs, wherever protection could have a word. Left out: leases, silence, faults, people.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from bitgrid.config import Config
from bitgrid.config.plant import PlantMiner
from bitgrid.control.load import Load
from bitgrid.control.sharing import surplus_left_w
from bitgrid.control.worth import seen_by
from bitgrid.kernel import (
    OFF,
    Decision,
    EnergyState,
    Forecast,
    LoadMemory,
    Outlook,
    Signal,
    Trigger,
    advance,
    decide,
    outlook,
    to_scaled,
)
from bitgrid.kernel.rules.r3_safety import NEAR_LIMIT
from bitgrid.replay.archive import Rulebook
from bitgrid.replay.block_house import BlockHouse, Flow
from bitgrid.replay.drive import Drive
from bitgrid.replay.errors import NothingThere
from bitgrid.replay.kpis import Kpis

LOOK_S = 60
"""How often protection looks while something runs; import is judged by the mean of such a minute."""
HORIZON_S = 86_400
SOC_START = 600
"""60 %, where nothing is known of it."""
Hear = Callable[[Decision], None]


@dataclass(frozen=True)
class _Block:
    """What holds for one block."""

    number: int
    pv_w: int
    house_w: int
    import_price: int


class Simulation:
    """One house under one configuration.

    Args:
        config: the house and its rules.
        drive: sun, household, forecast and prices.
        hear: called with every decision.
    """

    def __init__(self, config: Config, drive: Drive, hear: Hear | None = None) -> None:
        book = Rulebook.of(config)
        self._rules, self._battery, self._drive, self._hear = book.rules, book.battery, drive, hear
        self._site, self._config_hash = config.site, config.config_hash
        self._loads = [Load(profile, LoadMemory()) for profile in book.loads.values()]
        by_id = {load.id: load for load in config.site.loads}
        ordered = [by_id[name] for name in book.loads]
        start_s = drive.first_block * drive.block_s
        soc = SOC_START if drive.soc is None else drive.soc
        self.house = BlockHouse(ordered, book.battery, soc, start_s, PlantMiner())
        self._start_s = {load.profile.id: 0 for load in self._loads}
        self._zone = ZoneInfo(config.site.location.timezone)
        self._required: tuple[str, ...] = tuple(sorted(map(str, config.site.measured)))
        self._load_ids = tuple(book.loads)
        tariff, hodl = config.site.tariff, config.policies.hodl
        self._import_price = to_scaled("ct_kwh", tariff.import_ct_kwh)
        self._export_price = to_scaled("ct_kwh", tariff.export_ct_kwh)
        hodl_ct = None if hodl is None else hodl.ct_kwh
        self._miners = [load.id for load in config.site.loads if load.miner is not None]
        self._hodl = None if hodl_ct is None else to_scaled("ct_kwh", hodl_ct)
        self._forecast: Forecast | None = None
        self._outlook: Outlook | None = None
        self._window: Flow | None = None
        self._local_day = 0
        self.kpis = Kpis(soc_start=self.house.soc)

    def run(self, at_block: Callable[[], object] = lambda: None) -> Kpis:
        """Live through the whole period; ``at_block`` is called after each block."""
        for index in range(len(self._drive)):
            self.step(index)
            at_block()
        self.kpis.soc_end = self.house.soc
        return self.kpis

    def step(self, index: int) -> None:
        """Decide a block, from the second on, and live through it."""
        drive = self._drive
        price = drive.prices[index] if drive.prices else self._import_price
        block = _Block(drive.first_block + index, drive.pv_w[index], drive.house_w[index], price)
        if self._window is not None:
            self._tick(block, self._window)
        self._window = self._live(block)

    def _tick(self, block: _Block, window: Flow) -> None:
        local = dt.datetime.fromtimestamp(self.house.now_s, self._zone)
        self._local_day = local.year * 10_000 + local.month * 100 + local.day
        self._forecast = self._forecast_at(block.number)
        state = self._state(block, window)
        self._outlook = outlook(state, self._battery, self._rules.block_s)
        state, taken_w = replace(state, outlook=self._outlook), 0
        for load in self._loads:
            if len(self._loads) > 1:
                left_w = surplus_left_w(state, self._rules, self._loads, load, taken_w)
                taken_w += self._decide(load, replace(state, surplus_left_w=left_w), Trigger.TICK).power_w
            else:
                self._decide(load, state, Trigger.TICK)

    def _decide(self, load: Load, state: EnergyState, trigger: Trigger) -> Decision:
        state = seen_by(state, load.profile.id)
        decision = decide(state, load.memory, self._rules, load.profile, trigger)
        if load.memory.level == OFF and decision.level != OFF:
            self._start_s[load.profile.id] = state.at_s
        load.memory = advance(decision)
        self.house.miners[load.profile.id].set_level(decision.level, state.at_s)
        self.kpis.decided(decision)
        if self._hear is not None:
            self._hear(decision)
        return decision

    def _live(self, block: _Block) -> Flow:
        """Through a block: in one step while all is off and steady, else by the minute, protection looking."""
        block_s, whole = self._rules.block_s, None
        ends_s = (block.number + 1) * block_s
        while self.house.now_s < ends_s:
            left_s = ends_s - self.house.now_s
            seconds = left_s if self.house.is_steady else min(LOOK_S, left_s)
            flow = self.house.live(seconds, block.pv_w, block.house_w)
            self.kpis.flowed(flow, block.import_price, self._export_price, self._hodl or 0)
            for load in self._loads:
                self.kpis.level_s[load.memory.level] += seconds
            if self.house.now_s < ends_s:
                self._protect(block, flow)
            whole = flow if whole is None else whole.plus(flow)
        assert whole is not None  # noqa: S101  a block has a length
        return whole

    def _protect(self, block: _Block, flow: Flow) -> None:
        """Ask the kernel where it could object: at the reserve, above the import limit, near the heat limit."""
        rules, soc = self._rules, self.house.soc
        is_low = soc is not None and soc <= rules.soc_hard_min
        is_importing = flow.grid_ws > rules.max_grid_import_w * flow.seconds
        for load in self._loads:
            if load.memory.level == OFF:
                continue
            miner = self.house.miners[load.profile.id]
            if is_low or is_importing or miner.temp_c * 10 > rules.max_temp - NEAR_LIMIT:
                state = replace(self._state(block, flow), outlook=self._outlook)
                state = seen_by(state, load.profile.id)
                decision = decide(state, load.memory, rules, load.profile, Trigger.PROTECT)
                if decision.level != load.memory.level:
                    self._decide(load, state, Trigger.PROTECT)

    def _state(self, block: _Block, flow: Flow) -> EnergyState:
        """The house as its meters would tell it after a step."""
        seconds, soc, at_s = flow.seconds, self.house.soc, self.house.now_s
        grid = Signal(round(flow.grid_ws / seconds))
        known = {
            "pv_power_w": Signal(round(flow.pv_ws / seconds)),
            "house_load_w": Signal(round(flow.house_ws / seconds)),
            "battery_power_w": Signal(round(flow.battery_ws / seconds)),
            "battery_soc_pct": Signal(soc),
            "grid_power_w": grid,
        }
        signals = {name: known[name] for name in self._required}
        if "grid_power_w" in signals:
            signals["grid_power_60s_w"] = grid
        signals["import_price_ct_kwh"] = Signal(block.import_price)
        signals["export_price_ct_kwh"] = Signal(self._export_price)
        if self._hodl is not None:
            signals |= {f"{miner}.hodl_ct_kwh": Signal(self._hodl) for miner in self._miners}
        for name, energy_ws in zip(self._load_ids, flow.miners_ws, strict=True):
            miner = self.house.miners[name]
            signals[f"{name}.power_w"] = Signal(round(energy_ws / seconds))
            signals[f"{name}.temp_c"] = Signal(round(miner.temp_c * 10))
            if miner.level != OFF:
                signals[f"{name}.on_for_s"] = Signal(at_s - self._start_s[name])
        return EnergyState(
            at_s=at_s,
            block=block.number,
            local_day=self._local_day,
            signals=signals,
            required=self._required,
            load_ids=self._load_ids,
            forecast=self._forecast,
            config_hash=self._config_hash,
        )

    def _forecast_at(self, number: int) -> Forecast | None:
        """The archived one; else that of a day, kept as in the running house until half of it is used."""
        drive, known = self._drive, self._forecast
        archived = None if drive.archived is None else drive.archived.at(number)
        if archived is not None:
            return archived
        if not drive.forecast_w:
            return None
        horizon = HORIZON_S // drive.block_s
        if known is None or (number - known.first_block) * 2 > horizon:
            begin = number - drive.first_block
            prices = tuple(drive.prices[begin : begin + horizon])
            return Forecast(number, tuple(drive.forecast_w[begin : begin + horizon]), import_prices=prices)
        return known


def without_mining(config: Config, drive: Drive) -> Kpis:
    """The same house and period with nothing to switch."""
    site = config.site
    book = Rulebook.of(config)
    start_s = drive.first_block * drive.block_s
    house = BlockHouse([], book.battery, SOC_START if drive.soc is None else drive.soc, start_s, PlantMiner())
    kpis = Kpis(soc_start=house.soc)
    fixed, export = (
        to_scaled("ct_kwh", price) for price in (site.tariff.import_ct_kwh, site.tariff.export_ct_kwh)
    )
    for index in range(len(drive)):
        price = drive.prices[index] if drive.prices else fixed
        kpis.flowed(house.live(drive.block_s, drive.pv_w[index], drive.house_w[index]), price, export, 0)
    kpis.soc_end = house.soc
    return kpis


def live(config: Config, drives: Iterable[Drive], at_block: Callable[[], object] = lambda: None) -> Kpis:
    """Live through one period after the other, each begun with all off and the battery as it was."""
    return _joined(drives, lambda drive: Simulation(config, drive).run(at_block))


def live_without_mining(config: Config, drives: Iterable[Drive]) -> Kpis:
    """The same house and periods with nothing to switch."""
    return _joined(drives, lambda drive: without_mining(config, drive))


def _joined(drives: Iterable[Drive], lived: Callable[[Drive], Kpis]) -> Kpis:
    whole: Kpis | None = None
    for drive in drives:
        known = drive if whole is None or whole.soc_end is None else replace(drive, soc=whole.soc_end)
        whole = lived(known) if whole is None else whole.plus(lived(known))
    if whole is None:
        raise NothingThere("there is no period to live through")
    return whole
