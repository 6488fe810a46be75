"""What must hold of every decision on a load, told a second time by plain counting.

It knows nothing of block numbers, of the memory or of ranks' order: it counts the blocks and seconds that have
really passed. So a number that is carried over wrongly shows.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from bitgrid.kernel import (
    OFF,
    Action,
    Code,
    Decision,
    EnergyState,
    LoadMemory,
    LoadProfile,
    Policy,
    Quality,
    Rule,
    Trigger,
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
from bitgrid.kernel.rules.r3_safety import TRIP_HEAT

FLAGS = ("emergency_stop", "ups_on_battery", "first_run", "controller_lost")
BY_PROTECTION = {Rule.R2, Rule.R3}
LONG_AGO = 1000


def through_json(record: dict[str, Any]) -> dict[str, Any]:
    again: dict[str, Any] = json.loads(canonical_json(record))
    return again


def written(memory: LoadMemory) -> LoadMemory:
    """A memory as the next process reads it."""
    return memory_from_record(through_json(memory_record(memory)))


def is_dangerous(decision: Decision, state: EnergyState) -> bool:
    """R3's and the hard reserve's own words on what is measured now, told anew."""
    name, rules = decision.load.id, decision.rules
    temp, room, soc = (state.good(what) for what in (f"{name}.temp_c", "room_temp_c", "battery_soc_pct"))
    may_use_reserve = rules.override_may_use_reserve and decision.rule is Rule.USER
    return (
        any(state.good(flag) for flag in (*FLAGS, f"{name}.guard_trip"))
        or (temp is not None and temp > rules.max_temp)
        or (room is not None and room > rules.max_room_temp)
        or (soc is not None and soc <= rules.soc_hard_min and not may_use_reserve)
    )


def must_lock(decision: Decision) -> bool:
    """Heat and an emergency lock, whatever else stopped the load at that moment."""
    state, name = decision.state, decision.load.id
    temp = state.good(f"{name}.temp_c")
    is_hot = state.good(f"{name}.guard_trip") == TRIP_HEAT or (temp is not None and temp > decision.rules.max_temp)
    return is_hot or bool(state.good("emergency_stop"))


def is_silent(decision: Decision) -> bool:
    """Whether a running load, or the meter, has been silent for longer than it may."""
    state, name = decision.state, decision.load.id
    told = [state.signals[meter] for meter in state.required]
    on_for_s = state.good(f"{name}.on_for_s")
    if on_for_s is None or on_for_s > decision.load.boot_grace_s:
        told += [signal for signal in (state.signals.get(f"{name}.temp_c"),) if signal is not None]
    return any(
        signal.quality is not Quality.GOOD and (signal.age_s is None or signal.age_s > 60) for signal in told
    )


def is_economic(decision: Decision) -> bool:
    """Nobody's protection, no person's word, and not the end of one."""
    return decision.binding.rank > 4 and decision.code is not Code.MODE_OVERRIDE_ENDED


class Watch:
    """Watches one load. ``since_*`` are blocks, ``left_s`` what is left of an override, ``locked_s`` of a lockout.

    ``on_for_s`` is for how long it has been on; None: the process that started it is gone. ``was_free`` tells
    whether nothing held the load when it was last decided upon.
    """

    def __init__(self, load: LoadProfile) -> None:
        self.load, self.level = load, OFF
        self.since_start = self.since_switch = self.since_stop = LONG_AGO
        self.starts, self.starts_day = 0, 0
        self.waited: int | None = None
        self.left_s: int | None = None
        self.on_for_s: int | None = None
        self.locked_s, self.must_cool = 0, False
        self.was_free = True
        self.ticks: set[tuple[int, int]] = set()

    def passes(self, seconds: int, blocks: int) -> None:
        self.locked_s = max(0, self.locked_s - seconds)
        self.left_s = None if self.left_s is None else self.left_s - seconds
        self.on_for_s = None if self.on_for_s is None else self.on_for_s + seconds
        self.since_start += blocks
        self.since_switch += blocks
        self.since_stop += blocks
        self.waited = None if self.waited is None else self.waited + blocks

    def sees(self, decision: Decision) -> None:
        """Check a decision, then remember it."""
        assert decision.memory.level == self.level
        self.was_free = self.is_free(decision)
        self.comes_once(decision)
        self.is_replayed(decision)
        self.is_safe(decision)
        self.keeps_the_grid_limit(decision)
        self.is_believed(decision)
        self.spares_reserve_and_grid(decision)
        self.looks_ahead(decision)
        self.keeps_its_holds(decision)
        self.knows_who_may_switch(decision)
        self.obeys_its_override(decision)
        self.waits_not_too_long(decision)
        self.tells_when_it_may_change(decision)
        self.counts(decision)

    def comes_once(self, decision: Decision) -> None:
        """Never more than one tick for a block of a clock epoch, and none for a block that is over."""
        if decision.trigger is Trigger.TICK:
            key = decision.state.clock_epoch, decision.state.block
            assert key not in self.ticks
            self.ticks.add(key)

    def is_replayed(self, decision: Decision) -> None:
        """What was written gives the same bytes, in whatever order it is read."""
        state, forecast = decision.state, decision.state.forecast
        told = None if forecast is None else forecast_from_record(through_json(forecast_record(forecast)))
        read = state_from_record(through_json(state_record(state)), told)
        read = replace(read, signals=dict(reversed(read.signals.items())))
        again = decide(read, written(decision.memory), decision.rules, decision.load, decision.trigger)
        assert canonical_json(decision_record(again)) == canonical_json(decision_record(decision))
        assert canonical_json(state_record(read)) == canonical_json(state_record(state))
        assert advance(again) == written(advance(decision)) == advance(decision)
        assert advance(decision).level == decision.level

    def is_safe(self, decision: Decision) -> None:
        state = decision.state
        if decision.level != OFF:
            assert not is_dangerous(decision, state)
            assert decision.action is Action.START or not is_silent(decision)
        if decision.action is Action.START:
            temp = state.good(f"{self.load.id}.temp_c")
            assert not state.degraded
            assert not self.locked_s
            assert not (self.must_cool and temp is not None and temp >= decision.rules.resume_temp)
        if may_renew(state, decision):
            assert not is_dangerous(decision, state)
            assert not state.degraded

    def keeps_the_grid_limit(self, decision: Decision) -> None:
        """What runs fits what the operator lets the loads draw, less what those before it draw; renewed or not."""
        limit, before_w = decision.state.signals.get("grid_limit_w"), decision.state.good("loads_before_w") or 0
        if limit is None or limit.value is None:
            return
        assert decision.level == OFF or decision.power_w + before_w <= limit.value
        full = replace(decision, level=decision.load.levels[-1].name)
        assert decision.load.levels[-1].power_w + before_w <= limit.value or not may_renew(decision.state, full)

    def is_believed(self, decision: Decision) -> None:
        """After a step of the clock a block is held; what was decided too slowly starts nothing and stops all."""
        if decision.state.good("evaluation_overrun"):
            assert decision.level == OFF
        if decision.state.good("clock_stepped") or decision.trigger is Trigger.RESYNC:
            assert decision.action is not Action.START
        if decision.state.good("clock_stepped"):
            assert decision.action is Action.HOLD or not is_economic(decision)

    def spares_reserve_and_grid(self, decision: Decision) -> None:
        """Nobody but a person starts at the soft reserve, or keeps running on more of the grid than is allowed."""
        state, rules = decision.state, decision.rules
        if decision.level == OFF or self.left_s is not None:
            return
        soc, grid_w = state.good("battery_soc_pct"), state.good("grid_power_w")
        if grid_w is not None and rules.policy is not Policy.STACK:
            held = self.since_start < rules.min_runtime_blocks or self.since_switch < rules.deadband_blocks
            is_held = held and decision.action is not Action.START
            assert grid_w <= (rules.max_grid_import_hold_w if is_held else rules.max_grid_import_w)
        if decision.action is Action.START:
            assert soc is None or soc > rules.soc_soft_min

    def looks_ahead(self, decision: Decision) -> None:
        """No start on a surplus that will be gone at once, nor on what is bought back dearer than it is worth."""
        state, rules = decision.state, decision.rules
        if decision.action is not Action.START or not is_economic(decision) or not rules.r4_enabled:
            return
        if decision.code in {Code.R1_CHEAP_GRID, Code.R4_PRESTART}:
            return
        pv_w, house_w = state.coming("pv_w")[: rules.min_runtime_blocks], state.good("house_load_w") or 0
        if len(pv_w) == rules.min_runtime_blocks:
            needed_w = self.load.levels[self.load.index(decision.level) - 1].min_surplus_w
            assert sum(pv_w) / len(pv_w) >= house_w + needed_w + rules.battery_claim_w
        hodl, price, courses = state.good("hodl_ct_kwh"), min(state.coming("import_prices"), default=None), ()
        if state.outlook is not None and rules.policy is not Policy.LOCAL_FIRST:
            courses = state.outlook.courses
        if courses and hodl is not None and price is not None:
            must_buy = all(course.spill_block is None and course.empty_block is not None for course in courses)
            assert not (must_buy and hodl < price)

    def is_free(self, decision: Decision) -> bool:
        """Whether no hold, lockout or count stands against a switch of its own accord."""
        rules = decision.rules
        if self.since_switch < rules.deadband_blocks:
            return False
        if self.level != OFF:
            return self.since_start >= rules.min_runtime_blocks
        starts = self.starts_on(decision.state.local_day)
        has_rested = self.since_stop >= rules.min_pause_blocks and starts < rules.max_starts_per_day
        return has_rested and not self.locked_s

    def keeps_its_holds(self, decision: Decision) -> None:
        if decision.action is Action.HOLD or not is_economic(decision):
            return
        assert self.since_switch >= decision.rules.deadband_blocks
        if decision.action is Action.START:
            assert self.since_stop >= decision.rules.min_pause_blocks
            assert self.starts_on(decision.state.local_day) < decision.rules.max_starts_per_day
        else:
            assert self.since_start >= decision.rules.min_runtime_blocks

    def knows_who_may_switch(self, decision: Decision) -> None:
        if decision.action is Action.HOLD or not is_economic(decision):
            return
        autonomy, confirmed = decision.state.autonomy, decision.state.confirmation == decision.level
        assert autonomy > 0
        assert decision.trigger is not Trigger.PROTECT
        assert decision.trigger is not Trigger.USER or decision.state.confirmation is not None
        assert decision.trigger is not Trigger.RESYNC or decision.action is not Action.START
        assert autonomy > 1 or confirmed
        if autonomy == 2 and decision.action is Action.STOP:
            assert confirmed or (self.waited or 0) > 3

    def obeys_its_override(self, decision: Decision) -> None:
        """A person's word goes before all but protection, and ends when it ends."""
        if self.left_s is None:
            assert decision.rule is not Rule.USER
            assert decision.code is not Code.MODE_OVERRIDE_ENDED or decision.trigger is Trigger.EXPIRY
            assert advance(decision).override is None
            if decision.trigger is Trigger.EXPIRY and decision.state.autonomy < 3 and self.level != OFF:
                assert decision.level == OFF
            return
        word = decision.memory.override
        assert word is not None
        assert word.ends_at_s - decision.state.at_s == self.left_s
        if decision.rule is Rule.CLOCK and decision.code is not Code.CLOCK_OVERRUN:
            assert decision.memory.level == decision.level == OFF
        elif decision.rule not in BY_PROTECTION and decision.rule is not Rule.CLOCK:
            assert decision.level == word.level

    def waits_not_too_long(self, decision: Decision) -> None:
        """Autonomy 2: an economic stop waits for its block and the next three, whatever the clock does."""
        waits = any(vote.code is Code.MODE_WAITS and vote.level == OFF for vote in decision.votes)
        if decision.action is not Action.HOLD:
            self.waited = None
        elif decision.trigger is not Trigger.PROTECT:
            self.waited = (self.waited or 0) if waits else None
        if decision.code is Code.MODE_WAITS and waits and decision.state.autonomy == 2:
            assert (self.waited or 0) <= 3

    def tells_when_it_may_change(self, decision: Decision) -> None:
        """The first that ends of hold, lockout and override; nothing where none is in force."""
        rules, state = decision.rules, decision.state
        apart = rules.deadband_blocks - self.since_switch
        least = rules.min_pause_blocks - self.since_stop if self.level == OFF else 0
        least = rules.min_runtime_blocks - self.since_start if self.level != OFF else least
        blocks = max(apart, least)
        ends_s = [(state.block + blocks) * rules.block_s] if blocks > 0 else []
        ends_s += [state.at_s + left_s for left_s in (self.left_s, self.locked_s) if left_s]
        assert decision.next_change_at_s == min(ends_s, default=None)

    def counts(self, decision: Decision) -> None:
        self.level = decision.level
        if decision.action is Action.HOLD:
            return
        self.since_switch = 0
        if decision.action is Action.START:
            day = decision.state.local_day
            self.starts, self.starts_day = self.starts_on(day) + 1, day
            self.since_start = self.on_for_s = 0
            self.locked_s, self.must_cool = 0, False
        elif decision.action is Action.STOP:
            self.since_stop, self.on_for_s = 0, None
            if must_lock(decision):
                self.locked_s, self.must_cool = decision.rules.safety_lockout_s, True

    def starts_on(self, day: int) -> int:
        return self.starts if self.starts_day == day else 0
