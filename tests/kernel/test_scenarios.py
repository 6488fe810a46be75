from __future__ import annotations

import pytest

from bitgrid.kernel import Code
from kernel.scenarios import NEVER_NAMED, SCENARIOS, Row
from kernel.table import VOTES, decided, said

EVERY_ROW = pytest.mark.parametrize("row", SCENARIOS, ids=[row.situation for row in SCENARIOS])


@EVERY_ROW
def test_the_house_does_what_the_table_says(row: Row) -> None:
    decision = decided(row)
    told = (decision.action.value, decision.level, decision.rule.value, decision.code.value)
    assert told == (row.action, row.level, row.rule, row.code)


@EVERY_ROW
def test_all_five_rules_always_vote(row: Row) -> None:
    rules = [vote.rule.value for vote in decided(row).votes]
    assert sorted(rules) == ["CLOCK", "MODE", "R1", "R2", "R2", "R3", "R4", "R5", "USER"]


def test_every_reason_there_is_stands_in_the_table_or_can_never_be_named() -> None:
    named = {row.code for row in SCENARIOS}
    assert named | NEVER_NAMED.keys() == {code.value for code in Code}
    assert not named & NEVER_NAMED.keys()


def test_every_situation_is_told_once_and_in_letters_any_tool_can_pass_on() -> None:
    situations = [row.situation for row in SCENARIOS]
    assert len(situations) == len(set(situations))
    assert all(situation.isascii() for situation in situations)


def test_every_rule_says_of_every_row_what_it_said_before() -> None:
    """Votes, inputs, thresholds and margins are what people are told and what replay must find again."""
    assert [said(row) for row in SCENARIOS] == VOTES.read_text(encoding="utf-8").splitlines()
