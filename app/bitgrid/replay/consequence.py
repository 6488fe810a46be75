"""What would come of a person's wish: asked of the kernel before the wish is. Nothing is switched.

The wish is judged at once, as `rules` would judge it, and then lived through block by block (`replay.preview`):
until a rule takes it back, or it ends by itself. As good as the forecasts, and to the block.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from bitgrid.kernel import (
    OFF,
    Code,
    Decision,
    EnergyState,
    LoadMemory,
    Override,
    Trigger,
    Vote,
    advance,
    decide,
    decision_record,
)
from bitgrid.replay.preview import plan
from bitgrid.replay.standing import Standing


class Kind(StrEnum):
    """How a wish comes to its end."""

    REFUSED = "refused"
    """A rule does not allow it now."""
    BROKEN = "broken"
    """A rule takes it back before its time."""
    ENDS = "ends"
    """It lasts as long as it was asked for, and then the rules go on."""
    OPEN = "open"
    """Nothing takes it back as far as the forecasts reach, and its end lies beyond."""


@dataclass(frozen=True)
class Wish:
    """What a person wants of a load: a level (``off``: that it stops), until an end.

    ``ends_at_s`` is UTC epoch seconds; None takes back the override in force.
    """

    load: str
    level: str
    ends_at_s: int | None


@dataclass(frozen=True)
class Consequence:
    """What would come of a wish.

    Args:
        wish: what was asked.
        kind: how it ends.
        at_s: when: of the refusal, of what breaks it, of its end; where that is open, how far is seen.
        decision: the kernel's own at that time. Where the wish ends by itself: what is decided then.
    """

    wish: Wish
    kind: Kind
    at_s: int
    decision: Decision

    def record(self) -> dict[str, Any]:
        """As JSON; the decision as it would be recorded."""
        return {
            "load": self.wish.load,
            "level": self.wish.level,
            "ends_at_s": self.wish.ends_at_s,
            "kind": self.kind.value,
            "at_s": self.at_s,
            "decision": decision_record(self.decision),
        }


def consequence(standing: Standing, wish: Wish, now_s: int) -> Consequence:
    """Ask the kernel.

    Args:
        standing: where the house stands.
        wish: of a load and a level that it has.
        now_s: UTC epoch seconds.
    """
    state, memory = _at(standing, now_s), standing.memories[wish.load]
    rules, profile = standing.book.rules, standing.book.loads[wish.load]
    if wish.ends_at_s is None:
        decision = decide(state, replace(memory, override=None), rules, profile, Trigger.EXPIRY)
        return Consequence(wish, Kind.ENDS, now_s, decision)
    vote = Vote.STOP if wish.level == OFF else Vote.LEVEL
    wished = replace(memory, override=Override(vote, wish.level, wish.ends_at_s))
    decision = decide(state, wished, rules, profile, Trigger.USER)
    if decision.level != wish.level:
        return Consequence(wish, Kind.REFUSED, now_s, decision)
    return _lived_through(standing, state, wish, decision)


def _at(standing: Standing, now_s: int) -> EnergyState:
    return replace(standing.state, at_s=now_s, block=now_s // standing.book.rules.block_s, confirmation=None)


def _lived_through(standing: Standing, state: EnergyState, wish: Wish, granted: Decision) -> Consequence:
    """Block by block, from the next one on."""
    book, ends_at_s = standing.book, wish.ends_at_s or 0
    memories: dict[str, LoadMemory] = {**standing.memories, wish.load: advance(granted)}
    loads = [(book.loads[name], memory) for name, memory in memories.items()]
    blocks = -(-(ends_at_s - state.at_s) // book.rules.block_s) + 1
    last = granted
    for block in plan(state, loads, book.rules, book.battery, blocks, standing.local_day)[wish.load]:
        if block.at_s >= ends_at_s:
            return Consequence(wish, Kind.ENDS, ends_at_s, block.decision)
        if block.decision.level != wish.level:
            broken = _on_its_way_there(last, block.decision)
            return Consequence(wish, Kind.BROKEN, broken.state.at_s, broken)
        last = block.decision
    return Consequence(wish, Kind.OPEN, last.valid_until_s, last)


def _on_its_way_there(before: Decision, broken: Decision) -> Decision:
    """The reserve is watched between blocks too: where it breaks a wish, that is when it is reached."""
    reserve, name = broken.rules.soc_hard_min, "battery_soc_pct"
    full, empty = before.state.good(name), broken.state.good(name)
    if broken.code is not Code.R2_HARD_RESERVE or full is None or empty is None or not empty < reserve < full:
        return broken
    lasted_s = broken.state.at_s - before.state.at_s
    at_s = before.state.at_s + lasted_s * (full - reserve) // (full - empty)
    there = broken.state.signals[name]._replace(value=reserve)
    state = replace(before.state, at_s=at_s, signals={**before.state.signals, name: there})
    return decide(state, broken.memory, broken.rules, broken.load, Trigger.PROTECT)
