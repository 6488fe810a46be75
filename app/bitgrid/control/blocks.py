"""Counting blocks on a wall clock that may step, and knowing that it did."""

from __future__ import annotations

from dataclasses import dataclass

from bitgrid.clock import Clock


@dataclass
class BlockClock:
    """Blocks and clock epochs.

    A step of the wall clock (against boot time) larger than ``max_step_s`` starts a new clock epoch. Smaller ones,
    and slow drift, are followed without a word.

    Args:
        clock: the time.
        block_s: length of a block, s.
        max_step_s: the largest step that is not a new epoch, s.
        epoch: the clock epoch to begin with.
    """

    clock: Clock
    block_s: int
    max_step_s: float
    epoch: int = 0

    def __post_init__(self) -> None:
        self._offset_s = self.clock.now() - self.clock.boot()

    def stepped_s(self) -> float | None:
        """How far the wall clock has stepped since asked last; None when it has not. A step begins a new epoch."""
        offset_s = self.clock.now() - self.clock.boot()
        step_s, self._offset_s = offset_s - self._offset_s, offset_s
        if abs(step_s) <= self.max_step_s:
            return None
        self.epoch += 1
        return step_s

    def now_s(self) -> int:
        """Wall time in whole seconds."""
        return int(self.clock.now())

    def block(self) -> int:
        """Number of the block that runs now."""
        return int(self.clock.now() // self.block_s)

    def ends_s(self) -> int:
        """When the block that runs now ends, UTC epoch seconds."""
        return (self.block() + 1) * self.block_s
