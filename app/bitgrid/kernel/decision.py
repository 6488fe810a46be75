"""decide(): R1 proposes, the others may object, the highest objection wins."""

from __future__ import annotations

from dataclasses import dataclass

from bitgrid.kernel.codes import Action, Code, Rule, Trigger, Vote
from bitgrid.kernel.memory import LoadMemory
from bitgrid.kernel.rules import mode, r1_surplus, r2_autarky, r3_safety, r4_forecast, r5_stability, user
from bitgrid.kernel.ruleset import OFF, LoadProfile, RuleSet
from bitgrid.kernel.state import EnergyState
from bitgrid.kernel.voting import VoteRecord

RANK_NO_START, RANK_CLOCK = 1, 5


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

    At a tick, when an override ends and when a person confirms, R1 proposes and all may object. Otherwise between
    ticks (`PROTECT`, `USER`) nothing economic may switch: what is stays unless protection or the user says
    otherwise. After a restart (`RESYNC`) what runs is judged in full, and nothing starts. In the block after a
    step of the clock nothing starts either, not by a person's word, and the economy holds what runs.
    """
    r1 = r1_surplus.vote(state, memory, rules, load)
    proposed = r1.level if r1.vote is Vote.LEVEL and memory.level == OFF and r1.level != OFF else None
    r4 = r4_forecast.vote(state, memory, rules, load, proposed)
    r5 = r5_stability.vote(state, memory, rules)
    course = _Course(memory.level, load)
    if trigger is Trigger.PROTECT or (trigger is Trigger.USER and state.confirmation is None):
        course.begin(memory.level, r1)
    else:
        course.begin(_wanted(r1, r4, memory), r4 if _is_wish(r1, r4, memory) else r1)
        course.hear(r5)
        if r4.rank == r4_forecast.RANK_NO_START:
            course.hear(r4)
    clock = _clock_vote(state, memory, trigger)
    of_window = trigger is Trigger.TICK or state.confirmation is not None
    votes = (
        r3_safety.vote(state, memory, rules, load, of_window=of_window),
        r2_autarky.vote_hard(state, memory, rules),
        user.vote(state, memory),
        r2_autarky.vote_soft(state, memory, rules, load),
        mode.vote(state, memory, course.level, trigger),
        clock,
        r4,
        r5,
        r1,
    )
    for vote in votes[5:0:-1]:
        if not (rules.override_may_use_reserve and vote is votes[1] and votes[2].vote is Vote.LEVEL):
            course.hear(vote)
    if clock.rank == RANK_NO_START:
        course.hear(clock)
    course.hear(votes[0])  # of the clock's rank where that objects; but heat and emergency lock, and must be named
    level, binding = course.level, course.binding
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
    """Whether a standing decision may renew its lease: R3 and the hard reserve kept, on fresh inputs, in time."""
    if decision.level == OFF or state.degraded or state.block * decision.rules.block_s >= decision.valid_until_s:
        return False
    if state.good("evaluation_overrun"):
        return False
    running = LoadMemory(level=decision.level)
    r3 = r3_safety.vote(state, running, decision.rules, decision.load, of_window=False)
    r2 = r2_autarky.vote_hard(state, running, decision.rules)
    by_user = decision.rule is Rule.USER and decision.rules.override_may_use_reserve
    if not r3_safety.fits_limit(state, decision.load, decision.level):
        return False
    return r3.vote is not Vote.STOP and (by_user or r2.vote is not Vote.STOP)


def _clock_vote(state: EnergyState, memory: LoadMemory, trigger: Trigger) -> VoteRecord:
    """Nothing starts by a clock that was just set, in a process that just began, or by an answer that came late.

    After a step of the wall clock the economy holds what runs, for one block. What took too long is not believed.
    """
    if state.good("evaluation_overrun"):
        demand = Vote.FORBID_START if memory.level == OFF else Vote.STOP
        return VoteRecord(Rule.CLOCK, RANK_NO_START, demand, Code.CLOCK_OVERRUN)
    stepped = bool(state.good("clock_stepped"))
    if memory.level == OFF and (stepped or trigger is Trigger.RESYNC):
        return VoteRecord(Rule.CLOCK, RANK_NO_START, Vote.FORBID_START, Code.CLOCK_RESYNC)
    demand, code = (Vote.HOLD, Code.CLOCK_RESYNC) if stepped else (Vote.NONE, Code.CLOCK_STEADY)
    return VoteRecord(Rule.CLOCK, RANK_CLOCK, demand, code)


def _is_wish(r1: VoteRecord, r4: VoteRecord, memory: LoadMemory) -> bool:
    """Whether R4's own wish (to stop, to start early) takes the place of R1's proposal."""
    if r4.rank != r4_forecast.RANK_WISH or r4.vote is Vote.NONE or r1.level is None:
        return False
    if r4.vote is Vote.STOP:
        return r1.level != OFF
    return r1.level == OFF and memory.level == OFF


def _wanted(r1: VoteRecord, r4: VoteRecord, memory: LoadMemory) -> str:
    """The level that the economy's proposal comes to, before anyone objects."""
    if r1.level is None:
        return memory.level
    if _is_wish(r1, r4, memory):
        return r4.level or OFF
    return r1.level


class _Course:
    """From the lowest rank to the highest, each vote may overrule; the last to demand the outcome is binding."""

    __slots__ = ("_current", "_load", "_wanted", "binding", "level")

    def __init__(self, current: str, load: LoadProfile) -> None:
        self._current, self._load = current, load

    def begin(self, wanted: str, proposal: VoteRecord) -> None:
        """The proposal."""
        self.level = self._wanted = wanted
        self.binding = proposal

    def hear(self, vote: VoteRecord) -> None:
        """A vote of a higher rank."""
        demand = vote.vote
        if demand is Vote.NONE:
            return
        if demand is Vote.STOP:
            self.level, self.binding = OFF, vote
        elif demand is Vote.LEVEL and vote.level is not None:
            self.level, self._wanted, self.binding = vote.level, vote.level, vote
        elif demand is Vote.HOLD and self._wanted != self._current:
            self.level, self.binding = self._current, vote
        elif demand is Vote.FORBID_START and self._current == OFF and self._wanted != OFF:
            self.level, self.binding = OFF, vote
        elif demand is Vote.CAP and self._load.index(self.level) > self._load.index(vote.level or OFF):
            self.level, self.binding = vote.level or OFF, vote


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
