"""The ledger's events for whoever looks back: newest first, a page at a time, read-only.

Plain rows by `sqlite3`, a file opened and closed for each question, so that the writer is never in the way.
May touch: the ledger's files, for reading.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path

from bitgrid.store import month
from bitgrid.store.errors import StoreError
from bitgrid.store.rows import EventRow

NEWEST = 1 << 62
_PAGE = "SELECT at_s, kind, record, seq FROM event WHERE seq < ? AND kind IN ({}) ORDER BY seq DESC LIMIT ?"


def events(ledger: Path, kinds: Sequence[str], limit: int, before_seq: int = NEWEST) -> list[EventRow]:
    """The last events of some kinds, newest first; none where there is no ledger yet.

    Args:
        ledger: its directory.
        kinds: of safety, health and audit.
        limit: how many at most.
        before_seq: only what was recorded before the record of this number.

    Raises:
        StoreError: a month cannot be read.
    """
    return list(islice(_events(ledger, kinds, limit, before_seq), limit))


def _events(ledger: Path, kinds: Sequence[str], limit: int, before_seq: int) -> Iterator[EventRow]:
    query = _PAGE.format(", ".join("?" * len(kinds)))
    for path in reversed(month.months(ledger)):
        try:
            with closing(month.open_reading(path)) as connection:
                rows = connection.execute(query, (before_seq, *kinds, limit)).fetchall()
        except sqlite3.Error as error:
            raise StoreError(f"the ledger {path} cannot be read: {error}") from error
        yield from (EventRow(*row) for row in rows)
