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
from bitgrid.store.archive.told import Told
from bitgrid.store.errors import StoreError
from bitgrid.store.rows import EventRow

_DECISIONS = (
    "SELECT seq, load, clock_epoch, block, trigger, at_s, record, hash FROM decision"
    " WHERE at_s >= ? AND at_s < ? ORDER BY seq"
)
_EVENTS = "SELECT at_s, kind, record, seq FROM event WHERE at_s >= ? AND at_s < ? ORDER BY seq"
_MEASURED = (
    "SELECT at_s, CASE quality WHEN 'good' THEN value END FROM telemetry"
    " WHERE device = ? AND signal = ? AND at_s >= ? AND at_s < ? ORDER BY at_s"
)
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

    def decisions(self, from_s: int, to_s: int) -> Iterator[Told]:
        """Decisions of a span, as they were recorded."""
        for told in self._of_ledger(_DECISIONS, from_s, to_s):
            yield Told(*told)

    def events(self, from_s: int, to_s: int) -> Iterator[EventRow]:
        """Events of a span."""
        for told in self._of_ledger(_EVENTS, from_s, to_s):
            yield EventRow(*told)

    def said(self, from_s: int, to_s: int) -> list[Said]:
        """When decisions were explained; nothing where no session is kept yet."""
        return [Said(*told) for told in self._of_hot("explain_session", _SESSIONS, (from_s, to_s))]

    def measured(self, device: str, signal: str, from_s: int, to_s: int) -> tuple[list[float], list[float | None]]:
        """Values of a signal in a span: times, ascending, and values; None where one was not good."""
        rows = self._of_hot("telemetry", _MEASURED, (device, signal, from_s, to_s))
        return [at_s for at_s, _value in rows], [value for _at_s, value in rows]

    def _of_hot(self, table: str, query: str, values: tuple[str | int, ...]) -> list[tuple[Any, ...]]:
        """Rows of the hot database; none where it, or the table, is not there yet."""
        if not self._hot.is_file():
            return []
        try:
            uri = f"{self._hot.absolute().as_uri()}?mode=ro"
            with closing(sqlite3.connect(uri, uri=True, timeout=2)) as connection:
                is_there = connection.execute("SELECT 1 FROM sqlite_schema WHERE name = ?", (table,)).fetchone()
                return connection.execute(query, values).fetchall() if is_there else []
        except sqlite3.Error as error:
            raise StoreError(f"the hot database {self._hot} cannot be read: {error}") from error

    def first_decision_s(self) -> int | None:
        """When the first decision of the ledger was made; None where there is none."""
        for path in month.months(self._ledger):
            for (at_s,) in self._asked(path, "SELECT at_s FROM decision ORDER BY seq LIMIT 1"):
                return int(at_s)
        return None

    def last_decision_s(self) -> int | None:
        """When the last decision of the ledger was made; None where there is none."""
        for path in reversed(list(month.months(self._ledger))):
            for (at_s,) in self._asked(path, "SELECT at_s FROM decision ORDER BY seq DESC LIMIT 1"):
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
