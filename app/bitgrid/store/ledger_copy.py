"""A second copy of the ledger's last months, gone on with every three hours; it gives back a damaged month.

The ledger only grows, so only what is new is written: some 200 kB each time. Each record is held against its hash
and the one before it on the way, so that damage is not copied. Reads the ledger; writes
``data/snapshots/ledger`` alone.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from bitgrid.clock import Clock
from bitgrid.store import month, schema, snapshots
from bitgrid.store.chain import Head
from bitgrid.store.errors import StoreError
from bitgrid.store.files import changed_at_s, stamp, sync
from bitgrid.store.ledger_check import links_after, problem_of_month
from bitgrid.store.versions import version_of

COPY_EVERY_S = 3 * 3600.0
MONTHS = 2
_ARCHIVES = ("configuration", "forecast")


class LedgerCopy:
    """Copies the last months of a ledger.

    Args:
        ledger: its directory.
        copies: the directory of the copies.
        clock: for the hours.
    """

    def __init__(self, ledger: Path, copies: Path, clock: Clock) -> None:
        self._ledger, self._copies, self._clock = ledger, copies, clock
        self._next_boot_s = clock.boot()
        self._problem = ""

    def step(self) -> str:
        """Copy when it is time; tell what is wrong, or nothing."""
        if self._clock.boot() >= self._next_boot_s:
            self._next_boot_s = self._clock.boot() + COPY_EVERY_S
            self._problem = self.copy()
        return self._problem

    def copy(self) -> str:
        """Copy now; tell what is wrong, or nothing."""
        try:
            self._copies.mkdir(parents=True, exist_ok=True)
            files = month.months(self._ledger)[-MONTHS:]
            for path in files:
                self._copy(path)
            for old in month.months(self._copies):
                if files and old.name < files[0].name:
                    old.unlink()
        except (StoreError, sqlite3.Error, OSError, ValueError) as error:
            return f"the second copy of the ledger cannot be kept: {error}"
        return ""

    def _copy(self, path: Path) -> None:
        copied = self._copies / path.name
        if not copied.exists():
            self._copy_whole(path, copied)
            return
        with closing(month.open_reading(path)) as source, _writing(copied) as target:
            if version_of(target) != schema.VERSION or not _holds(source, _end(target)):
                self._begin_anew(path, copied)
            elif not month.is_sealed(target):
                _go_on(source, target)

    def _begin_anew(self, path: Path, copied: Path) -> None:
        """The ledger is another than the one that was copied: that copy stays until the next such day."""
        for old in self._copies.glob(f"{path.stem}.other.*"):
            old.unlink()
        copied.rename(copied.with_name(f"{path.stem}.other.{stamp(changed_at_s(copied))}.sqlite"))
        self._copy_whole(path, copied)

    def _copy_whole(self, path: Path, copied: Path) -> None:
        unfinished = copied.with_suffix(".unfinished")
        snapshots.copy_file(path, unfinished)
        unfinished.rename(copied)
        problem = problem_of_month(copied, self._clock)
        if problem:
            copied.unlink()
            raise StoreError(f"{path}: {problem}")
        sync(self._copies)


@contextmanager
def _writing(copied: Path) -> Iterator[sqlite3.Connection]:
    uri = f"{copied.absolute().as_uri()}?mode=rw"
    with closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = full")
        yield connection


def _end(connection: sqlite3.Connection) -> Head:
    """The last record, without the seal."""
    rows = connection.execute("SELECT seq, hash FROM decision UNION ALL SELECT seq, hash FROM event").fetchall()
    first = connection.execute("SELECT previous_seq, previous_hash FROM chain").fetchone()
    return max(Head(*row) for row in [first, *rows])


def _holds(source: sqlite3.Connection, head: Head) -> bool:
    """Whether a head is in the ledger."""
    query = """SELECT seq, hash FROM decision WHERE seq = ?1 UNION ALL SELECT seq, hash FROM event WHERE seq = ?1
        UNION ALL SELECT previous_seq, previous_hash FROM chain"""
    return tuple(head) in source.execute(query, (head.seq,)).fetchall()


def _go_on(source: sqlite3.Connection, target: sqlite3.Connection) -> None:
    """Write what is new, in one transaction, as the ledger is at one moment."""
    source.execute("BEGIN")
    links = links_after(source, _end(target))
    memories = source.execute("SELECT load, record FROM memory").fetchall()
    is_known = memories == target.execute("SELECT load, record FROM memory").fetchall()
    if not links and is_known and not month.is_sealed(source):
        return
    with month.transaction(target):
        for table in _ARCHIVES:
            last = target.execute(f"SELECT COALESCE(MAX(rowid), 0) FROM {table}").fetchone()  # noqa: S608  own names
            rows = source.execute(f"SELECT rowid, * FROM {table} WHERE rowid > ?", last)  # noqa: S608  own names
            insert = f"INSERT INTO {table} (rowid, hash, record, at_s) VALUES (?, ?, ?, ?)"  # noqa: S608  own names
            target.executemany(insert, rows)
        for told in links:
            values = (told.seq, *told.row, told.prev_hash, told.hash)
            table = "event" if told.block is None else "decision"
            target.execute(f"INSERT INTO {table} VALUES ({','.join('?' * len(values))})", values)  # noqa: S608  own names
        target.execute("DELETE FROM memory")
        target.executemany("INSERT INTO memory VALUES (?, ?)", memories)
        target.executemany("INSERT INTO seal VALUES (?,?,?,?,?,?,?,?)", source.execute("SELECT * FROM seal"))
