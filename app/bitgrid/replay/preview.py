"""What comes next: the coming blocks decided now, from the forecasts, by the kernel itself. A preview, no promise.

The next block is decided from what was measured last. From then on sun and household are as forecast (without a
load forecast the household stays as it is), the battery goes on with the arithmetic of `kernel.outlook`, and a
load draws what its level says. Several loads share the surplus by priority, as in the running house.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bitgrid.control.load import Load
from bitgrid.control.sharing import surplus_left_w
from bitgrid.control.worth import is_worth_of_a_load, seen_by
from bitgrid.kernel import (
    OFF,
    Battery,
    Decision,
    EnergyState,
    LoadMemory,
    LoadProfile,
    Quality,
    RuleSet,
    Signal,
    Trigger,
    advance,
    decide,
    outlook,
)
from bitgrid.replay.battery_bank import BatteryBank

FORECAST = "forecast"
_POWERS = ("pv_power_w", "house_load_w", "battery_power_w", "battery_soc_pct", "grid_power_w", "grid_power_60s_w")


@dataclass(frozen=True)
class PlannedBlock:
    """A block to come, for one load.

    Args:
        block: its number.
        at_s: when it begins, UTC epoch seconds.
        surplus_w: what sun, household and the loads before this one are expected to leave over in it, W; None
            where nothing is forecast.
        soc: the battery's charge when it begins, 0.1 %; None without a battery.
        decision: what would be decided, with every vote.
    """

    block: int
    at_s: int
    surplus_w: int | None
    soc: int | None
    decision: Decision

    def record(self) -> dict[str, Any]:
        """As JSON: powers in W, charge in %, times in UTC epoch seconds."""
        decision = self.decision
        return {
            "block": self.block,
            "at_s": self.at_s,
            "surplus_w": self.surplus_w,
            "battery_soc_pct": None if self.soc is None else self.soc / 10,
            "action": decision.action.value,
            "level": decision.level,
            "power_w": decision.power_w,
            "rule": decision.rule.value,
            "code": decision.code.value,
        }


@dataclass(frozen=True)
class _Flow:
    """Mean powers of a planned block, W."""

    pv_w: int
    house_w: int
    battery_w: int
    loads_w: Mapping[str, int]

    @property
    def grid_w(self) -> int:
        return self.house_w + sum(self.loads_w.values()) + self.battery_w - self.pv_w


def plan(  # noqa: PLR0913, PLR0917  the kernel's own arguments, and how far
    state: EnergyState,
    loads: Sequence[tuple[LoadProfile, LoadMemory]],
    rules: RuleSet,
    battery: Battery | None,
    blocks: int,
    local_day: Callable[[int], int] | None = None,
) -> dict[str, list[PlannedBlock]]:
    """Plan the blocks after the state's own, as far as its forecast reaches; the next one always.

    Args:
        state: the house as it was seen last, its surplus not yet shared.
        loads: every load with its memory after its last decision, in order of priority.
        rules: the thresholds.
        battery: the home's battery; None without one.
        blocks: how many to plan at most.
        local_day: the local date (yyyymmdd) of a time; None: the state's own day goes on.

    Returns:
        The planned blocks by load.
    """
    planner = _Planner(state, [Load(*each) for each in loads], rules, battery, local_day)
    planned: dict[str, list[PlannedBlock]] = {profile.id: [] for profile, _memory in loads}
    for number in range(state.block + 1, state.block + 1 + max(0, blocks)):
        expected = planner.expected_w(number)
        if number > state.block + 1 and expected is None:
            break
        for block in planner.decide_block(number, expected):
            planned[block.decision.load.id].append(block)
    return planned


class _Planner:
    """Carries the house forward, block by block."""

    def __init__(
        self,
        state: EnergyState,
        loads: Sequence[Load],
        rules: RuleSet,
        battery: Battery | None,
        local_day: Callable[[int], int] | None,
    ) -> None:
        self._known = replace(state, surplus_left_w=None)
        self._rules, self._loads, self._battery = rules, loads, battery
        self._local_day = local_day
        soc = state.good("battery_soc_pct")
        self._bank = None if battery is None or soc is None else BatteryBank(battery, soc)
        self._flow: _Flow | None = None

    def expected_w(self, number: int) -> tuple[int, int] | None:
        """Sun and household expected in a block, W; None beyond the forecast."""
        ahead = number - self._known.block
        pv, loads = self._known.coming("pv_w"), self._known.coming("load_w")
        house_w = loads[ahead] if ahead < len(loads) else self._known.house_load_w
        return None if ahead >= len(pv) or house_w is None else (pv[ahead], house_w)

    def decide_block(self, number: int, expected: tuple[int, int] | None) -> list[PlannedBlock]:
        """Decide a block for every load, and live through it."""
        now, taken_w, decided = self._state_at(number), 0, []
        left_w = None if expected is None else expected[0] - expected[1] - self._rules.battery_claim_w
        for load in self._loads:
            trigger = _trigger(load.memory, now.at_s)
            decision = decide(self._shared(now, load, taken_w), load.memory, self._rules, load.profile, trigger)
            surplus_w = None if left_w is None else left_w - taken_w
            decided.append(PlannedBlock(number, now.at_s, surplus_w, now.good("battery_soc_pct"), decision))
            taken_w += decision.power_w
        for load, block in zip(self._loads, decided, strict=True):
            load.memory = advance(block.decision)
        if expected is not None:
            self._live(*expected, {block.decision.load.id: block.decision.power_w for block in decided})
        return decided

    def _shared(self, now: EnergyState, load: Load, taken_w: int) -> EnergyState:
        """The house as a load finds it; where there is one load only, nothing is shared."""
        if len(self._loads) == 1:
            return now
        now = seen_by(now, load.profile.id)
        return replace(now, surplus_left_w=surplus_left_w(now, self._rules, self._loads, load, taken_w))

    def _live(self, pv_w: int, house_w: int, loads_w: Mapping[str, int]) -> None:
        """Through a block with every load at its level's power."""
        block_s = self._rules.block_s
        surplus_w = pv_w - house_w - sum(loads_w.values())
        taken_ws = 0 if self._bank is None else self._bank.balance(surplus_w * block_s, block_s)
        self._flow = _Flow(pv_w, house_w, round(taken_ws / block_s), loads_w)

    def _state_at(self, number: int) -> EnergyState:
        """The house at the beginning of a block."""
        at_s = number * self._rules.block_s
        state = replace(
            self._known,
            at_s=at_s,
            block=number,
            local_day=self._known.local_day if self._local_day is None else self._local_day(at_s),
            signals=self._signals(number),
            confirmation=None,
        )
        return replace(state, outlook=outlook(state, self._battery, self._rules.block_s))

    def _signals(self, number: int) -> dict[str, Signal]:
        signals = {name: signal for name, signal in self._known.signals.items() if name != "clock_stepped"}
        signals |= self._prices(number)
        if self._flow is None:
            return signals
        flow = self._flow
        soc = None if self._bank is None else self._bank.soc
        told = (flow.pv_w, flow.house_w, flow.battery_w, soc, flow.grid_w, flow.grid_w)
        for known, value in zip(_POWERS, told, strict=True):
            if known in signals and value is not None:
                signals[known] = _foreseen(value)
        for load in self._loads:
            name = load.profile.id
            signals = _without_silence(signals, name) | {f"{name}.power_w": _foreseen(flow.loads_w[name])}
            if load.memory.level != OFF:
                blocks = min(load.memory.blocks_since_start(number), number)
                signals[f"{name}.on_for_s"] = _foreseen(blocks * self._rules.block_s)
        return signals

    def _prices(self, number: int) -> dict[str, Signal]:
        """The prices of a block, where a feed gives them."""
        ahead, prices = number - self._known.block, {}
        for curve, name in (("import_prices", "import_price_ct_kwh"), ("export_prices", "export_price_ct_kwh")):
            known = self._known.coming(curve)
            if ahead < len(known):
                prices[name] = _foreseen(known[ahead])
        return prices


def _trigger(memory: LoadMemory, at_s: int) -> Trigger:
    """A block is decided at its start; where an override has ended by then, that is what is decided on."""
    has_ended = memory.override is not None and memory.override_at(at_s) is None
    return Trigger.EXPIRY if has_ended else Trigger.TICK


def _foreseen(value: int) -> Signal:
    return Signal(value, 0, Quality.GOOD, FORECAST)


def _without_silence(signals: dict[str, Signal], load: str) -> dict[str, Signal]:
    """What a load tells of itself only when asked: nobody knows it of the hours to come, so it is not measured.

    A temperature that is known now stands on; nothing is ever foreseen to be silent.
    """
    kept = {
        name: signal
        for name, signal in signals.items()
        if not name.startswith(f"{load}.") or is_worth_of_a_load(name)
    }
    temp = signals.get(f"{load}.temp_c")
    if temp is not None and temp.quality is Quality.GOOD:
        kept[f"{load}.temp_c"] = temp._replace(age_s=0)
    return kept
