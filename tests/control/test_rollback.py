"""An older version on the ledger of a newer one: what it does not know it leaves out, and says so."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from control.desk import Desk

HOUSE = "_house"
LATER = {"emergency_stop": True, "autonomy": 1, "night_quiet": {"from": 22}, "away_until_s": 1}


def remembered(desk: Desk) -> dict[str, object]:
    record: dict[str, object] = json.loads(desk.ledger.memories()[HOUSE])
    return record


@pytest.fixture
def rolled_back(tmp_path: Path) -> Desk:
    """The newer version had latched an emergency stop; then the older one was put back."""
    desk = Desk(tmp_path)
    desk.engine.remember()
    whole = json.dumps(remembered(desk) | LATER)
    desk.ledger.save_memories({HOUSE: whole}, desk.engine.blocks.now_s())
    return desk


def test_it_starts_with_what_it_knows_and_names_what_it_does_not(
    rolled_back: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    rolled_back.start_rules()
    assert rolled_back.engine.house.emergency_stop
    assert rolled_back.engine.house.autonomy == 1
    (told,) = [line for line in caplog.messages if "does not know" in line]
    assert "away_until_s, night_quiet" in told


def test_a_stop_that_the_newer_version_latched_still_holds(rolled_back: Desk) -> None:
    rolled_back.start_rules()
    rolled_back.pass_time(700)
    assert "START" not in [action for action, _code in rolled_back.actions]


def test_a_memory_of_its_own_is_read_without_a_word(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    desk = Desk(tmp_path)
    desk.engine.remember()
    desk.start_rules()
    assert "does not know" not in caplog.text


def test_what_an_older_version_had_not_remembered_yet_is_as_in_a_fresh_house(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.ledger.save_memories({HOUSE: '{"emergency_stop":true}'}, desk.engine.blocks.now_s())
    desk.start_rules()
    assert (desk.engine.house.emergency_stop, desk.engine.house.clock_epoch) == (True, 0)
