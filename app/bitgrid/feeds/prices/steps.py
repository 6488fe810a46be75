"""Prices that hold from one moment to another, and their mean over any stretch of time, such as a block."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import NamedTuple


class Step(NamedTuple):
    """A price that holds from ``start_s`` to before ``end_s`` (UTC epoch seconds), ct/kWh."""

    start_s: int
    end_s: int
    ct_kwh: float


class Steps:
    """Steps in their order, none over another; between them may be gaps."""

    def __init__(self, steps: Iterable[Step]) -> None:
        self._steps: Sequence[Step] = tuple(steps)
        self._starts = [step.start_s for step in self._steps]

    def mean(self, start_s: int, end_s: int) -> float | None:
        """The mean price over a stretch, weighted by time; None where any of it has no price."""
        covered_s, total = 0, 0.0
        for step in self._steps[max(0, bisect_right(self._starts, start_s) - 1) :]:
            if step.start_s >= end_s:
                break
            held_s = min(step.end_s, end_s) - max(step.start_s, start_s)
            if held_s > 0:
                covered_s, total = covered_s + held_s, total + held_s * step.ct_kwh
        return total / covered_s if covered_s == end_s - start_s else None

    def known_until_s(self, at_s: float) -> float:
        """Until when every moment from ``at_s`` on has a price; ``at_s`` itself where it has none."""
        until_s = at_s
        for step in self._steps[max(0, bisect_right(self._starts, at_s) - 1) :]:
            if step.start_s > until_s:
                break
            until_s = max(until_s, step.end_s)
        return until_s
