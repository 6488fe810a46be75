"""A step of the wall clock, carried over to what is remembered in wall time: the time left stays what it was."""

from __future__ import annotations

from dataclasses import replace

from bitgrid.kernel import LoadMemory


def moved(memory: LoadMemory, step_s: int, blocks: int) -> LoadMemory:
    """The memory as the stepped clock would have written it.

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
