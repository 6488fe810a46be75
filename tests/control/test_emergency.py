"""An emergency button that is wired to the house is heard, and what it stopped stays off until acknowledged."""

from __future__ import annotations

from pathlib import Path

import pytest

from bitgrid.bus import EstopRequest, Received
from bitgrid.config import Config, load_config
from bitgrid.config.site import DeviceConfig
from control.desk import CONFIG_DIRECTORY, Desk

HOUR_S = 3600


@pytest.fixture
def house(tmp_path: Path) -> Desk:
    config = load_config(CONFIG_DIRECTORY)
    button = DeviceConfig.model_validate(
        {"id": "button", "kind": "gpio", "signals": ["emergency_stop"], "gpio": {"line": 17}}
    )
    site = config.site.model_copy(update={"devices": [*config.site.devices, button]})
    desk = Desk(tmp_path, Config(site, config.rules, config.flags, config.policies))
    desk.measured["button", "emergency_stop"] = 0.0
    desk.measured["miner", "power_w"], desk.measured["miner", "temp_c"] = 1674.0, 60.0
    desk.pass_time(1200)
    assert desk.actions == [("START", "R1_SURPLUS_OK")]
    return desk


def acknowledge(house: Desk) -> None:
    request = EstopRequest(request_id="r", engage=False, actor="test")
    house.requests.on_estop(Received(house.topics.estop, request.encode(), retained=False))


def test_a_pressed_button_stops_at_once(house: Desk) -> None:
    house.measure(emergency_stop=1.0)
    house.pass_time(2)
    assert house.actions[-1] == ("STOP", "R3_EMERGENCY_STOP")
    assert house.commands[-1].level == "off"


def test_a_button_that_springs_back_gives_nothing_free(house: Desk) -> None:
    house.measure(emergency_stop=1.0)
    house.pass_time(2)
    house.measure(emergency_stop=0.0, power_w=0.0, temp_c=30.0)
    house.pass_time(2 * HOUR_S, step_s=5)
    assert house.actions[-1] == ("STOP", "R3_EMERGENCY_STOP")
    acknowledge(house)
    house.pass_time(1200, step_s=5)
    assert house.actions[-1][0] == "START"


def test_it_cannot_be_acknowledged_while_it_is_pressed(house: Desk) -> None:
    house.measure(emergency_stop=1.0, power_w=0.0, temp_c=30.0)
    house.pass_time(2)
    acknowledge(house)
    assert [(reply.accepted, reply.code) for reply in house.replies] == [(False, "STILL_PRESSED")]
    assert house.engine.house.emergency_stop
    house.pass_time(2 * HOUR_S, step_s=5)
    assert house.actions[-1] == ("STOP", "R3_EMERGENCY_STOP")


def test_a_button_that_falls_silent_counts_as_any_meter_that_does(house: Desk) -> None:
    house.silence("emergency_stop")
    house.pass_time(70)
    assert house.actions[-1] == ("STOP", "R3_METER_SILENT")


def test_the_button_is_a_safety_event_that_names_the_device(house: Desk) -> None:
    house.measure(emergency_stop=1.0)
    house.pass_time(2)
    told = [record for record in house.ledger.events(limit=20) if "emergency_stop" in record.record]
    assert '"actor":"button"' in told[-1].record
