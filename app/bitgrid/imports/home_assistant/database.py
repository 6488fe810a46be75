"""The recorder's tables, in whatever shape a version left them. Reads only; gives rows, no meaning."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from bitgrid.imports.errors import BadSource
from bitgrid.imports.sqlite_file import columns, tables

_STANDS_STILL_S = 60.0
_ATTRIBUTES_KEPT = 4096
_UNIX = "((julianday({0}) - 2440587.5) * 86400.0)"


class State(NamedTuple):
    """A row of ``states``: when, what, and the key of its attributes."""

    at_s: float
    state: object
    attributes: object


class Mean(NamedTuple):
    """A row of a table of statistics: the interval's begin, its mean, and the sum of a counter at its end."""

    start_s: float
    mean: float | None
    sum: float | None


class Recorder:
    """A recorder database.

    Raises:
        BadSource: it is another program's.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection
        self._tables = tables(connection)
        if not {"states", "schema_changes"} <= self._tables:
            named = ", ".join(sorted(self._tables)) or "none"
            hint = " This is evcc's: bitgrid import evcc." if "entities" in self._tables else ""
            raise BadSource(f"this is no database of Home Assistant's recorder; it has the tables: {named}.{hint}")
        self._states = columns(connection, "states")
        self.version: int | None = self._one("SELECT max(schema_version) FROM schema_changes")
        self._at = self._moment("states", "last_updated")
        self._meta = self._keys("states_meta", "metadata_id", "entity_id")
        self._statistics = self._keys("statistics_meta", "id", "statistic_id")
        self.attributes = lru_cache(_ATTRIBUTES_KEPT)(self._attributes)

    def _one(self, query: str, *values: object) -> Any:  # noqa: ANN401  a cell may hold anything
        row = self._db.execute(query, values).fetchone()
        return None if row is None else row[0]

    def _keys(self, table: str, key: str, name: str) -> dict[str, int]:
        if table not in self._tables:
            return {}
        return dict(self._db.execute(f"SELECT {name}, {key} FROM {table} WHERE {name} IS NOT NULL"))  # noqa: S608  names of our own

    def _moment(self, table: str, name: str) -> str:
        """What gives a row's time, UTC epoch seconds: a number since schema 31, a text in UTC before."""
        known = columns(self._db, table)
        text, number = _UNIX.format(name), f"{name}_ts"
        if number not in known:
            return text
        if name not in known or self._one(f"SELECT 1 FROM {table} WHERE {number} IS NULL LIMIT 1") is None:  # noqa: S608  columns' names, of ours
            return number
        return f"COALESCE({number}, {text})"

    @property
    def entities(self) -> list[str]:
        """Every entity with states, and every statistic."""
        names = set(self._meta) | set(self._statistics)
        if not self._meta and "entity_id" in self._states:
            names |= {name for (name,) in self._db.execute("SELECT DISTINCT entity_id FROM states") if name}
        return sorted(names)

    def _where(self, entity: str) -> tuple[str, object]:
        if entity in self._meta:
            return "metadata_id = ?", self._meta[entity]
        return ("entity_id = ?", entity) if "entity_id" in self._states else ("? IS NULL", entity)

    def states(self, entity: str) -> Iterator[State]:
        """Every recorded state of an entity, by time."""
        where, key = self._where(entity)
        attributes = "attributes_id" if "attributes_id" in self._states else "attributes"
        query = f"SELECT {self._at}, state, {attributes} FROM states WHERE {where} ORDER BY 1"  # noqa: S608  names of our own
        return (State(*row) for row in self._db.execute(query, (key,)) if isinstance(row[0], float | int))

    def last_attributes(self, entity: str) -> dict[str, Any]:
        """The attributes an entity was last recorded with; empty where it never was."""
        where, key = self._where(entity)
        attributes = "attributes_id" if "attributes_id" in self._states else "attributes"
        query = f"SELECT {attributes} FROM states WHERE {where} ORDER BY {self._at} DESC LIMIT 1"  # noqa: S608  columns' names, of ours
        return self.attributes(self._one(query, key))

    def _attributes(self, key: object) -> dict[str, Any]:
        """Attributes by their key; before schema 25 the key is themselves."""
        text = key
        if isinstance(key, int):
            text = self._one("SELECT shared_attrs FROM state_attributes WHERE attributes_id = ?", key)
        try:
            told = json.loads(text) if isinstance(text, str | bytes) else {}
        except ValueError:
            return {}
        return told if isinstance(told, dict) else {}

    def statistic_unit(self, entity: str) -> str | None:
        """The unit of an entity's statistics."""
        if entity not in self._statistics:
            return None
        unit = self._one("SELECT unit_of_measurement FROM statistics_meta WHERE id = ?", self._statistics[entity])
        return unit if isinstance(unit, str) else None

    def statistics(self, entity: str, table: str) -> Iterator[Mean]:
        """Statistics of an entity from ``statistics`` (hourly) or ``statistics_short_term`` (5 min)."""
        if entity not in self._statistics or "metadata_id" not in columns(self._db, table):
            return iter(())
        start = self._moment(table, "start")
        query = f"SELECT {start}, mean, sum FROM {table} WHERE metadata_id = ? ORDER BY 1"  # noqa: S608  names of our own
        rows = self._db.execute(query, (self._statistics[entity],))
        return (
            Mean(float(row[0]), _number(row[1]), _number(row[2])) for row in rows if _number(row[0]) is not None
        )

    @property
    def ends_s(self) -> float | None:
        """When the last state of anything was recorded, UTC epoch seconds; None without any."""
        return _number(self._one(f"SELECT max({self._at}) FROM states"))  # noqa: S608  names of our own

    @property
    def half_migrated(self) -> int:
        """States that a migration had not reached yet: they name their entity in the old way, and are not read."""
        if not self._meta:
            return 0
        return int(self._one("SELECT count(*) FROM states WHERE metadata_id IS NULL"))

    def pauses(self) -> Iterator[tuple[float, float]]:
        """From when to when the recorder did not run; after a crash, from the last state that it still wrote."""
        if "recorder_runs" not in self._tables:
            return
        start, end = _UNIX.format("start"), _UNIX.format('"end"')
        query = f"SELECT {start}, {end}, closed_incorrect FROM recorder_runs ORDER BY start"  # noqa: S608  columns' names, of ours
        before: tuple[float | None, bool] | None = None
        for begins_s, ends_s, is_broken in self._db.execute(query).fetchall():
            if before is not None and _number(begins_s) is not None:
                stood_s = self._last_before(begins_s) if before[1] or before[0] is None else before[0]
                if stood_s is not None and begins_s - stood_s > _STANDS_STILL_S:
                    yield stood_s, begins_s
            before = (_number(ends_s), bool(is_broken))

    def _last_before(self, at_s: float) -> float | None:
        return _number(self._one(f"SELECT max({self._at}) FROM states WHERE {self._at} < ?", at_s))  # noqa: S608  columns' names, of ours


def _number(cell: object) -> float | None:
    """A cell as a number; None for anything else."""
    return float(cell) if isinstance(cell, int | float) else None
