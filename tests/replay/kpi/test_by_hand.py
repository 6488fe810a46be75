"""Each figure against a small archive whose sums are reckoned by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bitgrid.config import Config
from bitgrid.replay.kpi.asking import as_json, ask
from bitgrid.replay.kpi.blocks import blocks
from bitgrid.replay.kpi.errors import BadPeriod
from bitgrid.replay.kpi.period import Period
from bitgrid.replay.kpi.recorded import Recorded
from replay.houses import shipped
from replay.kpi.archives import BLOCK_S, ArchivedHouse

BERLIN = ZoneInfo("Europe/Berlin")
MIDNIGHT_S = 1_747_173_600  # 2025-05-14T00:00 in Berlin
FIRST = MIDNIGHT_S // BLOCK_S


def told(house: ArchivedHouse, place: Path, blocks: int = 6, config: Config | None = None) -> dict[str, Any]:
    """The figures of the first blocks of a day in May."""
    period = Period(MIDNIGHT_S, MIDNIGHT_S + blocks * BLOCK_S, BERLIN, BLOCK_S)
    return as_json(ask(Recorded(house.write(place)), period, config or shipped(), period.to_s + 3600), "en")


def value(answer: dict[str, Any], name: str) -> Any:  # noqa: ANN401  a number or counts
    return answer["kpis"][name]["value"]


def without_battery() -> Config:
    config = shipped()
    return replace(config, site=config.site.model_copy(update={"battery": None}))


def test_energies_are_means_times_the_length_of_a_block(tmp_path: Path) -> None:
    house = ArchivedHouse()
    house.lived(FIRST, pv_power_w=3000, grid_power_w=-600, battery_power_w=900, miner__power_w=600)
    house.lived(FIRST + 1, pv_power_w=0, grid_power_w=1200, battery_power_w=-300, miner__power_w=600)
    house.decided(FIRST - 1, level="eco")
    answer = told(house, tmp_path, blocks=2)
    # 3000 W for 10 min are 500 Wh; the household is what is left: 3000 − 600 − 900 − 600 = 900 W, then 900 W.
    assert value(answer, "pv_kwh") == 0.5
    assert value(answer, "household_kwh") == 0.3
    assert value(answer, "loads_kwh") == 0.2
    assert value(answer, "grid_import_kwh") == 0.2
    assert value(answer, "grid_export_kwh") == 0.1
    assert value(answer, "surplus_kwh") == 0.35
    assert value(answer, "balance_gap_kwh") == 0
    assert value(answer, "self_consumption_pct") == 80.0  # 400 of 500 Wh
    assert value(answer, "autarky_pct") == 60.0  # of 500 Wh used, 200 were bought
    assert value(answer, "surplus_used_pct") == pytest.approx(71.4286)  # of 350 Wh, 100 were fed in
    assert answer["kpis"]["pv_kwh"]["coverage"] == 1


def test_a_missing_block_is_told_as_coverage_and_never_filled(tmp_path: Path) -> None:
    house = ArchivedHouse()
    house.lived(FIRST, pv_power_w=600, grid_power_w=0, house_load_w=600)
    house.lived(FIRST + 1, pv_power_w=None, grid_power_w=600, house_load_w=600)
    answer = told(house, tmp_path, blocks=4)
    assert value(answer, "pv_kwh") == 0.1
    assert answer["kpis"]["pv_kwh"]["coverage"] == 0.25
    assert answer["kpis"]["grid_import_kwh"]["coverage"] == 0.5
    assert value(answer, "autarky_pct") == 100.0  # of the one block in which all is known
    assert answer["kpis"]["autarky_pct"]["coverage"] == 0.25


def test_what_is_not_known_is_null_and_says_why(tmp_path: Path) -> None:
    house = ArchivedHouse()
    house.lived(FIRST, grid_power_w=600)
    answer = told(house, tmp_path)
    for name, unknown in {
        "pv_kwh": "no-pv",
        "autarky_pct": "no-balance",
        "import_reduction_kwh": "no-baseline",
        "sats": "no-worth",
        "starts": "no-decisions",
        "explanation_coverage_pct": "no-decisions",
    }.items():
        figure = answer["kpis"][name]
        assert (figure["value"], figure["unknown"], figure["coverage"]) == (None, unknown, 0)
        assert figure["why"].endswith(".")


def test_a_night_has_no_self_consumption(tmp_path: Path) -> None:
    house = ArchivedHouse()
    house.lived(FIRST, pv_power_w=0, grid_power_w=600, house_load_w=600)
    figure = told(house, tmp_path)["kpis"]["self_consumption_pct"]
    assert (figure["value"], figure["unknown"]) == (None, "no-sun")


def test_a_silent_load_counts_as_nothing_only_while_it_was_decided_off(tmp_path: Path) -> None:
    house = ArchivedHouse()
    for block in (FIRST, FIRST + 1):
        house.lived(block, pv_power_w=0, grid_power_w=600, miner__power_w=None)
    house.decided(FIRST, level="off")
    house.decided(FIRST + 1, level="eco")
    answer = told(house, tmp_path, blocks=2)
    assert value(answer, "loads_kwh") == 0
    assert answer["kpis"]["loads_kwh"]["coverage"] == 0.5
    assert value(answer, "household_kwh") == 0.1


def test_a_block_that_a_stepped_clock_decided_twice_counts_once(tmp_path: Path) -> None:
    house = ArchivedHouse()
    house.lived(FIRST, pv_power_w=600)
    house.lived(FIRST, epoch=1, pv_power_w=1200)
    assert value(told(house, tmp_path), "pv_kwh") == 0.2


def test_what_a_battery_buys_or_sells_is_neither_use_nor_sun(tmp_path: Path) -> None:
    house = ArchivedHouse()
    house.lived(FIRST, pv_power_w=600, house_load_w=600, grid_power_w=3000, battery_power_w=3000)
    house.lived(FIRST + 1, pv_power_w=600, house_load_w=600, grid_power_w=-3000, battery_power_w=-3000)
    answer = told(house, tmp_path, blocks=2)
    assert value(answer, "self_consumption_pct") == 100
    assert value(answer, "autarky_pct") == 50.0  # the import covers the block's use, the rest is stored


def test_import_without_control_spreads_the_loads_energy_over_the_day(tmp_path: Path) -> None:
    house = ArchivedHouse()
    for block, pv_w, miner_w in ((FIRST, 1200, 1200), (FIRST + 1, 0, 0)):
        house.lived(
            block, pv_power_w=pv_w, house_load_w=0, grid_power_w=0, battery_power_w=0, miner__power_w=miner_w
        )
    house.decided(FIRST)
    answer = told(house, tmp_path, blocks=2, config=without_battery())
    # As it ran, all was sun. Evenly, 600 W run in both blocks: in the second they are bought, 100 Wh.
    assert value(answer, "import_modelled_kwh") == 0
    assert value(answer, "import_uncontrolled_kwh") == 0.1
    assert value(answer, "import_reduction_kwh") == 0.1
    assert value(answer, "import_reduction_pct") == 100
    assert value(answer, "import_without_loads_kwh") == 0
    assert value(answer, "baseline_deviation_kwh") == 0


def test_the_baselines_battery_begins_with_the_charge_before_the_period(tmp_path: Path) -> None:
    house, config = ArchivedHouse(), shipped()
    site = config.site.battery
    assert site is not None
    empty = site.empty_soc_pct
    house.lived(
        FIRST - 1, pv_power_w=0, house_load_w=600, grid_power_w=0, battery_power_w=-600, battery_soc_pct=50
    )
    house.lived(FIRST, pv_power_w=0, house_load_w=600, grid_power_w=0, battery_power_w=-600, battery_soc_pct=empty)
    house.lived(
        FIRST + 2, pv_power_w=0, house_load_w=600, grid_power_w=600, battery_power_w=0, battery_soc_pct=empty
    )
    house.lived(
        FIRST + 3, pv_power_w=0, house_load_w=600, grid_power_w=600, battery_power_w=0, battery_soc_pct=empty
    )
    answer = told(house, tmp_path, blocks=4)
    # Block 0 from the charge at its beginning: nothing bought. Block 2 after a gap only tells the charge, which is
    # empty; block 3 buys 100 Wh.
    assert value(answer, "import_modelled_kwh") == 0.1
    assert value(answer, "baseline_deviation_kwh") == 0
    assert answer["kpis"]["import_reduction_kwh"]["coverage"] == 0.5


def test_hours_starts_and_flapping(tmp_path: Path) -> None:
    house = ArchivedHouse()
    house.decided(FIRST, "START", "eco")
    house.decided(FIRST + 1, "HOLD", "eco")
    house.decided(
        FIRST + 1,
        "STOP",
        "off",
        trigger="PROTECT",
        at_s=(FIRST + 1) * BLOCK_S + 301,
        rule="R3",
        code="R3_OVER_TEMP",
    )
    house.decided(FIRST + 2)
    house.decided(FIRST + 5, "START", "full")
    answer = told(house, tmp_path)
    # 599 s of the first block, 300 of the second, 599 of the last; the missing block 3 holds nothing.
    assert value(answer, "loads_on_h") == pytest.approx((599 + 300 + 599) / 3600, abs=1e-4)
    assert value(answer, "starts") == 2
    assert value(answer, "starts_per_day") == 2 * 144 / 4
    assert value(answer, "flapping") == 1  # stopped after 15 min; started again after 40, which is no flapping
    assert value(answer, "thermal_incidents") == 1
    assert answer["kpis"]["starts"]["coverage"] == pytest.approx(4 / 6, abs=1e-4)


def test_a_guards_trip_for_heat_is_an_incident_once(tmp_path: Path) -> None:
    house = ArchivedHouse()
    house.decided(FIRST)
    for cause, trip in (("heat", "a"), ("heat", "a"), ("silence", "b")):
        house.happened(MIDNIGHT_S + 60, "safety", load="miner", cause=cause, trip_id=trip)
    assert value(told(house, tmp_path), "thermal_incidents") == 1


def test_what_was_mined_against_what_it_displaced(tmp_path: Path) -> None:
    house = ArchivedHouse()
    prices = {"import_price_ct_kwh": 30.0, "export_price_ct_kwh": 8.0}
    house.worth(FIRST, 200.0, 150.0, sats=20.0, value_ct=2.0, export_value_ct=1.2, **prices)
    house.worth(FIRST + 1, 100.0, None, sats=None, value_ct=None, export_value_ct=None, **prices)
    answer = told(house, tmp_path, blocks=2)
    assert value(answer, "sats") == 20
    assert value(answer, "sats_per_kwh") == 100
    assert value(answer, "loads_from_surplus_pct") == 75
    assert value(answer, "mined_value_eur") == 0.02
    assert value(answer, "bought_value_eur") == 0.015  # 50 Wh at 30 ct
    assert value(answer, "value_against_export_eur") == -0.007
    assert answer["kpis"]["sats"]["coverage"] == 0.5


def test_what_is_fed_in_is_paid_by_the_price_of_its_own_block(tmp_path: Path) -> None:
    house = ArchivedHouse()
    house.lived(FIRST - 1, export_price_ct_kwh=8.0)  # told when the first block begins
    house.lived(FIRST, grid_power_w=-6000, export_price_ct_kwh=20.0)
    house.lived(FIRST + 1, grid_power_w=-3000, export_price_ct_kwh=None)
    house.lived(FIRST + 2, grid_power_w=-3000)
    answer = told(house, tmp_path, blocks=4)
    # 1000 Wh at 8 ct, 500 Wh at 20 ct; of the third block no price is known, of the fourth nothing.
    assert value(answer, "export_income_eur") == 0.18
    assert answer["kpis"]["export_income_eur"]["coverage"] == 0.5


def test_what_a_battery_takes_in_is_added_up_and_what_it_gives_is_not(tmp_path: Path) -> None:
    house = ArchivedHouse()
    house.lived(FIRST, battery_power_w=1200)
    house.lived(FIRST + 1, battery_power_w=-600)
    house.lived(FIRST + 2, battery_power_w=None)
    figure = told(house, tmp_path, blocks=3)["kpis"]["battery_charged_kwh"]
    assert (figure["value"], figure["coverage"]) == (0.2, pytest.approx(2 / 3, abs=1e-4))


def test_the_best_path_is_counted_once_a_block_however_many_loads_there_are(tmp_path: Path) -> None:
    house = ArchivedHouse()
    house.worth(FIRST, 100.0, 100.0, path="hodl")
    house.worth(FIRST, 100.0, 100.0, path="hodl", load="heater")
    house.worth(FIRST + 1, 0.0, 0.0, path="store")
    house.worth(FIRST + 2, 0.0, 0.0, path=None)
    answer = told(house, tmp_path, blocks=3)
    assert value(answer, "blocks_by_path") == {"hodl": 1, "store": 1}
    assert answer["kpis"]["blocks_by_path"]["coverage"] == pytest.approx(2 / 3, abs=1e-4)


def test_blocks_are_told_with_gaps_where_nothing_is_known(tmp_path: Path) -> None:
    house = ArchivedHouse()
    house.lived(FIRST, pv_power_w=1500.4, house_load_w=300, grid_power_w=-1200, battery_soc_pct=60.25)
    house.lived(FIRST + 2, pv_power_w=0.0, grid_power_w=-0.0)
    period = Period(MIDNIGHT_S, MIDNIGHT_S + 4 * BLOCK_S, BERLIN, BLOCK_S)
    recorded = Recorded(house.write(tmp_path))
    columns = blocks(recorded, period, MIDNIGHT_S + 3 * BLOCK_S + 5)
    assert columns["at_s"] == [MIDNIGHT_S, MIDNIGHT_S + BLOCK_S, MIDNIGHT_S + 2 * BLOCK_S], "the last is not over"
    assert columns["pv_w"] == [1500, None, 0]
    assert columns["soc_pct"] == [60.2, None, None]
    assert str(columns["grid_w"][2]) == "0.0", "nothing has a minus before it"
    with pytest.raises(BadPeriod, match="at most 8 days"):
        blocks(recorded, Period(MIDNIGHT_S, MIDNIGHT_S + 9 * 86_400, BERLIN, BLOCK_S), MIDNIGHT_S + 10 * 86_400)


def test_availability_counts_the_blocks_since_the_house_first_decided(tmp_path: Path) -> None:
    house = ArchivedHouse()
    house.decided(FIRST + 2)
    house.decided(FIRST + 5)
    figure = told(house, tmp_path)["kpis"]["availability_pct"]
    assert figure["value"] == 50
    assert figure["coverage"] == pytest.approx(4 / 6, abs=1e-4)


def test_a_house_that_decided_before_owes_a_decision_in_every_block(tmp_path: Path) -> None:
    house = ArchivedHouse()
    house.decided(FIRST - 3 * 144)
    house.decided(FIRST + 2)
    figure = told(house, tmp_path)["kpis"]["availability_pct"]
    assert (figure["value"], figure["coverage"]) == (pytest.approx(100 / 6, abs=1e-4), 1)


def test_explanations_and_how_long_they_took(tmp_path: Path) -> None:
    house = ArchivedHouse()
    first, second = house.decided(FIRST), house.decided(FIRST + 1, at_s=(FIRST + 1) * BLOCK_S + 4)
    house.decided(FIRST + 2)
    house.explained(first, FIRST * BLOCK_S + 1.5)
    house.explained(first, FIRST * BLOCK_S + 90)  # said again after a restart
    house.explained(second, (FIRST + 1) * BLOCK_S + 5.5)
    answer = told(house, tmp_path)
    assert value(answer, "explanation_coverage_pct") == pytest.approx(66.6667)
    assert value(answer, "explanation_latency_mean_s") == 1.0
    assert value(answer, "explanation_latency_max_s") == 1.5
    assert value(answer, "decision_latency_mean_s") == 2.0
    assert value(answer, "decision_latency_max_s") == 4


def test_holds_and_vetoes_by_rule(tmp_path: Path) -> None:
    house = ArchivedHouse()
    house.decided(FIRST)
    house.decided(FIRST + 1, rule="R5", code="R5_MIN_PAUSE")
    house.decided(FIRST + 2, "STOP", rule="R2", code="R2_HARD_RESERVE")
    house.decided(FIRST + 3, "START", "eco", rule="R4", code="R4_PRESTART")
    answer = told(house, tmp_path)
    assert value(answer, "holds_by_rule") == {"R1": 1, "R5": 1}
    assert value(answer, "vetoes_by_rule") == {"R2": 1, "R5": 1}


def test_rows_of_another_length_of_blocks_are_left_out(tmp_path: Path) -> None:
    house = ArchivedHouse()
    house.decided(FIRST, at_s=FIRST * 300)
    house.decided(FIRST)
    assert value(told(house, tmp_path), "availability_pct") == pytest.approx(100 / 6, abs=1e-4)
