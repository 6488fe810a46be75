"""Where figures come from: the files of an archive, and for a running house what is not archived yet.

A day is archived or hot, never both: hot is what came after the last archived day. A file of another size than the
manifest names, or none where it names one, is left out and told: its day is then not known, and nothing stands in.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bitgrid.replay.kpi.errors import Unreadable
from bitgrid.replay.kpi.period import Day, Period
from bitgrid.replay.kpi.queries import AFTER_S, BEFORE_S, COLUMNS
from bitgrid.store.archive import manifest
from bitgrid.store.archive.manifest import Entry
from bitgrid.store.archive.told import Told
from bitgrid.store.archive.worth import worth_rows
from bitgrid.store.errors import StoreError
from bitgrid.store.unarchived import Unarchived

IMPORT_REPORT = "import.json"
_OF_LEDGER = ("states", "decisions", "energy_to_value", "events")
_DAY_S = 86_400

Row = tuple[Any, ...]


@dataclass(frozen=True)
class Gathered:
    """What is recorded of some days.

    Args:
        files: of the archive, by kind.
        hot: rows that are not archived, by kind.
        known_since_s: when the house first decided, where that was before.
        is_import: whether the archive holds what other software recorded, telemetry alone.
    """

    files: dict[str, list[Path]]
    hot: dict[str, list[Row]]
    known_since_s: int | None
    is_import: bool


@dataclass
class Found:
    """What there is for a period.

    Args:
        archive: directory of the archive.
        unarchived: what is not archived yet; None for an archive alone.
        is_import: see `Gathered`.
        files: the sound files by UTC day.
        archived: the last day that is archived; None where none is.
        decided: the day of the first archived decision; None where there is none.
        notes: what a reader must know.
    """

    archive: Path
    unarchived: Unarchived | None
    is_import: bool
    files: dict[dt.date, list[Entry]] = field(default_factory=dict)
    archived: dt.date | None = None
    decided: dt.date | None = None
    notes: list[str] = field(default_factory=list)

    def gather(self, part: Period) -> Gathered:
        """What some days of the period are reckoned from.

        Raises:
            Unreadable: the ledger or the hot database cannot be read.
        """
        files: dict[str, list[Path]] = {kind: [] for kind in COLUMNS}
        for entry in self._entries(part):
            files[entry.kind].append(self.archive / entry.path)
        first, _last = _utc_days(part.from_s, part.to_s, part.block_s)
        known_since_s = _begin_s(self.decided) if self.decided is not None and self.decided < first else None
        try:
            hot, first_s = self._gather_hot(part)
        except StoreError as error:
            raise Unreadable(str(error)) from error
        return Gathered(files, hot, known_since_s if first_s is None else first_s, self.is_import)

    def source(self, day: Day, block_s: int) -> list[str] | None:
        """What a day is reckoned from, by the hashes of its files; None while not all of it is archived."""
        first, last = _utc_days(day.from_s, day.to_s, block_s)
        if self.archived is None or last > self.archived:
            return None
        is_known_before = self.decided is not None and self.decided < first
        return [f"{self.is_import} {is_known_before}", *(_told(entry) for entry in self._of_days(first, last))]

    def _entries(self, part: Period) -> Iterator[Entry]:
        return self._of_days(*_utc_days(part.from_s, part.to_s, part.block_s))

    def _of_days(self, first: dt.date, last: dt.date) -> Iterator[Entry]:
        for number in range((last - first).days + 1):
            yield from self.files.get(first + dt.timedelta(days=number), ())

    def _gather_hot(self, part: Period) -> tuple[dict[str, list[Row]], int | None]:
        """Rows, and when the house first decided, where only the ledger knows."""
        if self.unarchived is None:
            return {}, None
        hot, first_s = self.unarchived, None
        from_s, to_s = part.from_s - BEFORE_S, part.to_s + max(AFTER_S, part.block_s)
        if self.archived is not None:
            from_s = max(from_s, _begin_s(self.archived) + _DAY_S)
        elif (begun_s := hot.first_decision_s()) is not None and begun_s < from_s:
            first_s = begun_s
        if from_s >= to_s:
            return {}, first_s
        told = list(hot.decisions(from_s, to_s))
        return {
            "decisions": [_decided(row) for row in told],
            "states": [row for each in told if each.trigger == "TICK" for row in _signals(each)],
            "energy_to_value": list(_worth(hot, told, from_s, to_s)),
            "events": [(row.at_s, row.kind, row.record) for row in hot.events(from_s, to_s)],
            "explain_sessions": list(hot.said(from_s, to_s)),
        }, first_s


@dataclass(frozen=True)
class Recorded:
    """A house's records.

    Args:
        archive: directory of an archive; it may be of an import or a bundle.
        data: data directory of a house with what is not archived yet; None for an archive alone.
        is_verified: whether every file is held against its hash, not its size alone.
    """

    archive: Path
    data: Path | None = None
    is_verified: bool = False

    def look(self, over: Period) -> Found:
        """What there is for a period.

        Raises:
            Unreadable: the manifest cannot be read.
        """
        hot = None if self.data is None else Unarchived(self.data)
        found = Found(self.archive, hot, is_import=(self.archive / IMPORT_REPORT).is_file())
        try:
            entries = manifest.load(self.archive)
        except OSError as error:
            raise Unreadable(f"the archive {self.archive} cannot be read: {error}") from error
        found.notes += entries.problems
        first, last = _utc_days(over.from_s, over.to_s, over.block_s)
        for kind in sorted(COLUMNS.keys() - ({"states"} if found.is_import else {"telemetry"})):
            for entry in entries.kept(kind):
                if first <= entry.day <= last and self._is_sound(entry, found):
                    found.files.setdefault(entry.day, []).append(entry)
        found.archived = max((entry.day for kind in _OF_LEDGER for entry in entries.kept(kind)), default=None)
        found.decided = min((entry.day for entry in entries.kept("decisions")), default=None)
        if not found.files:
            archived = [entry.day for kind in COLUMNS for entry in entries.kept(kind)]
            found.notes += _elsewhere(over, archived, hot)
        return found

    def _is_sound(self, entry: Entry, found: Found) -> bool:
        path = self.archive / entry.path
        if not path.is_file():
            found.notes.append(f"{entry.path} is missing, so that day is not known")
        elif path.stat().st_size != entry.bytes or (
            self.is_verified and hashlib.sha256(path.read_bytes()).hexdigest() != entry.sha256
        ):
            found.notes.append(f"{entry.path} is not as it was written, so that day is not used")
        else:
            return True
        return False


def _elsewhere(over: Period, archived: list[dt.date], hot: Unarchived | None) -> Iterator[str]:
    """Where the records are, if none is in the period."""
    try:
        newest_s = None if hot is None else hot.last_decision_s()
    except StoreError as error:
        raise Unreadable(str(error)) from error
    if newest_s is not None and newest_s < over.from_s:
        day = dt.datetime.fromtimestamp(newest_s, over.zone).date()
        yield f"nothing is recorded of this period; the last decision is of {day}"
    elif newest_s is None and archived:
        yield f"nothing is recorded of this period; the archive holds {min(archived)} to {max(archived)}"


def _decided(row: Told) -> Row:
    decision, _state = row.parts
    try:
        words = [decision[name] for name in ("action", "level", "rule", "code")]
    except KeyError as error:
        raise Unreadable(
            f"the decision {row.seq} of the ledger cannot be read (it lacks {error}); "
            f"which records are sound, tells: bitgrid ledger verify"
        ) from error
    return (row.seq, row.load, row.clock_epoch, row.block, row.trigger, row.at_s, *words)


def _signals(row: Told) -> Iterator[Row]:
    _decision, state = row.parts
    for name, told in (state.get("signals") or {}).items():
        yield row.block, row.clock_epoch, row.at_s, name, told.get("value"), told.get("quality")


def _worth(hot: Unarchived, told: list[Told], from_s: int, to_s: int) -> Iterator[Row]:
    """What each block's energy became, as the archive will tell it."""
    loads = sorted({row.load for row in told})
    measured = {(load, "power_w"): hot.measured(load, "power_w", from_s, to_s) for load in loads}
    for row in worth_rows(told, measured, to_s):
        yield tuple(row[name] for name in COLUMNS["energy_to_value"])


def _told(entry: Entry) -> str:
    return f"{entry.path} {entry.sha256}"


def _utc_days(from_s: int, to_s: int, block_s: int) -> tuple[dt.date, dt.date]:
    """The first and the last UTC day in which something may matter for a span."""
    return _utc_day(from_s - BEFORE_S), _utc_day(to_s + max(AFTER_S, block_s) - 1)


def _utc_day(at_s: int) -> dt.date:
    return dt.datetime.fromtimestamp(at_s, dt.UTC).date()


def _begin_s(day: dt.date) -> int:
    return int(dt.datetime(day.year, day.month, day.day, tzinfo=dt.UTC).timestamp())
