"""A copy of the house's databases that a backup can take while the house runs, and what it must come back as.

Each database is copied by SQLite itself, as it was at one moment; the ledger's months oldest first, so that the
chain of the copy is whole. `MANIFEST` says what was copied: by it a restore is judged.
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
_BUSY_S = 30.0


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
    uri = f"{source.absolute().as_uri()}?mode=ro"
    try:
        with (
            closing(sqlite3.connect(uri, uri=True, timeout=_BUSY_S)) as reading,
            closing(sqlite3.connect(copy)) as writing,
        ):
            reading.backup(writing)
            writing.execute("PRAGMA journal_mode = delete")  # one file, and nothing beside it
    except sqlite3.Error as error:
        raise Refusal(
            f"{source} cannot be copied ({error}), so there is no backup of it. Run: bitgrid doctor"
        ) from None
    shutil.copymode(source, copy)
