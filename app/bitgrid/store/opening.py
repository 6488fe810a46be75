"""Opening a database at start: looked at first; a damaged one is set aside, and what can be is given back.

``data/snapshots`` holds what is given back, ``data/set-aside`` what was damaged. Full, locked or protected is not
damaged: nothing is moved then, and whoever asked says what is wrong and tries again.
"""

from __future__ import annotations

import errno
import logging
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TypeVar

from bitgrid.clock import Clock
from bitgrid.store import incidents, snapshots
from bitgrid.store.errors import DamagedError
from bitgrid.store.files import stamp
from bitgrid.store.incidents import Loss, Replacement
from bitgrid.store.snapshots import Snapshot, Snapshots
from bitgrid.store.soundness import NotFinishedError, is_damage, open_to_read, problem_of

log = logging.getLogger(__name__)

SNAPSHOTS, SET_ASIDE = "snapshots", "set-aside"
_Store = TypeVar("_Store")
_PIECE = 1 << 20


def open_sound(
    path: Path, clock: Clock, open_it: Callable[[Path], _Store], newest_form: int, since_s: float = 0.0
) -> tuple[_Store, Loss | None]:
    """Open a database that one process owns, whatever became of its file.

    Args:
        path: the database; it need not be there.
        clock: by which the look at it is bounded, and for names.
        open_it: opens it, makes it where it is missing, and brings it to the newest form.
        newest_form: that form; a snapshot of a later one is not given back.
        since_s: nor is one of a database that was written last before this, UTC epoch seconds.

    Returns:
        what ``open_it`` gave, and what was lost, if anything.

    Raises:
        StoreError: it cannot be opened, and is not damaged, or nothing could be put in its place.
    """
    root = path.parent / SET_ASIDE
    loss = incidents.resume(root, lambda of: of == path)
    problem = look(path, clock)
    if not problem:
        try:
            return open_it(path), loss
        except DamagedError as error:
            problem = str(error)
    loss = give_back(path, problem, usable(path, newest_form, since_s), clock)
    log.error("%s", loss)
    return open_it(path), loss


def look(path: Path, clock: Clock) -> str:
    """What is wrong with a database, if it is there; nothing, if nothing is found in the time there is."""
    problem, hindrance = examine(path, clock)
    if hindrance:
        log.warning("%s: %s; it is taken as sound", path, hindrance)
    return problem


def examine(path: Path, clock: Clock) -> tuple[str, str]:
    """What is wrong with a database, if it is there; and what kept it from being looked at, if anything did."""
    if not path.exists():
        return "", ""
    try:
        with closing(open_to_read(path)) as connection:
            return problem_of(connection, clock), ""
    except NotFinishedError as error:
        return "", str(error)
    except sqlite3.Error as error:
        if is_damage(error) or not _is_readable(path):
            return str(error), ""
        return "", f"it cannot be looked at: {error}"


def usable(path: Path, newest_form: int, since_s: float = 0.0) -> Snapshot | None:
    """The newest snapshot of a database that is sound, that this release can read, and that is not too old."""
    for one in reversed(Snapshots(path.parent / SNAPSHOTS).of(path.stem)):
        if one.form <= newest_form and one.stamp >= stamp(since_s) and not _problem_of_snapshot(one.path):
            return one
    return None


def give_back(path: Path, problem: str, snapshot: Snapshot | None, clock: Clock) -> Loss:
    """Set a database aside; put a snapshot in its place, or nothing.

    Raises:
        StoreError: the snapshot cannot be copied; nothing was moved.
    """

    def make(target: Path, _loss: Loss) -> None:
        if snapshot is not None:
            snapshots.copy_file(snapshot.path, target)

    told = "" if snapshot is None else f"the snapshot {snapshot.path.name}"
    return incidents.replace(path, problem, Replacement(told, make), path.parent / SET_ASIDE, clock)


def _problem_of_snapshot(path: Path) -> str:
    try:
        with closing(open_to_read(path)) as connection:
            found = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error as error:
        return str(error)
    return "" if found == ("ok",) else str(found)


def _is_readable(path: Path) -> bool:
    """Whether the medium gives the file back; SQLite says "disk I/O error" of a full disk, too."""
    try:
        with path.open("rb") as file:
            while file.read(_PIECE):
                pass
    except OSError as error:
        return error.errno != errno.EIO
    return True
