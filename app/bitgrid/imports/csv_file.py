"""A CSV file by its mapping: read once, put aside by day, and given as streams in the order of time."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from bitgrid.config.house import Location
from bitgrid.imports.csv_rows import Numbers, Rows, opened
from bitgrid.imports.errors import BadSource
from bitgrid.imports.files import refuse_other_formats
from bitgrid.imports.local_time import TOLD_BY_ORDER, NoTime, TimeReader
from bitgrid.imports.mapping import Column, CsvMap
from bitgrid.imports.quantities import Signal, limits, units
from bitgrid.imports.spans import Reading, Span, Tally, counted, held, interval_means, plausible, rising
from bitgrid.imports.spool import Spool
from bitgrid.imports.streams import Source, Stream
from bitgrid.sun import sun_position

_PROGRESS_ROWS = 20_000
_MOST_SPACINGS = 1000
_NIGHTS = 0.2
"""So large a share of empty cells, and a year's nights are probably among them."""


class _Figure(NamedTuple):
    """A column that is wanted: what it is, where it is, and what its figures are multiplied by."""

    signal: Signal
    part: Column
    place: int
    factor: float
    tally: Tally


def read_csv(path: Path, mapping: CsvMap, spool: Path, progress: Callable[[float], None]) -> Source:
    """Read a CSV file.

    Args:
        path: the file.
        mapping: what its columns are.
        spool: an empty directory for what is put aside.
        progress: told which share is read.

    Raises:
        BadSource: naming the line and what is wrong with it.
    """
    size, tally = refuse_other_formats(path, "a CSV file"), Tally()
    is_falling = _is_falling(path, mapping)
    with opened(path, mapping) as rows:
        reading = _Reading(rows, mapping, Spool(spool), TimeReader(mapping.time, tally, is_falling=is_falling))
        for row in rows:
            reading.take(row)
            if reading.count % _PROGRESS_ROWS == 0:
                progress(rows.raw.tell() / size)
    return reading.source(is_falling=is_falling)


def _is_falling(path: Path, mapping: CsvMap) -> bool:
    """Whether the newest row comes first, by the first two times that differ.

    Raises:
        BadSource: the time cannot be read, or there are no rows.
    """
    times, first = TimeReader(mapping.time, Tally()), None
    with opened(path, mapping) as rows:
        columns = [rows.index(name) for name in mapping.time.columns]
        for row in rows:
            if len(row) != len(rows.headings):
                continue
            text = _time_text(row, columns)
            try:
                moment = times.parse(text)
            except NoTime:
                raise BadSource(
                    f"{path}: line {rows.line}: {text!r} is no time in the form {mapping.time.format}; "
                    f"mend format in the mapping"
                ) from None
            first = moment if first is None else first
            if moment != first:
                return moment.replace(tzinfo=None) < first.replace(tzinfo=None)
    raise BadSource(f"{path}: has no two rows at different times, so there is nothing to import")


def _time_text(row: list[str], columns: list[int]) -> str:
    return " ".join(row[index].strip() for index in columns)


class _Reading:
    """One pass over a file."""

    def __init__(self, rows: Rows, mapping: CsvMap, spool: Spool, times: TimeReader) -> None:
        self._rows, self._map, self._spool, self._times = rows, mapping, spool, times
        self._numbers, self._spacing = Numbers(mapping), _Spacing()
        self._columns = [rows.index(name) for name in mapping.time.columns]
        self._figures = [
            _Figure(signal, part, rows.index(part.column), units(signal, part.kind)[part.unit], Tally())
            for signal, parts in mapping.signals.items()
            for part in parts
        ]
        self._no_number: dict[str, str] = {}
        self.count = 0

    def take(self, row: list[str]) -> None:
        """Take a row in."""
        self.count += 1
        tally = self._times.tally
        if len(row) != len(self._rows.headings):
            tally.add("rows with too many or too few cells, left out")
            return
        try:
            at_s = self._times.read(_time_text(row, self._columns), self._rows.line)
        except NoTime:
            tally.add("rows without a time that can be read, left out")
            return
        self._spacing.take(at_s)
        how = self._map.time
        start_s = at_s - how.interval_s if how.marks == "end" else at_s
        for number, figure in enumerate(self._figures):
            value = self._value(row[figure.place].strip(), figure, start_s)
            self._spool.add(number, Reading(at_s if figure.part.kind == "counter" else start_s, value))

    def source(self, *, is_falling: bool) -> Source:
        """What was read.

        Raises:
            BadSource: the rows are not as far apart as the mapping says.
        """
        self._spool.flush()
        how, spacing, path = self._map.time, self._spacing, self._rows.path
        turned = spacing.falls if not is_falling else spacing.rises
        if turned:
            spacing = self._sorted()
            if self._times.tally.counts[TOLD_BY_ORDER]:
                raise BadSource(
                    f"{path}: {turned} rows stand out of order, so the hour that comes twice cannot be told apart "
                    f"by it; sort the file as it was recorded"
                )
        usual_s = spacing.usual_s
        if usual_s is not None and not how.interval_s / 2 <= usual_s <= how.interval_s * 1.5:
            raise BadSource(
                f"{path}: rows are mostly {usual_s} s apart, and the mapping says {how.interval_s} "
                f"(time.interval_s); a wrong one makes every energy wrong"
            )
        return self._source(spacing, turned)

    def _sorted(self) -> _Spacing:
        """How far rows are apart that stand in any order."""
        spacing = _Spacing()
        for reading in self._spool.readings(0):
            spacing.take(reading.at_s)
        return spacing

    def _source(self, spacing: _Spacing, turned: int) -> Source:
        how = self._map.time
        notes = [f"{self.count} rows, {how.interval_s} s each, in {how.timezone}, told at the {how.marks}"]
        if turned:
            notes.append(f"{turned} rows stand out of order; they were sorted")
        notes += [f"{reason}: {count}" for reason, count in self._times.tally.counts.items()]
        notes += [
            f"{column}: the first cell that is no number is {text}" for column, text in self._no_number.items()
        ]
        notes += [_sleeps(figure) for figure in self._figures if self._may_sleep(figure)]
        streams = [self._stream(number, figure) for number, figure in enumerate(self._figures)]
        return Source("csv", streams, notes, (spacing.first_s, spacing.last_s))

    def _value(self, text: str, figure: _Figure, start_s: float) -> float | None:
        if not text:
            return self._empty(figure, start_s)
        value = self._numbers.read(text)
        if value is None:
            figure.tally.add("no number")
            self._no_number.setdefault(figure.part.column, f"{text[:20]!r} in line {self._rows.line}")
            return None
        return value * figure.factor

    def _empty(self, figure: _Figure, start_s: float) -> float | None:
        place = self._map.location
        if figure.part.empty == "zero_at_night" and place is not None:
            middle_s = start_s + self._map.time.interval_s / 2
            if _is_night(place, middle_s):
                figure.tally.add("empty at night, taken as 0")
                return 0.0
        figure.tally.add("empty")
        return None

    def _may_sleep(self, figure: _Figure) -> bool:
        """Whether so many cells of the sun are empty that the nights are probably among them."""
        is_left_empty = figure.signal == "pv_power_w" and figure.part.empty == "missing"
        return is_left_empty and figure.tally.counts.get("empty", 0) > _NIGHTS * self.count

    def _stream(self, number: int, figure: _Figure) -> Stream:
        """A figure's spans, from what was put aside."""
        how, part, tally = self._map.time, figure.part, figure.tally
        readings = rising(self._spool.readings(number), tally)
        if part.kind == "counter":
            spans: Iterator[Span] = counted(readings, how.gap_s, tally)
        elif part.kind == "energy":
            spans = interval_means(readings, how.interval_s)
        else:
            spans = held(readings, how.gap_s, how.interval_s)
        possible = limits(figure.signal, self._map.max_power_w, invert_sign=part.invert_sign)
        spans = plausible(spans, *possible, tally)
        return Stream(figure.signal, part.column, spans, tally, part.invert_sign)


def _sleeps(figure: _Figure) -> str:
    return (
        f"{figure.part.column}: many cells are empty. If the inverter sleeps at night, give the column empty: "
        "zero_at_night and the mapping its location; else those nights are gaps, and are left out of a simulation"
    )


def _is_night(place: Location, at_s: float) -> bool:
    return sun_position(at_s, place.latitude, place.longitude).elevation_deg <= 0


class _Spacing:
    """How far rows are apart, and where they begin and end."""

    def __init__(self) -> None:
        self._apart_s: Counter[int] = Counter()
        self._before_s: float | None = None
        self.first_s, self.last_s = math.inf, -math.inf
        self.rises = self.falls = 0

    def take(self, at_s: float) -> None:
        """Take a row's time in."""
        if self._before_s is not None:
            apart_s = round(abs(at_s - self._before_s))
            if apart_s and (apart_s in self._apart_s or len(self._apart_s) < _MOST_SPACINGS):
                self._apart_s[apart_s] += 1
            self.rises += at_s > self._before_s
            self.falls += at_s < self._before_s
        self._before_s = at_s
        self.first_s, self.last_s = min(self.first_s, at_s), max(self.last_s, at_s)

    @property
    def usual_s(self) -> int | None:
        """The median distance of rows, s; None for fewer than two."""
        count = self._apart_s.total()
        for apart_s in sorted(self._apart_s):
            count -= 2 * self._apart_s[apart_s]
            if count <= 0:
                return apart_s
        return None
