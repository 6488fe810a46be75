"""A copy of the house's databases that a backup can take while the house runs, and what it must come back as.

Each database is copied by SQLite itself, as it was at one moment; the ledger's months oldest first, so that the
chain of the copy is whole. One that its process holds for itself (the feeds') is copied with its log, by bytes, at
a moment at which neither was begun anew. `MANIFEST` says what was copied: by it a restore is judged.
"""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from pydantic import BaseModel

import bitgrid
from bitgrid.clock import Clock
from bitgrid.config import Config
from bitgrid.ops.errors import Refusal
from bitgrid.store.verify import inspect

MANIFEST = "manifest.json"
LEDGER = "ledger"
_BUSY_S = 5.0
_TRIES = 5
_WAL_HEADER_BYTES, _MODE_AT = 32, slice(18, 20)
"""Of a log: its salt, another one each time it is begun anew. Of a database: how it is written, 2 with a log."""


class Manifest(BaseModel):
    """What a snapshot holds: ``files`` by their SHA-256, ``head`` the end of the ledger's chain."""

    version: str
    taken_at_s: int
    config_hash: str
    head: str
    decisions: int
    faults: list[str]
    files: dict[str, str]


def take(config: Config, data: Path, target: Path, clock: Clock) -> Manifest:
    """Copy the databases of ``data`` to ``target``, which is emptied first.

    Raises:
        Refusal: a database cannot be copied; what is in ``target`` is no snapshot then.
    """
    shutil.rmtree(target, ignore_errors=True)
    for source in databases(data):
        copy = target / source.relative_to(data)
        copy.parent.mkdir(parents=True, exist_ok=True)
        _copy(source, copy)
    found = inspect(target / LEDGER)
    manifest = Manifest(
        version=bitgrid.__version__,
        taken_at_s=int(clock.now()),
        config_hash=config.config_hash,
        head=str(found.head),
        decisions=found.decisions,
        faults=[str(fault) for fault in found.faults],
        files=digests(target),
    )
    target.mkdir(parents=True, exist_ok=True)
    (target / MANIFEST).write_text(manifest.model_dump_json(indent=1) + "\n", encoding="utf-8")
    return manifest


def databases(data: Path) -> list[Path]:
    """Every database of a house, the ledger's months in their order."""
    return (
        sorted(data.glob("ledger/*.sqlite")) + sorted(data.glob("*.sqlite")) + sorted(data.glob("feeds/*.sqlite"))
    )


def digests(directory: Path) -> dict[str, str]:
    """SHA-256 of every database below a directory, by its path in it."""
    return {
        str(path.relative_to(directory)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(directory.rglob("*.sqlite"))
    }


def _copy(source: Path, copy: Path) -> None:
    try:
        if _is_held(source):
            _copy_held(source, copy)
        else:
            _copy_by_sqlite(source, copy)
    except (sqlite3.Error, OSError) as error:
        raise Refusal(
            f"{source} cannot be copied ({error}), so there is no backup of it. Run: bitgrid doctor"
        ) from None
    shutil.copymode(source, copy)


def _reading(source: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True, timeout=_BUSY_S)


def _is_held(source: Path) -> bool:
    """Whether a process keeps everybody else out; SQLite's own copying would wait for its end."""
    with closing(_reading(source)) as reading:
        try:
            reading.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise
            return True
    return False


def _copy_by_sqlite(source: Path, copy: Path) -> None:
    with closing(_reading(source)) as reading, closing(sqlite3.connect(copy)) as writing:
        reading.backup(writing)
        writing.execute("PRAGMA journal_mode = delete")  # one file, and nothing beside it


def _copy_held(source: Path, copy: Path) -> None:
    """Database and log as they stand together; what is appended to the log meanwhile is simply not in the copy."""
    for _ in range(_TRIES):
        before = _mark(source)
        for ending in ("", "-wal"):
            shutil.copyfile(f"{source}{ending}", f"{copy}{ending}")
        if _mark(source) == before:
            break
    else:
        raise sqlite3.OperationalError("it was written anew each time it was copied")
    with closing(sqlite3.connect(copy)) as writing:
        writing.execute("PRAGMA journal_mode = delete")
        if (found := writing.execute("PRAGMA integrity_check").fetchone()[0]) != "ok":
            raise sqlite3.DatabaseError(found)


def _mark(source: Path) -> tuple[object, ...]:
    """What changes when the log is written back into the database, or begun anew."""
    told, log = source.stat(), Path(f"{source}-wal")
    with source.open("rb") as file, log.open("rb") as beside:
        if file.read(_MODE_AT.stop)[_MODE_AT] != b"\x02\x02":
            raise sqlite3.OperationalError("it is locked, and has no log beside it")
        return told.st_mtime_ns, told.st_size, told.st_ino, beside.read(_WAL_HEADER_BYTES)
