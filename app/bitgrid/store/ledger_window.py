"""Reading a stretch of the ledger, or one decision by its name: for who shows it, without holding it open.

May touch: the ledger's files, for reading. A record stands in the file of its month, or, where the clock was set
back over the end of one, in that of the month after; further it is not looked for.

Nothing is indexed by time, and nothing need be: while the clock is not set back, times rise with the numbers, so
the ends of a stretch are found by halving. A month with a step of the clock is read through.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from bitgrid.store import month
from bitgrid.store.errors import StoreError
from bitgrid.store.rows import DecisionRow

_DECISION = "SELECT load, clock_epoch, block, trigger, at_s, record, seq FROM decision"
_BETWEEN = (
    f"{_DECISION} WHERE at_s >= ?1 AND at_s < ?2 AND (?3 IS NULL OR load = ?3) AND seq > ?4 AND seq < ?5"
    " ORDER BY seq LIMIT ?6"
)
_EPOCHS = "SELECT COUNT(DISTINCT clock_epoch) FROM decision WHERE trigger = 'TICK'"
_ENDS = "SELECT MIN(seq), MAX(seq) FROM decision"
_NEXT = "SELECT seq, at_s FROM decision WHERE seq >= ? ORDER BY seq LIMIT 1"
SLACK_S = 600
"""More than the clock may slip without beginning a new epoch."""
_PARTS = 5
_LATEST_S = 4_102_444_800  # 2100


def decisions_between(  # noqa: PLR0913  a stretch, and which part of it
    directory: Path, from_s: int, to_s: int, *, load: str | None = None, after_seq: int = 0, limit: int
) -> list[DecisionRow]:
    """Decisions of a stretch of time, oldest first.

    Args:
        directory: the ledger's.
        from_s: where it begins, UTC epoch seconds.
        to_s: where it ends, itself left out.
        load: of this load alone.
        after_seq: only those after this number in the ledger: the last one of the part before.
        limit: how many at most.

    Raises:
        StoreError: the ledger cannot be read.
    """
    rows: list[DecisionRow] = []
    with _errors_told():
        for connection in _open(directory, from_s, to_s):
            rows += _found(connection, (from_s, to_s), load, after_seq, limit - len(rows))
            if len(rows) >= limit:
                break
    return rows


def decision_named(directory: Path, name: str) -> DecisionRow | None:
    """The decision of this id (`DecisionRow.id`); None where there is none.

    Raises:
        StoreError: the ledger cannot be read.
    """
    parts = name.rsplit("-", _PARTS - 1)
    if len(parts) != _PARTS or not all(part.isascii() and part.isdigit() for part in (*parts[1:3], parts[4])):
        return None
    load, epoch, block, trigger, at_s = parts[0], int(parts[1]), int(parts[2]), parts[3].upper(), int(parts[4])
    if max(epoch, block, at_s) > _LATEST_S:
        return None
    with _errors_told():
        for connection in _open(directory, at_s, at_s + 1):
            for row in _found(connection, (at_s, at_s + 1), load, 0, -1):
                if (row.clock_epoch, row.block, row.trigger) == (epoch, block, trigger):
                    return row
    return None


def first_decision_s(directory: Path) -> int | None:
    """When the first decision was made, UTC epoch seconds; None where there is none.

    Raises:
        StoreError: the ledger cannot be read.
    """
    with _errors_told():
        for path in month.months(directory):
            with closing(month.open_reading(path)) as connection:
                for _seq, at_s in connection.execute(_NEXT, (0,)):
                    return int(at_s)
    return None


def _found(
    connection: sqlite3.Connection, ends_s: tuple[int, int], load: str | None, after_seq: int, limit: int
) -> list[DecisionRow]:
    """What a month's open file has of a stretch."""
    low, high = 0, 1 << 62
    if connection.execute(_EPOCHS).fetchone()[0] <= 1:
        low, high = (_first_at(connection, at_s) for at_s in (ends_s[0] - SLACK_S, ends_s[1] + SLACK_S))
    told = connection.execute(_BETWEEN, (*ends_s, load, max(after_seq, low - 1), high, limit))
    return [DecisionRow(*row) for row in told]


def _first_at(connection: sqlite3.Connection, at_s: int) -> int:
    """The number of the first decision at a time or later; one beyond the last where there is none."""
    low, last = connection.execute(_ENDS).fetchone()
    if low is None:
        return 0
    high = last + 1
    while low < high:
        middle = (low + high) // 2
        seq, found_s = connection.execute(_NEXT, (middle,)).fetchone()
        if found_s < at_s:
            low = seq + 1
        else:
            high = middle
    return int(low)


def _open(directory: Path, from_s: int, to_s: int) -> Iterator[sqlite3.Connection]:
    """The files that may hold something of a stretch, each open while it is looked at."""
    first, last = month.month_of(max(0, from_s)), month.month_after(month.month_of(min(_LATEST_S, max(0, to_s))))
    for path in month.months(directory):
        if first <= path.stem <= last:
            with closing(month.open_reading(path)) as connection:
                yield connection


@contextmanager
def _errors_told() -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise StoreError(f"the ledger cannot be read: {error}") from error
