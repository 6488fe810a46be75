"""A finished day, gathered from where it was recorded and written into the archive; again as often as one likes.

The ledger's kinds are made from the ledger each time. Of the kinds whose source forgets (telemetry, explain
sessions) the file is added to: what is archived stays, and what came late joins it. A day that was thinned or
dropped takes nothing more. May touch: the archive's directory; the hot database and the ledger for reading.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from bitgrid.store.archive import book, manifest
from bitgrid.store.archive.files import holds, read_file
from bitgrid.store.archive.hot import DAY_S, FORGETFUL, HotSource, start_of
from bitgrid.store.archive.manifest import Entry, path_of
from bitgrid.store.archive.schema import schema
from bitgrid.store.archive.told import Told
from bitgrid.store.archive.worth import BLOCK_S, Series, worth_rows
from bitgrid.store.archive.writer import ArchiveWriter
from bitgrid.store.errors import StoreError

OF_DECISIONS = ("decisions", "states", "energy_to_value")
_KEYS = {"telemetry": ["device", "signal", "at_s"], "explain_sessions": ["at_s", "decision_id", "load"]}
_SORTED = {kind: [(key, "ascending") for key in keys] for kind, keys in _KEYS.items()}


class Filler:
    """Fills one archive from one house's data directory."""

    def __init__(self, directory: Path, hot: HotSource, ledger: book.LedgerSource, writer: ArchiveWriter) -> None:
        self._directory, self._hot, self._ledger, self._writer = directory, hot, ledger, writer

    def missing(self, before: dt.date) -> tuple[list[dt.date], list[str]]:
        """The days before ``before`` of which some kind is not archived, oldest first; and problems, in words."""
        problems: list[str] = []
        days: set[dt.date] = set()
        known = manifest.load(self._directory)

        def look(kinds: tuple[str, ...], found: Callable[[], set[dt.date]]) -> None:
            try:
                days.update(day for day in found() if any(known.find(kind, day) is None for kind in kinds))
            except StoreError as error:
                problems.append(str(error))

        for kind in sorted(FORGETFUL):
            look((kind,), lambda kind=kind: set(self._hot.days(kind)))  # type: ignore[misc]  # a default in a lambda has no type
        look(OF_DECISIONS, lambda: self._ledger.days()[0])
        look(("events",), lambda: self._ledger.days()[1])
        return sorted(day for day in days if day < before), problems

    def archive(self, day: dt.date) -> list[str]:
        """Write what there is of a day, each kind by itself; what could not be written, in words."""
        problems = []
        for work in (self._telemetry, self._of_decisions, self._events, self._explain_sessions):
            try:
                work(day)
            except StoreError as error:
                problems.append(str(error))
        return problems

    def _telemetry(self, day: dt.date) -> None:
        self._add("telemetry", day)

    def _explain_sessions(self, day: dt.date) -> None:
        self._add("explain_sessions", day)

    def _events(self, day: dt.date) -> None:
        self._write("events", day, self._ledger.events(day))

    def _of_decisions(self, day: dt.date) -> None:
        told = self._ledger.decisions(day, beyond_s=2 * BLOCK_S)
        before_s = start_of(day) + DAY_S
        own = [row for row in told if row.at_s < before_s]
        if not own:
            return
        self._write("decisions", day, book.decisions_table(own))
        self._write("states", day, book.states_table(own))
        if not self._is_settled("telemetry", day):
            measured = self._measured(day, {row.load for row in own})
            self._write("energy_to_value", day, _worth_table(told, measured, before_s))
        elif manifest.load(self._directory).find("energy_to_value", day) is None:
            self._write("energy_to_value", day, _worth_table(told, {}, before_s))

    def _add(self, kind: str, day: dt.date) -> None:
        if self._is_settled(kind, day):
            return
        rows, entry = self._hot.table(kind, day), self._entry(kind, day)
        if entry is not None and not holds(self._directory / entry.path, kind, rows):
            rows = in_order(joined(read_file(self._directory / entry.path, kind), rows, kind), kind)
        self._write(kind, day, rows)

    def _write(self, kind: str, day: dt.date, rows: pa.Table) -> None:
        """Of a kind that nothing is told of, there is no file; but of a day's decisions there are all three."""
        if rows.num_rows or kind in OF_DECISIONS:
            self._writer.write_day(kind, day, rows)

    def _entry(self, kind: str, day: dt.date) -> Entry | None:
        """The file that is there and was written whole, if there is one."""
        entry = manifest.load(self._directory).find(kind, day)
        return entry if entry is not None and (self._directory / path_of(kind, day)).is_file() else None

    def _is_settled(self, kind: str, day: dt.date) -> bool:
        entry = manifest.load(self._directory).find(kind, day)
        return entry is not None and entry.state != manifest.WHOLE

    def _measured(self, day: dt.date, loads: set[str]) -> dict[tuple[str, str], Series]:
        """Of each load what its worth is made from, as it was archived just before."""
        entry = self._entry("telemetry", day)
        if entry is None:
            return {}
        whole = read_file(self._directory / entry.path, "telemetry")
        wanted = [(load, signal) for load in sorted(loads) for signal in ("power_w", "hashrate_ths")]
        return {(load, signal): _series(whole, load, signal) for load, signal in wanted}


def _worth_table(told: list[Told], measured: Mapping[tuple[str, str], Series], before_s: int) -> pa.Table:
    return pa.Table.from_pylist(worth_rows(told, measured, before_s), schema=schema("energy_to_value"))


def in_order(rows: pa.Table, kind: str) -> pa.Table:
    """Rows sorted by their key, so that a signal's values stand together."""
    return rows.take(pc.sort_indices(_plain(rows, _KEYS[kind]), sort_keys=_SORTED[kind]))


def joined(archived: pa.Table, told: pa.Table, kind: str) -> pa.Table:
    """What is archived, and what of ``told`` is not."""
    keys = _KEYS[kind]
    late = _plain(told.append_column("row", pa.array(range(told.num_rows), pa.int64())), keys).join(
        _plain(archived, keys), keys=keys, join_type="left anti"
    )
    if not late.num_rows:
        return archived
    return pa.concat_tables([archived, told.take(late["row"].sort())]).unify_dictionaries()


def _plain(table: pa.Table, keys: list[str]) -> pa.Table:
    """The keys (and the row's number) alone, names as texts: what a join can compare."""
    names = [name for name in table.column_names if name in keys or name == "row"]
    columns = [table[name] for name in names]
    return pa.table(
        [column.cast(pa.string()) if pa.types.is_dictionary(column.type) else column for column in columns], names
    )


def _series(table: pa.Table, device: str, signal: str) -> Series:
    is_it = pc.and_(pc.equal(table["device"], device), pc.equal(table["signal"], signal))
    rows = table.filter(is_it).sort_by("at_s")
    values = pc.if_else(pc.equal(rows["quality"], "good"), rows["value"], None)
    return rows["at_s"].to_pylist(), values.to_pylist()
