"""Closed loop: the balance closes, the same goes the same way again, other rules change what they should."""

from __future__ import annotations

import json
import re
from array import array
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from bitgrid.config import Config
from bitgrid.config.loading import load_plant
from bitgrid.kernel import Action, Decision, Forecast, Trigger, canonical_json, decision_record, forecast_hash
from bitgrid.plant.recorded import DAY_AHEAD, FORECAST, Recording, read_recording
from bitgrid.plant.source import SimulatedHome
from bitgrid.replay.drive import Drive, from_ledger, from_recording, from_source
from bitgrid.replay.errors import NothingThere
from bitgrid.replay.kpis import WS_PER_KWH, Kpis, rows, side_by_side
from bitgrid.replay.simulation import Simulation, without_mining
from bitgrid.store import DecisionRow
from replay.houses import CONFIG_DIRECTORY, DAY_S, MAY_MORNING_S, shipped, with_hodl
from replay.test_replaying import row_of

DAYS = 4
CONFIG = shipped()
ALWAYS = (0, 1 << 40)


@pytest.fixture(scope="module")
def drive() -> Drive:
    home = SimulatedHome(CONFIG.site, load_plant(CONFIG_DIRECTORY))
    return from_source(home, CONFIG, MAY_MORNING_S, DAYS * 144)


def heard(config: Config, drive: Drive) -> tuple[Kpis, list[Decision]]:
    decisions: list[Decision] = []
    return Simulation(config, drive, decisions.append).run(), decisions


def test_the_balance_closes_to_the_watt_second(drive: Drive) -> None:
    assert CONFIG.site.battery is not None
    simulation = Simulation(CONFIG, drive)
    bank = simulation.house.bank
    assert bank is not None
    began_mws = bank.stored_mws
    kpis = simulation.run()
    taken_ws = kpis.pv_ws + kpis.imported_ws - kpis.house_ws - kpis.mined_ws - kpis.exported_ws
    lost_ws = taken_ws - (bank.stored_mws - began_mws) / 1000
    through_ws = sum(abs(pv - house) for pv, house in zip(drive.pv_w, drive.house_w, strict=True)) * 600
    assert 0 < lost_ws < through_ws * 0.11
    assert kpis.seconds == DAYS * DAY_S
    assert kpis.pv_ws == sum(drive.pv_w) * 600
    assert kpis.house_ws == sum(drive.house_w) * 600
    assert sum(kpis.level_s.values()) == kpis.seconds


def test_it_mines_by_day_and_switches_as_often_as_the_kernel_said(drive: Drive) -> None:
    kpis, decisions = heard(CONFIG, drive)
    actions = [decision.action for decision in decisions if decision.action is not Action.HOLD]
    assert kpis.starts == actions.count(Action.START) > 2
    assert kpis.switches == len(actions)
    assert sum(kpis.stops.values()) == actions.count(Action.STOP)
    assert kpis.mined_ws > 10 * WS_PER_KWH
    ticks = [decision.state.block for decision in decisions if decision.trigger is Trigger.TICK]
    assert ticks == list(range(drive.first_block + 1, drive.first_block + DAYS * 144))


def test_the_same_goes_the_same_way_again(drive: Drive) -> None:
    first, second = (heard(CONFIG, drive) for _ in range(2))
    assert first[0] == second[0]
    told = ([canonical_json(decision_record(decision)) for decision in run[1]] for run in (first, second))
    assert next(told) == next(told)


def test_protection_looks_between_the_ticks() -> None:
    """A battery that empties under a running miner is kept at its reserve to within a minute, not a block."""
    blocks = 60
    pv = array("i", [4000] * 6 + [1900] * 54)
    house = array("i", [300] * 12 + [1200] * 48)
    patient = CONFIG.rules.r1.model_copy(update={"hysteresis_w": 2000})
    sags = replace(
        CONFIG,
        rules=CONFIG.rules.model_copy(update={"r1": patient}),
        flags=CONFIG.flags.model_copy(update={"r4_enabled": False}),
    )
    drive = Drive(600, MAY_MORNING_S // 600, pv, house, array("i"), array("i"), soc=620)
    _kpis, decisions = heard(sags, drive)
    protective = [decision for decision in decisions if decision.trigger is Trigger.PROTECT]
    assert [decision.code.value for decision in protective] == ["R2_HARD_RESERVE"]
    assert protective[0].state.at_s % 600 != 0
    assert protective[0].state.good("battery_soc_pct") in range(495, 501)
    assert len(drive) == blocks


def test_a_higher_threshold_mines_less_and_exports_more(drive: Drive) -> None:
    site = CONFIG.site.model_copy(update={"battery": None})
    without_battery = replace(CONFIG, site=site)
    strict_r2 = CONFIG.rules.r2.model_copy(update={"soc_soft_min_pct": 99.0, "soc_hard_min_pct": 98.0})
    strict = replace(CONFIG, rules=CONFIG.rules.model_copy(update={"r2": strict_r2}))
    easy, hard = Simulation(CONFIG, drive).run(), Simulation(strict, drive).run()
    assert hard.mined_ws < easy.mined_ws
    assert hard.exported_ws > easy.exported_ws
    nothing, bare = Simulation(without_battery, drive).run(), without_mining(without_battery, drive)
    assert nothing.soc_end is None
    assert bare.mined_ws == 0
    assert bare.imported_ws - bare.exported_ws == bare.house_ws - bare.pv_ws


def test_what_mining_is_worth_is_the_difference_of_three_sums(drive: Drive) -> None:
    config = with_hodl(CONFIG, 400)
    kpis, without = Simulation(config, drive).run(), without_mining(config, drive)
    assert kpis.hodl_value == kpis.mined_ws * 3200
    expected = (kpis.imported_ws * 24 - kpis.exported_ws * 8 - kpis.mined_ws * 32) / WS_PER_KWH / 100
    assert kpis.cost_eur == pytest.approx(expected)
    table = rows(kpis, without)
    assert table["better than not mining"] == f"{without.cost_eur - kpis.cost_eur:.2f} EUR"
    assert without.cost_eur > kpis.cost_eur


def test_the_table_has_a_column_each_and_a_row_each() -> None:
    text = side_by_side({"a": {"mined": "1 kWh", "stops by R1_X": "3"}, "other": {"mined": "20 kWh"}})
    assert text.splitlines()[0].split() == ["a", "other"]
    assert [line.split() for line in text.splitlines()[1:]] == [
        ["mined", "1", "kWh", "20", "kWh"],
        ["stops", "by", "R1_X", "3", "0"],
    ]
    assert len({len(line) for line in text.splitlines()}) == 1


def test_nothing_over_is_no_share() -> None:
    empty = Kpis(seconds=600)
    assert (empty.surplus_used_pct, empty.self_consumption_pct, empty.autarky_pct) == (None, None, None)
    assert rows(empty, empty)["autarky"] == "–"


# -- what drives it ------------------------------------------------------------------------------------------


def recording(path: Path, *lines: str, header: str) -> Recording:
    file = path / "home.csv"
    file.write_text("\n".join([header, *lines, ""]))
    return read_recording(file, CONFIG.site.location, (FORECAST, DAY_AHEAD))


HALF_HOURS = (
    "2025-06-01T10:00:00Z,1200,300,1500,-12.34",
    "2025-06-01T10:30:00Z,1500,310,1600,101.5",
    "2025-06-01T11:00:00Z,900,320,,",
)
HEADER = "time_utc,pv_power_w,house_load_w,pv_forecast_w,day_ahead_eur_mwh"


def test_half_hours_become_held_blocks_and_say_so(tmp_path: Path) -> None:
    drive = from_recording(recording(tmp_path, *HALF_HOURS, header=HEADER), CONFIG, ALWAYS, None)
    assert list(drive.pv_w) == [1200] * 3 + [1500] * 3 + [900] * 3
    assert list(drive.house_w) == [300] * 3 + [310] * 3 + [320] * 3
    assert list(drive.forecast_w) == [1500] * 3 + [1600] * 6
    assert drive.notes == (
        "rows every 30 min: blocks of 10 min hold their row's value",
        "2 empty cells hold the value before them",
        "forecast: the recording's own",
    )
    assert list(drive.prices) == []


def test_day_ahead_prices_are_taken_where_asked_for_with_what_comes_on_top(tmp_path: Path) -> None:
    drive = from_recording(recording(tmp_path, *HALF_HOURS, header=HEADER), CONFIG, ALWAYS, 1850)
    assert list(drive.prices)[::3] == [1850 - 123, 1850 + 1015, 1850 + 1015]


def test_minutes_are_averaged_and_the_period_is_cut(tmp_path: Path) -> None:
    lines = [f"2025-06-01T{10 + minute // 60}:{minute % 60:02}:00Z,{minute * 10},300" for minute in range(90)]
    made = recording(tmp_path, *lines, header="time_utc,pv_power_w,house_load_w")
    begin_s = 1_748_772_000 + 601
    drive = from_recording(made, CONFIG, (begin_s, begin_s + 3000), None)
    assert drive.first_block * 600 == 1_748_772_000 + 1200
    assert list(drive.pv_w) == [245, 345, 445, 545]
    assert "forecast: clear sky" in drive.notes
    assert min(drive.forecast_w[: len(drive)]) > 4000
    assert len(drive.forecast_w) == len(drive) + 144


@pytest.mark.parametrize("period", [(0, 1_748_772_000), (1_748_772_000, 1_748_772_900)])
def test_a_period_outside_the_recording_is_told(tmp_path: Path, period: tuple[int, int]) -> None:
    with pytest.raises(NothingThere, match="no two whole blocks"):
        from_recording(recording(tmp_path, *HALF_HOURS, header=HEADER), CONFIG, period, None)


def test_prices_that_are_not_there_are_told(tmp_path: Path) -> None:
    made = recording(tmp_path, "2025-06-01T10:00:00Z,1,2", header="time_utc,pv_power_w,house_load_w")
    with pytest.raises(NothingThere, match="no column day_ahead_eur_mwh"):
        from_recording(replace(made, times_s=[0, 1800], columns={}), CONFIG, ALWAYS, 0)


def test_a_gap_in_the_recording_is_told(tmp_path: Path) -> None:
    late = "2025-06-01T16:00:00Z,900,320,5,5"
    drive = from_recording(recording(tmp_path, *HALF_HOURS, late, header=HEADER), CONFIG, ALWAYS, None)
    assert any("the recording has gaps, the longest of 300 min" in note for note in drive.notes)


def recorded(drive: Drive) -> tuple[list[DecisionRow], Callable[[str], Forecast]]:
    """What a house would have recorded of a drive, and its archive of forecasts."""
    written: list[DecisionRow] = []
    forecasts: dict[str, Forecast] = {}

    def write(decision: Decision) -> None:
        written.append(row_of(decision))
        if decision.state.forecast is not None:
            forecasts[forecast_hash(decision.state.forecast)] = decision.state.forecast

    Simulation(CONFIG, drive, write).run()
    return written, forecasts.__getitem__


def test_what_was_forecast_then_is_what_a_recorded_period_is_simulated_with(drive: Drive) -> None:
    clouded = replace(drive, forecast_w=array("i", (round(0.1 * value) for value in drive.forecast_w)))
    written, recall = recorded(clouded)
    again = from_ledger(written, CONFIG, recall)
    then = {row.block: json.loads(row.record)["state"]["forecast"] for row in written}
    for decision in heard(CONFIG, again)[1]:
        assert decision.state.forecast is not None
        assert forecast_hash(decision.state.forecast) == then[decision.state.block]
    decided = len(again) - 1
    assert f"forecast: as archived in {decided} of {decided} decided blocks" in again.notes[0]


def test_blocks_without_an_archived_forecast_are_simulated_with_the_clear_sky_and_counted(drive: Drive) -> None:
    written, recall = recorded(drive)
    bare = [
        replace(row, record=re.sub(r'"forecast":"[0-9a-f]+"', '"forecast":null', row.record))
        if index < 10
        else row
        for index, row in enumerate(row for row in written if row.trigger == "TICK")
    ]
    again = from_ledger(bare, CONFIG, recall)
    decided = len(again) - 1
    assert f"forecast: as archived in {decided - 10} of {decided} decided blocks" in again.notes[0]
    assert again.archived is not None
    assert again.archived.at(bare[9].block) is None
    assert again.archived.at(bare[10].block) is not None


def test_what_a_house_recorded_drives_it_again(drive: Drive) -> None:
    written, recall = recorded(drive)
    again = from_ledger(written, CONFIG, recall)
    assert again.first_block == drive.first_block
    assert list(again.pv_w) == list(drive.pv_w)[:-1]
    assert all(abs(one - other) <= 3 for one, other in zip(again.house_w, drive.house_w, strict=False))
    with_gap = from_ledger([*written[:10], *written[13:]], CONFIG, recall)
    assert len(with_gap) == len(again)
    assert "3 of" in with_gap.notes[1]
    with pytest.raises(NothingThere):
        from_ledger(written[:1], CONFIG, recall)
