"""Decisions of the ledger by time, for reading: a day of them, or one by its name.

Nothing is indexed by time, and nothing need be: while the clock is not set back, times rise with the numbers, so
the ends of a span are found by halving. A month with a step of the clock is read through.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from bitgrid.store import month
from bitgrid.store.errors import StoreError
from bitgrid.store.rows import DecisionRow

SLACK_S = 600
"""More than the clock may slip without beginning a new epoch."""
_COLUMNS = "load, clock_epoch, block, trigger, at_s, record, seq"
_EPOCHS = "SELECT COUNT(DISTINCT clock_epoch) FROM decision WHERE trigger = 'TICK'"
_ID_PARTS = 5


def decisions_between(directory: Path, begin_s: int, end_s: int) -> list[DecisionRow]:
    """Every decision of a span, oldest record first.

    Args:
        directory: of the ledger.
        begin_s: UTC epoch seconds.
        end_s: the same; left out itself.

    Raises:
        StoreError: the ledger cannot be read.
    """
    rows: list[DecisionRow] = []
    for path in _files(directory, begin_s):
        try:
            with closing(month.open_reading(path)) as connection:
                rows += _of_month(connection, begin_s, end_s)
        except sqlite3.Error as error:
            raise StoreError(f"the ledger {path} cannot be read: {error}") from error
    return rows


def decision_by_id(directory: Path, decision_id: str) -> DecisionRow | None:
    """The decision of a name as `DecisionRow.id` gives it; None where there is none.

    Raises:
        StoreError: the ledger cannot be read.
    """
    parts = decision_id.rsplit("-", _ID_PARTS - 1)
    if len(parts) != _ID_PARTS or not (parts[-1].isascii() and parts[-1].isdecimal()):
        return None
    at_s = int(parts[-1])
    try:
        rows = decisions_between(directory, at_s, at_s + 1)
    except (ValueError, OverflowError, OSError):  # a time that no calendar has
        return None
    return next((row for row in rows if row.id == decision_id), None)


def first_decision_s(directory: Path) -> int | None:
    """When the first decision was made, UTC epoch seconds; None where there is none.

    Raises:
        StoreError: the ledger cannot be read.
    """
    for path in month.months(directory):
        try:
            with closing(month.open_reading(path)) as connection:
                for (at_s,) in connection.execute("SELECT at_s FROM decision ORDER BY seq LIMIT 1"):
                    return int(at_s)
        except sqlite3.Error as error:
            raise StoreError(f"the ledger {path} cannot be read: {error}") from error
    return None


def _files(directory: Path, begin_s: int) -> list[Path]:
    """The months that may hold it: a clock set back writes on in the month that is open, never in one before."""
    first = month.month_of(max(0, begin_s))
    return [path for path in month.months(directory) if path.stem >= first]


def _of_month(connection: sqlite3.Connection, begin_s: int, end_s: int) -> list[DecisionRow]:
    low, high = 0, 1 << 62
    if connection.execute(_EPOCHS).fetchone()[0] <= 1:
        low, high = (_first_at(connection, at_s) for at_s in (begin_s - SLACK_S, end_s + SLACK_S))
    query = f"SELECT {_COLUMNS} FROM decision WHERE seq >= ? AND seq < ? AND at_s >= ? AND at_s < ? ORDER BY seq"  # noqa: S608  own names
    return [DecisionRow(*told) for told in connection.execute(query, (low, high, begin_s, end_s))]


def _first_at(connection: sqlite3.Connection, at_s: int) -> int:
    """The number of the first decision at a time or later; one beyond the last where there is none."""
    low, last = connection.execute("SELECT MIN(seq), MAX(seq) FROM decision").fetchone()
    if low is None:
        return 0
    high = last + 1
    while low < high:
        middle = (low + high) // 2
        seq, found_s = connection.execute(
            "SELECT seq, at_s FROM decision WHERE seq >= ? ORDER BY seq LIMIT 1", (middle,)
        ).fetchone()
        if found_s < at_s:
            low = seq + 1
        else:
            high = middle
    return int(low)
