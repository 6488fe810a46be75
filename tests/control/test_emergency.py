from __future__ import annotations

from pathlib import Path

import pytest

from bitgrid.bus import EstopRequest, Received
from control.contacts import CONTACT, with_contact
from control.desk import Desk

BUTTON = (CONTACT, "emergency_stop")


@pytest.fixture
def running(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path, with_contact("emergency_stop"))
    desk.measured[BUTTON] = 0.0
    desk.pass_time(2)
    assert desk.actions == [("START", "R1_SURPLUS_OK")]
    desk.measure(power_w=1674.0, temp_c=60.0)
    return desk


def acknowledge(desk: Desk) -> str:
    request = EstopRequest(request_id="e", engage=False, actor="test")
    desk.requests.on_estop(Received(desk.topics.estop, request.encode(), retained=False))
    return desk.replies[-1].code


def test_the_button_stops_everything_within_a_second_and_says_which_it_was(running: Desk) -> None:
    running.measured[BUTTON] = 1.0
    running.pass_time(1)
    assert running.actions[-1] == ("STOP", "R3_EMERGENCY_STOP")
    assert running.commands[-1].level == "off"
    assert running.engine.house.emergency_stop
    assert '"actor":"contact"' in running.ledger.events(limit=1)[0].record


def test_it_is_latched_the_button_released_changes_nothing(running: Desk) -> None:
    running.measured[BUTTON] = 1.0
    running.pass_time(2)
    running.measured[BUTTON] = 0.0
    running.measure(power_w=0.0, temp_c=30.0)
    running.pass_time(7200, step_s=5)
    assert running.actions[-1] == ("STOP", "R3_EMERGENCY_STOP")
    running.start_rules()
    running.pass_time(60)
    assert running.engine.house.emergency_stop
    assert acknowledge(running) == "ACKNOWLEDGED"
    for _block in range(3):
        running.to_next_block()
    assert running.actions[-1][0] == "START"


def test_while_it_is_pressed_nobody_can_acknowledge_and_the_text_says_why(running: Desk) -> None:
    running.measured[BUTTON] = 1.0
    running.pass_time(2)
    assert acknowledge(running) == "STILL_PRESSED"
    assert "contact is still pressed" in running.replies[-1].text
    assert running.engine.house.emergency_stop
    running.measured[BUTTON] = 0.0
    running.pass_time(1)
    assert acknowledge(running) == "ACKNOWLEDGED"


def test_a_button_that_falls_silent_while_pressed_is_not_released(running: Desk) -> None:
    running.measured[BUTTON] = 1.0
    running.pass_time(2)
    running.silence("emergency_stop")
    running.pass_time(600)
    assert acknowledge(running) == "STILL_PRESSED"


def test_a_button_that_is_not_heard_stops_what_runs_and_lets_nothing_start(running: Desk) -> None:
    running.silence("emergency_stop")
    running.pass_time(62)
    assert running.actions[-1] == ("STOP", "R3_METER_SILENT")
    assert "emergency_stop" in running.engine.standpoint.state_for(running.engine.loads["miner"]).degraded
    running.measure(power_w=0.0)
    for _block in range(4):
        running.to_next_block()
    assert running.actions[-1] == ("STOP", "R3_METER_SILENT")


def test_a_button_pressed_before_the_rules_have_settled_is_heard(tmp_path: Path) -> None:
    desk = Desk(tmp_path, with_contact("emergency_stop"))
    desk.guard_alive = False
    desk.measured[BUTTON] = 1.0
    desk.pass_time(1)
    assert desk.engine.house.emergency_stop
    assert desk.commands[-1].level == "off"


def test_the_room_may_be_too_warm_by_a_thermometer_of_the_house(tmp_path: Path) -> None:
    desk = Desk(tmp_path, with_contact("room_temp_c"))
    desk.measured[CONTACT, "room_temp_c"] = 22.0
    desk.pass_time(2)
    desk.measure(power_w=1674.0, temp_c=60.0)
    desk.measured[CONTACT, "room_temp_c"] = 40.1
    desk.pass_time(1)
    assert desk.actions[-1] == ("STOP", "R3_ROOM_TEMP")
