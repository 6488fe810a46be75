"""`bitgrid decide` on a house whose blocks are not ten minutes long."""

from __future__ import annotations

import json
from pathlib import Path

from bitgrid.config import Config, load_config
from bitgrid.control.decide_io import decide_from_json

CONFIG = load_config(Path(__file__).parents[2] / "config")


def test_an_override_is_in_force_whatever_the_length_of_a_block() -> None:
    rules = CONFIG.rules.model_copy(update={"block_s": 900})
    house = Config(CONFIG.site, rules, CONFIG.flags, CONFIG.policies)
    given = {"signals": {"grid_power_w": 300}, "override": {"level": "eco", "ends_in_s": 60}}
    decision = json.loads(decide_from_json(json.dumps(given), house))
    assert (decision["action"], decision["code"]) == ("START", "USER_START")
