from __future__ import annotations

from typing import Any

import pytest

from bitgrid.devices.errors import DeviceNonsense, DeviceRefused
from bitgrid.devices.ports import RelayReading, RelaySettings
from bitgrid.devices.relays.shelly_gen2 import ShellyGen2Relay
from bitgrid.devices.transport import HttpAnswer
from devices.answers import SHELLY_CONFIG, SHELLY_STATUS
from devices.talk import Http

STATUS, CONFIG = "GET /rpc/Switch.GetStatus?id=0", "GET /rpc/Switch.GetConfig?id=0"
CLOSE, OPEN = "GET /rpc/Switch.Set?id=0&on=true&toggle_after=120", "GET /rpc/Switch.Set?id=0&on=false"


def relay(status: object = SHELLY_STATUS, config: object = SHELLY_CONFIG) -> tuple[ShellyGen2Relay, Http]:
    was = {"was_on": False}
    exchange = Http({STATUS: status, CONFIG: config, CLOSE: was, OPEN: was})
    return ShellyGen2Relay("relay", exchange), exchange


def test_it_reads_contact_and_power() -> None:
    assert relay()[0].read() == RelayReading(is_closed=True, power_w=1674.9)


def test_one_without_a_meter_tells_no_power() -> None:
    unmetered = {key: value for key, value in SHELLY_STATUS.items() if key != "apower"} | {"output": False}
    assert relay(unmetered)[0].read() == RelayReading(is_closed=False, power_w=None)


def test_it_is_closed_only_with_its_own_timer_armed() -> None:
    driver, exchange = relay()
    driver.close_for(120)
    driver.open()
    assert exchange.asked == [CLOSE, STATUS, OPEN]


@pytest.mark.parametrize("timer", [{}, {"timer_duration": 3600}, {"timer_duration": None}, {"timer_duration": 0}])
def test_one_that_closes_without_its_timer_is_opened_again(timer: dict[str, Any]) -> None:
    untimed = {key: value for key, value in SHELLY_STATUS.items() if not key.startswith("timer")}
    driver, exchange = relay(untimed | timer)
    with pytest.raises(DeviceRefused, match="without arming its timer"):
        driver.close_for(120)
    assert exchange.asked == [CLOSE, STATUS, OPEN]


@pytest.mark.parametrize(
    ("changed", "settings"),
    [
        ({}, RelaySettings(auto_off_s=120, starts_open=True)),
        ({"auto_off": False}, RelaySettings(auto_off_s=None, starts_open=True)),
        ({"initial_state": "restore_last"}, RelaySettings(auto_off_s=120, starts_open=False)),
        ({"auto_off_delay": "soon"}, RelaySettings(auto_off_s=None, starts_open=True)),
    ],
)
def test_it_tells_the_settings_that_outlive_the_appliance(
    changed: dict[str, Any], settings: RelaySettings
) -> None:
    assert relay(config=SHELLY_CONFIG | changed)[0].read_settings() == settings


@pytest.mark.parametrize("output", [None, 1, "on", []])
def test_a_contact_that_is_neither_open_nor_closed_is_nonsense(output: object) -> None:
    with pytest.raises(DeviceNonsense, match="output"):
        relay(SHELLY_STATUS | {"output": output})[0].read()


def test_one_with_a_password_says_what_to_do() -> None:
    with pytest.raises(DeviceRefused, match="password"):
        relay(HttpAnswer(401, b""))[0].read()


def test_a_refusal_shows_the_devices_own_words() -> None:
    with pytest.raises(DeviceRefused, match="over-temperature"):
        relay(HttpAnswer(500, b'{"code":-106,"message":"over-temperature"}'))[0].read()


def test_another_switch_is_asked_for_by_its_id() -> None:
    close, status = "GET /rpc/Switch.Set?id=2&on=true&toggle_after=120", "GET /rpc/Switch.GetStatus?id=2"
    exchange = Http({close: {"was_on": False}, status: SHELLY_STATUS | {"id": 2}})
    ShellyGen2Relay("relay", exchange, 2).close_for(120)
    assert exchange.asked == [close, status]


def test_an_answer_for_another_switch_is_not_taken_for_this_one() -> None:
    with pytest.raises(DeviceNonsense, match="asked for switch 0 and answered for 1"):
        relay(SHELLY_STATUS | {"id": 1})[0].read()


@pytest.mark.parametrize("answer", [{}, {"was_on": None}, {"ison": False}])
def test_what_does_not_say_what_it_was_is_not_taken_for_switched(answer: dict[str, Any]) -> None:
    driver = ShellyGen2Relay("relay", Http({CLOSE: answer, OPEN: answer}))
    for act in (driver.open, lambda: driver.close_for(120)):
        with pytest.raises(DeviceNonsense, match="was_on"):
            act()
