"""What holds for every house: shares lie between 0 and 100, energies balance, days add up to their period."""

from __future__ import annotations

import datetime as dt
import tempfile
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bitgrid.control.rule_set import battery
from bitgrid.replay.kpi import queries
from bitgrid.replay.kpi.asking import ask
from bitgrid.replay.kpi.baseline import LivedBlock, live_again
from bitgrid.replay.kpi.catalogue import CATALOGUE
from bitgrid.replay.kpi.database import Database
from bitgrid.replay.kpi.errors import BadPeriod
from bitgrid.replay.kpi.period import Period, month
from bitgrid.replay.kpi.reckoning import Reckoned
from bitgrid.replay.kpi.recorded import Recorded
from bitgrid.replay.kpi.sums import Sums, total
from replay.houses import shipped
from replay.kpi.archives import BLOCK_S, WH, ArchivedHouse

BERLIN = ZoneInfo("Europe/Berlin")
BEFORE_MIDNIGHT_S = 1_747_173_600 - 2 * BLOCK_S  # two blocks before 2025-05-14 in Berlin
FIRST = BEFORE_MIDNIGHT_S // BLOCK_S
FEW = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])

power = st.floats(-6000, 6000, allow_nan=False)
told = st.none() | power
lived_block = st.fixed_dictionaries(
    {
        "pv_power_w": told,
        "grid_power_w": told,
        "house_load_w": told,
        "battery_power_w": told,
        "battery_soc_pct": st.none() | st.floats(0, 100),
        "miner__power_w": told,
    }
)
decided = st.tuples(
    st.sampled_from(["START", "STOP", "HOLD"]), st.sampled_from(["off", "eco"]), st.integers(0, 599)
)
worth = st.tuples(st.none() | st.floats(0, 400), st.none() | st.floats(-400, 800))
a_few_hours = st.lists(st.tuples(st.none() | lived_block, st.none() | decided, st.none() | worth), max_size=8)


def reckoned(blocks: list[Any], from_s: int, to_s: int) -> Reckoned:
    house = ArchivedHouse()
    for index, (lived, decision, of_load) in enumerate(blocks):
        block = FIRST + index
        if lived is not None:
            house.lived(block, **lived)
        if decision is not None:
            action, level, late_s = decision
            house.explained(
                house.decided(block, action, level, at_s=block * BLOCK_S + late_s), block * BLOCK_S + 700
            )
        if of_load is not None:
            prices = {"sats": 5.0, "value_ct": 2.0, "export_value_ct": 1.0, "import_price_ct_kwh": 30.0}
            house.worth(block, *of_load, **prices)
    with tempfile.TemporaryDirectory() as place:
        recorded = Recorded(house.write(Path(place)))
        return ask(recorded, Period(from_s, to_s, BERLIN, BLOCK_S), shipped(), to_s + 86_400)


@FEW
@given(blocks=a_few_hours)
def test_shares_are_shares_and_coverage_is_one(blocks: list[Any]) -> None:
    for figure in reckoned(blocks, BEFORE_MIDNIGHT_S, BEFORE_MIDNIGHT_S + 8 * BLOCK_S).figures():
        assert 0 <= figure.coverage <= 1
        assert (figure.value is None) == (figure.unknown is not None)
        is_share = figure.kpi.unit == "%" and figure.kpi.name != "import_reduction_pct"
        if is_share and isinstance(figure.value, int | float):
            assert 0 <= figure.value <= 100, figure.kpi.name


@FEW
@given(blocks=a_few_hours)
def test_days_add_up_to_their_period(blocks: list[Any]) -> None:
    whole = reckoned(blocks, BEFORE_MIDNIGHT_S, BEFORE_MIDNIGHT_S + 8 * BLOCK_S)
    assert [day.date.day for day, _sums in whole.days] == [13, 14]
    assert total([sums for _day, sums in whole.days]) == whole.whole
    assert whole.whole.due_blocks == 8


@FEW
@given(blocks=a_few_hours)
def test_a_day_alone_is_what_it_is_within_a_period(blocks: list[Any]) -> None:
    midnight_s = BEFORE_MIDNIGHT_S + 2 * BLOCK_S
    within = reckoned(blocks, BEFORE_MIDNIGHT_S, BEFORE_MIDNIGHT_S + 8 * BLOCK_S).days[1][1]
    ((_day, alone),) = reckoned(blocks, midnight_s, midnight_s + 6 * BLOCK_S).days
    assert vars(alone).keys() == vars(within).keys()
    for name, value in vars(alone).items():
        assert getattr(within, name) == pytest.approx(value), name


@FEW
@given(
    blocks=st.lists(
        st.tuples(st.floats(0, 6000), st.floats(-3000, 3000), st.floats(-3000, 3000), power), max_size=6
    )
)
def test_the_derived_household_closes_the_balance(blocks: list[tuple[float, ...]]) -> None:
    lived = [
        {"pv_power_w": pv, "battery_power_w": charge, "miner__power_w": abs(miner)}
        | {"grid_power_w": abs(grid) + abs(charge) + abs(miner)}  # the household is never negative
        for pv, charge, grid, miner in blocks
    ]
    told_blocks: list[Any] = [(block, ("HOLD", "eco", 1), None) for block in lived]
    sums = reckoned(told_blocks, BEFORE_MIDNIGHT_S, BEFORE_MIDNIGHT_S + 8 * BLOCK_S).whole
    assert sums.whole_blocks == len(blocks)
    gap_wh = sums.whole_pv_wh + sums.whole_grid_wh - sums.whole_used_wh - sums.whole_battery_wh
    assert gap_wh == pytest.approx(0, abs=1e-6)


@settings(deadline=None)  # each reads the shipped configuration, which a busy machine takes long for
@given(
    blocks=st.lists(st.tuples(st.floats(0, 6000), st.floats(0, 6000), st.floats(0, 2000)), min_size=1, max_size=20)
)
def test_no_baseline_makes_or_loses_energy(blocks: list[tuple[float, float, float]]) -> None:
    """What is bought covers at least what sun and a full battery cannot, and no load never buys more than some."""
    home = battery(shipped())
    assert home is not None
    even_w = sum(loads for _pv, _house, loads in blocks) / len(blocks)
    lived = [
        LivedBlock(number, 0, 50.0, pv, house, loads, even_w, 0.0, 50.0)
        for number, (pv, house, loads) in enumerate(blocks)
    ]
    sums = Sums()
    live_again(lived, [sums], home, BLOCK_S)
    used_wh = sum(house + loads for _pv, house, loads in blocks) * WH
    sun_wh = sum(pv for pv, _house, _loads in blocks) * WH
    assert sums.base_blocks == len(blocks)
    assert sums.base_without_wh <= sums.base_as_it_was_wh + 1e-6
    for bought_wh in (sums.base_as_it_was_wh, sums.base_even_wh):
        assert max(0.0, used_wh - sun_wh - home.capacity_wh) - 1e-6 <= bought_wh <= used_wh + 1e-6


@given(number=st.integers(0, 365 * 3 * 24), hours=st.integers(1, 24 * 400))
def test_local_days_cover_a_period_without_gap_or_overlap(number: int, hours: int) -> None:
    from_s = 1_700_000_000 // BLOCK_S * BLOCK_S + number * 3600
    days = Period(from_s, from_s + hours * 3600, BERLIN, BLOCK_S).days()
    assert (days[0].from_s, days[-1].to_s) == (from_s, from_s + hours * 3600)
    assert all(day.to_s == later.from_s for day, later in pairwise(days))
    assert all(dt.datetime.fromtimestamp(day.from_s, BERLIN).date() == day.date for day in days)
    assert all(day.to_s - day.begins_s <= 25 * 3600 for day in days)


def test_days_are_23_and_25_hours_long_when_the_clocks_change() -> None:
    for text, length_h, changed in (("2025-03", 23, 30), ("2025-10", 25, 26)):
        days = month(text, BERLIN, BLOCK_S).days()
        assert len(days) == 31
        assert {day.date.day: (day.to_s - day.from_s) / 3600 for day in days}[changed] == length_h


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Asia/Kathmandu", "America/St_Johns", "Africa/Casablanca"])
def test_a_block_belongs_to_the_day_it_begins_in(zone: str) -> None:
    period = Period(1_735_660_800, 1_735_660_800 + 400 * 86_400, ZoneInfo(zone), BLOCK_S)
    days = period.days()
    blocks = [(day.begins_s // BLOCK_S + shift) for day in days[1:] for shift in (-2, -1, 0, 1, 2)]
    wanted = [
        next(n for n, day in enumerate(days) if day.from_s <= block * BLOCK_S < day.to_s) for block in blocks
    ]
    database = Database({}, {})
    database.run(queries.day_of(days, BLOCK_S))
    listed = ", ".join(f"({block})" for block in blocks)
    found = [day for (day,) in database.rows(f"SELECT day_of(b) FROM (VALUES {listed}) AS told (b)")]  # noqa: S608  numbers
    database.close()
    assert found == wanted


@pytest.mark.parametrize("text", ["2025-13", "2025", "May 2025", "2025-5", "9999-12", ""])
def test_no_month(text: str) -> None:
    with pytest.raises(BadPeriod, match="is no month"):
        month(text, BERLIN, BLOCK_S)


def test_a_period_turned_round_is_refused() -> None:
    with pytest.raises(BadPeriod, match="before it has begun"):
        Period(1_750_000_000, 1_740_000_000, BERLIN, BLOCK_S)


def test_every_figure_ends_with_its_unit() -> None:
    endings = {"kWh": "_kwh", "%": "_pct", "h": "_h", "s": "_s", "EUR": "_eur"}
    for kpi in CATALOGUE:
        assert kpi.name.endswith(endings.get(kpi.unit, "")), kpi.name
    assert len({kpi.name for kpi in CATALOGUE}) == len(CATALOGUE)
