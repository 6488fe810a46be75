"""Hot telemetry: measured values of some days, in batches, because SD cards die of small writes."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from peewee import CharField, CompositeKey, FloatField, Model, PeeweeException, SqliteDatabase, fn

from bitgrid.store.errors import StoreError

_ROWS_A_STATEMENT = 200
_ROWS_A_PIECE = 2000
_DAY_S = 86_400
_ERRORS = (PeeweeException, sqlite3.Error)
"""peewee wraps what a statement raises, but not what fetching its rows does."""


class Measured(NamedTuple):
    """A value of a device's signal at a time (UTC epoch seconds), with its quality."""

    at_s: float
    device: str
    signal: str
    value: float | None
    quality: str


class _Telemetry(Model):
    at_s = FloatField()
    device = CharField()
    signal = CharField()
    value = FloatField(null=True)
    quality = CharField()

    class Meta:
        table_name = "telemetry"
        primary_key = CompositeKey("device", "signal", "at_s")
        without_rowid = True


class TelemetryStore:
    """``bitgrid.sqlite``: written by the recorder alone."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._database = SqliteDatabase(
            str(path), pragmas={"journal_mode": "wal", "synchronous": "normal", "busy_timeout": 2000}
        )
        try:
            self._database.connect()
            with self._database.bind_ctx([_Telemetry]):
                self._database.create_tables([_Telemetry])
        except PeeweeException as error:
            raise StoreError(f"the telemetry database {path} cannot be opened: {error}") from error

    def append(self, batch: Iterable[Measured]) -> None:
        """Write a batch in one transaction; a value already there is left as it is.

        Raises:
            StoreError: nothing of the batch was written.
        """
        rows = [measured._asdict() for measured in batch]
        try:
            with self._database.bind_ctx([_Telemetry]), self._database.atomic():
                for start in range(0, len(rows), _ROWS_A_STATEMENT):
                    _Telemetry.insert_many(rows[start : start + _ROWS_A_STATEMENT]).on_conflict_ignore().execute()
        except PeeweeException as error:
            raise StoreError(f"telemetry cannot be written: {error}") from error

    def drop_before(self, at_s: float) -> int:
        """Forget what is older than ``at_s``; tell how many values.

        Raises:
            StoreError: nothing was forgotten.
        """
        try:
            with self._database.bind_ctx([_Telemetry]):
                return int(_Telemetry.delete().where(_Telemetry.at_s < at_s).execute())
        except PeeweeException as error:
            raise StoreError(f"old telemetry cannot be dropped: {error}") from error

    def values(self, device: str, signal: str, since_s: float) -> list[Measured]:
        """Values of one signal since a time, oldest first.

        Raises:
            StoreError: it cannot be read.
        """
        with self._database.bind_ctx([_Telemetry]):
            query = (
                _Telemetry.select()
                .where(
                    (_Telemetry.device == device) & (_Telemetry.signal == signal) & (_Telemetry.at_s >= since_s)
                )
                .order_by(_Telemetry.at_s)
            )
            return [Measured(row.at_s, row.device, row.signal, row.value, row.quality) for row in query]

    def rows(self, first_s: float, last_s: float) -> Iterator[Measured]:
        """Every value with ``first_s`` <= time < ``last_s`` (UTC epoch seconds), by time, device and signal.

        Read piece by piece: some hundred kilobytes at a time, whatever the span, and no transaction stays open
        between two pieces, so a writer goes on meanwhile. What is appended behind the place it has come to is seen.
        For a whole day: ``rows(day_s, day_s + 86_400)``, with ``day_s`` the day's midnight, UTC.

        Raises:
            StoreError: it cannot be read, at the first or at any later value.
        """
        after = (first_s, "", "")
        while True:
            piece = self._piece(after, last_s)
            yield from piece
            if len(piece) < _ROWS_A_PIECE:
                return
            after = (piece[-1].at_s, piece[-1].device, piece[-1].signal)

    def days(self) -> list[dt.date]:
        """The days, UTC, of which at least one value is held, the oldest first; looked up, not counted through.

        Raises:
            StoreError: it cannot be read.
        """
        days: list[dt.date] = []
        next_s = self._first_from(float("-inf"))
        while next_s is not None:
            day = int(next_s // _DAY_S)
            days.append(dt.datetime.fromtimestamp(day * _DAY_S, dt.UTC).date())
            next_s = self._first_from(float((day + 1) * _DAY_S))
        return days

    def _piece(self, after: tuple[float, str, str], last_s: float) -> list[Measured]:
        at_s, device, signal = after
        name = (_Telemetry.device > device) | ((_Telemetry.device == device) & (_Telemetry.signal > signal))
        try:
            with self._database.bind_ctx([_Telemetry]):
                query = (
                    _Telemetry.select()
                    .where(_Telemetry.at_s < last_s)
                    .where((_Telemetry.at_s > at_s) | ((_Telemetry.at_s == at_s) & name))
                    .order_by(_Telemetry.at_s, _Telemetry.device, _Telemetry.signal)
                    .limit(_ROWS_A_PIECE)
                )
                return [Measured(row.at_s, row.device, row.signal, row.value, row.quality) for row in query]
        except _ERRORS as error:
            raise StoreError(f"telemetry cannot be read: {error}") from error

    def _first_from(self, at_s: float) -> float | None:
        """The time of the first value from ``at_s`` on."""
        try:
            with self._database.bind_ctx([_Telemetry]):
                found = _Telemetry.select(fn.MIN(_Telemetry.at_s)).where(_Telemetry.at_s >= at_s).scalar()
        except _ERRORS as error:
            raise StoreError(f"telemetry cannot be read: {error}") from error
        return None if found is None else float(found)

    def close(self) -> None:
        """Close the database."""
        self._database.close()
