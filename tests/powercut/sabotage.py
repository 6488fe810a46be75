"""The ledger's scenario with one care taken away. Each must be caught, or the harness proves nothing."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

from bitgrid.store import month
from powercut import ledger_days
from powercut.child import Teller


def never_synced(root: Path, tell: Teller) -> None:
    """The month that is written has ``synchronous=OFF``."""
    _pragma("synchronous = full", "synchronous = off")
    ledger_days.short(root, tell)


def synced_like_telemetry(root: Path, tell: Teller) -> None:
    """``synchronous=NORMAL``: sound, and the last decisions are lost."""
    _pragma("synchronous = full", "synchronous = normal")
    ledger_days.short(root, tell)


def told_too_soon(root: Path, tell: Teller) -> None:
    """A decision is acknowledged before it is written."""
    ledger_days.short(root, _Hasty(tell))


def directory_left_to_chance(root: Path, tell: Teller) -> None:
    """The directory's own name is not made durable."""
    _no_sync_in("make_directory")
    ledger_days.short(root, tell)


def closed_beside_a_journal(root: Path, tell: Teller) -> None:
    """A sealed month is made read-only while its journal may still come back."""
    _no_sync_in("put_away")
    ledger_days.short(root, tell)


def renamed_before_synced(root: Path, tell: Teller) -> None:
    """A new month is made without a sync and renamed into its place."""
    connect = sqlite3.connect

    def careless(database: Path | str, **named: Any) -> sqlite3.Connection:
        connection = connect(database, **named)
        if str(database).endswith(month.UNFINISHED):
            connection.execute("PRAGMA synchronous = off")
        return connection

    sqlite3.connect = careless  # type: ignore[assignment]
    ledger_days.short(root, tell)


def without_a_journal(root: Path, tell: Teller) -> None:
    """Changes go straight into the file, without the log that could undo half of one."""
    _pragma("journal_mode = wal", "journal_mode = off")
    ledger_days.short(root, tell)


def past_the_shim(root: Path, tell: Teller) -> None:
    """A file is written by a process that the recording cannot see."""
    ledger_days.short(root, tell)
    unwatched = {name: value for name, value in os.environ.items() if name != "LD_PRELOAD"}
    subprocess.run(
        ["tee", str(root / "unseen")], input=b"unseen", stdout=subprocess.DEVNULL, env=unwatched, check=True
    )


def through_a_map(root: Path, _tell: Teller) -> None:
    """A file that is not SQLite's shared memory is written through a map."""
    import mmap  # noqa: PLC0415  only this one needs it

    with (root / "mapped").open("wb+") as file:
        os.write(file.fileno(), bytes(4096))
        with mmap.mmap(file.fileno(), 4096) as mapped:
            mapped[:4] = b"lost"


class _Hasty(Teller):
    """Tells a decision where it is about to be written."""

    def __init__(self, tell: Teller) -> None:
        self._tell = tell

    def __call__(self, what: str, **facts: Any) -> None:
        if what != "decision":
            self._tell(what, **facts)
        if what == "to write":
            self._tell("decision", **facts)


def _no_sync_in(function: str) -> None:
    real = month.sync

    def careless(directory: Path) -> None:
        if sys._getframe(1).f_code.co_name != function:
            real(directory)

    month.sync = careless


def _pragma(was: str, becomes: str) -> None:
    real = month._open

    def careless(path: Path, uri: str, pragmas: tuple[str, ...]) -> sqlite3.Connection:
        return real(path, uri, tuple(becomes if pragma == was else pragma for pragma in pragmas))

    month._open = careless
