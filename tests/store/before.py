"""``bitgrid.sqlite`` as the release before wrote and read it, word for word: nothing here is of the app."""

from __future__ import annotations

from pathlib import Path

from peewee import CharField, CompositeKey, FloatField, Model, SqliteDatabase

Row = tuple[float, str, str, float | None, str]


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


class StoreBefore:
    """The release before, at work."""

    def __init__(self, path: Path) -> None:
        self._database = SqliteDatabase(
            str(path), pragmas={"journal_mode": "wal", "synchronous": "normal", "busy_timeout": 2000}
        )
        self._database.connect()
        with self._database.bind_ctx([_Telemetry]):
            self._database.create_tables([_Telemetry])

    def append(self, rows: list[Row]) -> None:
        names = ("at_s", "device", "signal", "value", "quality")
        with self._database.bind_ctx([_Telemetry]), self._database.atomic():
            for row in rows:
                _Telemetry.insert_many([dict(zip(names, row, strict=True))]).on_conflict_ignore().execute()

    def drop_before(self, at_s: float) -> None:
        with self._database.bind_ctx([_Telemetry]):
            _Telemetry.delete().where(_Telemetry.at_s < at_s).execute()

    def values(self, device: str, signal: str, since_s: float) -> list[Row]:
        with self._database.bind_ctx([_Telemetry]):
            query = (
                _Telemetry.select()
                .where(
                    (_Telemetry.device == device) & (_Telemetry.signal == signal) & (_Telemetry.at_s >= since_s)
                )
                .order_by(_Telemetry.at_s)
            )
            return [(row.at_s, row.device, row.signal, row.value, row.quality) for row in query]

    def close(self) -> None:
        self._database.close()
