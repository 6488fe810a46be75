"""Another program's SQLite database, opened so that nothing of it can be changed, not even by its journal."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bitgrid.imports.errors import BadSource
from bitgrid.imports.files import SQLITE, refuse_other_formats

_PAGE_SIZE_AT, _PAGES_AT = 16, 28


@contextmanager
def opened(path: Path, aside: Path, notes: list[str]) -> Iterator[sqlite3.Connection]:
    """Open a database for reading.

    A write-ahead log beside it holds its newest changes and can only be read by writing: then both are copied, and
    the copy is opened.

    Args:
        path: the database.
        aside: a directory for the copy.
        notes: where it is told that there was one.

    Raises:
        BadSource: it is none, is cut off or damaged, or its program is writing it; also while it is read.
    """
    size = refuse_other_formats(path, "an SQLite database")
    _refuse_damaged(path, size)
    log = path.with_name(path.name + "-wal")
    uri = f"{path.resolve().as_uri()}?immutable=1"
    if log.is_file() and log.stat().st_size:
        uri = _copied(path, log, aside)
        notes.append(f"{log.name} lay beside it: both were copied and the copy was read")
    try:
        connection = sqlite3.connect(uri, uri=True)
        connection.text_factory = lambda raw: raw.decode("utf-8", errors="replace")
        try:
            connection.execute("PRAGMA query_only=ON")
            connection.execute("PRAGMA trusted_schema=OFF")
            if "immutable" not in uri and connection.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
                raise BadSource(
                    f"{path}: was changed while it was copied; stop the program first, or use a backup"
                )
            yield connection
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise BadSource(f"{path}: cannot be read ({error}); the file is damaged. Use a backup") from None


def _refuse_damaged(path: Path, size: int) -> None:
    """Look at the header: whether it is a database, whole, and not in the middle of a change.

    The file format is told at https://www.sqlite.org/fileformat2.html, section 1.3.
    """
    with path.open("rb") as file:
        head = file.read(100)
    if not head.startswith(SQLITE) or len(head) < 100:  # noqa: PLR2004  the length of the header
        raise BadSource(f"{path}: is no SQLite database")
    page_bytes = int.from_bytes(head[_PAGE_SIZE_AT : _PAGE_SIZE_AT + 2], "big")
    pages = int.from_bytes(head[_PAGES_AT : _PAGES_AT + 4], "big")
    whole = pages * (65_536 if page_bytes == 1 else page_bytes)
    if size < whole:
        raise BadSource(f"{path}: is cut off: {size} bytes of {whole}. Copy it again")
    journal = path.with_name(path.name + "-journal")
    if journal.is_file() and journal.stat().st_size:
        raise BadSource(
            f"{path}: is being written, or a write was interrupted: {journal.name} lies beside it. "
            f"Stop the program and try again, or use a backup"
        )


def _copied(path: Path, log: Path, aside: Path) -> str:
    try:
        for each in (path, log):
            shutil.copyfile(each, aside / each.name)
    except OSError as error:
        raise BadSource(f"{path}: cannot be copied to read it with its log ({error.strerror})") from None
    return (aside / path.name).resolve().as_uri()


def tables(connection: sqlite3.Connection) -> set[str]:
    """Names of the tables."""
    return {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def columns(connection: sqlite3.Connection, table: str) -> set[str]:
    """Names of a table's columns; empty where there is no such table."""
    return {name for (name,) in connection.execute("SELECT name FROM pragma_table_info(?)", (table,))}
