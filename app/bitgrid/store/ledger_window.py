"""Reading a stretch of the ledger, or one decision by its name: for who shows it, without holding it open.

May touch: the ledger's files, for reading. A record stands in the file of its month, or, where the clock was set
back over the end of one, in that of the month after; further it is not looked for.
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
    f"{_DECISION} WHERE at_s >= ?1 AND at_s < ?2 AND (?3 IS NULL OR load = ?3) AND seq > ?4 ORDER BY seq LIMIT ?5"
)
_NAMED = f"{_DECISION} WHERE at_s = ?1 AND load = ?2 AND clock_epoch = ?3 AND block = ?4 AND trigger = ?5"
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
            found = connection.execute(_BETWEEN, (from_s, to_s, load, after_seq, limit - len(rows)))
            rows += [DecisionRow(*told) for told in found]
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
            for told in connection.execute(_NAMED, (at_s, load, epoch, block, trigger)):
                return DecisionRow(*told)
    return None


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
