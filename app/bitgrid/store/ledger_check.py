"""Whether the last month of the ledger can be gone on with: a look at start, bounded in time.

SQLite's own check, the tables as they must be, the header, the end of the chain, and the memory. The whole of
every month is `bitgrid ledger verify`'s business.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from bitgrid.clock import Clock
from bitgrid.store import month, schema
from bitgrid.store.chain import Head
from bitgrid.store.opening import look
from bitgrid.store.soundness import open_to_read
from bitgrid.store.verify_month import Link, is_whole
from bitgrid.store.versions import version_of

LINKS = 200
"""About a day's."""
_LAST_LINKS = f"""
    SELECT seq, prev_hash, hash, at_s, record, load, clock_epoch, block, trigger FROM decision WHERE seq > :after
    UNION ALL SELECT seq, prev_hash, hash, at_s, record, kind, NULL, NULL, NULL FROM event WHERE seq > :after
    ORDER BY seq DESC LIMIT {LINKS}"""  # noqa: S608  a number of our own


def problem_of_month(path: Path, clock: Clock, name: str = "") -> str:
    """What is damaged in a month's file, nothing if nothing is found; another release's form is no damage.

    Args:
        path: the file.
        clock: by which the look at it is bounded.
        name: what it must have been written as; as it is called, where not told.

    Raises:
        StoreError: it cannot be looked at, and not for damage.
    """
    if path.stat().st_size == 0:
        return "it is empty"
    problem = look(path, clock)
    if problem:
        return problem
    try:
        with closing(open_to_read(path)) as connection:
            return "" if version_of(connection) != schema.VERSION else _problem(connection, name or path.name)
    except sqlite3.OperationalError:
        return ""  # locked, say: who opens it next tells it
    except (sqlite3.Error, ValueError, TypeError) as error:
        return str(error)


def _problem(connection: sqlite3.Connection, name: str) -> str:
    if schema.found(connection) != schema.expected():
        return "its tables and triggers are not as they were made"
    header = connection.execute("SELECT file FROM chain").fetchone()
    if header != (name,):
        return "its header, which ties it to the month before, is missing or another's"
    for load, record in connection.execute("SELECT load, record FROM memory"):
        if not isinstance(json.loads(record), dict):
            return f"what it remembers of {load} cannot be read"
    return _problem_of_chain(connection)


def _problem_of_chain(connection: sqlite3.Connection) -> str:
    """The last links, from the newest back."""
    after = month.head_of(connection).seq - LINKS
    newer: Link | None = None
    for told in map(Link._make, connection.execute(_LAST_LINKS, {"after": after})):
        if not is_whole(told):
            return f"record {told.seq} is not as it was written"
        if newer is not None and (newer.seq, newer.prev_hash) != (told.seq + 1, told.hash):
            return f"record {newer.seq} does not follow record {told.seq}"
        newer = told
    return ""


def links_after(connection: sqlite3.Connection, head: Head) -> list[Link]:
    """What was written after a head, the oldest first; all of it whole, each following the one before.

    Raises:
        ValueError: it is not.
    """
    query = _LAST_LINKS.rpartition("ORDER")[0] + "ORDER BY seq"
    links = [Link._make(row) for row in connection.execute(query, {"after": head.seq})]
    for told in links:
        if not is_whole(told) or (told.seq, told.prev_hash) != (head.seq + 1, head.hash):
            raise ValueError(f"record {told.seq} is not as it was written, or does not follow the one before")
        head = Head(told.seq, told.hash)
    return links
