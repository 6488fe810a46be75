from __future__ import annotations

from typing import Any

import pytest

from bitgrid.devices.errors import DeviceNonsense, DeviceRefused
from bitgrid.devices.ports import RelayReading, RelaySettings
from bitgrid.devices.relays.tasmota import TasmotaRelay, pulse_of, seconds_of
from bitgrid.devices.transport import HttpAnswer
from devices.answers import TASMOTA_SENSORS
from devices.talk import Http


def cm(command: str) -> str:
    return f"GET /cm?cmnd={command.replace(' ', '%20')}"


def pulse(wanted: object, remaining: object = 0) -> dict[str, Any]:
    return {"PulseTime1": {"Set": wanted, "Remaining": remaining}}


def relay(changed: dict[str, object] | None = None, channel: int = 0) -> tuple[TasmotaRelay, Http]:
    answers: dict[str, object] = {
        "Power1": {"POWER": "ON"},
        "Status 10": TASMOTA_SENSORS,
        "PulseTime1": pulse(220, 219),
        "PulseTime1 220": pulse(220, 220),
        "PowerOnState": {"PowerOnState": 0},
        "Power1 ON": {"POWER": "ON"},
        "Power1 OFF": {"POWER": "OFF"},
    }
    exchange = Http({cm(command): answer for command, answer in (answers | (changed or {})).items()})
    return TasmotaRelay("relay", exchange, channel), exchange


def test_it_reads_contact_and_power() -> None:
    assert relay()[0].read() == RelayReading(is_closed=True, power_w=1674)


@pytest.mark.parametrize(
    "sensors",
    [
        {},
        {"StatusSNS": 7},
        {"StatusSNS": {"Time": "2025-06-17T12:00:00"}},
        {"StatusSNS": {"ENERGY": {"Power": "warm"}}},
        {"StatusSNS": {"ENERGY": {"Power": None}}},
        {"StatusSNS": {"ENERGY": {"Power": []}}},
    ],
)
def test_one_without_a_meter_tells_no_power(sensors: object) -> None:
    assert relay({"Status 10": sensors})[0].read().power_w is None


def test_a_second_output_has_a_number_and_a_meter_of_its_own() -> None:
    answers = {
        "Power2": {"POWER2": "OFF"},
        "Status 10": {"StatusSNS": {"ENERGY": {"Power": [1500, 3]}}},
    }
    assert relay(answers, channel=1)[0].read() == RelayReading(is_closed=False, power_w=3)
    answers["Status 10"] = {"StatusSNS": {"ENERGY": {"Power": 1500}}}
    assert relay(answers, channel=1)[0].read().power_w is None


def test_each_closing_ends_with_power_on_which_arms_the_timer_anew() -> None:
    driver, exchange = relay()
    driver.close_for(120)
    driver.close_for(120)
    assert exchange.asked == [cm("PulseTime1"), cm("Power1 ON"), cm("PulseTime1")] * 2


def test_a_timer_of_another_length_is_set_before_it_closes() -> None:
    lengths = iter([pulse(0), pulse(220, 220)])
    driver, exchange = relay()
    exchange.answers = dict(exchange.answers) | {cm("PulseTime1"): lambda: next(lengths)}
    driver.close_for(120)
    assert exchange.asked == [cm(name) for name in ("PulseTime1", "PulseTime1 220", "Power1 ON", "PulseTime1")]


@pytest.mark.parametrize("after", [pulse(0, 0), pulse(220, 0), pulse(1300, 1300)])
def test_one_that_closes_without_its_timer_running_is_opened_again(after: dict[str, Any]) -> None:
    told = iter([pulse(220), after])
    driver, exchange = relay()
    exchange.answers = dict(exchange.answers) | {cm("PulseTime1"): lambda: next(told)}
    with pytest.raises(DeviceRefused, match="without arming its timer"):
        driver.close_for(120)
    assert exchange.asked[-1] == cm("Power1 OFF")


@pytest.mark.parametrize(
    ("seconds", "set_to"), [(5, 50), (11, 110), (12, 112), (120, 220), (600, 700), (1e6, 64900)]
)
def test_seconds_are_told_in_tenths_or_with_a_hundred_more(seconds: int, set_to: int) -> None:
    assert pulse_of(int(seconds)) == set_to
    if seconds < 1e6:
        assert seconds_of(set_to) == seconds
    assert seconds_of(0) is None


@pytest.mark.parametrize(
    ("changed", "settings"),
    [
        ({}, RelaySettings(auto_off_s=120, starts_open=True)),
        ({"PulseTime1": pulse(0)}, RelaySettings(auto_off_s=None, starts_open=True)),
        ({"PulseTime1": pulse(100)}, RelaySettings(auto_off_s=10, starts_open=True)),
        ({"PowerOnState": {"PowerOnState": 3}}, RelaySettings(auto_off_s=120, starts_open=False)),
        ({"PowerOnState": {}}, RelaySettings(auto_off_s=120, starts_open=False)),
    ],
)
def test_it_tells_the_settings_that_outlive_the_appliance(
    changed: dict[str, object], settings: RelaySettings
) -> None:
    assert relay(changed)[0].read_settings() == settings


@pytest.mark.parametrize("told", [{}, {"POWER": "1"}, {"POWER": True}, {"POWER2": "ON"}, {"POWER": []}])
def test_a_contact_that_is_neither_open_nor_closed_is_nonsense(told: object) -> None:
    with pytest.raises(DeviceNonsense, match="POWER1"):
        relay({"Power1": told})[0].read()


@pytest.mark.parametrize("told", [{}, {"PulseTime1": 220}, pulse("long"), pulse(None), pulse(-5)])
def test_a_timer_that_cannot_be_is_nonsense(told: object) -> None:
    with pytest.raises(DeviceNonsense, match="PulseTime1"):
        relay({"PulseTime1": told})[0].close_for(120)


def test_both_ways_of_asking_for_a_password_are_understood() -> None:
    warning = {"WARNING": "Need user=<username>&password=<password>"}
    for answer in (warning, HttpAnswer(401, b"")):
        with pytest.raises(DeviceRefused, match="password"):
            relay({"Power1": answer})[0].read()


@pytest.mark.parametrize("answer", [{"Command": "Unknown"}, HttpAnswer(500, b"")])
def test_other_refusals_name_the_command(answer: object) -> None:
    with pytest.raises(DeviceRefused, match="refused Power1"):
        relay({"Power1": answer})[0].read()
