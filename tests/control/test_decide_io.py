"""`bitgrid decide`: what cannot be meant is refused, and blocks are as long as the house has them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bitgrid.config import Config, load_config
from bitgrid.control.decide_io import InputError, decide_from_json

CONFIG = load_config(Path(__file__).parents[2] / "config")


def test_an_override_is_in_force_whatever_the_length_of_a_block() -> None:
    rules = CONFIG.rules.model_copy(update={"block_s": 900})
    house = Config(CONFIG.site, rules, CONFIG.flags, CONFIG.policies)
    given = {"signals": {"grid_power_w": 300}, "override": {"level": "eco", "ends_in_s": 60}}
    decision = json.loads(decide_from_json(json.dumps(given), house))
    assert (decision["action"], decision["code"]) == ("START", "USER_START")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"signals": {"grid_power_w": 300, "grid_power_w": -9000}}', "grid_power_w: stands twice"),
        ('{"signals": {"grid_power_w": -9000}, "signals": {}}', "signals: stands twice"),
        ('{"signals": {"pv_power_w": true, "house_load_w": 1}}', "signals.pv_power_w: a number is needed"),
        ('{"signals": {"grid_power_w": -9000, "autonomy": 7}}', "autonomy: 0 manual"),
        ('{"signals": {"grid_power_w": -9000, "autonomy": true}}', "autonomy: 0 manual"),
        ('{"signals": {"grid_power_w": -9000, "autonomy": [3]}}', "autonomy: 0 manual"),
        ('{"signals": {"grid_power_w": -9000, "autonomy": null}}', "autonomy: 0 manual"),
        ('{"signals": {"grid_power_w": -9000, "surplus_left_w": true}}', "surplus_left_w: a number of watts"),
    ],
)
def test_what_cannot_be_meant_is_refused(text: str, told: str) -> None:
    with pytest.raises(InputError, match=told):
        decide_from_json(text, CONFIG)


@pytest.mark.parametrize("flag", ["true", "1"])
def test_what_is_or_is_not_may_be_said_both_ways(flag: str) -> None:
    given = '{"signals": {"grid_power_w": -9000, "emergency_stop": ' + flag + "}}"
    assert json.loads(decide_from_json(given, CONFIG))["code"] == "R3_EMERGENCY_STOP"
