from __future__ import annotations

from dataclasses import replace

import pytest

from bitgrid.kernel import (
    OFF,
    Action,
    Code,
    Forecast,
    Level,
    LoadMemory,
    LoadProfile,
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
    may_renew,
    memory_from_record,
    memory_record,
    state_record,
)
from kernel.houses import AT_S, BLOCK, MINER, ahead, good, house

RULES = RuleSet()
SUNNY = house(grid_power_w=-3000)
DARK = house(grid_power_w=300)
RUNNING = LoadMemory("eco", BLOCK - 9, BLOCK - 9)


def by_user(vote: Vote, level: str, memory: LoadMemory | None = None, ends_at_s: int = AT_S + 60) -> LoadMemory:
    return replace(memory or LoadMemory(), override=Override(vote, level, ends_at_s))


class TestTheUsersWord:
    def test_starts_a_load_without_surplus(self) -> None:
        decision = decide(DARK, by_user(Vote.LEVEL, "full"), RULES, MINER, Trigger.USER)
        assert (decision.action, decision.level, decision.code) == (Action.START, "full", Code.USER_START)

    def test_stops_a_load_in_its_minimum_runtime(self) -> None:
        memory = by_user(Vote.STOP, OFF, LoadMemory("full", BLOCK, BLOCK))
        assert decide(SUNNY, memory, RULES, MINER, Trigger.USER).code is Code.USER_STOP

    def test_sets_a_level(self) -> None:
        decision = decide(DARK, by_user(Vote.LEVEL, "full", RUNNING), RULES, MINER, Trigger.USER)
        assert (decision.action, decision.code) == (Action.THROTTLE, Code.USER_LEVEL)

    def test_yields_to_heat(self) -> None:
        hot = house(grid_power_w=-3000, miner__temp_c=90)
        decision = decide(hot, by_user(Vote.LEVEL, "full"), RULES, MINER, Trigger.USER)
        assert (decision.action, decision.code) == (Action.HOLD, Code.R3_OVER_TEMP)

    @pytest.mark.parametrize(("may_use", "action"), [(False, Action.HOLD), (True, Action.START)])
    def test_reaches_the_reserve_only_where_the_owner_allows_it(self, *, may_use: bool, action: Action) -> None:
        empty = house(grid_power_w=300, battery_soc_pct=20, battery_power_w=0)
        rules = RuleSet(override_may_use_reserve=may_use)
        assert decide(empty, by_user(Vote.LEVEL, "eco"), rules, MINER, Trigger.USER).action is action

    def test_outranks_the_soft_reserve(self) -> None:
        low = house(grid_power_w=-3000, battery_soc_pct=55, battery_power_w=0)
        assert decide(low, by_user(Vote.LEVEL, "eco"), RULES, MINER, Trigger.USER).action is Action.START

    def test_has_an_end(self) -> None:
        memory = by_user(Vote.LEVEL, "full", ends_at_s=AT_S)
        assert decide(DARK, memory, RULES, MINER, Trigger.EXPIRY).rule is Rule.R1

    def test_is_forgotten_after_its_end(self) -> None:
        memory = by_user(Vote.LEVEL, "full", RUNNING, ends_at_s=AT_S)
        assert advance(decide(SUNNY, memory, RULES, MINER, Trigger.EXPIRY)).override is None


class TestBetweenTicks:
    @pytest.mark.parametrize("trigger", [Trigger.PROTECT, Trigger.USER])
    def test_surplus_starts_nothing(self, trigger: Trigger) -> None:
        assert decide(SUNNY, LoadMemory(), RULES, MINER, trigger).action is Action.HOLD

    def test_lack_of_surplus_stops_nothing(self) -> None:
        assert decide(DARK, RUNNING, RULES, MINER, Trigger.PROTECT).action is Action.HOLD

    def test_the_hard_reserve_stops(self) -> None:
        empty = house(grid_power_w=-3000, battery_soc_pct=50, battery_power_w=0)
        assert decide(empty, RUNNING, RULES, MINER, Trigger.PROTECT).code is Code.R2_HARD_RESERVE

    def test_after_a_restart_nothing_starts_before_the_next_tick(self) -> None:
        assert decide(SUNNY, LoadMemory(), RULES, MINER, Trigger.RESYNC).action is Action.HOLD

    def test_after_a_restart_what_runs_is_judged_in_full(self) -> None:
        assert decide(DARK, RUNNING, RULES, MINER, Trigger.RESYNC).action is Action.STOP


class TestDegraded:
    STALE_METER = house(grid_power_w=Signal(-3000, 40, Quality.STALE, "meter"), required=("grid_power_w",))

    def test_what_runs_runs_on_within_the_time_out(self) -> None:
        decision = decide(self.STALE_METER, RUNNING, RULES, MINER)
        assert (decision.action, decision.code) == (Action.HOLD, Code.R1_NO_DATA)

    def test_nothing_starts_not_even_for_the_user(self) -> None:
        decision = decide(self.STALE_METER, by_user(Vote.LEVEL, "eco"), RULES, MINER, Trigger.USER)
        assert (decision.action, decision.code) == (Action.HOLD, Code.R3_METER_SILENT)

    def test_no_lease_is_renewed(self) -> None:
        standing = decide(SUNNY, RUNNING, RULES, MINER)
        assert not may_renew(self.STALE_METER, standing)

    def test_a_required_signal_that_is_not_in_the_state_at_all_stops(self) -> None:
        state = house(required=("grid_power_w",))
        assert decide(state, RUNNING, RULES, MINER).code is Code.R3_METER_SILENT


class TestRenewal:
    STANDING = decide(SUNNY, RUNNING, RULES, MINER)

    def test_is_not_given_by_what_was_reckoned_too_late(self) -> None:
        assert not may_renew(house(grid_power_w=-3000, evaluation_overrun=1), self.STANDING)

    def test_is_given_while_all_is_well(self) -> None:
        assert may_renew(SUNNY, self.STANDING)

    def test_ends_with_the_block(self) -> None:
        assert may_renew(house(at_s=AT_S + 599, grid_power_w=-3000), self.STANDING)
        assert not may_renew(house(at_s=AT_S + 600, grid_power_w=-3000), self.STANDING)

    def test_is_refused_for_a_load_that_is_off(self) -> None:
        assert not may_renew(SUNNY, decide(DARK, LoadMemory(), RULES, MINER))

    @pytest.mark.parametrize(
        "trouble",
        [
            {"miner__temp_c": 85.1},
            {"battery_soc_pct": 50, "battery_power_w": 0},
            {"emergency_stop": 1},
            {"controller_lost": 1},
            {"miner__guard_trip": 1},
        ],
    )
    def test_is_refused_in_trouble(self, trouble: dict[str, float]) -> None:
        assert not may_renew(house(grid_power_w=-3000, **trouble), self.STANDING)

    def test_of_a_users_decision_may_use_the_reserve_where_the_owner_allows_it(self) -> None:
        empty = house(grid_power_w=300, battery_soc_pct=20, battery_power_w=0)
        rules = RuleSet(override_may_use_reserve=True)
        standing = decide(empty, by_user(Vote.LEVEL, "eco"), rules, MINER, Trigger.USER)
        assert may_renew(empty, standing)


class TestSafety:
    @pytest.mark.parametrize(
        ("flag", "code"),
        [
            ("controller_lost", Code.R3_CONTROLLER_LOST),
            ("miner__guard_trip", Code.R3_GUARD_TRIP),
            ("ups_on_battery", Code.R3_UPS_ON_BATTERY),
            ("first_run", Code.R3_FIRST_RUN),
        ],
    )
    def test_stops_at_once(self, flag: str, code: Code) -> None:
        state = house(grid_power_w=-3000, **{flag: 1})
        assert decide(state, LoadMemory("full", BLOCK, BLOCK), RULES, MINER, Trigger.PROTECT).code is code

    def test_a_guards_stop_for_heat_is_a_thermal_stop(self) -> None:
        decision = decide(house(grid_power_w=-3000, miner__guard_trip=2), RUNNING, RULES, MINER, Trigger.PROTECT)
        assert decision.code is Code.R3_OVER_TEMP
        assert advance(decision).lockout_until_s == AT_S + 3600

    @pytest.mark.parametrize(("at_s", "temp_c", "action"), [
        (AT_S + 3599, 30, Action.HOLD),
        (AT_S + 3600, 75, Action.HOLD),
        (AT_S + 3600, 74.9, Action.START),
    ])  # fmt: skip
    def test_a_lockout_waits_for_its_time_and_for_the_cool(self, at_s: int, temp_c: float, action: Action) -> None:
        memory = LoadMemory(OFF, BLOCK - 9, lockout_until_s=AT_S + 3600)
        state = house(at_s=at_s, grid_power_w=-3000, miner__temp_c=temp_c)
        decision = decide(state, memory, RULES, MINER)
        assert decision.action is action
        assert action is Action.START or decision.code is Code.R3_LOCKOUT

    def test_a_silent_load_that_cannot_be_asked_starts_after_the_lockout(self) -> None:
        memory = LoadMemory(OFF, BLOCK - 9, lockout_until_s=AT_S)
        assert decide(SUNNY, memory, RULES, MINER).action is Action.START

    def test_the_boot_grace_ends(self) -> None:
        silent = Signal(None, None, Quality.MISSING)
        for on_for_s, action in ((180, Action.HOLD), (181, Action.STOP)):
            state = house(grid_power_w=-3000, miner__temp_c=silent, miner__on_for_s=on_for_s)
            assert decide(state, RUNNING, RULES, MINER, Trigger.PROTECT).action is action


class TestForecast:
    def test_a_price_spike_that_the_sun_does_not_cover_forbids_a_start(self) -> None:
        sunny = house(pv_power_w=4500, house_load_w=1500)
        state = ahead(sunny, pv_w=(9000, 9000, 3000), import_prices=(1000, 1000, 3001))
        assert decide(state, LoadMemory(), RULES, MINER).code is Code.R4_PRICE_SPIKE
        covered = ahead(sunny, pv_w=(9000, 9000, 3174), import_prices=(1000, 1000, 3001))
        assert decide(covered, LoadMemory(), RULES, MINER).action is Action.START

    def test_can_be_switched_off(self) -> None:
        state = ahead(house(pv_power_w=4500, house_load_w=1500), pv_w=(0, 0, 0))
        assert decide(state, LoadMemory(), RuleSet(r4_enabled=False), MINER).action is Action.START

    def test_derives_the_house_load_from_the_balance(self) -> None:
        state = ahead(house(pv_power_w=4500, grid_power_w=-3000), pv_w=(2000, 2000, 2000))
        assert decide(state, LoadMemory(), RULES, MINER).code is Code.R4_FORECAST_LOW

    def test_a_load_forecast_goes_before_the_present_load(self) -> None:
        state = ahead(house(pv_power_w=4500, house_load_w=1500), pv_w=(2000,) * 3, load_w=(0,) * 3)
        assert decide(state, LoadMemory(), RULES, MINER).action is Action.START

    def test_counts_from_the_block_that_begins(self) -> None:
        state = house(pv_power_w=4500, house_load_w=1500)
        issued = Forecast(BLOCK - 2, (0, 0, 4500, 4500, 4500))
        assert decide(replace(state, forecast=issued), LoadMemory(), RULES, MINER).action is Action.START

    def test_may_start_a_block_early_on_a_forecast_with_300_w_to_spare(self) -> None:
        rules = RuleSet(r4_prestart=True)
        for pv_w, action in ((1599, Action.HOLD), (1600, Action.START)):
            state = ahead(house(pv_power_w=1000, house_load_w=500), pv_w=(pv_w,) * 3)
            decision = decide(state, LoadMemory(), rules, MINER)
            assert decision.action is action
        assert decision.code is Code.R4_PRESTART
        assert decide(state, LoadMemory(), RULES, MINER).action is Action.HOLD

    def test_may_stop_before_the_sun_leaves(self) -> None:
        rules = RuleSet(r4_preemptive_stop=True)
        state = ahead(house(pv_power_w=2000, house_load_w=500), pv_w=(500, 500, 500))
        decision = decide(state, RUNNING, rules, MINER)
        assert (decision.action, decision.code) == (Action.STOP, Code.R4_SUN_LEAVES)
        held = LoadMemory("eco", BLOCK - 1, BLOCK - 1)
        assert decide(state, held, rules, MINER).code is Code.R5_MIN_RUNTIME


class TestWhatComesTogether:
    @pytest.mark.parametrize("flag", ["emergency_stop", "ups_on_battery", "controller_lost", "miner__guard_trip"])
    def test_heat_is_named_and_locks_whatever_else_stops_it(self, flag: str) -> None:
        state = house(grid_power_w=-3000, miner__temp_c=90, **{flag: 1})
        decision = decide(state, RUNNING, RULES, MINER, Trigger.PROTECT)
        assert decision.code is Code.R3_OVER_TEMP
        assert advance(decision).lockout_until_s == AT_S + 3600

    def test_a_switch_that_lies_ahead_of_the_clock_holds_nothing(self) -> None:
        ahead_of_time = LoadMemory("eco", BLOCK + 500, BLOCK + 500)
        assert decide(DARK, ahead_of_time, RULES, MINER).action is Action.STOP


THREE = LoadProfile("miner", (Level("low", 500, 500), Level("mid", 1000, 1000), Level("high", 1500, 1500)))


class TestGridLimit:
    STANDING = decide(SUNNY, LoadMemory("full", BLOCK - 9, BLOCK - 9), RULES, MINER)

    @pytest.mark.parametrize(("limit_w", "may"), [(1673, False), (1674, True)])
    def test_a_lease_is_renewed_only_for_what_fits(self, limit_w: int, may: bool) -> None:
        assert may_renew(house(grid_power_w=-3000, grid_limit_w=limit_w), self.STANDING) is may

    def test_a_lease_within_a_cap_is_renewed(self) -> None:
        capped = house(grid_power_w=-3000, grid_limit_w=1000)
        assert may_renew(capped, decide(capped, RUNNING, RULES, MINER))

    @pytest.mark.parametrize(("quality", "level"), [(Quality.STALE, "eco"), (Quality.INVALID, "full")])
    def test_a_limit_told_a_while_ago_binds_and_one_that_is_none_does_not(
        self, quality: Quality, level: str
    ) -> None:
        state = house(grid_power_w=-3000, grid_limit_w=Signal(1000, 40, quality))
        assert decide(state, LoadMemory("full", BLOCK - 9, BLOCK - 9), RULES, MINER).level == level

    def test_a_limit_that_nobody_knows_is_none(self) -> None:
        state = house(grid_power_w=-3000, grid_limit_w=Signal(None, None, Quality.GOOD))
        assert decide(state, RUNNING, RULES, MINER).level == "full"

    def test_of_two_caps_the_lower_one_counts_and_is_named(self) -> None:
        state = house(grid_power_w=-3000, grid_limit_w=1000, miner__temp_c=84)
        decision = decide(state, LoadMemory("mid", BLOCK - 9, BLOCK - 9), RULES, THREE)
        assert (decision.level, decision.code) == ("low", Code.R3_NEAR_LIMIT)

    def test_it_caps_at_the_level_that_runs_when_that_fits(self) -> None:
        state = house(grid_power_w=-3000, grid_limit_w=1000, miner__temp_c=60)
        decision = decide(state, LoadMemory("mid", BLOCK - 9, BLOCK - 9), RULES, THREE)
        assert (decision.action, decision.level, decision.code) == (Action.HOLD, "mid", Code.R3_GRID_LIMIT)


class TestClock:
    def test_one_block_is_held_after_a_step(self) -> None:
        decision = decide(house(grid_power_w=-3000, clock_stepped=1), LoadMemory(), RULES, MINER)
        assert (decision.action, decision.rule, decision.code) == (Action.HOLD, Rule.CLOCK, Code.CLOCK_RESYNC)

    def test_a_step_does_not_hold_back_protection(self) -> None:
        state = house(grid_power_w=-3000, clock_stepped=1, miner__temp_c=90)
        assert decide(state, RUNNING, RULES, MINER).code is Code.R3_OVER_TEMP


class TestMemory:
    def test_counts_starts_by_the_local_day(self) -> None:
        first = advance(decide(SUNNY, LoadMemory(starts=5, starts_day=20251231), RULES, MINER))
        assert (first.starts, first.starts_day) == (1, 20260101)
        second = advance(decide(SUNNY, LoadMemory(starts=5, starts_day=20260101), RULES, MINER))
        assert second.starts == 6

    def test_a_hold_changes_nothing(self) -> None:
        assert advance(decide(DARK, LoadMemory(), RULES, MINER)) == LoadMemory()

    def test_an_economic_stop_locks_nothing(self) -> None:
        assert advance(decide(DARK, RUNNING, RULES, MINER)).lockout_until_s is None

    def test_goes_to_json_and_back(self) -> None:
        memory = LoadMemory("eco", 7, 6, 2, 20260101, 99, Override(Vote.LEVEL, "eco", 77))
        assert memory_from_record(memory_record(memory)) == memory
        assert memory_from_record(memory_record(LoadMemory())) == LoadMemory()

    def test_names_when_the_next_thing_changes(self) -> None:
        held = decide(SUNNY, LoadMemory("full", BLOCK, BLOCK), RULES, MINER)
        assert held.next_change_at_s == (BLOCK + 3) * 600
        locked = decide(SUNNY, LoadMemory(OFF, 0, lockout_until_s=AT_S + 5), RULES, MINER)
        assert locked.next_change_at_s == AT_S + 5
        wished = decide(SUNNY, by_user(Vote.STOP, OFF), RULES, MINER)
        assert wished.next_change_at_s == AT_S + 60
        assert decide(SUNNY, LoadMemory(), RULES, MINER).next_change_at_s is None


class TestSeveralLoads:
    def test_what_others_left_is_the_surplus(self) -> None:
        assert decide(replace(SUNNY, surplus_left_w=799), LoadMemory(), RULES, MINER).action is Action.HOLD
        assert decide(replace(SUNNY, surplus_left_w=800), LoadMemory(), RULES, MINER).level == "eco"


class TestRecords:
    def test_are_in_the_units_of_their_names(self) -> None:
        state = house(grid_power_w=-3000, miner__temp_c=45.5, import_price_ct_kwh=12.34)
        record = decision_record(decide(state, LoadMemory(), RULES, MINER))
        assert record["votes"][0]["inputs"] == {"temp_c": 45.5}
        assert record["votes"][0]["margin"] == pytest.approx(39.5)
        assert record["votes"][-1]["inputs"]["import_price_ct_kwh"] == pytest.approx(12.34)
        assert state_record(state)["signals"]["miner.temp_c"]["value"] == pytest.approx(45.5)

    def test_are_the_same_bytes_whatever_the_order_of_the_signals(self) -> None:
        one = house(grid_power_w=-3000, miner__temp_c=45)
        other = house(miner__temp_c=45, grid_power_w=-3000)
        records = [
            canonical_json([decision_record(decide(state, LoadMemory(), RULES, MINER)), state_record(state)])
            for state in (one, other)
        ]
        assert records[0] == records[1]


def test_a_level_it_does_not_know_counts_as_the_highest() -> None:
    assert LoadProfile("x", MINER.levels).index("turbo") == len(MINER.levels)


def test_silence_of_the_whole_miner_counts_though_its_temperature_is_fresh() -> None:
    state = house(grid_power_w=-3000, miner__temp_c=good("temp_c", 50), miner__age_s=61)
    assert decide(state, RUNNING, RULES, MINER).code is Code.R3_LOAD_SILENT
