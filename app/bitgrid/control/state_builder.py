"""From signals to the EnergyState of a decision."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace

from bitgrid.bus import SignalView
from bitgrid.config import Config, DeviceConfig
from bitgrid.config.bitcoin import Bitcoin
from bitgrid.control.blocks import BlockClock
from bitgrid.control.days import LocalDays
from bitgrid.control.expected import CURVES, Expected
from bitgrid.control.rule_set import battery
from bitgrid.control.signals import AVERAGED, COUNTED, SignalBook
from bitgrid.control.worth import WORTH
from bitgrid.kernel import EnergyState, Forecast, Outlook, Quality, Signal, outlook, to_people, to_scaled

MIN_STALE_S = 30
IMPORT_WINDOW_S = 60
AUTONOMY = "autonomy"
FULL_AUTONOMY = 3
LOAD_SIGNALS = ("power_w", "temp_c", "hashrate_ths")
BITCOIN = "bitcoin"
PLAIN_LOAD_SIGNALS = ("power_w",)
"""Of a load without a miner: nothing else is measured there, so nothing else is required."""


class StateBuilder:
    """Builds states of one site."""

    def __init__(self, config: Config, book: SignalBook, blocks: BlockClock, days: LocalDays) -> None:
        self._site, self._policies, self._config_hash = config.site, config.policies, config.config_hash
        self._battery = battery(config)
        self._expected = Expected(book, blocks)
        self._outlook: tuple[Forecast | None, int, Outlook | None] = (None, -1, None)
        self._book, self._blocks, self._days = book, blocks, days
        self._timeout_s = config.rules.r3.comm_timeout_s
        loads = sorted(config.site.loads, key=lambda load: load.priority)
        self._load_ids = tuple(load.id for load in loads)
        self._load_signals = {
            load.id: LOAD_SIGNALS if load.miner is not None else PLAIN_LOAD_SIGNALS for load in loads
        }
        self._miners = [load.id for load in loads if load.miner is not None]
        self._required: tuple[str, ...] = tuple(sorted(config.site.measured))

    def heard(self) -> frozenset[tuple[str, str]]:
        """Every device and signal that a state is made of; what else is told on the bus is not listened to."""
        measured = {(device.id, str(name)) for device in self._site.devices for name in device.signals}
        of_loads = {(load, name) for load, names in self._load_signals.items() for name in (*names, *COUNTED)}
        miners = self._miners if self._site.bitcoin is not None else []
        worth = {(BITCOIN, f"{miner}.{name}") for miner in miners for name in WORTH}
        return frozenset(measured | of_loads | worth).union(CURVES)

    def latest(self, context: Mapping[str, int]) -> EnergyState:
        """The house now: the newest value of everything, and what the rule daemon itself knows (``context``).

        Where a device tells what the rule daemon knows too (an emergency stop), either's yes is a yes, and the
        device's silence is not covered up.
        """
        now_boot_s, now_s = self._blocks.clock.boot(), self._blocks.now_s()
        signals: dict[str, Signal] = {name: self.measured(name, now_boot_s) for name in self._required}
        signals |= self._of_loads(now_boot_s)
        signals |= self._prices() | self._worth(now_boot_s)
        signals |= {
            name: Signal(value, 0, Quality.GOOD, "rules")
            for name, value in context.items()
            if name != AUTONOMY and (value or name not in self._required)
        }
        import_w = self._mean("grid_power_w", now_boot_s - IMPORT_WINDOW_S, now_boot_s)
        grid = signals.get("grid_power_w")
        if import_w is not None and grid is not None:
            signals["grid_power_60s_w"] = grid._replace(value=import_w)
        state = EnergyState(
            at_s=now_s,
            block=self._blocks.block(),
            clock_epoch=self._blocks.epoch,
            local_day=self._days.at(now_s),
            signals=signals,
            required=self._required,
            load_ids=self._load_ids,
            forecast=self._expected.forecast(),
            autonomy=context.get(AUTONOMY, FULL_AUTONOMY),
            config_hash=self._config_hash,
        )
        return replace(state, outlook=self._outlook_of(state))

    def of_window(self, context: Mapping[str, int], window_s: float) -> EnergyState:
        """The house over the window that just ended: means of the powers, the newest of everything else."""
        state = self.latest(context)
        now_boot_s = self._blocks.clock.boot()
        signals = dict(state.signals)
        for name, signal in state.signals.items():
            mean = self._mean(name, now_boot_s - window_s, now_boot_s)
            if mean is not None and signal.quality is Quality.GOOD:
                signals[name] = signal._replace(value=mean)
        signals |= self._hash_proof(signals, window_s)
        state = replace(state, signals=signals)
        carried = outlook(state, self._battery, self._blocks.block_s)
        self._outlook = (state.forecast, state.block, carried)
        return replace(state, outlook=carried)

    def _hash_proof(self, means: Mapping[str, Signal], window_s: float) -> dict[str, Signal]:
        """What each miner proved to have worked in the window: its shares, and what a terahash cost it.

        No rule weighs them. They stand in the state beside the means of power and hash rate, so that they are in
        the record of the block's tick: chained and replayed with it, where an event would be a second truth.
        """
        now_boot_s = self._blocks.clock.boot()
        proof: dict[str, Signal] = {}
        for load in self._load_ids:
            for name in COUNTED:
                rise = self._book.increase(load, name, now_boot_s - window_s, now_boot_s)
                if rise is not None:
                    proof[f"{load}.block_{name}"] = Signal(rise, 0, Quality.GOOD, load)
            power, rate = means.get(f"{load}.power_w"), means.get(f"{load}.hashrate_ths")
            if power and rate and power.value is not None and rate.value and power.quality is rate.quality:
                joules = to_scaled("j_per_th", power.value / to_people("hashrate_ths", rate.value))
                proof[f"{load}.block_j_per_th"] = Signal(joules, 0, power.quality, load)
        return proof

    def _outlook_of(self, state: EnergyState) -> Outlook | None:
        """The battery carried forward: once for a forecast and a block, from the tick's own state."""
        forecast, block, known = self._outlook
        if state.forecast is not forecast or state.block != block:
            known = outlook(state, self._battery, self._blocks.block_s)
            self._outlook = (state.forecast, state.block, known)
        return known

    def forecast(self) -> Forecast | None:
        """What a decision would go by now."""
        return self._expected.forecast()

    def forecasts(self) -> dict[str, SignalView]:
        """What is expected, as it was told: see `Expected.views`."""
        return self._expected.views()

    def measured(self, name: str, now_boot_s: float) -> Signal:
        """A signal that some device measures; several inverters are added up, the worst of them counts."""
        parts = [
            self._book.signal(device.id, name, now_boot_s, self._stale_after_s(device), self._timeout_s)
            for device in self._devices(name)
        ]
        worst = max(parts, key=lambda part: (list(Quality).index(part.quality), part.age_s or 0))
        if len(parts) == 1 or worst.value is None:
            return worst
        return worst._replace(value=sum(part.value or 0 for part in parts), source="sum")

    def _of_loads(self, now_boot_s: float) -> dict[str, Signal]:
        signals = {}
        for load, names in self._load_signals.items():
            for name in names:
                signals[f"{load}.{name}"] = self._book.signal(
                    load, name, now_boot_s, min(MIN_STALE_S, self._timeout_s), self._timeout_s
                )
        return signals

    def _prices(self) -> dict[str, Signal]:
        """Prices; where no feed has told one for this block, the fixed tariff is the price."""
        signals = {}
        tariff = {
            "import_price_ct_kwh": self._site.tariff.import_ct_kwh,
            "export_price_ct_kwh": self._site.tariff.export_ct_kwh,
        }
        for name, fallback in tariff.items():
            fixed = Signal(to_scaled(name, fallback), 0, Quality.GOOD, "site.yaml")
            signals[name] = self._expected.price(name) or fixed
        return signals

    def _worth(self, now_boot_s: float) -> dict[str, Signal]:
        """What a kWh brings each miner, by the feed; what the owner typed, where no feed has told anything."""
        hodl, signals = self._policies.hodl, {}
        typed = {} if hodl is None else {"sats_per_kwh": hodl.sats_per_kwh, "hodl_ct_kwh": hodl.ct_kwh}
        holds_s, is_heard = self._worth_holds_s(), self._site.bitcoin is not None
        for miner in self._miners:
            for name in WORTH:
                told, by_owner = f"{miner}.{name}", typed.get(name)
                if is_heard and self._book.newest(BITCOIN, told) is not None:
                    signals[told] = self._book.signal(BITCOIN, told, now_boot_s, holds_s[name], math.inf)
                elif by_owner is not None:
                    signals[told] = Signal(to_scaled(name, by_owner), 0, Quality.GOOD, "policies.yaml")
        return signals

    def _worth_holds_s(self) -> dict[str, float]:
        """How long a feed's word holds, by signal, though the feed itself be gone."""
        bitcoin, hodl = self._site.bitcoin or Bitcoin(), self._policies.hodl
        is_owners_price = hodl is not None and hodl.eur_per_btc is not None
        price_s = bitcoin.stale_after_s if is_owners_price else bitcoin.price_stale_after_s
        return dict(zip(WORTH, (bitcoin.stale_after_s, price_s), strict=True))

    def _mean(self, name: str, from_boot_s: float, to_boot_s: float) -> int | None:
        """Mean of a signal of the house or of a load (``miner.power_w``); None where it is not averaged."""
        load, _dot, of_load = name.rpartition(".")
        if of_load not in AVERAGED:
            return None
        sources: Iterable[str] = [load] if load else [device.id for device in self._devices(name)]
        means = [self._book.mean(source, of_load, from_boot_s, to_boot_s) for source in sources]
        known = [mean for mean in means if mean is not None]
        return sum(known) if known and len(known) == len(means) else None

    def _devices(self, name: str) -> list[DeviceConfig]:
        return [device for device in self._site.devices if name in device.signals]

    def _stale_after_s(self, device: DeviceConfig) -> float:
        return min(self._timeout_s, max(MIN_STALE_S, 3 * device.poll_interval_s))
