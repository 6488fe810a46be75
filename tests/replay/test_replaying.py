"""Open loop: what was recorded is derived again, to the byte; what was tampered with is found and shown."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bitgrid.bus import OverrideRequest
from bitgrid.config.loading import load_plant
from bitgrid.kernel import (
    Decision,
    canonical_json,
    decision_record,
    forecast_hash,
    forecast_record,
    memory_record,
    state_record,
)
from bitgrid.plant.source import SimulatedHome
from bitgrid.replay.drive import from_source
from bitgrid.replay.replaying import Difference, Replayer
from bitgrid.replay.simulation import Simulation
from bitgrid.store import DecisionRow, Ledger
from replay.houses import CONFIG_DIRECTORY, DAY_S, MAY_MORNING_S, PaperLedger, shipped, with_hodl
from whole_house import WholeHouse


def row_of(decision: Decision) -> DecisionRow:
    state = decision.state
    whole = {
        "decision": decision_record(decision),
        "state": state_record(state),
        "memory": memory_record(decision.memory),
    }
    name, trigger = decision.load.id, decision.trigger.value
    return DecisionRow(name, state.clock_epoch, state.block, trigger, state.at_s, canonical_json(whole))


def keep_forecast(paper: PaperLedger, decision: Decision) -> None:
    forecast = decision.state.forecast
    if forecast is not None:
        paper.forecasts[forecast_hash(forecast)] = canonical_json(forecast_record(forecast))


def differences(paper: PaperLedger) -> list[Difference]:
    replayer = Replayer(paper)
    return [difference for row in paper.records() for difference in replayer.check(row)]


@pytest.fixture(scope="module")
def days() -> PaperLedger:
    """Three days of a simulated house in which a mined kWh is worth its while, on paper."""
    config, paper = with_hodl(shipped(), 400), PaperLedger()
    paper.configurations[config.config_hash] = config.canonical_json
    home = SimulatedHome(config.site, load_plant(CONFIG_DIRECTORY))
    drive = from_source(home, config, MAY_MORNING_S, 3 * 144)

    def write(decision: Decision) -> None:
        keep_forecast(paper, decision)
        paper.rows.append(row_of(decision))

    Simulation(config, drive, write).run()
    return paper


def changed(paper: PaperLedger, index: int, change: Callable[[dict[str, Any]], None]) -> PaperLedger:
    """The same ledger with one record changed."""
    record = json.loads(paper.rows[index].record)
    change(record)
    rows = list(paper.rows)
    rows[index] = replace(rows[index], record=canonical_json(record))
    return replace(paper, rows=rows)


def a_start(paper: PaperLedger) -> int:
    actions = [json.loads(row.record)["decision"]["action"] for row in paper.rows]
    return actions.index("START")


def test_days_of_decisions_are_derived_again_to_the_byte(days: PaperLedger) -> None:
    actions = {json.loads(row.record)["decision"]["action"] for row in days.rows}
    assert {"START", "STOP", "HOLD"} <= actions
    assert any(json.loads(row.record)["state"]["outlook"] for row in days.rows)
    assert differences(days) == []


def test_what_the_real_processes_recorded_is_derived_again(tmp_path: Path) -> None:
    """Real protocols of devices, poller, guard, leases and ledger; a person's stop and its end in between."""
    house = WholeHouse(tmp_path, MAY_MORNING_S + 6 * 3600)
    house.live(2 * 3600, step_s=5)
    stop = OverrideRequest(request_id="one", load="miner", action="stop", duration_s=1800, actor="test")
    house.bus.publish(house.topics.override, stop)
    house.live(2 * 3600, step_s=5)
    ledger = Ledger(tmp_path / "ledger", read_only=True)
    replayer = Replayer(ledger)
    assert [difference for row in ledger.records() for difference in replayer.check(row)] == []
    triggers = {row.trigger for row in ledger.records()}
    assert {"TICK", "USER", "EXPIRY"} <= triggers


@pytest.mark.parametrize("step_s", [-5000, 9000])
def test_a_step_of_the_clock_with_a_load_running_and_a_wish_in_force_is_no_difference(
    tmp_path: Path, step_s: int
) -> None:
    house = WholeHouse(tmp_path, MAY_MORNING_S + 6 * 3600)
    house.live(7200, step_s=5)
    assert house.miner_w > 500
    wish = OverrideRequest(
        request_id="one", load="miner", action="level", level="eco", duration_s=7200, actor="test"
    )
    house.bus.publish(house.topics.override, wish)
    house.live(1800, step_s=5)
    house.clock.wall_s += step_s
    house.live(3600, step_s=5)
    ledger = Ledger(tmp_path / "ledger", read_only=True)
    replayer = Replayer(ledger)
    assert [difference for row in ledger.records() for difference in replayer.check(row)] == []
    assert len({row.clock_epoch for row in ledger.records()}) == 2


def test_a_switch_lost_over_a_step_of_the_clock_still_shows(days: PaperLedger) -> None:
    index = a_start(days)
    later = [replace(row, clock_epoch=1) for row in days.rows[index + 1 :]]
    found = differences(replace(days, rows=days.rows[:index] + later))
    assert any("a record may be missing" in difference.what for difference in found)


def test_a_tampered_action_is_found_and_both_records_are_shown(days: PaperLedger) -> None:
    index = a_start(days)

    def tamper(record: dict[str, Any]) -> None:
        record["decision"]["action"] = "HOLD"

    (found,) = differences(changed(days, index, tamper))
    assert found.decision_id == days.rows[index].id
    assert '"action":"HOLD"' in found.recorded
    assert '"action":"START"' in found.derived


def test_a_tampered_input_is_found_where_it_changes_a_figure(days: PaperLedger) -> None:
    def tamper(record: dict[str, Any]) -> None:
        record["state"]["signals"]["grid_power_w"]["value"] += 1

    found = differences(changed(days, 10, tamper))
    assert "the decision is not what was derived" in {difference.what for difference in found}


def test_a_tampered_memory_is_found(days: PaperLedger) -> None:
    def tamper(record: dict[str, Any]) -> None:
        record["memory"]["starts"] += 1

    found = differences(changed(days, a_start(days), tamper))
    assert any("its memory is not what the decision before it left" in difference.what for difference in found)


def test_a_missing_switch_shows_in_the_memory_of_the_next(days: PaperLedger) -> None:
    index = a_start(days)
    found = differences(replace(days, rows=days.rows[:index] + days.rows[index + 1 :]))
    assert [difference.decision_id for difference in found] == [days.rows[index + 1].id]
    assert "a record may be missing" in found[0].what


def test_a_record_that_is_not_canonical_is_told(days: PaperLedger) -> None:
    rows = list(days.rows)
    rows[3] = replace(rows[3], record=rows[3].record.replace(",", ", "))
    (found,) = differences(replace(days, rows=rows))
    assert found.what == "it is not in canonical form"


def test_a_configuration_of_a_version_that_knew_fewer_keys_is_the_recorded_one(days: PaperLedger) -> None:
    """Read by this version it has keys more, at their defaults; its hash is of the text as it was archived."""
    name, text = next(iter(days.configurations.items()))
    parts = json.loads(text)
    del parts["site"]["mirror"], parts["flags"]["research"]
    earlier = canonical_json(parts)
    other = hashlib.sha256(earlier.encode()).hexdigest()
    rows = [replace(row, record=row.record.replace(name, other)) for row in days.rows[:20]]
    assert differences(replace(days, rows=rows, configurations={other: earlier})) == []


def test_a_changed_configuration_is_not_taken_for_the_recorded_one(days: PaperLedger) -> None:
    name, text = next(iter(days.configurations.items()))
    other = text.replace('"hysteresis_w":200', '"hysteresis_w":100')
    assert other != text
    found = differences(replace(days, configurations={name: other}))
    assert len(found) == len(days.rows)
    assert found[0].what.endswith("; it was changed")


@pytest.mark.parametrize(
    ("configurations", "says"),
    [({}, "is not in the archive"), ({"it": "{"}, "cannot be read"), ({"it": '{"site":{}}'}, "cannot be read")],
)
def test_a_configuration_that_cannot_be_had_is_told(
    days: PaperLedger, configurations: dict[str, str], says: str
) -> None:
    name = next(iter(days.configurations))
    kept = {name: configurations["it"]} if configurations else {}
    assert says in differences(replace(days, configurations=kept, rows=days.rows[:1]))[0].what


@pytest.mark.parametrize(("text", "says"), [(None, "is not in the archive"), ("[]", "cannot be read")])
def test_a_forecast_that_cannot_be_had_is_told(days: PaperLedger, text: str | None, says: str) -> None:
    forecasts = {} if text is None else dict.fromkeys(days.forecasts, text)
    assert says in differences(replace(days, forecasts=forecasts, rows=days.rows[:1]))[0].what


def test_a_changed_forecast_is_told(days: PaperLedger) -> None:
    changed_ones = {name: text.replace('"pv_w":[', '"pv_w":[1,') for name, text in days.forecasts.items()}
    assert "it has another hash" in differences(replace(days, forecasts=changed_ones, rows=days.rows[:1]))[0].what


@pytest.mark.parametrize("record", ["", "null", "[]", "{}", '{"state":{},"memory":{}}'])
def test_what_is_no_record_is_told_and_the_rest_goes_on(days: PaperLedger, record: str) -> None:
    rows = [replace(days.rows[0], record=record), *days.rows[1:20]]
    (found,) = differences(replace(days, rows=rows))
    assert found.decision_id == rows[0].id
    assert "cannot be derived" in found.what


def test_memory_does_not_grow_with_the_period(days: PaperLedger) -> None:
    """One memory a load, and the last few configurations and forecasts."""
    replayer = Replayer(days)
    for row in days.records():
        replayer.check(row)
    assert len(replayer._left) == 1
    assert replayer._library.forecast.cache_info().currsize <= 8
    assert replayer.checked == len(days.rows) > 2 * DAY_S / 600
