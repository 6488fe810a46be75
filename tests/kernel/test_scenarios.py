from __future__ import annotations

import json
from pathlib import Path

import pytest

from bitgrid.config import Config, load_config
from bitgrid.control.decide_io import decide_from_json
from kernel.scenarios import SCENARIOS, Row

CONFIG = load_config(Path(__file__).parents[2] / "config")


@pytest.mark.parametrize("row", SCENARIOS, ids=[row.situation for row in SCENARIOS])
def test_the_house_does_what_the_table_says(row: Row) -> None:
    decision = _decide(row, CONFIG)
    expected = {"action": row.action, "level": row.level, "rule": row.rule, "code": row.code}
    assert {name: decision[name] for name in expected} == expected


@pytest.mark.parametrize("row", SCENARIOS, ids=[row.situation for row in SCENARIOS])
def test_all_five_rules_always_vote(row: Row) -> None:
    rules = [vote["rule"] for vote in _decide(row, CONFIG)["votes"]]
    assert rules == ["R3", "R2", "USER", "R2", "MODE", "CLOCK", "R4", "R5", "R1"]


def _decide(row: Row, config: Config) -> dict:
    text = json.dumps({"signals": row.signals, "memory": row.memory})
    return json.loads(decide_from_json(text, config))
