"""What a load's next decision must know of the last ones, and how a decision changes it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from bitgrid.kernel.codes import Action, Code, Trigger, Vote
from bitgrid.kernel.ruleset import OFF

if TYPE_CHECKING:
    from bitgrid.kernel.decision import Decision

LONG_AGO_BLOCKS = 1_000_000
_LOCKING = frozenset({Code.R3_OVER_TEMP, Code.R3_EMERGENCY_STOP})


class Override(NamedTuple):
    """A person's word: ``vote`` STOP or LEVEL with a level, until ``ends_at_s``."""

    vote: Vote
    level: str
    ends_at_s: int


@dataclass(frozen=True)
class LoadMemory:
    """The memory of one load; stored in the same transaction as the decision that made it.

    Args:
        level: the level decided last.
        last_change_block: block of the last switch; None: long ago.
        last_start_block: block of the last start; None: long ago.
        starts: starts on ``starts_day``.
        starts_day: local date as yyyymmdd.
        lockout_until_s: no start before; UTC epoch seconds.
        override: the person's word in force.
        stop_wished_block: since which block an economic stop waits to be confirmed (autonomy semi).
    """

    level: str = OFF
    last_change_block: int | None = None
    last_start_block: int | None = None
    starts: int = 0
    starts_day: int = 0
    lockout_until_s: int | None = None
    override: Override | None = None
    stop_wished_block: int | None = None

    def blocks_since_change(self, block: int) -> int:
        """Blocks since the last switch."""
        return _since(self.last_change_block, block)

    def blocks_since_start(self, block: int) -> int:
        """Blocks since the last start; without one, since the last switch."""
        return _since(self.last_change_block if self.last_start_block is None else self.last_start_block, block)

    def starts_on(self, local_day: int) -> int:
        """Starts on a local day."""
        return self.starts if self.starts_day == local_day else 0

    def override_at(self, at_s: int) -> Override | None:
        """The override that is in force at a time."""
        return self.override if self.override is not None and at_s < self.override.ends_at_s else None


def _since(then: int | None, block: int) -> int:
    """Blocks since a block; a block that lies ahead is of a clock that was wrong, and counts as long ago."""
    return LONG_AGO_BLOCKS if then is None or then > block else block - then


def advance(decision: Decision) -> LoadMemory:
    """The memory after a decision."""
    state, memory = decision.state, decision.memory
    if memory.override is not None and memory.override_at(state.at_s) is None:
        memory = replace(memory, override=None)
    if decision.action is Action.HOLD:
        return _with_wish(memory, decision)
    memory = replace(memory, level=decision.level, last_change_block=state.block, stop_wished_block=None)
    if decision.action is Action.START:
        return replace(
            memory,
            last_start_block=state.block,
            starts=memory.starts_on(state.local_day) + 1,
            starts_day=state.local_day,
            lockout_until_s=None,
        )
    if decision.action is Action.STOP and decision.code in _LOCKING:
        return replace(memory, lockout_until_s=state.at_s + decision.rules.safety_lockout_s)
    return memory


def _with_wish(memory: LoadMemory, decision: Decision) -> LoadMemory:
    """Remember since when an economic stop waits; forget it when nobody wishes it any more."""
    if decision.trigger is Trigger.PROTECT:
        return memory
    waits = any(vote.code is Code.MODE_WAITS and vote.level == OFF for vote in decision.votes)
    since = memory.stop_wished_block if memory.stop_wished_block is not None else decision.state.block
    wished = since if waits else None
    return memory if wished == memory.stop_wished_block else replace(memory, stop_wished_block=wished)
