from __future__ import annotations

from typing import Any

import pytest

from bitgrid.devices.errors import DeviceNonsense, DeviceRefused
from bitgrid.devices.ports import RelayReading, RelaySettings
from bitgrid.devices.relays.shelly_gen1 import ShellyGen1Relay
from bitgrid.devices.transport import HttpAnswer
from devices.answers import SHELLY1, SHELLY1PM
from devices.talk import Http

CLOSE, OPEN = "GET /relay/0?turn=on&timer=120", "GET /relay/0?turn=off"
ARMED = {"ison": True, "has_timer": True, "timer_started": 1, "timer_duration": 120, "timer_remaining": 120}
SETTINGS: dict[str, Any] = {"name": None, "default_state": "off", "auto_on": 0.0, "auto_off": 120.0}


def relay(**changed: object) -> tuple[ShellyGen1Relay, Http]:
    answers = {"status": SHELLY1PM, "settings": SETTINGS, "close": ARMED} | changed
    exchange = Http(
        {
            "GET /status": answers["status"],
            "GET /settings/relay/0": answers["settings"],
            CLOSE: answers["close"],
            OPEN: {"ison": False},
        }
    )
    return ShellyGen1Relay("relay", exchange), exchange


def test_it_reads_contact_and_power() -> None:
    assert relay()[0].read() == RelayReading(is_closed=True, power_w=64.35)


def test_the_power_of_one_without_a_meter_is_not_believed() -> None:
    """A Shelly 1 lists a meter that tells what its owner typed in: as a proof of being off it would be a lie."""
    assert SHELLY1["meters"] == [{"power": 0.0, "is_valid": True}]
    assert relay(status=SHELLY1)[0].read() == RelayReading(is_closed=False, power_w=None)


@pytest.mark.parametrize(
    "meter",
    [
        None,
        7,
        {"counters": [], "power": "NaN"},
        {"counters": [], "power": 5.0, "is_valid": False},
        {"counters": []},
    ],
)
def test_a_meter_that_tells_nothing_usable_tells_no_power(meter: object) -> None:
    assert relay(status=SHELLY1PM | {"meters": [meter]})[0].read().power_w is None


def test_a_second_output_is_read_and_switched_by_its_number() -> None:
    rows = {"relays": [{"ison": False}, {"ison": True}], "meters": []}
    exchange = Http({"GET /status": rows, "GET /relay/1?turn=on&timer=60": ARMED})
    driver = ShellyGen1Relay("relay", exchange, 1)
    assert driver.read().is_closed
    driver.close_for(60)
    assert exchange.asked[-1] == "GET /relay/1?turn=on&timer=60"


def test_it_is_closed_only_with_its_own_timer_armed() -> None:
    driver, exchange = relay()
    driver.close_for(120)
    driver.open()
    assert exchange.asked == [CLOSE, OPEN]


def test_one_that_closes_without_a_timer_is_opened_again() -> None:
    driver, exchange = relay(close=ARMED | {"has_timer": False})
    with pytest.raises(DeviceRefused, match="without arming its timer"):
        driver.close_for(120)
    assert exchange.asked == [CLOSE, OPEN]


@pytest.mark.parametrize(
    ("changed", "settings"),
    [
        ({}, RelaySettings(auto_off_s=120, starts_open=True)),
        ({"auto_off": 0.0}, RelaySettings(auto_off_s=None, starts_open=True)),
        ({"auto_off": "soon"}, RelaySettings(auto_off_s=None, starts_open=True)),
        ({"default_state": "last"}, RelaySettings(auto_off_s=120, starts_open=False)),
    ],
)
def test_it_tells_the_settings_that_outlive_the_appliance(
    changed: dict[str, Any], settings: RelaySettings
) -> None:
    assert relay(settings=SETTINGS | changed)[0].read_settings() == settings


@pytest.mark.parametrize("relays", [None, [], {}, [7], [{}], [{"ison": 1}], [{"ison": "true"}]])
def test_a_contact_that_is_neither_open_nor_closed_is_nonsense(relays: object) -> None:
    with pytest.raises(DeviceNonsense, match="ison"):
        relay(status=SHELLY1PM | {"relays": relays})[0].read()


def test_refusals_say_what_to_look_at() -> None:
    with pytest.raises(DeviceRefused, match="password"):
        relay(status=HttpAnswer(401, b""))[0].read()
    with pytest.raises(DeviceRefused, match="HTTP 400"):
        relay(close=HttpAnswer(400, b"Bad timer!"))[0].close_for(120)


def test_one_that_stays_closed_when_told_to_open_has_refused() -> None:
    driver = ShellyGen1Relay("relay", Http({OPEN: {"ison": True}}))
    with pytest.raises(DeviceRefused, match="told to open and says that it is closed"):
        driver.open()
