"""How much the rules may do by themselves: autonomy 0 manual, 1 assisted, 2 semi, 3 full."""

from __future__ import annotations

from bitgrid.kernel.codes import Code, Rule, Trigger, Vote
from bitgrid.kernel.memory import LoadMemory
from bitgrid.kernel.ruleset import OFF
from bitgrid.kernel.state import EnergyState
from bitgrid.kernel.voting import VoteRecord

RANK = 5
MANUAL, ASSISTED, SEMI, FULL = range(4)
STOP_WAITS_BLOCKS = 3
_FULL = VoteRecord(Rule.MODE, RANK, Vote.NONE, Code.MODE_FULL)
_FREE = VoteRecord(Rule.MODE, RANK, Vote.NONE, Code.MODE_FREE)


def vote(state: EnergyState, memory: LoadMemory, economic: str, trigger: Trigger) -> VoteRecord:
    """The mode's vote on what the economy wants (``economic``: a level, or off)."""
    if state.autonomy >= FULL:
        return _FULL
    if trigger is Trigger.EXPIRY and memory.level != OFF:
        return VoteRecord(Rule.MODE, RANK, Vote.STOP, Code.MODE_OVERRIDE_ENDED, OFF)
    if economic == memory.level:
        return _FREE
    if state.autonomy == MANUAL:
        return VoteRecord(Rule.MODE, RANK, Vote.HOLD, Code.MODE_SUGGESTS, economic)
    if state.confirmation == economic:
        return VoteRecord(Rule.MODE, RANK, Vote.NONE, Code.MODE_CONFIRMED, economic)
    waits = VoteRecord(Rule.MODE, RANK, Vote.HOLD, Code.MODE_WAITS, economic)
    return _semi(state, memory, economic) if state.autonomy == SEMI else waits


def _semi(state: EnergyState, memory: LoadMemory, economic: str) -> VoteRecord:
    """Only a stop waits, and not beyond the next three blocks."""
    if economic != OFF:
        return VoteRecord(Rule.MODE, RANK, Vote.NONE, Code.MODE_FREE)
    since = 0 if memory.stop_wished_block is None else state.block - memory.stop_wished_block
    inputs, thresholds = {"blocks_waited": since}, {"blocks": STOP_WAITS_BLOCKS}
    if since > STOP_WAITS_BLOCKS:
        return VoteRecord(Rule.MODE, RANK, Vote.NONE, Code.MODE_FREE, None, inputs, thresholds)
    return VoteRecord(
        Rule.MODE,
        RANK,
        Vote.HOLD,
        Code.MODE_WAITS,
        OFF,
        inputs,
        thresholds,
        since - STOP_WAITS_BLOCKS,
        "blocks_waited",
    )
