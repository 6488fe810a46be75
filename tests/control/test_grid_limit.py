from __future__ import annotations

import json
from pathlib import Path

import pytest

from bitgrid.bus import OverrideRequest, Received
from bitgrid.config import Config, load_config
from bitgrid.store import StoreError
from control.contacts import CONTACT, with_contact
from control.desk import CONFIG_DIRECTORY, Desk
from control.test_several_loads import TwoLoadsGuard

LIMIT = (CONTACT, "grid_limit_w")
NO_LIMIT_W = 100_000.0


def limited(directory: Path, config: Config | None = None, limit_w: float = NO_LIMIT_W) -> Desk:
    desk = Desk(directory, with_contact("grid_limit_w", config))
    desk.measured[LIMIT] = limit_w
    return desk


@pytest.fixture
def running(tmp_path: Path) -> Desk:
    """Running at full, the pauses and holds after the start over."""
    desk = limited(tmp_path)
    desk.pass_time(2)
    assert desk.actions == [("START", "R1_SURPLUS_OK")]
    desk.measure(power_w=1674.0, temp_c=60.0)
    return desk


def events(desk: Desk) -> list[dict[str, object]]:
    told = [json.loads(event.record) for event in reversed(desk.ledger.events(limit=50))]
    return [record for record in told if str(record["what"]).startswith("grid_limit")]


def test_the_limit_caps_within_a_second_between_ticks_and_in_the_middle_of_a_hold(running: Desk) -> None:
    running.measured[LIMIT] = 1000.0
    running.pass_time(1)
    assert running.actions[-1] == ("THROTTLE", "R3_GRID_LIMIT")
    assert (running.decisions[-1]["level"], running.decisions[-1]["trigger"]) == ("eco", "PROTECT")
    assert running.commands[-1].level == "eco"
    assert running.engine.loads["miner"].memory.lockout_until_s is None


def test_no_level_fits_and_it_stops_and_no_person_can_start_it(running: Desk) -> None:
    running.measured[LIMIT] = 500.0
    running.pass_time(1)
    assert running.actions[-1] == ("STOP", "R3_GRID_LIMIT")
    wish = OverrideRequest(request_id="r", load="miner", action="start", actor="test")
    running.requests.on_override(Received(running.topics.override, wish.encode(), retained=False))
    assert (running.replies[-1].accepted, running.replies[-1].code) == (False, "R3_GRID_LIMIT")


def test_the_limit_goes_and_it_rises_again_at_a_tick_not_before(running: Desk) -> None:
    running.measured[LIMIT] = 1000.0
    running.pass_time(1)
    running.measure(power_w=800.0)
    running.measured[LIMIT] = NO_LIMIT_W
    switched = len(running.actions)
    running.pass_time(120)
    assert len(running.actions) == switched
    for _block in range(4):
        running.to_next_block()
    assert running.actions[-1] == ("THROTTLE", "R1_SURPLUS_OK")


def test_a_limit_that_falls_silent_still_binds_and_then_stops_what_runs(running: Desk) -> None:
    running.measured[LIMIT] = 1000.0
    running.pass_time(1)
    running.measure(power_w=800.0)
    running.silence("grid_limit_w")
    running.pass_time(45)
    wish = OverrideRequest(request_id="r", load="miner", action="level", level="full", actor="test")
    running.requests.on_override(Received(running.topics.override, wish.encode(), retained=False))
    assert running.replies[-1].code == "R3_GRID_LIMIT"
    running.pass_time(30)
    assert running.actions[-1] == ("STOP", "R3_METER_SILENT")


def test_a_cap_that_is_not_durable_renews_no_lease_for_what_is_too_much(
    running: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    running.pass_time(5)
    monkeypatch.setattr(running.ledger, "append", _refuse)
    running.measured[LIMIT] = 1000.0
    sent = len(running.commands)
    running.pass_time(60)
    assert all(command.level == "off" for command in running.commands[sent:])


def _refuse(*_arguments: object) -> None:
    raise StoreError("disk full")


def test_the_first_load_is_served_first_and_the_second_gets_what_is_left(tmp_path: Path) -> None:
    shipped = load_config(CONFIG_DIRECTORY)
    second = shipped.site.loads[0].model_copy(update={"id": "heater", "priority": 2})
    site = shipped.site.model_copy(update={"loads": [second, *shipped.site.loads]})
    desk = limited(tmp_path, Config(site, shipped.rules, shipped.flags, shipped.policies), 2500.0)
    desk.guard = TwoLoadsGuard()
    desk.start_rules()
    desk.measure(grid_power_w=-6000.0)
    desk.pass_time(2)
    assert [(record["load"], record["level"], record["code"]) for record in desk.decisions] == [
        ("miner", "full", "R1_SURPLUS_OK"),
        ("heater", "eco", "R3_GRID_LIMIT"),
    ]
    vote = desk.decisions[-1]["votes"][0]
    assert vote["inputs"]["loads_before_w"] == 1674
    assert vote["margin"] == 2500 - 1674 - 1674

    for name, watts in (("miner", 1674.0), ("heater", 800.0)):
        desk.measured[name, "power_w"], desk.measured[name, "temp_c"] = watts, 60.0
    desk.measured[LIMIT] = 1700.0
    desk.pass_time(1)
    assert [(record["load"], record["action"]) for record in desk.decisions[2:]] == [("heater", "STOP")]


def test_its_beginning_its_change_and_its_end_are_recorded_with_the_limit(running: Desk) -> None:
    running.to_next_block()
    running.measured[LIMIT] = 1000.0
    running.pass_time(3)
    running.measured[LIMIT] = 900.0
    running.pass_time(3)
    running.to_next_block()
    running.measured[LIMIT] = NO_LIMIT_W
    running.pass_time(3)
    assert [(record["what"], record["limit_w"], record["loads_w"]) for record in events(running)] == [
        ("grid_limit", 1000, 1674),
        ("grid_limit", 900, 1674),
        ("grid_limit_ended", 100_000, 1674),
    ]


def test_a_beginning_that_could_not_be_recorded_is_recorded_later(
    running: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(running.ledger, "append_event", _refuse)
        running.measured[LIMIT] = 1000.0
        running.pass_time(3)
        assert events(running) == []
    running.pass_time(1)
    assert [record["limit_w"] for record in events(running)] == [1000]


def test_a_limit_that_falls_silent_has_not_ended(running: Desk) -> None:
    running.measured[LIMIT] = 1000.0
    running.pass_time(3)
    running.silence("grid_limit_w")
    running.pass_time(200)
    assert [record["what"] for record in events(running)] == ["grid_limit"]


def test_a_house_without_a_limit_records_nothing_of_one(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.pass_time(3)
    assert events(desk) == []
    assert "loads_before_w" not in desk.engine.standpoint.state_for(desk.engine.loads["miner"]).signals
