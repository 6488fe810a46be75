"""Readings made into spans: from when to when a value held. What no span covers is not known.

Everything here is lazy or works on the spans of one day, so that a year of readings needs no more memory than a
day. Pure: no files, no clock.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

HOUR_S = 3600
DAY_S = 86_400
DIP = 0.9
"""A counter that falls to less than this share of its reading has begun anew; a smaller fall is noise.
Home Assistant draws the line there too (components/sensor/recorder.py, ``reset_detected``)."""


class Reading(NamedTuple):
    """A value at a time, UTC epoch seconds; None: from here on nothing is known."""

    at_s: float
    value: float | None


class Span(NamedTuple):
    """A value that held from ``start_s`` until before ``end_s``; for powers their mean, W."""

    start_s: float
    end_s: float
    value: float


@dataclass
class Tally:
    """What was not taken, or taken in another way, by its reason; and energy whose hour is not known, Wh."""

    counts: Counter[str] = field(default_factory=Counter)
    unplaced_wh: float = 0.0

    def add(self, reason: str, count: int = 1) -> None:
        """Count."""
        self.counts[reason] += count


def rising(readings: Iterable[Reading], tally: Tally) -> Iterator[Reading]:
    """Readings whose time rises; of several at one time the first is taken."""
    last_s, last = -math.inf, None
    for reading in readings:
        if reading.at_s > last_s:
            last_s, last = reading.at_s, reading.value
            yield reading
        elif reading.at_s < last_s:
            tally.add("out of order")
        elif reading.value == last:
            tally.add("given twice")
        else:
            tally.add("given twice with other values, the first taken")


def held(readings: Iterable[Reading], longest_gap_s: float, tail_s: float) -> Iterator[Span]:
    """Each value holds until the next reading.

    Args:
        readings: rising in time.
        longest_gap_s: two readings further apart than this have a gap between them.
        tail_s: how long a value holds that nothing follows soon.
    """
    before: Reading | None = None
    for reading in readings:
        if before is not None and before.value is not None:
            apart_s = reading.at_s - before.at_s
            yield Span(
                before.at_s, reading.at_s if apart_s <= longest_gap_s else before.at_s + tail_s, before.value
            )
        before = reading
    if before is not None and before.value is not None and tail_s > 0:
        yield Span(before.at_s, before.at_s + tail_s, before.value)


def interval_means(readings: Iterable[Reading], interval_s: float) -> Iterator[Span]:
    """The mean power, W, over intervals of which the energy is told, Wh; one that the next cuts off is shorter."""
    before: Reading | None = None
    for reading in readings:
        if before is not None and before.value is not None:
            length_s = min(interval_s, reading.at_s - before.at_s)
            yield Span(before.at_s, before.at_s + length_s, before.value * HOUR_S / length_s)
        before = reading
    if before is not None and before.value is not None:
        yield Span(before.at_s, before.at_s + interval_s, before.value * HOUR_S / interval_s)


def counted(readings: Iterable[Reading], longest_gap_s: float, tally: Tally) -> Iterator[Span]:
    """The mean power, W, between two readings of an energy counter, Wh.

    A counter that falls has begun anew from 0, so what it shows then has passed since. One that falls for a single
    reading, or by a little, was misread. What passed in a gap is counted as unplaced: when, is not known.
    """
    before: Reading | None = None
    is_broken = False
    for reading in _without_dips(readings, tally):
        if reading.value is None:
            is_broken = True
            continue
        if before is not None and before.value is not None:
            passed_wh = reading.value - before.value
            if passed_wh < 0:
                tally.add("counter began anew")
                passed_wh = reading.value
            apart_s = reading.at_s - before.at_s
            if apart_s > longest_gap_s or (is_broken and apart_s > HOUR_S):
                tally.unplaced_wh += passed_wh
            else:
                yield Span(before.at_s, reading.at_s, passed_wh * HOUR_S / apart_s)
        before, is_broken = reading, False


def _without_dips(readings: Iterable[Reading], tally: Tally) -> Iterator[Reading]:
    """Leave out readings that fell and are no new beginning: small falls, and falls that do not last."""
    high: float | None = None
    doubtful: list[Reading] = []
    for reading in readings:
        if reading.value is None:
            if not doubtful:
                yield reading
            elif doubtful[-1].value is not None:
                doubtful.append(reading)
            continue
        if doubtful and high is not None and reading.value >= high:
            tally.add("counter misread")
            yield from doubtful[1:]
        elif doubtful:
            high = doubtful[0].value
            yield from doubtful
        doubtful.clear()
        if high is None or reading.value >= high:
            high = reading.value
            yield reading
        elif reading.value >= DIP * high:
            tally.add("counter fell a little")
        else:
            doubtful.append(reading)
    yield from doubtful


def plausible(spans: Iterable[Span], lowest: float, highest: float, tally: Tally) -> Iterator[Span]:
    """Spans whose value can be; the others are counted and left out."""
    for span in spans:
        if lowest <= span.value <= highest:
            yield span
        else:
            tally.add("implausible")


def by_day(spans: Iterable[Span]) -> Iterator[tuple[int, list[Span]]]:
    """Spans by UTC day (days since the epoch), cut at midnight; days without any are left out."""
    day, found = 0, list[Span]()
    for span in spans:
        at = int(span.start_s // DAY_S)
        for piece in (span,) if span.end_s <= (at + 1) * DAY_S else _cut(span):
            at = int(piece.start_s // DAY_S)
            if found and at != day:
                yield day, found
                found = []
            day = at
            found.append(piece)
    if found:
        yield day, found


def _cut(span: Span) -> Iterator[Span]:
    start_s = span.start_s
    while start_s < span.end_s:
        end_s = min(span.end_s, (start_s // DAY_S + 1) * DAY_S)
        yield Span(start_s, end_s, span.value)
        start_s = end_s


def total(parts: list[tuple[float, list[Span]]]) -> list[Span]:
    """Several series added up, each times its factor, where all of them are known."""
    if len(parts) == 1:
        factor, spans = parts[0]
        return spans if factor == 1 else [span._replace(value=span.value * factor) for span in spans]
    changes = sorted(
        (change for index, (_, spans) in enumerate(parts) for change in _changes(index, spans)),
    )
    now: list[float | None] = [None] * len(parts)
    added, since_s = list[Span](), -math.inf
    for at_s, _, index, value in changes:
        if at_s > since_s and None not in now:
            whole = sum(factor * (known or 0.0) for (factor, _), known in zip(parts, now, strict=True))
            added.append(Span(since_s, at_s, whole))
        now[index], since_s = value, at_s
    return added


def _changes(index: int, spans: list[Span]) -> Iterator[tuple[float, int, int, float | None]]:
    """When a series becomes unknown (told first) and when it takes a value."""
    for span in spans:
        yield span.end_s, 0, index, None
        yield span.start_s, 1, index, span.value


def means(spans: list[Span], step_s: int, share: float = 0.5) -> list[Span]:
    """Time-weighted means over steps of the epoch, for steps of which at least a share is known."""
    cells: dict[int, list[float]] = {}
    for span in spans:
        start_s = span.start_s
        while start_s < span.end_s:
            step = int(start_s // step_s)
            end_s = min(span.end_s, (step + 1) * step_s)
            cell = cells.setdefault(step, [0.0, 0.0])
            cell[0] += (end_s - start_s) * span.value
            cell[1] += end_s - start_s
            start_s = end_s
    return [
        Span(step * step_s, (step + 1) * step_s, weighted / known_s)
        for step, (weighted, known_s) in sorted(cells.items())
        if known_s >= share * step_s
    ]
