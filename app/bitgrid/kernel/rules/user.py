"""The user's word: an override with an end, above economy, below protection."""

from __future__ import annotations

from bitgrid.kernel.codes import Code, Rule, Vote
from bitgrid.kernel.memory import LoadMemory
from bitgrid.kernel.ruleset import OFF
from bitgrid.kernel.state import EnergyState
from bitgrid.kernel.voting import VoteRecord

RANK = 3


def vote(state: EnergyState, memory: LoadMemory) -> VoteRecord:
    """The override in force, as a vote."""
    override = memory.override_at(state.at_s)
    if override is None:
        return VoteRecord(Rule.USER, RANK, Vote.NONE, Code.USER_NONE)
    thresholds = {"ends_at_s": override.ends_at_s}
    if override.vote is Vote.STOP:
        return VoteRecord(Rule.USER, RANK, Vote.STOP, Code.USER_STOP, OFF, {}, thresholds)
    code = Code.USER_START if memory.level == OFF else Code.USER_LEVEL
    return VoteRecord(Rule.USER, RANK, Vote.LEVEL, code, override.level, {}, thresholds)
