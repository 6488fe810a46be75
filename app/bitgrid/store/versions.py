"""Versions of a database's form: the steps from one to the next, taken at start.

A database keeps the number of its form in ``user_version``; 0 is one from before there were numbers, or an
empty one. A step is one transaction, its number included: a power cut leaves the form before or the form after.
Before the first step of a database that holds anything, a snapshot is taken (`bitgrid.store.snapshots`), so
that the release before can be given back what it wrote. A database of a later form is refused: what it holds
cannot be known here.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Sequence
from typing import cast

from peewee import SqliteDatabase

from bitgrid.store.errors import NewerError

log = logging.getLogger(__name__)

Step = tuple[str, ...]
"""The statements that lead from a form to the next."""


def connection_of(database: SqliteDatabase) -> sqlite3.Connection:
    """What is beneath an open database of peewee's, in autocommit."""
    connection = database.connection  # its stubs say nothing of what it gives
    return cast("Callable[[], sqlite3.Connection]", connection)()


def version_of(connection: sqlite3.Connection) -> int:
    """The number of an open database's form."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def bring_up(
    connection: sqlite3.Connection, steps: Sequence[Step], name: str, snapshot: Callable[[], object]
) -> bool:
    """Bring an open database to the newest form, the one that the last of ``steps`` leads to.

    Args:
        connection: open for writing, in autocommit.
        steps: the first leads from form 0 to form 1.
        name: what to call it, for people.
        snapshot: called before the first step of a database that holds anything; what it raises ends all of it.

    Returns:
        whether there was anything to do on a database that held something.

    Raises:
        NewerError: its form is a later one.
        sqlite3.Error: a step failed and left nothing behind; those before it stand.
    """
    found = version_of(connection)
    refuse_newer(found, len(steps), name)
    if found == len(steps):
        return False
    is_empty = connection.execute("SELECT 1 FROM sqlite_schema").fetchone() is None
    if not is_empty:
        snapshot()
        log.warning("%s is brought from form %d to form %d", name, found, len(steps))
    for number in range(found, len(steps)):
        _take(connection, number, steps[number])
    return not is_empty


def refuse_newer(found: int, known: int, name: str) -> None:
    """Refuse what a later release has written.

    Raises:
        NewerError: ``found`` is later than ``known``.
    """
    if found > known:
        raise NewerError(
            f"{name} has form {found}, which a later BitGrid has written; this one knows up to {known}. Install "
            f"that release again, or give this one back what was there before it: bitgrid store restore"
        )


def _take(connection: sqlite3.Connection, number: int, step: Step) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        if version_of(connection) == number:  # else another process was first
            for statement in step:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {number + 1}")
        connection.execute("COMMIT")
    except BaseException:  # an interrupt too: nothing half done stays
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
