"""Where the rules flip, to the unit, and what they make of answers that are none.

For what the table cannot say of its house: three levels, another efficiency, the quality of a signal,
an outlook made to order.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from bitgrid.kernel import (
    Action,
    Code,
    Decision,
    Level,
    LoadMemory,
    LoadProfile,
    Outlook,
    Policy,
    Quality,
    Rule,
    RuleSet,
    Signal,
    decide,
)
from bitgrid.kernel.counterfactual import counterfactuals
from bitgrid.kernel.outlook import Course
from bitgrid.kernel.voting import VoteRecord
from kernel.houses import BLOCK, MINER, ahead, house

RULES = RuleSet()
THREE = LoadProfile("miner", (Level("low", 800, 800), Level("mid", 1200, 1200), Level("full", 1674, 1500)))
HASHING = replace(MINER, joules_per_terahash=200)


def running(level: str) -> LoadMemory:
    return LoadMemory(level, BLOCK - 9, BLOCK - 9)


def vote_of(decision: Decision, rule: Rule) -> VoteRecord:
    return next(vote for vote in decision.votes if vote.rule is rule)


class TestALoadOfThreeLevels:
    def test_only_the_highest_is_called_full(self) -> None:
        decision = decide(house(grid_power_w=-1300), LoadMemory(), RULES, THREE)
        assert (decision.level, decision.code) == ("mid", Code.R1_SURPLUS_ECO)
        decision = decide(house(grid_power_w=-1500), LoadMemory(), RULES, THREE)
        assert (decision.level, decision.code) == ("full", Code.R1_SURPLUS_OK)

    def test_runs_at_the_highest_on_cheap_grid_power(self) -> None:
        state = house(grid_power_w=300, import_price_ct_kwh=1, hodl_ct_kwh=9)
        assert decide(state, LoadMemory(), RuleSet(policy=Policy.STACK), THREE).level == "full"

    @pytest.mark.parametrize(("level", "then"), [("full", "mid"), ("mid", "low"), ("low", "low")])
    def test_goes_one_level_down_near_its_limit(self, level: str, then: str) -> None:
        hot = house(grid_power_w=-3000, miner__temp_c=84, miner__power_w=0)
        decision = decide(hot, running(level), RULES, THREE)
        assert decision.level == then
        assert vote_of(decision, Rule.R3).level == then


class TestTheRamp:
    @pytest.mark.parametrize(("on_for_s", "action"), [(180, Action.HOLD), (181, Action.THROTTLE)])
    def test_heat_near_the_limit_is_judged_after_it(self, on_for_s: int, action: Action) -> None:
        state = house(grid_power_w=-3000, miner__temp_c=84, miner__on_for_s=on_for_s)
        assert decide(state, running("full"), RULES, MINER).action is action

    @pytest.mark.parametrize(("passed_s", "action"), [(780, Action.HOLD), (781, Action.THROTTLE)])
    def test_nor_is_it_in_the_block_after_a_change_of_level(self, passed_s: int, action: Action) -> None:
        state = house(grid_power_w=-3000, miner__power_w=1674, miner__hashrate_ths=50)
        later = replace(state, at_s=(BLOCK - 1) * 600 + passed_s)
        memory = LoadMemory("full", BLOCK - 1, BLOCK - 9)
        assert decide(later, memory, replace(RULES, deadband_blocks=0), MINER).action is action

    @pytest.mark.parametrize(("on_for_s", "action"), [(780, Action.HOLD), (781, Action.THROTTLE)])
    def test_efficiency_is_judged_a_block_after_it(self, on_for_s: int, action: Action) -> None:
        state = house(grid_power_w=-3000, miner__power_w=1674, miner__hashrate_ths=50, miner__on_for_s=on_for_s)
        assert decide(state, running("full"), RULES, HASHING).action is action


class TestEfficiency:
    @pytest.mark.parametrize(
        ("power_w", "action"),
        [(2100, Action.HOLD), (2110, Action.THROTTLE), (1900, Action.HOLD), (1890, Action.THROTTLE)],
    )
    def test_five_percent_exactly_is_tolerated(self, power_w: int, action: Action) -> None:
        state = house(grid_power_w=-3000, miner__power_w=power_w, miner__hashrate_ths=100)
        assert decide(state, running("full"), RULES, HASHING).action is action

    def test_of_a_load_that_has_none_is_not_judged(self) -> None:
        state = house(grid_power_w=-3000, miner__power_w=1674, miner__hashrate_ths=50)
        bare = replace(MINER, joules_per_terahash=None)
        assert decide(state, running("full"), RULES, bare).action is Action.HOLD

    def test_without_its_power_is_not_judged(self) -> None:
        state = house(grid_power_w=-3000, miner__hashrate_ths=50)
        assert decide(state, running("full"), RULES, HASHING).action is Action.HOLD


class TestAnAnswerThatIsNone:
    @pytest.mark.parametrize(
        "temp",
        [
            Signal(500, 5, Quality.INVALID),
            Signal(500, 5, Quality.MISSING),
            Signal(None, 5, Quality.GOOD),
            Signal(None, 5, Quality.STALE),
            Signal(500, None, Quality.STALE),
        ],
    )
    def test_is_silence_however_young_it_is(self, temp: Signal) -> None:
        state = house(grid_power_w=-3000, miner__temp_c=temp)
        assert decide(state, running("full"), RULES, MINER).code is Code.R3_LOAD_SILENT

    def test_of_a_load_whose_last_answer_has_no_age_is_silence(self) -> None:
        state = house(grid_power_w=-3000, miner__age_s=Signal(None, None, Quality.MISSING))
        assert decide(state, running("full"), RULES, MINER).code is Code.R3_LOAD_SILENT

    @pytest.mark.parametrize(("age_s", "action"), [(60, Action.HOLD), (61, Action.STOP)])
    def test_is_borne_with_for_a_minute_where_it_is_stale_or_a_meters(self, age_s: int, action: Action) -> None:
        stale = Signal(-3000, age_s, Quality.STALE)
        meter = house(grid_power_w=stale, required=("grid_power_w",))
        assert decide(meter, running("full"), RULES, MINER).action is action
        load = house(grid_power_w=-3000, miner__temp_c=Signal(500, age_s, Quality.STALE))
        assert decide(load, running("full"), RULES, MINER).action is action


class TestALittleSpill:
    def test_is_no_reason_to_start_but_one_to_run_on(self) -> None:
        little = Course(spill_block=5, empty_block=60, spilled_wh=299)
        sunny = house(grid_power_w=-3000, import_price_ct_kwh=30, export_price_ct_kwh=8, hodl_ct_kwh=9)
        state = replace(sunny, outlook=Outlook((little,) * 3, 144))
        off, on = decide(state, LoadMemory(), RULES, MINER), decide(state, running("full"), RULES, MINER)
        assert (off.action, off.code) == (Action.HOLD, Code.R4_BATTERY_FIRST)
        assert (on.action, on.code) == (Action.HOLD, Code.R1_SURPLUS_OK)
        assert vote_of(on, Rule.R4).code is Code.R4_SPARE


def test_a_load_forecast_that_reaches_beyond_the_minimum_runtime_counts_within_it() -> None:
    """The household of then, 2,000 W, leaves too little; the present one, 500 W, would leave enough."""
    state = ahead(house(pv_power_w=2400, house_load_w=500), pv_w=(2400,) * 9, load_w=(2000,) * 9)
    decision = decide(state, LoadMemory(), RULES, MINER)
    assert (decision.action, decision.code) == (Action.HOLD, Code.R4_FORECAST_LOW)
    assert vote_of(decision, Rule.R4).inputs["predicted_surplus_w"] == 400


class TestTheMarginOfAWish:
    """It is the distance from where the wish flips, not from the threshold of the level."""

    @pytest.mark.parametrize(("pv_w", "margin_w"), [(1600, 0), (1700, 100)])
    def test_to_start_early(self, pv_w: int, margin_w: int) -> None:
        state = ahead(house(pv_power_w=1000, house_load_w=500), pv_w=(pv_w,) * 3)
        decision = decide(state, LoadMemory(), RuleSet(r4_prestart=True), MINER)
        assert (decision.code, decision.binding.margin) == (Code.R4_PRESTART, margin_w)

    @pytest.mark.parametrize(("pv_w", "margin_w"), [(1099, -1), (500, -600)])
    def test_to_stop_before_the_sun_leaves(self, pv_w: int, margin_w: int) -> None:
        state = ahead(house(pv_power_w=2000, house_load_w=500), pv_w=(pv_w,) * 3)
        decision = decide(state, running("full"), RuleSet(r4_preemptive_stop=True), MINER)
        assert (decision.code, decision.binding.margin) == (Code.R4_SUN_LEAVES, margin_w)


def test_only_a_quantity_that_is_known_is_named_as_what_would_have_to_change() -> None:
    state = house(
        grid_power_w=-700, emergency_stop=0, miner__on_for_s=9, miner__temp_c=Signal(None, None, Quality.MISSING)
    )
    asked = [answer.input for answer in counterfactuals(decide(state, LoadMemory(), RULES, MINER))]
    assert asked == ["grid_power_w"]
