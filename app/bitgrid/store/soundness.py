"""Whether a database is sound, as far as can be told in a bounded time."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import peewee

from bitgrid.clock import Clock

LONGEST_MACHINE_S = 20.0
"""For as long a house may wait at its start; some 50 MB are read in about a second, from a slow card in some
ten."""
_INSTRUCTIONS_BETWEEN = 20_000
_TELLING = ("not a database", "malformed", "corrupt")


class NotFinishedError(Exception):
    """The time was over before all was looked at; what was, was sound."""


def is_damage(error: BaseException | None) -> bool:
    """Whether an error, or its cause, says that the file itself is damaged, and not full, locked or protected."""
    if error is None:
        return False
    is_of_sqlite = isinstance(error, sqlite3.DatabaseError | peewee.DatabaseError)
    return (is_of_sqlite and any(word in str(error) for word in _TELLING)) or is_damage(error.__cause__)


def problem_of(connection: sqlite3.Connection, clock: Clock, longest_machine_s: float = LONGEST_MACHINE_S) -> str:
    """What SQLite finds wrong with an open database; nothing if it finds nothing.

    Args:
        connection: open, for reading or writing.
        clock: by which the time is bounded.
        longest_machine_s: seconds of the machine, however fast the house's time goes.

    Raises:
        NotFinishedError: it would have taken longer.
        sqlite3.Error: it cannot be looked at for another reason than damage (locked, say).
    """
    until_boot_s = clock.boot() + longest_machine_s * clock.speed
    connection.set_progress_handler(lambda: int(clock.boot() > until_boot_s), _INSTRUCTIONS_BETWEEN)
    try:
        found = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.OperationalError as error:
        if "interrupted" in str(error):
            raise NotFinishedError(f"not looked at wholly within {longest_machine_s:.0f} s") from error
        if not is_damage(error):
            raise
        return str(error)
    except sqlite3.DatabaseError as error:
        return str(error)
    finally:
        connection.set_progress_handler(None, 0)
    return "" if found == ("ok",) else str(found[0] if found else "nothing can be read")


def open_to_read(path: Path) -> sqlite3.Connection:
    """A connection that only reads, whatever form the database has.

    Raises:
        sqlite3.Error: it cannot be opened.
    """
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None, timeout=2.0)
