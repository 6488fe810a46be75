"""A day out of the ledger: its decisions and events, and the states they were made from.

A month's file may hold records of a day before it, as the clock may step back over the end of a month; so a day is
looked for in the files from its month on. May touch: the ledger's directory, for reading alone.
"""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow as pa

from bitgrid.store import month
from bitgrid.store.archive.hot import DAY_S, day_of, start_of
from bitgrid.store.archive.schema import schema
from bitgrid.store.archive.told import Told
from bitgrid.store.errors import StoreError

_DECISIONS = (
    "SELECT seq, load, clock_epoch, block, trigger, at_s, record, hash FROM decision "
    "WHERE at_s >= ? AND at_s < ? ORDER BY seq"
)
_EVENTS = "SELECT seq, at_s, kind, record, hash FROM event WHERE at_s >= ? AND at_s < ? ORDER BY seq"
_DAYS = "SELECT DISTINCT at_s / 86400 FROM "


class LedgerSource:
    """The ledger in a directory.

    Raises:
        StoreError: from every method, when a file of it cannot be read.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def days(self) -> tuple[set[dt.date], set[dt.date]]:
        """The UTC days that have decisions, and those that have events."""
        decisions: set[dt.date] = set()
        events: set[dt.date] = set()
        for path in month.months(self._directory):
            decisions |= {day_of(row[0] * DAY_S) for row in _rows(path, f"{_DAYS} decision", ())}
            events |= {day_of(row[0] * DAY_S) for row in _rows(path, f"{_DAYS} event", ())}
        return decisions, events

    def decisions(self, day: dt.date, beyond_s: int = 0) -> list[Told]:
        """A day's decisions, oldest record first; with those of ``beyond_s`` seconds after it."""
        first_s = start_of(day)
        return [Told(*row) for row in self._of(first_s, first_s + DAY_S + beyond_s, _DECISIONS)]

    def events(self, day: dt.date) -> pa.Table:
        """A day's events, in the schema of their kind."""
        first_s = start_of(day)
        columns = [list(column) for column in zip(*self._of(first_s, first_s + DAY_S, _EVENTS), strict=True)]
        return _table("events", columns)

    def _of(self, first_s: int, before_s: int, query: str) -> Iterator[tuple[Any, ...]]:
        for path in month.months(self._directory):
            if path.stem >= month.month_of(first_s):
                yield from _rows(path, query, (first_s, before_s))


def decisions_table(told: list[Told]) -> pa.Table:
    """Decisions in the schema of their kind; what a damaged record does not tell is empty."""
    columns: list[list[Any]] = [[] for _ in schema("decisions")]
    for row in told:
        decision, _state = row.parts
        words = [str(decision.get(name, "")) for name in ("action", "level", "rule", "code")]
        values = (
            row.seq,
            row.load,
            row.clock_epoch,
            row.block,
            row.trigger,
            row.at_s,
            *words,
            row.record,
            row.hash,
        )
        for column, value in zip(columns, values, strict=True):
            column.append(value)
    return _table("decisions", columns)


def states_table(told: list[Told]) -> pa.Table:
    """What the tick decisions were made from, a row a signal and tick, however many loads were decided on."""
    rows: dict[tuple[int, int, str], dict[str, Any]] = {}
    for row in told:
        if row.trigger != "TICK":
            continue
        _decision, state = row.parts
        for name, signal in sorted(dict(state.get("signals") or {}).items()):
            value = signal.get("value")
            rows.setdefault(
                (row.clock_epoch, row.block, name),
                {
                    "block": row.block,
                    "clock_epoch": row.clock_epoch,
                    "at_s": row.at_s,
                    "signal": name,
                    "value": None if value is None else float(value),
                    "quality": str(signal.get("quality", "missing")),
                    "age_s": signal.get("age_s"),
                    "source": signal.get("source"),
                },
            )
    return pa.Table.from_pylist(list(rows.values()), schema=schema("states"))


def _rows(path: Path, query: str, values: tuple[int, ...]) -> Iterator[tuple[Any, ...]]:
    try:
        with closing(month.open_reading(path)) as connection:
            yield from connection.execute(query, values)
    except sqlite3.Error as error:
        raise StoreError(f"the ledger {path} cannot be read: {error}; see: bitgrid ledger verify") from error


def _table(kind: str, columns: list[list[Any]]) -> pa.Table:
    wanted = schema(kind)
    arrays = [
        pa.array(values, field.type) for values, field in zip(columns or [[]] * len(wanted), wanted, strict=True)
    ]
    return pa.Table.from_arrays(arrays, schema=wanted)
