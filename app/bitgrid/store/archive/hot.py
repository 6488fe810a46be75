"""What is not archived yet, out of ``bitgrid.sqlite``: a day's telemetry and its explain sessions.

May touch: the database, for reading alone.
"""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pyarrow as pa

from bitgrid.store.archive.columns import KINDS
from bitgrid.store.archive.schema import schema
from bitgrid.store.errors import StoreError

DAY_S = 86_400
_ROWS_A_BATCH = 20_000
_BUSY_S = 10.0
_TABLES = {"telemetry": "telemetry", "explain_sessions": "explain_session"}
_ORDER = {"telemetry": "device, signal, at_s", "explain_sessions": "at_s, decision_id, load"}
FORGETFUL = frozenset(_TABLES)
"""Kinds whose source forgets what was archived: a file of theirs is added to, never made anew."""


def start_of(day: dt.date) -> int:
    """When a day begins, UTC epoch seconds."""
    return int(dt.datetime(day.year, day.month, day.day, tzinfo=dt.UTC).timestamp())


def day_of(at_s: float) -> dt.date:
    """The UTC day of a time."""
    return dt.datetime.fromtimestamp(at_s, dt.UTC).date()


class HotSource:
    """The hot database of a house; one that is not there, or lacks a table, holds nothing.

    Raises:
        StoreError: from every method, when it cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def days(self, kind: str) -> list[dt.date]:
        """The UTC days of which it holds something, oldest first."""
        query = f"SELECT DISTINCT CAST(at_s / {DAY_S} AS INTEGER) FROM {_TABLES[kind]} WHERE at_s >= 0"  # noqa: S608  own names
        with self._open(kind) as connection:
            return sorted(day_of(row[0] * DAY_S) for row in connection.execute(query))

    def rows(self, kind: str, day: dt.date) -> int:
        """How many rows it holds of a day."""
        query = f"SELECT COUNT(*) FROM {_TABLES[kind]} WHERE at_s >= ? AND at_s < ?"  # noqa: S608  own names
        with self._open(kind) as connection:
            return int(connection.execute(query, _bounds(day)).fetchone()[0])

    def table(self, kind: str, day: dt.date) -> pa.Table:
        """A day's rows in the schema of their kind, read in pieces so that no more than the table is in memory."""
        columns = ", ".join(column.name for column in KINDS[kind])
        query = f"SELECT {columns} FROM {_TABLES[kind]} WHERE at_s >= ? AND at_s < ? ORDER BY {_ORDER[kind]}"  # noqa: S608  own names
        pieces = [schema(kind).empty_table()]
        with self._open(kind) as connection:
            cursor = connection.execute(query, _bounds(day))
            while rows := cursor.fetchmany(_ROWS_A_BATCH):
                values = [
                    pa.array(told, field.type)
                    for told, field in zip(zip(*rows, strict=True), schema(kind), strict=True)
                ]
                pieces.append(pa.Table.from_arrays(values, schema=schema(kind)))
        return pa.concat_tables(pieces).unify_dictionaries()

    @contextmanager
    def _open(self, kind: str) -> Iterator[sqlite3.Connection]:
        try:
            with closing(self._connection()) as connection:
                if connection.execute(
                    "SELECT 1 FROM sqlite_schema WHERE type IN ('table', 'view') AND name = ?", (_TABLES[kind],)
                ).fetchone():
                    yield connection
                else:
                    yield _nothing(kind)
        except (sqlite3.Error, pa.ArrowException, ValueError, OverflowError) as error:
            raise StoreError(f"the hot database {self._path} cannot be read: {error}") from error

    def _connection(self) -> sqlite3.Connection:
        if not self._path.exists():
            return sqlite3.connect(":memory:")
        return sqlite3.connect(f"{self._path.absolute().as_uri()}?mode=ro", uri=True, timeout=_BUSY_S)


def _nothing(kind: str) -> sqlite3.Connection:
    """A database that holds nothing of a kind."""
    connection = sqlite3.connect(":memory:")
    columns = ", ".join(column.name for column in KINDS[kind])
    connection.execute(f"CREATE TABLE {_TABLES[kind]} ({columns})")
    return connection


def _bounds(day: dt.date) -> tuple[int, int]:
    return start_of(day), start_of(day) + DAY_S
