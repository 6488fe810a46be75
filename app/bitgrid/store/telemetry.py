"""Hot telemetry: measured values of some days, in batches, because SD cards die of small writes."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from peewee import CharField, CompositeKey, FloatField, Model, PeeweeException, SqliteDatabase

from bitgrid.store.errors import StoreError

_ROWS_A_STATEMENT = 200


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
        """Forget what is older than ``at_s``; tell how many values."""
        try:
            with self._database.bind_ctx([_Telemetry]):
                return int(_Telemetry.delete().where(_Telemetry.at_s < at_s).execute())
        except PeeweeException as error:
            raise StoreError(f"old telemetry cannot be dropped: {error}") from error

    def values(self, device: str, signal: str, since_s: float) -> list[Measured]:
        """Values of one signal since a time, oldest first."""
        with self._database.bind_ctx([_Telemetry]):
            query = (
                _Telemetry.select()
                .where(
                    (_Telemetry.device == device) & (_Telemetry.signal == signal) & (_Telemetry.at_s >= since_s)
                )
                .order_by(_Telemetry.at_s)
            )
            return [Measured(row.at_s, row.device, row.signal, row.value, row.quality) for row in query]

    def close(self) -> None:
        """Close the database."""
        self._database.close()
