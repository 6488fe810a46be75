"""The tables of a month of the ledger, and the triggers that hold them append-only.

The triggers refuse what the chain could only find afterwards. `INSERT OR REPLACE` deletes without a delete
trigger, so the insert triggers refuse a key that is there already. `memory` alone may be replaced: it is what the
loads remember now.
"""

from __future__ import annotations

import sqlite3
from functools import cache

from bitgrid.store.versions import Step

VERSION = 1
STEPS: tuple[Step, ...] = ((),)
"""From each form to the next (see `bitgrid.store.versions`); form 0 cannot be vouched for, and none leads from
it."""
_REFUSED = "the ledger is append-only"

_TABLES = (
    """CREATE TABLE chain (
        id INTEGER PRIMARY KEY CHECK (id = 1), file TEXT NOT NULL, previous_file TEXT NOT NULL,
        previous_seq INTEGER NOT NULL, previous_hash TEXT NOT NULL) STRICT""",
    """CREATE TABLE decision (
        seq INTEGER PRIMARY KEY AUTOINCREMENT, load TEXT NOT NULL, clock_epoch INTEGER NOT NULL,
        block INTEGER NOT NULL, trigger TEXT NOT NULL, at_s INTEGER NOT NULL, record TEXT NOT NULL,
        prev_hash TEXT NOT NULL, hash TEXT NOT NULL) STRICT""",
    """CREATE TABLE event (
        seq INTEGER PRIMARY KEY AUTOINCREMENT, at_s INTEGER NOT NULL, kind TEXT NOT NULL, record TEXT NOT NULL,
        prev_hash TEXT NOT NULL, hash TEXT NOT NULL) STRICT""",
    "CREATE TABLE configuration (hash TEXT PRIMARY KEY, record TEXT NOT NULL, at_s INTEGER NOT NULL) STRICT",
    "CREATE TABLE forecast (hash TEXT PRIMARY KEY, record TEXT NOT NULL, at_s INTEGER NOT NULL) STRICT",
    """CREATE TABLE seal (
        id INTEGER PRIMARY KEY CHECK (id = 1), decisions INTEGER NOT NULL, events INTEGER NOT NULL,
        last_seq INTEGER NOT NULL, archive TEXT NOT NULL, sealed_at_s INTEGER NOT NULL,
        prev_hash TEXT NOT NULL, hash TEXT NOT NULL) STRICT""",
    "CREATE TABLE memory (load TEXT PRIMARY KEY, record TEXT NOT NULL) STRICT",
    "CREATE UNIQUE INDEX decision_one_tick ON decision (load, clock_epoch, block) WHERE trigger = 'TICK'",
)
_KEYS = {
    "chain": "id",
    "decision": "seq",
    "event": "seq",
    "configuration": "hash",
    "forecast": "hash",
    "seal": "id",
}


def create(connection: sqlite3.Connection) -> None:
    """Make the tables and triggers, inside the caller's transaction."""
    for statement in (*_TABLES, *_triggers()):
        connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {VERSION}")


@cache
def expected() -> dict[str, str]:
    """What a month's schema must be, the statement of each table, index and trigger by name."""
    connection = sqlite3.connect(":memory:")
    try:
        create(connection)
        return found(connection)
    finally:
        connection.close()


def tables() -> frozenset[str]:
    """The tables of a month."""
    return frozenset(_KEYS) | {"memory"}


def found(connection: sqlite3.Connection) -> dict[str, str]:
    """The schema of an open file."""
    rows = connection.execute("SELECT name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%'")
    return {str(name): str(statement) for name, statement in rows}


def _triggers() -> list[str]:
    statements = [
        _refuse(f"{table}_no_{verb.lower()}", f"{verb} ON {table}", "")
        for table in _KEYS
        for verb in ("UPDATE", "DELETE")
    ]
    for table, key in _KEYS.items():
        when = f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {key} = NEW.{key}) OR EXISTS (SELECT 1 FROM seal)"  # noqa: S608  own names
        statements.append(_refuse(f"{table}_no_replace", f"INSERT ON {table}", when))
    same_tick = (
        "WHEN NEW.trigger = 'TICK' AND EXISTS (SELECT 1 FROM decision WHERE trigger = 'TICK'"
        " AND load = NEW.load AND clock_epoch = NEW.clock_epoch AND block = NEW.block)"
    )
    return [*statements, _refuse("decision_no_second_tick", "INSERT ON decision", same_tick)]


def _refuse(name: str, what: str, when: str) -> str:
    return f"CREATE TRIGGER {name} BEFORE {what} {when} BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END"
