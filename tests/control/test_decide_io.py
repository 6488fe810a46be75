"""`bitgrid decide`: what is written by hand is taken as it was meant, or refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitgrid.config import Config, load_config
from bitgrid.control.decide_input import Input, InputError
from bitgrid.control.decide_io import decide_from_json
from near import EXAMPLES, is_finite, of_schema, spoiled

CONFIG = load_config(Path(__file__).parents[2] / "config")
SUNNY = {"pv_power_w": 4500, "house_load_w": 1500}


def said(text: str) -> tuple[str, str, str]:
    decision = json.loads(decide_from_json(text, CONFIG))
    return decision["action"], decision["level"], decision["code"]


def decided(signals: dict[str, Any], **more: object) -> tuple[str, str, str]:
    return said(json.dumps({"signals": signals, **more}))


def test_an_override_is_in_force_whatever_the_length_of_a_block() -> None:
    rules = CONFIG.rules.model_copy(update={"block_s": 900})
    house = Config(CONFIG.site, rules, CONFIG.flags, CONFIG.policies)
    given = {"signals": {"grid_power_w": 300}, "override": {"level": "eco", "ends_in_s": 60}}
    decision = json.loads(decide_from_json(json.dumps(given), house))
    assert (decision["action"], decision["code"]) == ("START", "USER_START")


def test_the_sunny_house_of_these_cases_starts() -> None:
    assert decided(SUNNY) == ("START", "full", "R1_SURPLUS_OK")


@pytest.mark.parametrize(
    "signals",
    [
        {"pv_power_w": 0, "house_load_w": -5000},
        {"miner.power_w": -5},
        {"miner.hashrate_ths": -5},
        {"sats_per_kwh": -4},
        {"pv_power_w": True},
        {"surplus_left_w": True},
        {"pv_power_w.age_s": True},
        {"grid_power_w.age_s": -5},
        {"emergency_stop": 0.4},
        {"emergency_stop": [1]},
        {"emergency_stop": 2},
        {"autonomy": 7},
        {"autonomy": -1},
        {"autonomy": 2.5},
        {"autonomy": True},
        {"autonomy": [3]},
        {"pv_forecast_w": [4000, -1, 4000]},
        {"load_forecast_w": [-5000, -5000, -5000]},
        {"pv_forecast_w": [[9000, 5000, 100]]},
        {"override": "sideways"},
        {"override": {}},
        {"override": {"action": "stop", "level": "full"}},
        {"override": {"level": "full", "ends_in_s": 86_401}},
        {"confirmation": "sideways"},
    ],
    ids=str,
)
def test_what_no_house_can_be_is_refused(signals: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        decided({**SUNNY, **signals})


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"signals": {"pv_power_w": 9000, "emergency_stop": true, "emergency_stop": false}}', "emergency_stop: "),
        ('{"signals": {"emergency_stop": true}, "signals": {"grid_power_w": -3000}}', "signals: given twice"),
        ('{"signals": {"override": "stop"}, "override": "start"}', "override: given twice"),
        ("[" * 100_000, "nested deeper"),
        ('{"signals": {"grid_power_w": -1' + "0" * 5000 + "}}", "5002 digits"),
        ("", "invalid JSON"),
        ("[]", "an object is needed"),
        ('{"signals": {"grid_power_w": NaN}}', "finite"),
        ('{"signals": {"grid_power_w": -1e999}}', "finite"),
    ],
)
def test_what_can_be_read_in_two_ways_or_not_at_all_is_refused_and_named(text: str, told: str) -> None:
    with pytest.raises(InputError, match=told):
        said(text)


@pytest.mark.parametrize("alarm", ["emergency_stop", "ups_on_battery"])
def test_an_alarm_is_believed_however_old(alarm: str) -> None:
    action, level, code = decided({**SUNNY, alarm: True, f"{alarm}.age_s": 3601})
    assert (action, level, code) == ("HOLD", "off", f"R3_{alarm.upper()}")


def test_a_price_holds_for_an_hour() -> None:
    dear = {**SUNNY, "import_price_ct_kwh": 40}
    assert decided(dear | {"import_price_ct_kwh.age_s": 3600})[2] == "R1_PRICE_TOO_HIGH"
    assert decided(dear | {"import_price_ct_kwh.age_s": 3601})[2] == "R1_SURPLUS_OK"


def test_an_age_without_a_value_is_of_one_that_is_missing_for_so_long() -> None:
    running = {"level": "full"}
    assert decided({**SUNNY, "grid_power_w.age_s": 5})[2] == "R1_NO_DATA"
    assert decided({**SUNNY, "grid_power_w.age_s": 60}, memory=running) == ("HOLD", "full", "R1_NO_DATA")
    assert decided({**SUNNY, "grid_power_w.age_s": 60.4}, memory=running) == ("STOP", "off", "R3_METER_SILENT")
    told_empty = {**SUNNY, "grid_power_w": None, "grid_power_w.age_s": 60}
    assert decided(told_empty, memory=running) == ("HOLD", "full", "R1_NO_DATA")


@pytest.mark.parametrize("place", ["beside the signals", "among the signals"])
@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("start", ("START", "eco", "USER_START")),
        ("full", ("START", "full", "USER_START")),
        ("stop", ("HOLD", "off", "USER_STOP")),
        ("off", ("HOLD", "off", "USER_STOP")),
        ({"action": "start", "level": "full"}, ("START", "full", "USER_START")),
        ({"action": "stop"}, ("HOLD", "off", "USER_STOP")),
    ],
)
def test_an_override_is_a_start_a_stop_or_a_level(
    place: str, word: object, expected: tuple[str, str, str]
) -> None:
    if place == "among the signals":
        assert decided({**SUNNY, "override": word}) == expected
    else:
        assert decided(SUNNY, override=word) == expected


def test_a_confirmation_may_stand_among_the_signals() -> None:
    assisted = {**SUNNY, "autonomy": 1}
    assert decided(assisted)[0] == "HOLD"
    assert decided(assisted | {"confirmation": "full"}) == ("START", "full", "R1_SURPLUS_OK")


def test_a_lockout_is_part_of_the_memory() -> None:
    assert decided(SUNNY, memory={"lockout_left_s": 1}) == ("HOLD", "off", "R3_LOCKOUT")
    assert decided(SUNNY, memory={"lockout_left_s": 0})[0] == "START"
    assert decided({**SUNNY, "miner.temp_c": 75}, memory={"lockout_left_s": 0})[2] == "R3_LOCKOUT"


@pytest.mark.parametrize(
    ("signals", "expected"),
    [
        ({"grid_power_w": -799, "miner.power_w": 1674}, "R1_INSUFFICIENT_SURPLUS"),
        ({"grid_power_w": -800, "miner.power_w": 1674}, "R1_SURPLUS_ECO"),
        ({"pv_power_w": 3173, "house_load_w": 700, "miner.power_w": 1674}, "R1_INSUFFICIENT_SURPLUS"),
        ({"pv_power_w": 3174, "house_load_w": 700, "miner.power_w": 1674}, "R1_SURPLUS_ECO"),
        ({"grid_power_w": -800, "miner.power_w": 1674, "surplus_left_w": 799}, "R1_INSUFFICIENT_SURPLUS"),
    ],
    ids=str,
)
def test_a_second_load_does_not_start_on_what_the_first_one_draws(signals: dict[str, Any], expected: str) -> None:
    first = CONFIG.site.loads[0]
    second = first.model_copy(update={"id": "second", "priority": first.priority + 1})
    site = CONFIG.site.model_copy(update={"loads": [second, first]})
    house = Config(site, CONFIG.rules, CONFIG.flags, CONFIG.policies)
    given = json.dumps({"signals": signals, "load": "second"})
    assert json.loads(decide_from_json(given, house))["code"] == expected


CASE = {
    "signals": {
        "grid_power_w": -2500, "battery_soc_pct": 80, "pv_power_w": 5000, "miner.power_w": 0, "miner.temp_c": 40.5,
        "import_price_ct_kwh": [24, 24], "pv_forecast_w": [[1, 2, 3]],
        "override": {"action": "start", "ends_in_s": 60},
    },
    "memory": {"level": "off", "blocks_since_change": 3, "starts": 1, "lockout_left_s": None},
    "load": "miner",
    "block": 2_900_000,
}  # fmt: skip


@EXAMPLES
@given(spoiled(CASE) | of_schema(Input.model_json_schema()) | st.binary(max_size=40))
def test_whatever_is_given_is_decided_on_in_finite_numbers_or_refused_in_words(text: bytes) -> None:
    try:
        decided = decide_from_json(text.decode("utf-8", errors="replace"), CONFIG)
    except InputError:
        return
    assert is_finite(json.loads(decided))
