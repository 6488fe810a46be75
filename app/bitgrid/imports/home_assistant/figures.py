"""An entity's past as spans: every change while it is kept, five-minute and hourly statistics before that."""

from __future__ import annotations

import datetime as dt
import difflib
import heapq
import math
from collections.abc import Iterable, Iterator

from bitgrid.imports.errors import BadSource, Unmapped
from bitgrid.imports.home_assistant.database import Mean, Recorder
from bitgrid.imports.mapping import Entity, HomeAssistantMap
from bitgrid.imports.quantities import Signal, limits, units
from bitgrid.imports.spans import HOUR_S, Reading, Span, Tally, counted, held, plausible, rising
from bitgrid.imports.streams import Source, Stream

_TABLES = (("statistics", HOUR_S, "hourly"), ("statistics_short_term", 300, "5-minute"))
_JUST_AFTER_S = 0.001
_NOT_KNOWN = frozenset({"unavailable", "unknown", "none", ""})


def read_home_assistant(recorder: Recorder, mapping: HomeAssistantMap) -> Source:
    """The figures that a mapping names.

    Raises:
        Unmapped: an entity is not there.
        BadSource: none of them has anything.
    """
    notes = [f"Home Assistant's recorder, schema {recorder.version}"]
    if recorder.half_migrated:
        notes.append(f"{recorder.half_migrated} states that Home Assistant had not migrated yet were not read")
    pauses, begins_s = list(recorder.pauses()), math.inf
    ends_s = recorder.ends_s
    streams = []
    for signal, parts in mapping.signals.items():
        for part in parts:
            past = _Past(recorder, signal, part, pauses, ends_s)
            begins_s = min(begins_s, past.begins_s)
            notes.append(past.note())
            spans = plausible(past.spans(), *_limits(signal, part, mapping), past.tally)
            streams.append(Stream(signal, part.entity, spans, past.tally, part.invert_sign))
    if math.isinf(begins_s):
        raise BadSource("none of the mapped entities has a state or a statistic in this database")
    return Source("home-assistant", streams, notes, (begins_s, begins_s if ends_s is None else ends_s))


def _limits(signal: Signal, part: Entity, mapping: HomeAssistantMap) -> tuple[float, float]:
    return limits(signal, mapping.max_power_w, invert_sign=part.invert_sign)


class _Past:
    """What is known of an entity, from where."""

    def __init__(
        self,
        recorder: Recorder,
        signal: Signal,
        part: Entity,
        pauses: list[tuple[float, float]],
        ends_s: float | None,
    ) -> None:
        self._recorder, self._part, self._pauses, self._ends_s = recorder, part, pauses, ends_s
        self._factors = units(signal, part.kind)
        self.tally = Tally()
        self._states_s = _first(state.at_s for state in recorder.states(part.entity))
        self._means_s = [
            _first(row.start_s for row in recorder.statistics(part.entity, name)) for name, *_ in _TABLES
        ]
        self.begins_s = min(self._states_s, *self._means_s)
        if math.isinf(self.begins_s) and part.entity not in recorder.entities:
            near = difflib.get_close_matches(part.entity, recorder.entities, n=3)
            hint = (
                f" Did you mean {' or '.join(near)}?"
                if near
                else " bitgrid import home-assistant --propose lists them."
            )
            raise Unmapped(f"there is no entity {part.entity} in this database.{hint}")

    def note(self) -> str:
        """Where its figures come from, in words."""
        told = [
            f"{name} means from {_day(begins_s)}"
            for (_, _, name), begins_s in zip(_TABLES, self._means_s, strict=True)
            if begins_s < self._states_s
        ]
        if not math.isinf(self._states_s):
            told.append(f"every change from {_day(self._states_s)}")
        return f"{self._part.entity}: {', '.join(told) or 'nothing'}"

    def spans(self) -> Iterator[Span]:
        """Its spans, rising in time: each source until the next finer one begins."""
        for index, (table, length_s, _) in enumerate(_TABLES):
            until_s = min([self._states_s, *self._means_s[index + 1 :]])
            rows = self._recorder.statistics(self._part.entity, table)
            yield from _until(self._of_statistics(rows, length_s), until_s)
        yield from self._of_states()

    def _of_statistics(self, rows: Iterable[Mean], length_s: int) -> Iterator[Span]:
        unit = self._recorder.statistic_unit(self._part.entity)
        factor = self._factor(unit)
        if factor is None:
            self.tally.add(f"statistics in {unit}, which is no unit of a {self._part.kind}", sum(1 for _ in rows))
            return
        if self._part.kind == "counter":
            yield from self._of_sums(rows, length_s, factor)
            return
        for row in rows:
            if row.mean is not None:
                yield Span(row.start_s, row.start_s + length_s, row.mean * factor)

    def _of_sums(self, rows: Iterable[Mean], length_s: int, factor: float) -> Iterator[Span]:
        """Mean powers from sums, each of which is that at its interval's end, resets already reckoned."""
        before: Mean | None = None
        for row in rows:
            if row.sum is None:
                continue
            if before is not None and before.sum is not None:
                passed_wh = (row.sum - before.sum) * factor
                if passed_wh < 0:
                    self.tally.add("sum fell, left out")
                elif row.start_s - before.start_s > length_s:
                    self.tally.unplaced_wh += passed_wh
                else:
                    yield Span(row.start_s, row.start_s + length_s, passed_wh * HOUR_S / length_s)
            before = row

    def _of_states(self) -> Iterator[Span]:
        readings: Iterable[Reading] = self._readings()
        stops = [Reading(from_s + _JUST_AFTER_S, None) for from_s, _ in self._pauses if from_s > self._states_s]
        readings = rising(heapq.merge(readings, stops, key=lambda reading: reading.at_s), self.tally)
        if self._part.kind == "counter":
            return counted(readings, math.inf, self.tally)
        return held(readings, math.inf, 0.0)

    def _readings(self) -> Iterator[Reading]:
        for at_s, state, attributes in self._recorder.states(self._part.entity):
            yield Reading(at_s, self._value(state, attributes))
        if self._ends_s is not None:
            yield Reading(self._ends_s + _JUST_AFTER_S, None)

    def _value(self, state: object, attributes: object) -> float | None:
        text = str(state).strip()
        if state is None or text.lower() in _NOT_KNOWN:
            self.tally.add("unavailable")
            return None
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value) or "_" in text:
            self.tally.add("no number")
            return None
        factor = self._factor(self._recorder.attributes(attributes).get("unit_of_measurement"))
        if factor is None:
            self.tally.add(f"in a unit that is none of a {self._part.kind}")
            return None
        return value * factor

    def _factor(self, unit: object) -> float | None:
        """What a figure in a unit is multiplied by; where none is recorded, the mapping's unit holds."""
        return self._factors.get(self._part.unit if unit is None else str(unit))


def _until(spans: Iterable[Span], until_s: float) -> Iterator[Span]:
    """Spans up to a time, the last cut at it."""
    for span in spans:
        if span.start_s >= until_s:
            return
        yield span if span.end_s <= until_s else span._replace(end_s=until_s)


def _first(times: Iterator[float]) -> float:
    return next(times, math.inf)


def _day(at_s: float) -> str:
    return dt.datetime.fromtimestamp(at_s, dt.UTC).strftime("%Y-%m-%d")
