"""A recorded home: PV power and house load from a CSV file (``make run DATA=file.csv``).

Columns ``time_utc`` (start of the interval, ISO 8601), ``pv_power_w`` and ``house_load_w``; where they are asked
for, ``pv_forecast_w`` and ``day_ahead_eur_mwh`` too; others are passed over. An empty cell of PV or its forecast
is 0 while the sun is down; every other empty cell holds the value before it, which is told in the log. Each row
holds until the next. A moment outside the recording is moved into it by whole days, so that the time of day stays
what it is.
"""

from __future__ import annotations

import csv
import logging
import math
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bitgrid.config.house import Location
from bitgrid.plant.errors import BadRecording
from bitgrid.sun import sun_position

log = logging.getLogger(__name__)

TIME, PV, HOUSE = "time_utc", "pv_power_w", "house_load_w"
FORECAST, DAY_AHEAD = "pv_forecast_w", "day_ahead_eur_mwh"
DAY_S = 86_400


@dataclass(frozen=True)
class Recording:
    """What a file holds.

    Args:
        times_s: start of each row, UTC epoch seconds, rising.
        columns: values of each row by column, W; prices in EUR/MWh.
        held_cells: how many empty cells hold the value before them.
    """

    times_s: list[int]
    columns: dict[str, list[float]]
    held_cells: int = 0


def read_recording(path: Path, location: Location, optional: Sequence[str] = ()) -> Recording:
    """Read a file, and those of the optional columns that it has.

    Raises:
        BadRecording: naming the line and what is wrong with it.
    """
    try:
        with path.open(newline="", encoding="utf-8") as lines:
            return _Reader(path.name, location, optional).read(lines)
    except OSError as error:
        raise BadRecording(
            f"{path}: cannot be read ({error.strerror}); name a readable CSV file in DATA"
        ) from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadRecording(f"{path}: is no CSV text in UTF-8 ({error})") from None


class RecordedHome:
    """Rows of a recording, held each until the next.

    Args:
        times_s: start of each row, UTC epoch seconds, rising.
        values: PV power and house load of each row, W.
    """

    def __init__(self, times_s: list[int], values: list[tuple[int, int]]) -> None:
        self._times_s, self._values = times_s, values
        self._span_s = max(1, (times_s[-1] - times_s[0]) // DAY_S) * DAY_S
        self._held_from_s, self._held_until_s, self._held = 0.0, 0.0, (0, 0)

    @property
    def starts_s(self) -> int:
        """Where the recording begins, UTC epoch seconds."""
        return self._times_s[0]

    @property
    def ends_s(self) -> int:
        """Where its last row begins, UTC epoch seconds."""
        return self._times_s[-1]

    @classmethod
    def read(cls, path: Path, location: Location) -> RecordedHome:
        """Read a file.

        Raises:
            BadRecording: naming the line and what is wrong with it.
        """
        recording = read_recording(path, location)
        pv, house = (map(round, recording.columns[name]) for name in (PV, HOUSE))
        return cls(recording.times_s, list(zip(pv, house, strict=True)))

    def at(self, epoch_s: float) -> tuple[int, int]:
        """PV power and house load at a moment, W."""
        if not self._held_from_s <= epoch_s < self._held_until_s:
            self._find(epoch_s)
        return self._held

    def _find(self, epoch_s: float) -> None:
        shift_s = (epoch_s - self.starts_s) // self._span_s * self._span_s
        if epoch_s <= self.ends_s:
            shift_s = min(0, shift_s)
        index = bisect_right(self._times_s, epoch_s - shift_s) - 1
        self._held = self._values[index]
        self._held_from_s = self._times_s[index] + shift_s
        is_last = index + 1 == len(self._times_s)
        self._held_until_s = self._held_from_s + 1 if is_last else self._times_s[index + 1] + shift_s


class _Reader:
    """Reads rows, fills empty cells, remembers which."""

    def __init__(self, file: str, location: Location, optional: Sequence[str]) -> None:
        self._file, self._location, self._optional = file, location, optional
        self._held_cells: list[str] = []
        self._last: dict[str, float] = {}

    def read(self, lines: Iterable[str]) -> Recording:
        times_s: list[int] = []
        columns: dict[str, list[float]] = {}
        for line, row in self._rows(lines):
            time_s = self._time(line, row)
            if times_s and time_s <= times_s[-1]:
                raise self._bad(line, f"{TIME} does not rise; sort the rows by time, each once")
            times_s.append(time_s)
            for name in row:
                if name != TIME:
                    columns.setdefault(name, []).append(self._cell(line, row, name, time_s))
        if not times_s:
            raise self._bad(2, "holds no rows; at least one is needed")
        self._tell(len(times_s))
        return Recording(times_s, columns, len(self._held_cells))

    def _rows(self, lines: Iterable[str]) -> Iterator[tuple[int, dict[str, str]]]:
        reader = csv.DictReader(lines)
        missing = [name for name in (TIME, PV, HOUSE) if name not in (reader.fieldnames or [])]
        if missing:
            raise self._bad(1, f"has no column {', '.join(missing)}; the first line names the columns")
        wanted = [TIME, PV, HOUSE, *(name for name in self._optional if name in (reader.fieldnames or []))]
        for row in reader:
            yield reader.line_num, {name: (row[name] or "").strip() for name in wanted}

    def _time(self, line: int, row: dict[str, str]) -> int:
        try:
            moment = datetime.fromisoformat(row[TIME])
        except ValueError:
            raise self._bad(
                line, f"{TIME} is {row[TIME]!r}; a time such as 2024-06-01T12:00:00Z is needed"
            ) from None
        return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())

    def _cell(self, line: int, row: dict[str, str], name: str, time_s: int) -> float:
        value = self._number(line, row[name], name) if row[name] else self._fill(line, name, time_s)
        self._last[name] = value
        return value

    def _number(self, line: int, text: str, name: str) -> float:
        wanted = "a price" if name == DAY_AHEAD else "a number of watts"
        try:
            value = float(text)
        except ValueError:
            raise self._bad(line, f"{name} is {text!r}; {wanted} is needed") from None
        if not math.isfinite(value) or (value < 0 and name != DAY_AHEAD):
            from_up = "" if name == DAY_AHEAD else " from 0 up"
            raise self._bad(line, f"{name} is {text}; {wanted}{from_up} is needed")
        return value

    def _fill(self, line: int, name: str, time_s: int) -> float:
        place = self._location
        if name in {PV, FORECAST} and sun_position(time_s, place.latitude, place.longitude).elevation_deg <= 0:
            return 0.0
        if name not in self._last:
            raise self._bad(line, f"{name} is empty and no value stands before it that could be held")
        self._held_cells.append(f"line {line} {name}")
        return self._last[name]

    def _tell(self, rows: int) -> None:
        log.info("%s: %d rows", self._file, rows)
        if self._held_cells:
            count, first = len(self._held_cells), self._held_cells[0]
            log.warning("%s: %d empty cells hold the value before them, first %s", self._file, count, first)

    def _bad(self, line: int, what: str) -> BadRecording:
        return BadRecording(f"{self._file}:{line} {what}")
