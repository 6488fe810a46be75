"""What the machine found: each a situation in which a decision was wrong once."""

from __future__ import annotations

import pytest

from bitgrid.kernel import OFF, Action, Code, LoadMemory, RuleSet, Signal, advance, decide
from kernel.houses import AT_S, BLOCK, MINER, house

RULES = RuleSet()


@pytest.mark.parametrize(
    ("danger", "code"),
    [
        ({"miner__temp_c": 85.1}, Code.R3_OVER_TEMP),
        ({"miner__temp_c": 45, "emergency_stop": Signal(1)}, Code.R3_EMERGENCY_STOP),
    ],
)
def test_a_danger_locks_the_load_also_when_the_decision_took_too_long(
    danger: dict[str, object], code: Code
) -> None:
    state = house(grid_power_w=0, miner__power_w=1674, evaluation_overrun=Signal(1), **danger)
    decision = decide(state, LoadMemory("full", BLOCK - 9, BLOCK - 9), RULES, MINER)
    assert (decision.action, decision.code) == (Action.STOP, code)
    assert advance(decision).lockout_until_s == AT_S + RULES.safety_lockout_s


def test_without_a_danger_a_decision_that_took_too_long_stops_and_does_not_lock() -> None:
    state = house(grid_power_w=0, miner__power_w=1674, miner__temp_c=84.5, evaluation_overrun=Signal(1))
    decision = decide(state, LoadMemory("full", BLOCK - 9, BLOCK - 9), RULES, MINER)
    assert (decision.level, decision.code) == (OFF, Code.CLOCK_OVERRUN)
    assert advance(decision).lockout_until_s is None
