"""decide(): R1 proposes, the others may object, the highest objection wins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bitgrid.kernel.codes import Action, Code, Rule, Trigger, Vote
from bitgrid.kernel.memory import LoadMemory
from bitgrid.kernel.rules import r1_surplus, r2_autarky, r3_safety, r4_forecast, r5_stability, user
from bitgrid.kernel.ruleset import OFF, LoadProfile, RuleSet
from bitgrid.kernel.state import EnergyState
from bitgrid.kernel.voting import VoteRecord

_MODE_FULL = VoteRecord(Rule.MODE, 5, Vote.NONE, Code.MODE_FULL)
_PROTECTS_ONLY = frozenset({Trigger.PROTECT, Trigger.USER})


@dataclass(frozen=True)
class Decision:
    """What is decided on one load, by which vote, with everything it was decided from.

    ``votes`` are in order of rank, highest first, and always all there. ``next_change_at_s`` is when the earliest
    hold, lockout or override ends (UTC epoch seconds; None: nothing is pending).
    """

    action: Action
    level: str
    power_w: int
    binding: VoteRecord
    votes: tuple[VoteRecord, ...]
    trigger: Trigger
    valid_until_s: int
    next_change_at_s: int | None
    state: EnergyState
    memory: LoadMemory
    rules: RuleSet
    load: LoadProfile

    @property
    def rule(self) -> Rule:
        """The rule whose vote is binding."""
        return self.binding.rule

    @property
    def code(self) -> Code:
        """The reason of the binding vote."""
        return self.binding.code


def decide(
    state: EnergyState, memory: LoadMemory, rules: RuleSet, load: LoadProfile, trigger: Trigger = Trigger.TICK
) -> Decision:
    """Decide on one load.

    At a tick (and when an override ends) R1 proposes and all may object. Between ticks (`PROTECT`, `USER`) nothing
    economic may switch: what is stays unless protection or the user says otherwise. After a restart (`RESYNC`)
    what runs is judged in full, but nothing starts before the next tick.
    """
    r1 = r1_surplus.vote(state, memory, rules, load)
    wanted = _wanted(r1, memory, trigger)
    proposed = r1.level if r1.vote is Vote.LEVEL and memory.level == OFF and r1.level != OFF else None
    votes = (
        r3_safety.vote(state, memory, rules, load),
        r2_autarky.vote_hard(state, memory, rules),
        user.vote(state, memory),
        r2_autarky.vote_soft(state, memory, rules),
        _MODE_FULL,
        _clock_vote(state),
        r4_forecast.vote(state, rules, load, proposed),
        r5_stability.vote(state, memory, rules),
        r1,
    )
    level, binding = _resolve(votes, wanted, memory.level, reserve_yields=rules.override_may_use_reserve)
    return Decision(
        action=_action(memory.level, level),
        level=level,
        power_w=load.power_w(level),
        binding=binding,
        votes=votes,
        trigger=trigger,
        valid_until_s=(state.block + 1) * rules.block_s,
        next_change_at_s=_next_change_at_s(state, memory, rules),
        state=state,
        memory=memory,
        rules=rules,
        load=load,
    )


def may_renew(state: EnergyState, decision: Decision) -> bool:
    """Whether a standing decision may renew its lease: R3 and the hard reserve are kept on fresh inputs."""
    if decision.level == OFF or state.degraded or state.block * decision.rules.block_s >= decision.valid_until_s:
        return False
    running = LoadMemory(level=decision.level)
    r3 = r3_safety.vote(state, running, decision.rules, decision.load)
    r2 = r2_autarky.vote_hard(state, running, decision.rules)
    by_user = decision.rule is Rule.USER and decision.rules.override_may_use_reserve
    return r3.vote is not Vote.STOP and (by_user or r2.vote is not Vote.STOP)


def _clock_vote(state: EnergyState) -> VoteRecord:
    """After a step of the wall clock one block is held: nobody knows what the window's means are worth."""
    stepped = bool(state.good("clock_stepped"))
    demand, code = (Vote.HOLD, Code.CLOCK_RESYNC) if stepped else (Vote.NONE, Code.CLOCK_STEADY)
    return VoteRecord(Rule.CLOCK, 5, demand, code)


def _wanted(r1: VoteRecord, memory: LoadMemory, trigger: Trigger) -> str:
    """The level that R1's proposal comes to, before anyone objects."""
    if trigger in _PROTECTS_ONLY or r1.level is None:
        return memory.level
    if trigger is Trigger.RESYNC and memory.level == OFF:
        return OFF
    return r1.level


def _resolve(
    votes: Sequence[VoteRecord], wanted: str, current: str, *, reserve_yields: bool
) -> tuple[str, VoteRecord]:
    """From the lowest rank to the highest, each vote may overrule; the last to demand the outcome is binding."""
    binding, level = votes[-1], wanted
    for cast in reversed(votes[:-1]):
        demand = cast.vote
        if demand is Vote.NONE or (
            reserve_yields and cast.rank == r2_autarky.RANK_HARD and votes[2].vote is Vote.LEVEL
        ):
            continue
        if demand is Vote.STOP:
            level, binding = OFF, cast
        elif demand is Vote.LEVEL and cast.level is not None:
            level, wanted, binding = cast.level, cast.level, cast
        elif demand is Vote.HOLD and wanted != current:
            level, binding = current, cast
        elif demand is Vote.FORBID_START and current == OFF and wanted != OFF:
            level, binding = OFF, cast
    return level, binding


def _action(before: str, after: str) -> Action:
    if before == after:
        return Action.HOLD
    if before == OFF:
        return Action.START
    return Action.STOP if after == OFF else Action.THROTTLE


def _next_change_at_s(state: EnergyState, memory: LoadMemory, rules: RuleSet) -> int | None:
    ends = []
    held = r5_stability.hold(state, memory, rules)
    if held is not None:
        _code, since, needed = held
        ends.append((state.block + needed - since) * rules.block_s)
    if memory.lockout_until_s is not None and memory.lockout_until_s > state.at_s:
        ends.append(memory.lockout_until_s)
    override = memory.override_at(state.at_s)
    if override is not None:
        ends.append(override.ends_at_s)
    return min(ends, default=None)
