"""After a restart and after a step of the clock nothing starts, whoever asks; what must stop, stops."""

from __future__ import annotations

import pytest

from bitgrid.kernel import Action, Code, LoadMemory, Override, Rule, RuleSet, Trigger, Vote, advance, decide
from kernel.houses import AT_S, BLOCK, MINER, house

RULES = RuleSet()
RUNNING = LoadMemory("eco", BLOCK - 9, BLOCK - 9)
ASKED_ON = Override(Vote.LEVEL, "eco", AT_S + 3600)
ASKED_OFF = Override(Vote.STOP, "off", AT_S + 3600)
STEPPED = {"grid_power_w": -3000, "clock_stepped": 1}
LATE = {"grid_power_w": -3000, "evaluation_overrun": 1}


@pytest.mark.parametrize("trigger", list(Trigger))
@pytest.mark.parametrize("override", [None, ASKED_ON])
def test_nothing_starts_in_the_block_after_a_step_of_the_clock(
    trigger: Trigger, override: Override | None
) -> None:
    decision = decide(house(**STEPPED), LoadMemory(override=override), RULES, MINER, trigger)
    assert decision.action is Action.HOLD


@pytest.mark.parametrize("override", [None, ASKED_ON])
def test_a_restart_starts_nothing(override: Override | None) -> None:
    decision = decide(house(grid_power_w=-3000), LoadMemory(override=override), RULES, MINER, Trigger.RESYNC)
    assert decision.action is Action.HOLD


def test_a_person_who_asked_for_a_start_is_told_why_there_is_none() -> None:
    decision = decide(house(**STEPPED), LoadMemory(override=ASKED_ON), RULES, MINER, Trigger.USER)
    assert (decision.rule, decision.code) == (Rule.CLOCK, Code.CLOCK_RESYNC)


def test_the_wish_is_kept_and_starts_the_load_a_block_later() -> None:
    held = decide(house(**STEPPED), LoadMemory(override=ASKED_ON), RULES, MINER)
    assert decide(house(grid_power_w=300), advance(held), RULES, MINER).code is Code.USER_START


@pytest.mark.parametrize("trigger", [Trigger.TICK, Trigger.USER, Trigger.RESYNC])
def test_a_person_may_still_stop_what_runs(trigger: Trigger) -> None:
    memory = LoadMemory("eco", override=ASKED_OFF)
    assert decide(house(**STEPPED), memory, RULES, MINER, trigger).code is Code.USER_STOP


def test_the_economy_holds_what_runs() -> None:
    dark = house(grid_power_w=400, clock_stepped=1)
    decision = decide(dark, RUNNING, RULES, MINER)
    assert (decision.action, decision.code) == (Action.HOLD, Code.CLOCK_RESYNC)


@pytest.mark.parametrize("signals", [STEPPED, LATE])
def test_heat_is_named_before_the_clock_and_locks(signals: dict[str, int]) -> None:
    decision = decide(house(**signals, miner__temp_c=90), RUNNING, RULES, MINER)
    assert decision.code is Code.R3_OVER_TEMP
    assert advance(decision).lockout_until_s == AT_S + RULES.safety_lockout_s


def test_what_came_late_is_not_believed_though_a_person_asked_for_it() -> None:
    running = decide(house(**LATE), LoadMemory("eco", override=ASKED_ON), RULES, MINER)
    assert (running.action, running.code) == (Action.STOP, Code.CLOCK_OVERRUN)
    off = decide(house(**LATE), LoadMemory(override=ASKED_ON), RULES, MINER)
    assert (off.action, off.code) == (Action.HOLD, Code.CLOCK_OVERRUN)
