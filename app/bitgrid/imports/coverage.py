"""How much of a period is known, by signal and month, and where the longest gaps are."""

from __future__ import annotations

import datetime as dt
import heapq
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from bitgrid.imports.spans import DAY_S, Span

GAPS_TOLD = 5
_NO_GAP_S = 1.0


def month_of(at_s: float) -> str:
    """The UTC month, ``2024-05``."""
    return dt.datetime.fromtimestamp(at_s, dt.UTC).strftime("%Y-%m")


@dataclass
class Coverage:
    """What is known of one signal, taken in day by day.

    ``energy_ws`` holds what flowed in the positive and in the negative direction; for levels it means nothing.
    """

    rows: int = 0
    first_s: float | None = None
    last_s: float | None = None
    energy_ws: tuple[float, float] = (0.0, 0.0)
    known_s: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    _gaps: list[tuple[float, float]] = field(default_factory=list)

    def take(self, spans: list[Span]) -> None:
        """Take in the spans of one UTC day."""
        if not spans:
            return
        known_s = plus_ws = minus_ws = 0.0
        before_s = spans[0].start_s if self.last_s is None else self.last_s
        for start_s, end_s, value in spans:
            if start_s - before_s >= _NO_GAP_S:
                self._gap(before_s, start_s)
            before_s, length_s = end_s, end_s - start_s
            known_s += length_s
            if value >= 0:
                plus_ws += value * length_s
            else:
                minus_ws -= value * length_s
        self.first_s = spans[0].start_s if self.first_s is None else self.first_s
        self.last_s = before_s
        self.known_s[month_of(spans[0].start_s)] += known_s
        self.energy_ws = (self.energy_ws[0] + plus_ws, self.energy_ws[1] + minus_ws)

    def _gap(self, from_s: float, to_s: float) -> None:
        if to_s - from_s >= _NO_GAP_S:
            heapq.heappush(self._gaps, (to_s - from_s, from_s))
            if len(self._gaps) > GAPS_TOLD:
                heapq.heappop(self._gaps)

    def close(self, begins_s: float, ends_s: float) -> None:
        """Count what is missing at both ends of the whole period."""
        self._gap(begins_s, ends_s if self.first_s is None else self.first_s)
        if self.last_s is not None:
            self._gap(self.last_s, ends_s)

    @property
    def longest_gaps(self) -> list[tuple[float, float]]:
        """From when, UTC epoch seconds, and how long, s; the longest first."""
        return [(from_s, length_s) for length_s, from_s in sorted(self._gaps, reverse=True)]

    def share(self, begins_s: float, ends_s: float) -> float:
        """Of a period, the share that is known."""
        return sum(self.known_s.values()) / (ends_s - begins_s)

    def shares(self, begins_s: float, ends_s: float) -> dict[str, float]:
        """The same by month."""
        return {month: self.known_s.get(month, 0.0) / length for month, length in months(begins_s, ends_s)}


def months(begins_s: float, ends_s: float) -> Iterator[tuple[str, float]]:
    """The UTC months of a period, and how many seconds of it lie in each."""
    lengths: dict[str, float] = defaultdict(float)
    at_s = begins_s
    while at_s < ends_s:
        next_s = min(ends_s, (at_s // DAY_S + 1) * DAY_S)
        lengths[month_of(at_s)] += next_s - at_s
        at_s = next_s
    yield from lengths.items()
