"""R5 keeps the peace: minimum runtime and pause, a dead band after any switch, a number of starts a day."""

from __future__ import annotations

from bitgrid.kernel.codes import Code, Rule, Vote
from bitgrid.kernel.memory import LoadMemory
from bitgrid.kernel.ruleset import OFF, RuleSet
from bitgrid.kernel.state import EnergyState
from bitgrid.kernel.voting import VoteRecord

RANK = 7


def vote(state: EnergyState, memory: LoadMemory, rules: RuleSet) -> VoteRecord:
    """R5's vote: keep what is, forbid a further start today, or nothing."""
    held = hold(state, memory, rules)
    if held is not None:
        code, since, needed = held
        return VoteRecord(
            Rule.R5,
            RANK,
            Vote.HOLD,
            code,
            None,
            {"blocks_since": since},
            {"blocks": needed},
            since - needed,
            "blocks_since",
        )
    starts = memory.starts_on(state.local_day)
    margin = rules.max_starts_per_day - starts
    demand, code = Vote.NONE, Code.R5_FREE
    if memory.level == OFF and margin <= 0:
        demand, code = Vote.FORBID_START, Code.R5_MAX_STARTS
    thresholds = {"max_starts_per_day": rules.max_starts_per_day}
    return VoteRecord(Rule.R5, RANK, demand, code, None, {"starts": starts}, thresholds, margin, "starts")


def hold(state: EnergyState, memory: LoadMemory, rules: RuleSet) -> tuple[Code, int, int] | None:
    """The hold that lasts longest: its code, blocks since it began, blocks it needs; None when there is none."""
    changed = memory.blocks_since_change(state.block)
    holds = [(Code.R5_DEADBAND, changed, rules.deadband_blocks)]
    if memory.level == OFF:
        holds.append((Code.R5_MIN_PAUSE, changed, rules.min_pause_blocks))
    else:
        holds.append((Code.R5_MIN_RUNTIME, memory.blocks_since_start(state.block), rules.min_runtime_blocks))
    lasting = [entry for entry in holds if entry[1] < entry[2]]
    return max(lasting, key=_blocks_left) if lasting else None


def is_held(state: EnergyState, memory: LoadMemory, rules: RuleSet) -> bool:
    """Whether a hold keeps a running load running."""
    return memory.level != OFF and hold(state, memory, rules) is not None


def _blocks_left(entry: tuple[Code, int, int]) -> tuple[int, bool]:
    code, since, needed = entry
    return needed - since, code is not Code.R5_DEADBAND
