"""What is recorded and not archived yet: rows of the ledger and of the hot database from a time on, read-only.

Plain rows by `sqlite3`, a file opened and closed for each question, so that the writers are never in the way.
May touch: the ledger's and the hot database's files, for reading.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from bitgrid.store import month
from bitgrid.store.errors import StoreError
from bitgrid.store.rows import DecisionRow, EventRow

_DECISIONS = (
    "SELECT load, clock_epoch, block, trigger, at_s, record, seq FROM decision"
    " WHERE at_s >= ? AND at_s < ? ORDER BY seq"
)
_EVENTS = "SELECT at_s, kind, record, seq FROM event WHERE at_s >= ? AND at_s < ? ORDER BY seq"
_A_MONTH_S = 31 * 86_400
_SESSIONS = "SELECT at_s, decision_id FROM explain_session WHERE at_s >= ? AND at_s < ?"


class Said(NamedTuple):
    """When a decision was explained, UTC epoch seconds."""

    at_s: float
    decision_id: str


class Unarchived:
    """A house's data directory, from a time on.

    Args:
        data: the directory.

    Raises:
        StoreError: from every method, where something cannot be read.
    """

    def __init__(self, data: Path) -> None:
        self._ledger, self._hot = data / "ledger", data / "bitgrid.sqlite"

    def decisions(self, from_s: int, to_s: int) -> Iterator[DecisionRow]:
        """Decisions of a span, as they were recorded."""
        for told in self._of_ledger(_DECISIONS, from_s, to_s):
            yield DecisionRow(*told)

    def events(self, from_s: int, to_s: int) -> Iterator[EventRow]:
        """Events of a span."""
        for told in self._of_ledger(_EVENTS, from_s, to_s):
            yield EventRow(*told)

    def said(self, from_s: int, to_s: int) -> list[Said]:
        """When decisions were explained; nothing where no session is kept yet."""
        if not self._hot.is_file():
            return []
        try:
            uri = f"{self._hot.absolute().as_uri()}?mode=ro"
            with closing(sqlite3.connect(uri, uri=True, timeout=2)) as connection:
                is_there = connection.execute(
                    "SELECT 1 FROM sqlite_schema WHERE name = 'explain_session'"
                ).fetchone()
                rows = connection.execute(_SESSIONS, (from_s, to_s)) if is_there else ()
                return [Said(*told) for told in rows]
        except sqlite3.Error as error:
            raise StoreError(f"the telemetry database {self._hot} cannot be read: {error}") from error

    def first_decision_s(self) -> int | None:
        """When the first decision of the ledger was made; None where there is none."""
        for path in month.months(self._ledger):
            for (at_s,) in self._asked(path, "SELECT at_s FROM decision ORDER BY seq LIMIT 1"):
                return int(at_s)
        return None

    def _of_ledger(self, query: str, from_s: int, to_s: int) -> Iterator[tuple[Any, ...]]:
        """Rows of a span; a month's file may hold what a stepped clock has dated into a neighbouring one."""
        first, last = month.month_of(max(0, from_s - _A_MONTH_S)), month.month_of(to_s + _A_MONTH_S)
        for path in month.months(self._ledger):
            if first <= path.stem <= last:
                yield from self._asked(path, query, from_s, to_s)

    @staticmethod
    def _asked(path: Path, query: str, *values: int) -> Iterator[tuple[Any, ...]]:
        try:
            with closing(month.open_reading(path)) as connection:
                yield from connection.execute(query, values)
        except sqlite3.Error as error:
            raise StoreError(f"the ledger {path} cannot be read: {error}") from error
