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

from bitgrid.replay.kpi.database import COLUMNS, Database, Row
from bitgrid.replay.kpi.errors import Unreadable
from bitgrid.replay.kpi.period import Period
from bitgrid.store.archive import manifest
from bitgrid.store.archive.manifest import Entry
from bitgrid.store.archive.told import Told
from bitgrid.store.archive.worth import worth_rows
from bitgrid.store.errors import StoreError
from bitgrid.store.unarchived import Unarchived

IMPORT_REPORT = "import.json"
_OF_LEDGER = ("states", "decisions", "energy_to_value", "events")
_BEFORE_S = 3600
"""How far before a period something may matter for it: the charge it begins with, a switch that is taken back."""
_DAY_S = 86_400


@dataclass
class Gathered:
    """What was found for a period.

    Args:
        files: of the archive, by kind.
        hot: rows that are not archived, by kind.
        notes: what a reader must know.
        known_since_s: when the house first decided, where that was before the period.
        is_import: whether the archive holds what other software recorded, telemetry alone.
    """

    files: dict[str, list[Path]] = field(default_factory=dict)
    hot: dict[str, list[Row]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    known_since_s: int | None = None
    is_import: bool = False

    def open(self) -> Database:
        """All of it, to be asked."""
        return Database(self.files, self.hot, is_import=self.is_import)


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

    def gather(self, over: Period) -> Gathered:
        """What there is for a period.

        Raises:
            Unreadable: the manifest, the ledger or the hot database cannot be read.
        """
        found = Gathered(is_import=(self.archive / IMPORT_REPORT).is_file())
        try:
            entries = manifest.load(self.archive)
        except OSError as error:
            raise Unreadable(f"the archive {self.archive} cannot be read: {error}") from error
        found.notes += entries.problems
        first, last = _utc_day(over.from_s - _BEFORE_S), _utc_day(over.to_s + over.block_s)
        for kind in COLUMNS.keys() - ({"states"} if found.is_import else {"telemetry"}):
            within = [entry for entry in entries.kept(kind) if first <= entry.day <= last]
            found.files[kind] = [self.archive / entry.path for entry in within if self._is_sound(entry, found)]
        decided = entries.kept("decisions")
        if decided:
            found.known_since_s = _begin_s(decided[0].day) if decided[0].day < first else None
        archived = [entry.day for kind in _OF_LEDGER for entry in entries.kept(kind)]
        if self.data is not None:
            try:
                self._gather_hot(Unarchived(self.data), over, max(archived, default=None), found)
            except StoreError as error:
                raise Unreadable(str(error)) from error
        return found

    def _is_sound(self, entry: Entry, found: Gathered) -> bool:
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

    @staticmethod
    def _gather_hot(hot: Unarchived, over: Period, archived: dt.date | None, found: Gathered) -> None:
        from_s, to_s = over.from_s - _BEFORE_S, over.to_s + over.block_s
        if archived is not None:
            from_s = max(from_s, _begin_s(archived) + _DAY_S)
        elif (first_s := hot.first_decision_s()) is not None and first_s < over.from_s - _BEFORE_S:
            found.known_since_s = first_s
        if from_s >= to_s:
            return
        told = list(hot.decisions(from_s, to_s))
        found.hot = {
            "decisions": [_decided(row) for row in told],
            "states": [row for each in told if each.trigger == "TICK" for row in _signals(each)],
            "energy_to_value": list(_worth(hot, told, from_s, to_s)),
            "events": [(row.at_s, row.kind, row.record) for row in hot.events(from_s, to_s)],
            "explain_sessions": list(hot.said(from_s, to_s)),
        }


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


def _utc_day(at_s: int) -> dt.date:
    return dt.datetime.fromtimestamp(at_s, dt.UTC).date()


def _begin_s(day: dt.date) -> int:
    return int(dt.datetime(day.year, day.month, day.day, tzinfo=dt.UTC).timestamp())
