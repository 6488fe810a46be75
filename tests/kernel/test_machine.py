"""Days of a house at random: weather, faults, people, restarts and a clock that steps, over the real kernel.

What must hold is kept here a second time, by plain counting that knows nothing of block numbers or of the memory:
so a number that is carried over wrongly shows.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from bitgrid.control.clock_steps import moved
from bitgrid.kernel import (
    OFF,
    Action,
    Code,
    Decision,
    EnergyState,
    Forecast,
    LoadMemory,
    Override,
    Quality,
    Rule,
    RuleSet,
    Signal,
    Trigger,
    Vote,
    advance,
    canonical_json,
    decide,
    decision_record,
    forecast_from_record,
    forecast_record,
    may_renew,
    memory_from_record,
    memory_record,
    state_from_record,
    state_record,
)
from kernel.houses import MINER

RULES = RuleSet()
BLOCK_S, DAY_S = RULES.block_s, 86_400
MORNING_S = 20_000 * DAY_S + 6 * 3600
FLAGS = ("emergency_stop", "ups_on_battery", "controller_lost", "miner.guard_trip")
SURPLUS_W = st.sampled_from([-3000, -1600, -900, -700, 0, 300, 900, 2500])
PROTECTION = {Rule.R2, Rule.R3}


def through_json(record: dict[str, Any]) -> dict[str, Any]:
    again: dict[str, Any] = json.loads(canonical_json(record))
    return again


def is_dangerous(state: EnergyState) -> bool:
    """R3's and the hard reserve's own words, told anew from the signals."""
    temp, room = state.good("miner.temp_c"), state.good("room_temp_c")
    soc = state.good("battery_soc_pct")
    return (
        any(state.good(flag) for flag in FLAGS)
        or (temp is not None and temp > 850)
        or (room is not None and room > 400)
        or (soc is not None and soc <= 500)
    )


class House(RuleBasedStateMachine):
    """One load in one house. ``since_*`` count blocks that have really passed; ``left_s`` the override's time."""

    def __init__(self) -> None:
        super().__init__()
        self.memory, self.at_s, self.epoch, self.autonomy = LoadMemory(), MORNING_S, 0, 3
        self.signals: dict[str, Signal] = {}
        self.pv_w: tuple[int, ...] = ()
        self.confirmation: str | None = None
        self.standing: Decision | None = None
        self.ticks: set[tuple[int, int]] = set()
        self.stepped = False
        self.since_start = self.since_switch = self.since_stop = 1000
        self.starts, self.starts_day = 0, 0
        self.waited: int | None = None
        self.left_s: int | None = None
        self.locked_s = 0

    @initialize(grid_w=SURPLUS_W, soc=st.sampled_from([None, 450, 550, 700, 1000]))
    def wakes(self, grid_w: int, soc: int | None) -> None:
        self.signals = {"grid_power_w": Signal(grid_w), "miner.temp_c": Signal(450)}
        if soc is not None:
            self.signals |= {"battery_soc_pct": Signal(soc), "battery_power_w": Signal(0)}

    # what happens to it

    @rule(
        grid_w=SURPLUS_W,
        temp=st.sampled_from([300, 300, 600, 740, 760, 835, 851]),
        price=st.sampled_from([800, 800, 2600]),
    )
    def weather(self, grid_w: int, temp: int, price: int) -> None:
        self.signals |= {
            "grid_power_w": Signal(grid_w),
            "miner.temp_c": Signal(temp),
            "import_price_ct_kwh": Signal(price),
        }

    @rule(soc=st.sampled_from([490, 500, 501, 580, 581, 900]))
    def charge(self, soc: int) -> None:
        self.signals |= {"battery_soc_pct": Signal(soc), "battery_power_w": Signal(0)}

    @rule(pv_w=st.lists(st.sampled_from([0, 900, 3000]), max_size=4))
    def forecast(self, pv_w: list[int]) -> None:
        self.signals["house_load_w"] = Signal(300)
        self.pv_w = tuple(pv_w)

    @rule(flag=st.sampled_from(FLAGS), value=st.sampled_from([1, 2]), stays=st.sampled_from([False] * 4 + [True]))
    def fault(self, flag: str, value: int, *, stays: bool) -> None:
        self.signals[flag] = Signal(value)
        self.decided(Trigger.PROTECT)
        if not stays:
            del self.signals[flag]

    @rule(name=st.sampled_from(["grid_power_w", "miner.temp_c"]), age_s=st.sampled_from([None, 30, 30, 90]))
    def silence(self, name: str, age_s: int | None) -> None:
        before, quality = self.signals[name], Quality.STALE if age_s == 30 else Quality.MISSING
        self.signals[name] = Signal(-3000 if age_s == 30 else None, age_s, quality)
        self.decided(Trigger.PROTECT)
        self.signals[name] = before

    @rule()
    def all_is_well(self) -> None:
        for flag in FLAGS:
            self.signals.pop(flag, None)
        self.signals |= {"grid_power_w": Signal(-3000), "miner.temp_c": Signal(450)}
        self.charge(900)

    @rule(step_s=st.sampled_from([-DAY_S, -3600, -601, -45, 45, 599, 7200, DAY_S]))
    def clock_steps(self, step_s: int) -> None:
        before = self.at_s // BLOCK_S
        self.at_s += step_s
        self.epoch, self.stepped = self.epoch + 1, True
        self.signals["clock_stepped"] = Signal(1)
        self.memory = moved(self.memory, step_s, self.at_s // BLOCK_S - before)
        self.standing = None

    @rule()
    def restart(self) -> None:
        self.memory = memory_from_record(through_json(memory_record(self.memory)))
        self.decided(Trigger.RESYNC)

    # what people do

    @rule(autonomy=st.integers(0, 3))
    def set_autonomy(self, autonomy: int) -> None:
        self.autonomy, self.waited, self.confirmation = autonomy, None, None

    @rule(level=st.sampled_from([OFF, "eco", "full"]), minutes=st.sampled_from([1, 10, 45]))
    def override(self, level: str, minutes: int) -> None:
        self.left_s = minutes * 60
        word = Override(Vote.STOP if level == OFF else Vote.LEVEL, level, self.at_s + self.left_s)
        self.memory = replace(self.memory, override=word)
        self.decided(Trigger.USER)

    @precondition(lambda self: self.standing is not None)
    @rule()
    def confirm(self) -> None:
        mode = next(vote for vote in self.standing.votes if vote.rule is Rule.MODE)
        self.confirmation = mode.level
        self.decided(Trigger.USER)

    # time

    @rule(blocks=st.sampled_from([1, 1, 1, 1, 2, 3, 40]))
    def tick(self, blocks: int) -> None:
        self.passes((self.at_s // BLOCK_S + blocks) * BLOCK_S - self.at_s)
        key = (self.epoch, self.at_s // BLOCK_S)
        assert key not in self.ticks
        self.ticks.add(key)
        self.confirmation = None
        decision = self.decided(Trigger.TICK)
        assert not (self.stepped and decision.rule in {Rule.R1, Rule.R4} and decision.action is not Action.HOLD)
        self.signals.pop("clock_stepped", None)
        self.stepped = False

    @rule(grids_w=st.lists(SURPLUS_W, min_size=2, max_size=12))
    def hours(self, grids_w: list[int]) -> None:
        for grid_w in grids_w:
            self.signals["grid_power_w"] = Signal(grid_w)
            self.tick(1)

    @rule(level=st.sampled_from(["eco", "full"]))
    def nothing_but_clouds(self, level: str) -> None:
        """Sun and shade in turns, as often as the holds let it switch."""
        for blocks, grid_w in [(2, -3000 if level == "full" else -900), (3, 900)] * 7:
            for _block in range(blocks):
                self.signals["grid_power_w"] = Signal(grid_w)
                self.tick(1)

    @rule(seconds=st.integers(1, 400))
    def protect(self, seconds: int) -> None:
        self.passes(min(seconds, BLOCK_S - 1 - self.at_s % BLOCK_S))
        self.decided(Trigger.PROTECT)

    def passes(self, seconds: int) -> None:
        """Time goes on; where an override ends on the way, its end is a decision of its own."""
        if self.left_s is not None and self.left_s <= seconds:
            ends_in_s, self.left_s = self.left_s, None
            self.moves(ends_in_s)
            self.decided(Trigger.EXPIRY)
            self.passes(seconds - ends_in_s)
            return
        self.left_s = None if self.left_s is None else self.left_s - seconds
        self.moves(seconds)

    def moves(self, seconds: int) -> None:
        blocks = (self.at_s + seconds) // BLOCK_S - self.at_s // BLOCK_S
        self.at_s += seconds
        self.locked_s = max(0, self.locked_s - seconds)
        self.since_start += blocks
        self.since_switch += blocks
        self.since_stop += blocks
        self.waited = None if self.waited is None else self.waited + blocks

    # what must hold

    def state(self) -> EnergyState:
        block = self.at_s // BLOCK_S
        return EnergyState(
            at_s=self.at_s,
            block=block,
            clock_epoch=self.epoch,
            local_day=20_260_000 + self.at_s // DAY_S - 20_000,
            signals={**self.signals, "miner.power_w": Signal(MINER.power_w(self.memory.level))},
            required=("grid_power_w",),
            load_ids=("miner",),
            forecast=Forecast(block, self.pv_w) if self.pv_w else None,
            autonomy=self.autonomy,
            confirmation=self.confirmation,
        )

    def decided(self, trigger: Trigger) -> Decision:
        state = self.state()
        decision = decide(state, self.memory, RULES, MINER, trigger)
        self.is_replayed(decision)
        self.is_safe(decision)
        self.keeps_its_holds(decision)
        self.knows_who_may_switch(decision)
        self.ends_with_its_override(decision)
        self.waits_not_too_long(decision)
        self.memory, self.standing = advance(decision), decision
        assert self.memory.level == decision.level
        assert decision.next_change_at_s is None or decision.next_change_at_s > self.at_s
        self.counts(decision)
        return decision

    def is_replayed(self, decision: Decision) -> None:
        told = None if decision.state.forecast is None else through_json(forecast_record(decision.state.forecast))
        again = decide(
            state_from_record(
                through_json(state_record(decision.state)), None if told is None else forecast_from_record(told)
            ),
            memory_from_record(through_json(memory_record(decision.memory))),
            RULES,
            MINER,
            decision.trigger,
        )
        assert canonical_json(decision_record(again)) == canonical_json(decision_record(decision))
        assert advance(again) == advance(decision)

    def is_safe(self, decision: Decision) -> None:
        state = decision.state
        if decision.level != OFF:
            assert not is_dangerous(state)
        if decision.action is Action.START:
            assert decision.trigger is not Trigger.RESYNC
            assert not self.stepped
            assert not state.degraded
            assert not self.locked_s
        if may_renew(state, decision):
            assert not is_dangerous(state)
            assert not state.degraded

    def keeps_its_holds(self, decision: Decision) -> None:
        if decision.action is Action.HOLD or not is_economic(decision):
            return
        assert self.since_switch >= RULES.deadband_blocks
        if decision.action is Action.START:
            assert self.since_stop >= RULES.min_pause_blocks
            assert self.starts_on(decision.state.local_day) < RULES.max_starts_per_day
        if decision.action is Action.STOP:
            assert self.since_start >= RULES.min_runtime_blocks

    def knows_who_may_switch(self, decision: Decision) -> None:
        if decision.action is Action.HOLD or not is_economic(decision):
            return
        assert self.autonomy > 0
        assert decision.trigger is not Trigger.PROTECT
        assert decision.trigger is not Trigger.USER or self.confirmation is not None
        assert self.autonomy > 1 or self.confirmation == decision.level

    def ends_with_its_override(self, decision: Decision) -> None:
        if self.left_s is None:
            assert decision.rule is not Rule.USER
            assert advance(decision).override is None
        elif decision.rule is Rule.CLOCK:
            assert decision.memory.level == decision.level == OFF
        elif decision.rule not in PROTECTION and decision.rule is not Rule.USER:
            assert decision.memory.override is not None
            assert decision.level == decision.memory.override.level

    def waits_not_too_long(self, decision: Decision) -> None:
        """Autonomy 2: an economic stop waits for its block and the next three, whatever the clock does."""
        if decision.code is Code.MODE_WAITS and decision.binding.level == OFF and self.autonomy == 2:
            self.waited = self.waited or 0
            assert self.waited <= 3
        elif decision.trigger is not Trigger.PROTECT:
            self.waited = None

    def counts(self, decision: Decision) -> None:
        if decision.action is Action.HOLD:
            return
        self.since_switch = 0
        if decision.action is Action.START:
            day = decision.state.local_day
            self.starts, self.starts_day = self.starts_on(day) + 1, day
            self.since_start = 0
        elif decision.action is Action.STOP:
            self.since_stop = 0
            if decision.code in {Code.R3_OVER_TEMP, Code.R3_EMERGENCY_STOP}:
                self.locked_s = RULES.safety_lockout_s

    def starts_on(self, day: int) -> int:
        return self.starts if self.starts_day == day else 0


def is_economic(decision: Decision) -> bool:
    """Nobody's protection, no person's word, and not the end of one."""
    return decision.binding.rank > 4 and decision.code is not Code.MODE_OVERRIDE_ENDED


House.TestCase.settings = settings(
    max_examples=150, stateful_step_count=40, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
TestHouse = House.TestCase
