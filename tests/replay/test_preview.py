"""Plans: the coming blocks decided now, from the forecasts."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from bitgrid.kernel import (
    OFF,
    Action,
    Battery,
    Code,
    EnergyState,
    Level,
    LoadMemory,
    Quality,
    RuleSet,
    Signal,
    Trigger,
    advance,
    decide,
    outlook,
)
from bitgrid.replay.preview import PlannedBlock, plan
from kernel.houses import BLOCK, MINER, ahead, house

RULES = RuleSet()
HOME = Battery(10_000)
METERS = {"grid_power_w": 0, "battery_power_w": 0, "pv_power_w": 500, "battery_soc_pct": 80}


def morning(**curves: tuple[int, ...]) -> EnergyState:
    return ahead(house(required=tuple(METERS), **METERS), **curves)


def planned(state: EnergyState, blocks: int = 144, memory: LoadMemory | None = None) -> list[PlannedBlock]:
    return plan(state, [(MINER, memory or LoadMemory())], RULES, HOME, blocks)[MINER.id]


def test_it_starts_when_the_sun_is_forecast_and_stops_when_it_goes() -> None:
    state = morning(pv_w=(500,) * 30 + (4000,) * 60 + (0,) * 54)
    blocks = planned(state)
    switches = {block.block - BLOCK: block.decision.action for block in blocks if block.decision.action != "HOLD"}
    assert switches[31] is Action.START
    assert Action.STOP in switches.values()
    assert blocks[-1].decision.level == OFF


def test_each_load_is_planned_by_its_own_worth() -> None:
    """Feeding in earns 8 ct: the one that brings 10 ct is planned to run, the one that brings 2 ct is not."""
    second = replace(MINER, id="second")
    state = morning(pv_w=(9000,) * 144)
    prices = {"export_price_ct_kwh": Signal(800), "import_price_ct_kwh": Signal(2400)}
    worths = {"miner.hodl_ct_kwh": Signal(200), "second.hodl_ct_kwh": Signal(1000), "hodl_ct_kwh": Signal(200)}
    signals = {**state.signals, "grid_power_w": Signal(-8000), **prices, **worths}
    state = replace(state, signals=signals, load_ids=("miner", "second"))
    state = replace(state, outlook=outlook(state, HOME))
    loads = [(MINER, LoadMemory()), (second, LoadMemory())]
    blocks = plan(state, loads, RULES, HOME, 20)
    runs = {load: any(block.decision.level != OFF for block in planned) for load, planned in blocks.items()}
    assert runs == {"miner": False, "second": True}


def test_the_next_block_is_what_the_kernel_decides_on_what_was_measured() -> None:
    state = replace(
        morning(pv_w=(4000,) * 144),
        signals={**morning().signals, "grid_power_w": Signal(-2500)},
    )
    state = replace(state, outlook=outlook(state, HOME))
    first = planned(state, 1)
    assert len(first) == 1
    later = replace(state, at_s=(BLOCK + 1) * 600, block=BLOCK + 1)
    expected = decide(replace(later, outlook=outlook(later, HOME)), LoadMemory(), RULES, MINER, Trigger.TICK)
    assert first[0].decision == expected
    assert first[0].decision.action is Action.START
    assert (first[0].block, first[0].at_s) == (BLOCK + 1, (BLOCK + 1) * 600)


def test_without_a_forecast_only_the_next_block_is_planned() -> None:
    (only,) = planned(morning())
    assert only.surplus_w is None
    assert only.decision.code is Code.R1_INSUFFICIENT_SURPLUS


def test_it_ends_where_the_forecast_ends_and_where_it_is_told_to() -> None:
    state = morning(pv_w=(1000,) * 20)
    assert [block.block for block in planned(state)] == list(range(BLOCK + 1, BLOCK + 20))
    assert len(planned(state, 5)) == 5
    assert planned(state, 0) == []


def test_a_silent_load_is_not_foreseen_to_be_silent() -> None:
    """A load that is off tells no temperature; the plan does not stop it for that once it runs."""
    state = morning(pv_w=(4000,) * 144)
    silent = Signal(None, None, Quality.MISSING)
    state = replace(state, signals={**state.signals, "miner.temp_c": silent, "miner.power_w": silent})
    codes = {block.decision.code for block in planned(state)}
    assert Code.R3_LOAD_SILENT not in codes
    assert any(block.decision.level == "full" for block in planned(state))


def test_a_known_price_curve_is_followed() -> None:
    state = morning(pv_w=(4000,) * 144, import_prices=(1000,) * 40 + (9000,) * 104)
    codes = {block.block - BLOCK: block.decision.code for block in planned(state)}
    assert codes[39] is not Code.R1_PRICE_TOO_HIGH
    assert codes[41] is Code.R1_PRICE_TOO_HIGH


def test_starts_are_counted_by_the_local_day() -> None:
    zone = ZoneInfo("Europe/Berlin")

    def local_day(at_s: int) -> int:
        local = dt.datetime.fromtimestamp(at_s, zone)
        return local.year * 10_000 + local.month * 100 + local.day

    state = replace(morning(pv_w=(4000,) * 144), local_day=local_day(BLOCK * 600))
    worn_out = LoadMemory(starts=6, starts_day=state.local_day)
    days = [
        (block.decision.state.local_day, block.decision.level)
        for block in plan(state, [(MINER, worn_out)], RULES, HOME, 144, local_day)[MINER.id]
    ]
    started = next(day for day, level in days if level != OFF)
    assert started != state.local_day
    assert all(level == OFF for day, level in days if day == state.local_day)


HEATER = replace(MINER, id="heater", levels=(Level("on", 1000, 1000),), joules_per_terahash=None)


def two_loads(pv_w: int, miner: LoadMemory | None = None) -> list[tuple[str, str]]:
    """Levels of miner and heater, block by block, under a sun that stays."""
    state = replace(morning(pv_w=(pv_w,) * 40), load_ids=("miner", "heater"))
    both = plan(state, [(MINER, miner or LoadMemory()), (HEATER, LoadMemory())], RULES, HOME, 20)
    pairs = zip(both["miner"], both["heater"], strict=True)
    return [(first.decision.level, second.decision.level) for first, second in pairs]


def test_what_the_first_load_takes_is_not_left_for_the_second() -> None:
    assert two_loads(2600)[-1] == ("full", OFF)
    assert two_loads(3400)[-1] == ("full", "on")


def test_the_second_load_gets_what_the_first_may_not_take() -> None:
    """The miner's starts of the day are used up; the sun that it leaves carries the heater."""
    worn_out = LoadMemory(starts=6, starts_day=morning().local_day)
    assert two_loads(2600, worn_out)[-1] == (OFF, "on")


def test_the_surplus_told_of_the_second_load_is_what_is_left() -> None:
    state = replace(morning(pv_w=(3400,) * 40), load_ids=("miner", "heater"))
    both = plan(state, [(MINER, LoadMemory()), (HEATER, LoadMemory())], RULES, HOME, 20)
    first, second = both["miner"][-1], both["heater"][-1]
    assert first.surplus_w is not None
    assert second.surplus_w == first.surplus_w - first.decision.power_w
    assert second.decision.state.surplus_left_w is not None


curves = st.lists(st.integers(0, 8000), min_size=1, max_size=150).map(tuple)


@given(pv=curves, soc=st.integers(0, 100), load_w=st.integers(0, 4000))
def test_what_every_plan_keeps_to(pv: tuple[int, ...], soc: int, load_w: int) -> None:
    """One decision a block, each from the memory the one before left; charge within its bounds; the same again."""
    state = ahead(house(**{**METERS, "battery_soc_pct": soc, "house_load_w": load_w}), pv_w=pv)
    blocks = planned(state)
    assert blocks == planned(state)
    assert [block.block for block in blocks] == list(range(BLOCK + 1, BLOCK + 1 + max(1, len(pv) - 1)))
    memory = LoadMemory()
    for block in blocks:
        assert block.decision.memory == memory
        assert block.soc is not None
        assert 0 <= block.soc <= 1000
        assert block.decision.level == OFF or block.soc > RULES.soc_hard_min
        memory = advance(block.decision)


@given(pv=st.lists(st.integers(0, 8000), min_size=80, max_size=144).map(tuple), soc=st.integers(10, 100))
def test_with_nothing_running_it_agrees_with_the_outlook(pv: tuple[int, ...], soc: int) -> None:
    """Where the kernel sees the battery run empty first, the plan's battery is empty one block later."""
    state = ahead(house(**{**METERS, "battery_soc_pct": soc, "house_load_w": 900}), pv_w=pv)
    forbids = replace(RULES, soc_hard_min=1000, soc_soft_min=1000)
    blocks = plan(state, [(MINER, LoadMemory())], forbids, HOME, 144)[MINER.id]
    seen = blocks[0].decision.state.outlook
    assert seen is not None
    empty = seen.likely.empty_block
    lowest = [block.block - BLOCK - 1 for block in blocks if block.soc is not None and block.soc <= HOME.empty_soc]
    if empty is not None and empty + 1 < len(blocks):
        assert lowest
        assert lowest[0] <= empty + 1
    if empty is None:
        assert all((block.soc or 0) >= HOME.empty_soc for block in blocks)
