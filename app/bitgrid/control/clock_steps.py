"""A step of the wall clock: a new clock epoch, and what is remembered in wall time carried over to it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bitgrid.kernel import LoadMemory

if TYPE_CHECKING:
    from bitgrid.control.engine import Engine


class ClockSteps:
    """Notices steps of the clock, while the rules run and while they were away."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._is_undecided = self._stepped_while_away() or engine.journal.loss is not None

    def step(self) -> None:
        """Begin a new clock epoch if the clock has stepped."""
        step_s = self._engine.blocks.stepped_s()
        if step_s is None:
            return
        epoch = self._engine.blocks.epoch
        self._is_undecided = True
        self._new_epoch(epoch, round(step_s))
        self._engine.tell_event("health", {"what": "clock_step", "step_s": round(step_s), "clock_epoch": epoch})

    def decided(self) -> None:
        """A block was decided, and durably, by the clock as it is now."""
        self._is_undecided = False

    def is_resync(self) -> bool:
        """Whether nothing may start as the clock stepped: until a block is decided after it, and to its end."""
        engine = self._engine
        return self._is_undecided or engine.blocks.block() <= engine.house.epoch_began_s // engine.rules.block_s

    def _stepped_while_away(self) -> bool:
        """Whether the wall clock stands before what is recorded already: then a new clock epoch begins."""
        engine = self._engine
        step_s = engine.blocks.now_s() - engine.journal.last_at_s(engine.house)
        if step_s >= -engine.config.rules.clock.max_step_s:
            return False
        self._new_epoch(engine.blocks.epoch + 1, step_s)
        return True

    def _new_epoch(self, epoch: int, step_s: int) -> None:
        """Go on by the clock as it now is; what is remembered by the old one is carried over."""
        engine = self._engine
        engine.blocks.epoch, now_s = epoch, engine.blocks.now_s()
        engine.days.step(now_s, step_s)
        engine.house = replace(
            engine.house,
            clock_epoch=epoch,
            epoch_began_s=now_s,
            day=engine.days.name,
            day_ends_s=engine.days.ends_s,
        )
        blocks = now_s // engine.rules.block_s - (now_s - step_s) // engine.rules.block_s
        for load in engine.loads.values():
            load.memory = moved(load.memory, step_s, blocks)
        engine.remember()


def moved(memory: LoadMemory, step_s: int, blocks: int) -> LoadMemory:
    """The memory as the stepped clock would have written it: the time left stays what it was.

    Args:
        memory: as it was written before the step.
        step_s: how far the clock stepped, s; negative: back.
        blocks: by how many blocks the number of the present block changed.
    """
    override = memory.override
    return replace(
        memory,
        last_change_block=_plus(memory.last_change_block, blocks),
        last_start_block=_plus(memory.last_start_block, blocks),
        stop_wished_block=_plus(memory.stop_wished_block, blocks),
        lockout_until_s=_plus(memory.lockout_until_s, step_s),
        override=None if override is None else override._replace(ends_at_s=override.ends_at_s + step_s),
    )


def _plus(value: int | None, more: int) -> int | None:
    return None if value is None else value + more
