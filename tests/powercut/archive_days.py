"""Scenario: days written to the archive, one written anew, one thinned, one dropped, the writer started anew.

Promised: a day from when `write_day` has returned, with all its rows; `bitgrid archive verify` finds nothing.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pyarrow as pa

from bitgrid.clock import HeldClock
from bitgrid.store.archive.columns import KINDS
from bitgrid.store.archive.reader import ArchiveReader
from bitgrid.store.archive.schema import schema
from bitgrid.store.archive.verify import verify
from bitgrid.store.archive.writer import ArchiveWriter
from powercut.child import Teller
from powercut.judge import Told

FIRST = dt.date(2023, 11, 29)
_VALUES = {"f64": 1.5, "i64": 7, "i32": 3, "text": '{"a":1}', "name": "meter"}


def play(root: Path, tell: Teller) -> None:
    """Five days of all kinds; each morning the writer recovers first, as it does at each start."""
    for day in range(5):
        writer = ArchiveWriter(root / "archive", HeldClock())
        writer.recover()
        for kind in KINDS:
            _write(writer, tell, kind, day, rows=20 + day)
        if day == 2:
            _write(writer, tell, "telemetry", 1, rows=50)
        if day == 3:
            tell("changing", kind="telemetry", day=0, rows=5)
            writer.thin_day("telemetry", _date(0), table("telemetry", 5), "too little room")
            tell("day", kind="telemetry", day=0, rows=5)
        if day == 4:
            tell("changing", kind="telemetry", day=2, rows=0)
            writer.drop_day("telemetry", _date(2), "too little room")
            tell("day", kind="telemetry", day=2, rows=0)


def _write(writer: ArchiveWriter, tell: Teller, kind: str, day: int, rows: int) -> None:
    tell("changing", kind=kind, day=day, rows=rows)
    writer.write_day(kind, _date(day), table(kind, rows))
    tell("day", kind=kind, day=day, rows=rows)


def table(kind: str, rows: int) -> pa.Table:
    """So many rows of a kind, told apart by their first column."""
    columns = {column.name: [_VALUES[column.type]] * rows for column in KINDS[kind]}
    columns[KINDS[kind][0].name] = list(range(rows))
    return pa.table(columns).cast(schema(kind))


def _date(day: int) -> dt.date:
    return FIRST + dt.timedelta(days=day)


def check(root: Path, told: Told) -> None:
    """It is put in order at the start; every acknowledged day is there, and the next one can be written."""
    directory = root / "archive"
    writer = ArchiveWriter(directory, HeldClock())
    writer.recover()
    assert not (problems := verify(directory)), f"after the start: {problems[0]}"
    reader, may_be = ArchiveReader(directory), _last(told.done("changing"))
    for (kind, day), rows in _last(told.done("day")).items():
        found = reader.table(kind, _date(day), _date(day)).num_rows
        assert found in (rows, may_be[kind, day]), f"{kind} of day {day}: {found} rows of {rows}"
    writer.write_day("telemetry", _date(50), table("telemetry", 9))
    assert reader.table("telemetry", _date(50), _date(50)).num_rows == 9
    assert not (problems := verify(directory)), f"after going on: {problems[0]}"


def _last(told: list[dict[str, object]]) -> dict[tuple[str, int], int]:
    return {(str(one["kind"]), int(str(one["day"]))): int(str(one["rows"])) for one in told}
