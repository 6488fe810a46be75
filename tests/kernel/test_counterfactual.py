"""What would have to change: exact to the unit, checked against `decide()` on random houses."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings

from bitgrid.kernel import EnergyState, LoadMemory, RuleSet, decide
from bitgrid.kernel.codes import Action
from bitgrid.kernel.counterfactual import counterfactuals, why_not
from bitgrid.kernel.decision import Decision
from kernel.houses import MINER, house
from kernel.test_properties import MEMORIES, STATES

RULES = RuleSet()


def decided_with(decision: Decision, name: str, value: int) -> Decision:
    signals = dict(decision.state.signals)
    signals[name] = signals[name]._replace(value=value)
    return decide(replace(decision.state, signals=signals), decision.memory, RULES, MINER, decision.trigger)


@settings(max_examples=2000, deadline=None)
@given(STATES, MEMORIES)
def test_the_stated_value_changes_the_action_and_one_unit_less_does_not(
    state: EnergyState, memory: LoadMemory
) -> None:
    decision = decide(state, memory, RULES, MINER)
    for answer in counterfactuals(decision):
        step = 1 if answer.change > 0 else -1
        assert decided_with(decision, answer.input, answer.value).action is answer.action
        assert answer.action is not decision.action
        assert decided_with(decision, answer.input, answer.value - step).action is decision.action


@settings(max_examples=300, deadline=None)
@given(STATES, MEMORIES)
def test_there_is_no_smaller_change(state: EnergyState, memory: LoadMemory) -> None:
    """Nothing nearer changes the action: looked for at random between here and the answer."""
    decision = decide(state, memory, RULES, MINER)
    for answer in counterfactuals(decision):
        reach = abs(answer.change)
        for share in range(1, 20):
            for sign in (1, -1):
                value = answer.present + sign * (reach * share // 20)
                if abs(value - answer.present) < reach and value >= 0:
                    assert decided_with(decision, answer.input, value).action is decision.action


@settings(max_examples=500, deadline=None)
@given(STATES, MEMORIES)
def test_why_not_gives_what_was_wanted(state: EnergyState, memory: LoadMemory) -> None:
    decision = decide(state, memory, RULES, MINER)
    for wanted in (Action.START, Action.STOP):
        for answer in why_not(decision, wanted):
            assert decided_with(decision, answer.input, answer.value).action is wanted


def test_why_is_it_not_running_is_answered_in_watts() -> None:
    decision = decide(house(grid_power_w=-700), LoadMemory(), RULES, MINER)
    (answer,) = why_not(decision, Action.START)
    assert answer.record() == {
        "input": "grid_power_w",
        "value": -800,
        "present": -700,
        "change": -100,
        "action": "START",
        "level": "eco",
        "rule": "R1",
        "code": "R1_SURPLUS_ECO",
    }


def test_a_wanted_level_can_be_asked_for() -> None:
    decision = decide(house(grid_power_w=-700), LoadMemory(), RULES, MINER)
    assert [answer.value for answer in why_not(decision, Action.START, "full")] == [-1500]


def test_what_is_so_already_needs_nothing() -> None:
    decision = decide(house(grid_power_w=-3000), LoadMemory(), RULES, MINER)
    assert why_not(decision, Action.START) == ()


def test_no_single_input_helps_against_two_objections() -> None:
    state = house(grid_power_w=300, battery_power_w=0, battery_soc_pct=20)
    assert why_not(decide(state, LoadMemory(), RULES, MINER), Action.START) == ()
