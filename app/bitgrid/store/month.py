"""A month of the ledger as a file: begun, opened, sealed.

A file appears whole, by a rename, with its tables and the header that ties it to the one before. It ends with a
seal, after which its triggers refuse everything; then it leaves WAL mode and is made read-only. A power cut at any
point leaves a ledger that is in order: the seal is a transaction, and what is left to do after it is done at the
next start.
"""

from __future__ import annotations

import datetime as dt
import logging
import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

from bitgrid.store import schema
from bitgrid.store.chain import BEGINNING, Head, Seal, archive_digest, link
from bitgrid.store.errors import DamagedError, StoreError
from bitgrid.store.files import if_full, sync
from bitgrid.store.soundness import is_damage
from bitgrid.store.versions import refuse_newer

log = logging.getLogger(__name__)

READ_ONLY = 0o440
UNFINISHED = "next.sqlite.new"
_FILE = re.compile(r"^\d{4}-(0[1-9]|1[0-2])\.sqlite$")
_ENDS = """
    SELECT * FROM (SELECT seq, hash FROM decision ORDER BY seq DESC LIMIT 1)
    UNION ALL SELECT * FROM (SELECT seq, hash FROM event ORDER BY seq DESC LIMIT 1)
    UNION ALL SELECT previous_seq, previous_hash FROM chain"""
_BUSY_MS = 2000
_BUSY_SEALING_MS = 100


def make_directory(directory: Path) -> None:
    """Make the directory of a ledger; durable before anything is written into it."""
    missing = [path for path in (directory, *directory.parents) if not path.exists()]
    directory.mkdir(parents=True, exist_ok=True)
    for path in reversed(missing):
        sync(path.parent)


def months(directory: Path) -> list[Path]:
    """The files of a ledger, oldest first."""
    if not directory.is_dir():
        return []
    return sorted(path for path in directory.iterdir() if _FILE.match(path.name) and path.is_file())


def month_of(at_s: int) -> str:
    """The month of a time, UTC, as its file is named."""
    return dt.datetime.fromtimestamp(at_s, dt.UTC).strftime("%Y-%m")


def month_after(month: str) -> str:
    """The month after one."""
    return (dt.datetime.strptime(month, "%Y-%m").replace(tzinfo=dt.UTC) + dt.timedelta(days=31)).strftime("%Y-%m")


def open_reading(path: Path) -> sqlite3.Connection:
    """Open a file for reading alone.

    Raises:
        StoreError: it cannot be, or is no ledger of this version.
    """
    return _open(path, f"{path.absolute().as_uri()}?mode=ro", ())


def open_writing(path: Path) -> sqlite3.Connection:
    """Open the last file for writing: what is committed is on the disk.

    Raises:
        StoreError: it cannot be, or is no ledger of this version.
    """
    return _open(path, f"{path.absolute().as_uri()}?mode=rw", ("journal_mode = wal", "synchronous = full"))


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """All of it or nothing of it."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
        connection.execute("COMMIT")
    except BaseException:  # an interrupt too: nothing half written stays
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def begin(directory: Path, month: str, before: Path | None, memories: Mapping[str, str]) -> Path:
    """Make the file of a month that goes on from ``before``, with the memory carried over."""
    unfinished, path = directory / UNFINISHED, directory / f"{month}.sqlite"
    build(unfinished, path.name, before, memories)
    unfinished.rename(path)
    sync(directory)
    return path


def build(at: Path, name: str, before: Path | None, memories: Mapping[str, str]) -> None:
    """Make the file that is to be called ``name`` somewhere else, and make it durable."""
    head = BEGINNING
    if before is not None:
        with closing(open_reading(before)) as connection:
            head = head_of(connection)
    for leftover in (at, at.with_name(f"{at.name}-journal")):
        leftover.unlink(missing_ok=True)
    with closing(sqlite3.connect(at, isolation_level=None)) as connection, transaction(connection):
        schema.create(connection)
        previous = "" if before is None else before.name
        connection.execute("INSERT INTO chain VALUES (1, ?, ?, ?, ?)", (name, previous, *head))
        connection.executemany("INSERT INTO memory VALUES (?, ?)", memories.items())


def head_of(connection: sqlite3.Connection) -> Head:
    """Where the chain of an open file ends."""
    head = max(Head(*row) for row in connection.execute(_ENDS))
    seal = connection.execute("SELECT hash FROM seal").fetchone()
    return head if seal is None else Head(head.seq, str(seal[0]))


def is_sealed(connection: sqlite3.Connection) -> bool:
    """Whether nothing more may be written to an open file."""
    return connection.execute("SELECT 1 FROM seal").fetchone() is not None


def seal(connection: sqlite3.Connection, at_s: int) -> None:
    """End a month."""
    with transaction(connection):
        head, figures = head_of(connection), figures_of(connection, at_s)
        row = (1, *figures, head.hash, link(head.hash, figures.payload))
        connection.execute("INSERT INTO seal VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)


def figures_of(connection: sqlite3.Connection, sealed_at_s: int) -> Seal:
    """What a seal must say of an open file."""
    decisions, events = connection.execute(
        "SELECT (SELECT COUNT(*) FROM decision), (SELECT COUNT(*) FROM event)"
    ).fetchone()
    keys = connection.execute("SELECT hash FROM configuration UNION ALL SELECT hash FROM forecast ORDER BY hash")
    return Seal(
        decisions, events, head_of(connection).seq, archive_digest(str(key) for (key,) in keys), sealed_at_s
    )


def put_away(path: Path) -> None:
    """Take a sealed file out of WAL mode, make it read-only; a reader in the way leaves it to the next start."""
    if not path.stat().st_mode & 0o222:
        return
    with closing(open_writing(path)) as connection:
        if not is_sealed(connection):
            return
        connection.execute(f"PRAGMA busy_timeout = {_BUSY_SEALING_MS}")
        try:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.execute("PRAGMA journal_mode = delete")
        except sqlite3.OperationalError as error:
            log.warning("the sealed ledger %s is not put away yet: %s", path, error)
            return
    sync(path.parent)  # a journal that came back beside a file nobody may write could never be rolled back
    path.chmod(READ_ONLY)


def not_opened(place: Path, error: Exception) -> str:
    """What is said where the ledger, or a month of it, cannot be opened."""
    return f"the ledger {place} cannot be opened: {error}{if_full(place)}; loads stay off"


def _open(path: Path, uri: str, pragmas: tuple[str, ...]) -> sqlite3.Connection:
    connection = None
    try:
        connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=_BUSY_MS / 1000)
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        for pragma in pragmas if version == schema.VERSION else ():
            connection.execute(f"PRAGMA {pragma}")
    except sqlite3.Error as error:
        if connection is not None:
            connection.close()
        kind = DamagedError if is_damage(error) else StoreError
        raise kind(not_opened(path, error)) from error
    if version != schema.VERSION:
        connection.close()
        refuse_newer(version, schema.VERSION, f"the ledger {path}")
        raise StoreError(
            f"the ledger {path} cannot be opened: its format is {version}, this BitGrid writes {schema.VERSION} "
            f"(0 was before records were chained, and cannot be vouched for); loads stay off. "
            f"Move the directory {path.parent} away to begin a new ledger"
        )
    return connection
