"""Who may switch: autonomy 0 to 3."""

from __future__ import annotations

from dataclasses import replace

from bitgrid.control.clock_steps import moved
from bitgrid.kernel import OFF, Action, Code, LoadMemory, Override, RuleSet, Trigger, Vote, advance, decide
from kernel.houses import AT_S, BLOCK, MINER, house

RULES = RuleSet()
SUNNY, DARK = house(grid_power_w=-3000), house(grid_power_w=300)
RUNNING = LoadMemory("full", BLOCK - 9, BLOCK - 9)


def test_a_confirmation_lets_the_suggested_switch_pass_and_no_other() -> None:
    asked = replace(SUNNY, autonomy=1)
    assert decide(asked, LoadMemory(), RULES, MINER).binding.level == "full"
    assert decide(replace(asked, confirmation="full"), LoadMemory(), RULES, MINER).action is Action.START
    assert decide(replace(asked, confirmation="eco"), LoadMemory(), RULES, MINER).code is Code.MODE_WAITS


def test_the_users_word_needs_no_confirmation() -> None:
    memory = LoadMemory(override=Override(Vote.LEVEL, "full", AT_S + 60))
    assert decide(replace(SUNNY, autonomy=0), memory, RULES, MINER, Trigger.USER).action is Action.START


def test_below_full_autonomy_the_end_of_an_override_is_off() -> None:
    memory = replace(RUNNING, override=Override(Vote.LEVEL, "full", AT_S))
    for autonomy, action in ((0, Action.STOP), (1, Action.STOP), (2, Action.STOP), (3, Action.HOLD)):
        decision = decide(replace(SUNNY, autonomy=autonomy), memory, RULES, MINER, Trigger.EXPIRY)
        assert decision.action is action
        assert autonomy == 3 or decision.code is Code.MODE_OVERRIDE_ENDED


def test_semi_remembers_since_when_a_stop_waits_and_forgets_it_when_nobody_wishes_it() -> None:
    waiting = advance(decide(replace(DARK, autonomy=2), RUNNING, RULES, MINER))
    assert waiting.stop_wished_block == BLOCK
    still = advance(decide(replace(DARK, autonomy=2, block=BLOCK + 1), waiting, RULES, MINER))
    assert still.stop_wished_block == BLOCK
    recovered = advance(decide(replace(SUNNY, autonomy=2, block=BLOCK + 1), waiting, RULES, MINER))
    assert recovered.stop_wished_block is None


def test_semi_stops_in_the_fourth_block_at_last() -> None:
    memory, actions = RUNNING, []
    for block in range(BLOCK, BLOCK + 5):
        decision = decide(replace(DARK, autonomy=2, block=block), memory, RULES, MINER)
        memory = advance(decision)
        actions.append(decision.action)
    assert actions == [Action.HOLD] * 4 + [Action.STOP]
    assert memory.level == OFF
    assert memory.stop_wished_block is None


def test_protection_between_ticks_does_not_disturb_a_waiting_stop() -> None:
    waiting = replace(RUNNING, stop_wished_block=BLOCK - 1)
    decision = decide(replace(DARK, autonomy=2), waiting, RULES, MINER, Trigger.PROTECT)
    assert advance(decision).stop_wished_block == BLOCK - 1


def test_a_clock_that_steps_back_a_day_does_not_make_a_stop_wait_for_a_day() -> None:
    waiting = moved(replace(RUNNING, stop_wished_block=BLOCK), -86_400, -144)
    in_four_blocks = replace(DARK, autonomy=2, block=BLOCK - 144 + 4)
    assert decide(in_four_blocks, waiting, RULES, MINER).action is Action.STOP
