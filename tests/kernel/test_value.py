"""What a kWh is worth, and what the battery is going to do."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bitgrid.kernel import (
    Action,
    Battery,
    Code,
    LoadMemory,
    Outlook,
    Policy,
    RuleSet,
    balance,
    decide,
    decision_record,
    energy_path,
    outlook,
)
from bitgrid.kernel.outlook import Course
from bitgrid.kernel.value import displaced
from kernel.houses import BLOCK, MINER, ahead, house

TEN_KWH = Battery(10_000, one_way_efficiency_permille=1000, empty_soc=0)
RUNNING = LoadMemory("full", BLOCK - 9, BLOCK - 9)
PRICES = {"import_price_ct_kwh": 30.0, "export_price_ct_kwh": 8.0}


def looking(
    soc_pct: float, pv_w: tuple[int, ...], load_w: int = 600, battery: Battery = TEN_KWH
) -> Outlook | None:
    state = house(battery_soc_pct=soc_pct, house_load_w=load_w)
    return outlook(ahead(state, pv_w=pv_w), battery)


def with_courses(*courses: Course, **values: float) -> object:
    low, likely, high = courses if len(courses) == 3 else courses * 3
    return replace(house(hodl_ct_kwh=9.0, **(PRICES | values)), outlook=Outlook((low, likely, high), 144))


SPILLS = Course(spill_block=5, empty_block=None, spilled_wh=4000)
EMPTIES = Course(spill_block=None, empty_block=40, spilled_wh=0)


class TestOutlook:
    def test_an_idle_house_neither_spills_nor_runs_empty(self) -> None:
        found = looking(50, (600,) * 100)
        assert found is not None
        assert found.likely == Course(None, None, 0)

    def test_a_sunny_day_fills_the_battery_and_spills_the_rest(self) -> None:
        found = looking(50, (6600,) * 10 + (600,) * 90)
        assert found is not None
        # it takes 5 kW at most, so of 6 kW one is spilled at once; after an hour its 5 kWh of room are full
        assert found.likely.spill_block == 0
        assert found.likely.spilled_wh == 10_000 - 5_000

    def test_a_night_empties_it(self) -> None:
        found = looking(50, (0,) * 144)
        assert found is not None
        # 5 kWh at 600 W last 50 blocks
        assert found.likely == Course(None, 50, 0)
        assert not found.likely.spills_first

    def test_what_is_spilled_counts_only_until_it_first_runs_empty(self) -> None:
        found = looking(100, (1200,) * 6 + (0,) * 110 + (6000,) * 20)
        assert found is not None
        assert found.likely.spilled_wh == 600
        assert found.likely.empty_block == 6 + 100

    def test_losses_make_it_last_shorter(self) -> None:
        lossy = TEN_KWH._replace(one_way_efficiency_permille=900)
        found = looking(50, (0,) * 144, battery=lossy)
        assert found is not None
        assert found.likely.empty_block == 45

    def test_what_is_below_empty_is_not_there(self) -> None:
        found = looking(50, (0,) * 144, battery=TEN_KWH._replace(empty_soc=400))
        assert found is not None
        assert found.likely.empty_block == 10

    def test_more_than_it_can_give_is_bought(self) -> None:
        found = looking(90, (0,) * 144, load_w=6000, battery=TEN_KWH._replace(max_discharge_w=1000))
        assert found is not None
        assert found.likely.empty_block is not None

    def test_quantiles_have_their_own_course(self) -> None:
        state = house(battery_soc_pct=90, house_load_w=600)
        state = ahead(state, pv_w=(600,) * 100, pv_low_w=(0,) * 100, pv_high_w=(3000,) * 100)
        found = outlook(state, TEN_KWH)
        assert found is not None
        low, likely, high = found.courses
        assert (low.empty_block, likely.empty_block, high.spill_block) == (90, None, 2)

    @pytest.mark.parametrize(
        ("soc", "blocks", "battery"), [(None, 144, TEN_KWH), (50, 71, TEN_KWH), (50, 144, None)]
    )
    def test_abstains_without_soc_forecast_or_battery(
        self, soc: float | None, blocks: int, battery: Battery | None
    ) -> None:
        values = {"house_load_w": 600.0} | ({} if soc is None else {"battery_soc_pct": soc})
        assert outlook(ahead(house(**values), pv_w=(0,) * blocks), battery) is None

    def test_abstains_where_neither_load_nor_load_forecast_is_known(self) -> None:
        state = house(battery_soc_pct=50)
        assert outlook(ahead(state, pv_w=(0,) * 80), TEN_KWH) is None
        assert outlook(ahead(state, pv_w=(0,) * 80, load_w=(500,) * 80), TEN_KWH) is not None


class TestDisplaced:
    def test_is_export_where_the_battery_spills_first(self) -> None:
        found = displaced(with_courses(SPILLS), RuleSet(), is_running=False)
        assert found is not None
        assert (found.worth, found.spare_percent) == (800, 100)

    def test_is_the_later_price_over_the_efficiency_where_it_empties_first(self) -> None:
        found = displaced(with_courses(EMPTIES), RuleSet(), is_running=False)
        assert found is not None
        assert found.worth == 3000 * 1000 // 900

    def test_is_weighted_over_the_quantiles(self) -> None:
        found = displaced(with_courses(EMPTIES, SPILLS, SPILLS), RuleSet(), is_running=False)
        assert found is not None
        assert found.worth == (30 * 3333 + 70 * 800) // 100
        assert found.spare_percent == 70

    def test_takes_the_price_of_the_hour_in_question(self) -> None:
        state = with_courses(EMPTIES)
        dear_then = ahead(state, import_prices=(1000,) * 40 + (4500,))
        found = displaced(dear_then, RuleSet(), is_running=False)
        assert found is not None
        assert found.worth == 5000

    def test_a_spill_too_small_to_start_for_keeps_running_what_runs(self) -> None:
        little = SPILLS._replace(spilled_wh=299, empty_block=60)
        off = displaced(with_courses(little), RuleSet(), is_running=False)
        running = displaced(with_courses(little), RuleSet(), is_running=True)
        assert off is not None
        assert running is not None
        assert (off.spare_percent, running.spare_percent) == (0, 100)

    def test_is_not_known_without_prices(self) -> None:
        state = replace(house(), outlook=Outlook((SPILLS,) * 3, 144))
        assert displaced(state, RuleSet(), is_running=False) is None


class TestPath:
    def test_every_path_has_its_worth_and_the_best_is_named(self) -> None:
        path = energy_path(with_courses(EMPTIES, battery_soc_pct=60), RuleSet(heat_value=500))
        assert path == (800, 2700, 500, 900)
        assert path.preferred == "store"
        assert path.difference == 900 - 2700

    def test_a_full_battery_stores_nothing(self) -> None:
        path = energy_path(with_courses(EMPTIES, battery_soc_pct=100), RuleSet())
        assert path.store is None
        assert path.preferred == "hodl"

    def test_without_any_worth_none_is_preferred(self) -> None:
        path = energy_path(house(), RuleSet())
        assert (path.preferred, path.difference) == (None, None)

    def test_is_in_every_record_with_the_policy_in_force(self) -> None:
        record = decision_record(decide(house(grid_power_w=-3000, **PRICES), LoadMemory(), RuleSet(), MINER))
        assert record["energy_path"]["policy"] == "local_first"
        assert record["energy_path"]["chosen_policy"] == "best_value"
        assert record["energy_path"]["export"] == 8.0


class TestStack:
    STACK = RuleSet(policy=Policy.STACK)

    def test_cheap_grid_power_starts_a_load(self) -> None:
        state = house(grid_power_w=300, import_price_ct_kwh=8.99, hodl_ct_kwh=9)
        decision = decide(state, LoadMemory(), self.STACK, MINER)
        assert (decision.action, decision.level, decision.code) == (Action.START, "full", Code.R1_CHEAP_GRID)

    def test_at_the_same_worth_it_does_not(self) -> None:
        state = house(grid_power_w=300, import_price_ct_kwh=9, hodl_ct_kwh=9, export_price_ct_kwh=5)
        assert decide(state, LoadMemory(), self.STACK, MINER).code is Code.R1_INSUFFICIENT_SURPLUS

    def test_the_import_limit_then_leaves_room_for_the_load_itself(self) -> None:
        for grid_w, action in ((2174, Action.HOLD), (2175, Action.STOP)):
            state = house(grid_power_w=grid_w, miner__power_w=1674, import_price_ct_kwh=1, hodl_ct_kwh=9)
            assert decide(state, RUNNING, self.STACK, MINER).action is action

    def test_under_best_value_it_is_not_done(self) -> None:
        state = house(grid_power_w=300, import_price_ct_kwh=-5, hodl_ct_kwh=9)
        assert decide(state, LoadMemory(), RuleSet(), MINER).action is Action.HOLD


def test_local_first_mines_whatever_else_it_would_fetch() -> None:
    state = house(grid_power_w=-3000, export_price_ct_kwh=20, hodl_ct_kwh=9)
    assert decide(state, LoadMemory(), RuleSet(policy=Policy.LOCAL_FIRST), MINER).action is Action.START


def test_the_two_forms_of_the_surplus_are_held_against_each_other() -> None:
    swapped = house(grid_power_w=3000, pv_power_w=4500, house_load_w=1500)
    assert balance(swapped) == (-3000, 3000)
    record = decision_record(decide(swapped, LoadMemory(), RuleSet(), MINER))
    assert record["balance"] == {
        "inputs": {"by_meter_w": -3000, "by_inverter_w": 3000},
        "thresholds": {"balance_tolerance_w": 300},
        "margin": -5700,
        "is_mismatch": True,
        "is_house_measured": True,
        "explained_by": ["grid_power_w"],
    }
    right = house(grid_power_w=-3000, pv_power_w=4500, house_load_w=1800)
    told = decision_record(decide(right, LoadMemory(), RuleSet(), MINER))["balance"]
    assert (told["margin"], told["is_mismatch"], told["explained_by"]) == (0, False, [])
    unknown = house(grid_power_w=0)
    assert balance(unknown) is None
    assert decision_record(decide(unknown, LoadMemory(), RuleSet(), MINER))["balance"] is None
