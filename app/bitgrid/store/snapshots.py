"""Snapshots: whole copies of a database, each in a file of its own, from which it can be given back.

Named ``<name>.v<form>.<when it was written last>.sqlite``. A snapshot appears whole, by a rename, after it was
read through and is on the disk; the oldest give way to a new one, never before it stands.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from contextlib import closing, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path

from bitgrid.clock import Clock
from bitgrid.store.errors import StoreError
from bitgrid.store.files import changed_at_s, stamp, sync
from bitgrid.store.soundness import open_to_read
from bitgrid.store.versions import version_of

_NAME = re.compile(r"^(?P<name>.+)\.v(?P<form>\d+)\.(?P<stamp>\d{8}T\d{6}Z)\.sqlite$")
_UNFINISHED = ".unfinished"
WEEK_S = 7 * 86_400.0
LOOK_EVERY_S = 3600.0


@dataclass(frozen=True, order=True)
class Snapshot:
    """One of a database: ``stamp`` is when that was written last."""

    stamp: str
    name: str
    form: int
    path: Path


class Snapshots:
    """The snapshots in a directory.

    Args:
        directory: where they are; made when the first is taken.
        keep: how many of one database are kept.
    """

    def __init__(self, directory: Path, keep: int = 2) -> None:
        self._directory, self._keep = directory, keep

    def of(self, name: str | None = None) -> list[Snapshot]:
        """Those of a database (by its file's name without ending), or all; the oldest first."""
        if not self._directory.is_dir():
            return []
        found = (_read(path) for path in self._directory.iterdir())
        return sorted(one for one in found if one is not None and name in {None, one.name})

    def take(self, path: Path, connection: sqlite3.Connection | None = None) -> Snapshot:
        """Take one of a database as it is now; whoever writes may go on.

        Args:
            path: the database.
            connection: through which to read it, where one holds it alone.

        Raises:
            StoreError: there is none; what was there before is untouched.
        """
        unfinished = self._directory / f"{path.stem}{_UNFINISHED}"
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            at = stamp(changed_at_s(path))
            with closing(open_to_read(path)) if connection is None else nullcontext(connection) as source:
                form = version_of(source)
                copy(source, unfinished)
            taken = Snapshot(at, path.stem, form, self._directory / f"{path.stem}.v{form}.{at}.sqlite")
            unfinished.rename(taken.path)
            sync(self._directory)
            self._forget_old(taken)
        except (sqlite3.Error, OSError) as error:
            with suppress(OSError):
                unfinished.unlink()
            raise StoreError(f"no snapshot of {path} could be taken: {error}") from error
        return taken

    def _forget_old(self, taken: Snapshot) -> None:
        """The oldest give way."""
        others = [one for one in self.of(taken.name) if one.path != taken.path]
        for one in others[: max(0, len(others) + 1 - self._keep)]:
            one.path.unlink()


class Regular:
    """Snapshots of a database at regular times, counted by the last one's, so that a restart takes none too many.

    Args:
        snapshots: where they are kept.
        path: the database; while it is not there, none is taken.
        take: takes one.
        clock: for the times.
    """

    def __init__(self, snapshots: Snapshots, path: Path, take: Callable[[], object], clock: Clock) -> None:
        self._snapshots, self._path, self._take, self._clock = snapshots, path, take, clock
        self._next_look_boot_s = clock.boot()
        self._problem = ""

    def step(self) -> str:
        """Take one when it is time; tell what is wrong, or nothing."""
        if self._clock.boot() >= self._next_look_boot_s:
            self._next_look_boot_s = self._clock.boot() + LOOK_EVERY_S
            self._problem = self._look()
        return self._problem

    def _look(self) -> str:
        taken = self._snapshots.of(self._path.stem)
        if not self._path.exists() or (taken and taken[-1].stamp > stamp(self._clock.now() - WEEK_S)):
            return ""
        try:
            self._take()
        except StoreError as error:
            return str(error)
        return ""


def copy(source: sqlite3.Connection, target: Path) -> None:
    """Write all of an open database into a file of its own, read it through, and make it durable.

    Raises:
        sqlite3.Error: it is not sound, or cannot be written.
        OSError: it cannot be made durable.
    """
    target.unlink(missing_ok=True)
    with closing(sqlite3.connect(target, isolation_level=None)) as made:
        source.backup(made)
        made.execute("PRAGMA journal_mode = delete")
        found = made.execute("PRAGMA quick_check(1)").fetchone()
    if found != ("ok",):
        raise sqlite3.DatabaseError(f"what was copied is malformed: {found[0]}")
    sync(target)


def copy_file(source: Path, target: Path) -> None:
    """Write all of a database that nobody has open into another file, as `copy` does.

    Raises:
        StoreError: it cannot be read or written.
    """
    try:
        with closing(open_to_read(source)) as connection:
            copy(connection, target)
    except (sqlite3.Error, OSError) as error:
        with suppress(OSError):
            target.unlink()
        raise StoreError(f"{source} cannot be copied: {error}") from error


def _read(path: Path) -> Snapshot | None:
    match = _NAME.match(path.name)
    return match and Snapshot(match["stamp"], match["name"], int(match["form"]), path)
