"""Opening the ledger at start, whatever became of its last month.

A damaged month is set aside. Its copy (`bitgrid.store.ledger_copy`) takes its place or, without one, a month begun
anew after the one before. Either remembers less than has happened, so it holds, among its memories, a note of
that: whoever decides must start as if nothing were known, and takes the note away in the transaction that says so.
"""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

from bitgrid.clock import Clock
from bitgrid.store import incidents, month, schema, snapshots
from bitgrid.store.errors import StoreError
from bitgrid.store.files import changed_at_s, stamp, sync
from bitgrid.store.incidents import Loss, Replacement
from bitgrid.store.ledger import LOST, Ledger
from bitgrid.store.ledger_check import problem_of_month
from bitgrid.store.opening import SET_ASIDE, SNAPSHOTS
from bitgrid.store.soundness import open_to_read
from bitgrid.store.versions import bring_up, version_of

log = logging.getLogger(__name__)


def open_ledger(directory: Path, clock: Clock) -> Ledger:
    """The ledger in a directory, for writing.

    Raises:
        StoreError: it cannot be opened, or is damaged and nothing can be put in its place; nothing was moved.
            To try again later is of use where the disk is full or protected.
    """
    try:
        incidents.resume(_root(directory), lambda of: of.parent == directory)
        for path in month.months(directory)[-1:]:
            problem = problem_of_month(path, clock)
            if problem:
                log.error("%s", give_back(path, problem, clock))
            _bring_up(path)
        return Ledger(directory)
    except (OSError, sqlite3.Error) as error:
        raise StoreError(month.not_opened(directory, error)) from error


def give_back(path: Path, problem: str, clock: Clock) -> Loss:
    """Set a month aside, put what is known of it in its place.

    Raises:
        StoreError: that cannot be made; nothing was moved.
    """
    before = next((one for one in reversed(month.months(path.parent)) if one.name < path.name), None)
    source = _source(path, clock)
    if source is not None:
        other = Replacement(_told(source), partial(_from_copy, source))
    else:
        told = "" if before is None else f"the month before, {before.stem}"
        other = Replacement(told, partial(_after, before, path.name))
    return incidents.replace(path, problem, other, _root(path.parent), clock)


def _source(path: Path, clock: Clock) -> Path | None:
    """The month's copy or, where there is none that is sound and of this release's form, its newest snapshot."""
    kept = path.parent.parent / SNAPSHOTS / path.parent.name
    taken = [one.path for one in reversed(snapshots.Snapshots(kept).of(path.stem))]
    return next((one for one in [kept / path.name, *taken] if _is_usable(one, path.name, clock)), None)


def _is_usable(source: Path, name: str, clock: Clock) -> bool:
    if not source.exists() or problem_of_month(source, clock, name):
        return False
    with closing(open_to_read(source)) as connection:
        return version_of(connection) == schema.VERSION


def _root(directory: Path) -> Path:
    return directory.parent / SET_ASIDE


def _told(copied: Path) -> str:
    with closing(open_to_read(copied)) as connection:
        return f"its copy as of {stamp(changed_at_s(copied))}, record {month.head_of(connection).seq}"


def _from_copy(copied: Path, target: Path, loss: Loss) -> None:
    snapshots.copy_file(copied, target)
    try:
        with closing(sqlite3.connect(target, isolation_level=None)) as connection:
            connection.execute("INSERT OR REPLACE INTO memory VALUES (?, ?)", _note(loss))
        sync(target)
    except sqlite3.Error as error:
        raise StoreError(f"{target} cannot be written: {error}") from error


def _after(before: Path | None, name: str, target: Path, loss: Loss) -> None:
    memories = dict(_memories(before))
    try:
        month.build(target, name, before, {**memories, **dict([_note(loss)])})
        sync(target)
    except sqlite3.Error as error:
        raise StoreError(f"{target} cannot be written: {error}") from error


def _note(loss: Loss) -> tuple[str, str]:
    return LOST, json.dumps(loss.event)


def _memories(before: Path | None) -> Iterator[tuple[str, str]]:
    if before is not None:
        with closing(month.open_reading(before)) as connection:
            yield from connection.execute("SELECT load, record FROM memory")


def _bring_up(path: Path) -> None:
    """Bring the last month to this release's form, after a snapshot; sealed ones stay as they were sealed."""
    with closing(
        sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, isolation_level=None)
    ) as connection:
        if 0 < version_of(connection) < schema.VERSION:
            taken = snapshots.Snapshots(path.parent.parent / SNAPSHOTS / path.parent.name)
            bring_up(connection, schema.STEPS, f"the ledger {path}", lambda: taken.take(path))
