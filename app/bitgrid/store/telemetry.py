"""Hot telemetry: measured values of some days, in batches, because SD cards die of small writes.

`bitgrid.store.hot_schema` says how a value is kept; who reads with SQL reads the view ``telemetry``.
"""

from __future__ import annotations

import datetime as dt
import logging
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from peewee import BareField, Expression, IntegerField, Model, PeeweeException, SqliteDatabase, TextField

from bitgrid.store.errors import DamagedError, NewerError, StoreError
from bitgrid.store.files import if_full
from bitgrid.store.hot_schema import BEGINS_S, MOST_SERIES, QUALITIES, SERIES_BITS, STEPS, TICKS_A_SECOND
from bitgrid.store.snapshots import Snapshots
from bitgrid.store.soundness import is_damage
from bitgrid.store.versions import bring_up, connection_of

log = logging.getLogger(__name__)

PRAGMAS = {"journal_mode": "wal", "synchronous": "full", "busy_timeout": 2000, "secure_delete": 0}
"""``full``: one fsync a batch. With ``normal`` a power cut would take every batch since the last checkpoint."""
_ROWS_A_PIECE = 2000
_DAY_S = 86_400
_LAST_S = 4_000_000_000.0
_THOUSANDTHS_BELOW = 2**47 / 1000
_ERRORS = (PeeweeException, sqlite3.Error)
"""peewee wraps what a statement raises, but not what fetching its rows does."""


class Measured(NamedTuple):
    """A value of a device's signal at a time (UTC epoch seconds, to the tenth), with its quality."""

    at_s: float
    device: str
    signal: str
    value: float | None
    quality: str


class _Series(Model):
    id = IntegerField(primary_key=True)
    device = TextField()
    signal = TextField()

    class Meta:
        table_name = "series"


class _Sample(Model):
    key = IntegerField(primary_key=True)
    value = BareField(null=True)
    quality = IntegerField()

    class Meta:
        table_name = "sample"


_MODELS = [_Series, _Sample]


class TelemetryStore:
    """``bitgrid.sqlite``: its telemetry is written by the recorder alone.

    A file of an earlier form is brought to this one; a snapshot of it is taken before, into ``snapshots``
    beside it.

    Raises:
        DamagedError: it is no sound database.
        NewerError: a later release wrote it.
        StoreError: it cannot be opened; from every method: it cannot be read or written.
    """

    def __init__(self, path: Path) -> None:
        self._database = SqliteDatabase(str(path), pragmas=PRAGMAS)
        self._left_out: set[tuple[str, str]] = set()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._database.connect()
            connection = connection_of(self._database)
            snapshots = Snapshots(path.parent / "snapshots")
            if bring_up(connection, STEPS, str(path), lambda: snapshots.take(path)):
                connection.execute("VACUUM")  # the form before took three times the room
            with self._database.bind_ctx(_MODELS):
                self._ids = {(one.device, one.signal): int(one.id) for one in _Series.select()}
        except NewerError:
            self._database.close()
            raise
        except (*_ERRORS, OSError, StoreError) as error:
            self._database.close()
            kind = DamagedError if is_damage(error) else StoreError
            raise kind(f"the telemetry database {path} cannot be opened: {error}{if_full(path)}") from error
        self._names = {number: name for name, number in self._ids.items()}

    def append(self, batch: Iterable[Measured]) -> None:
        """Write a batch in one transaction, durably; a value already there is left as it is.

        Left out, and logged once: what has no time between 1970 and 2096, and signals past the 1,023rd.

        Raises:
            StoreError: nothing of the batch was written.
        """
        measured = list(batch)
        new: dict[tuple[str, str], int] = {}
        try:
            with self._database.bind_ctx(_MODELS), self._database.atomic():
                new = self._number({(one.device, one.signal) for one in measured} - self._ids.keys())
                rows = self._rows_of(measured, self._ids | new)
                connection_of(self._database).executemany("INSERT OR IGNORE INTO sample VALUES (?, ?, ?)", rows)
        except _ERRORS as error:
            raise StoreError(f"telemetry cannot be written: {error}") from error
        self._ids |= new
        self._names |= {number: name for name, number in new.items()}

    def drop_before(self, at_s: float) -> int:
        """Forget what is older than ``at_s``; tell how many values.

        Raises:
            StoreError: nothing was forgotten.
        """
        try:
            with self._database.bind_ctx(_MODELS):
                return int(_Sample.delete().where(_Sample.key < _key(at_s, 0)).execute())
        except _ERRORS as error:
            raise StoreError(f"old telemetry cannot be dropped: {error}") from error

    def drop_day(self, day: dt.date, held: int) -> bool:
        """Forget a day, UTC, if it holds just so many values; tell whether it did.

        Raises:
            StoreError: nothing was forgotten.
        """
        first_s = dt.datetime(day.year, day.month, day.day, tzinfo=dt.UTC).timestamp()
        is_of_day = (_Sample.key >= _key(first_s, 0)) & (_Sample.key < _key(first_s + _DAY_S, 0))
        try:
            with self._database.bind_ctx(_MODELS), self._database.atomic():
                if _Sample.select().where(is_of_day).count() != held:
                    return False
                _Sample.delete().where(is_of_day).execute()
        except _ERRORS as error:
            raise StoreError(f"the telemetry of {day} cannot be dropped: {error}") from error
        return True

    def values(self, device: str, signal: str, since_s: float) -> list[Measured]:
        """Values of one signal since a time, oldest first.

        Raises:
            StoreError: it cannot be read.
        """
        series = self._ids.get((device, signal))
        since = _key(max(0.0, since_s), 0)
        mine = (_Sample.key >= since) & (_Sample.key.bin_and(MOST_SERIES) == series)
        return [] if series is None else list(self._read(mine))

    def rows(self, first_s: float, last_s: float) -> Iterator[Measured]:
        """Every value with ``first_s`` <= time < ``last_s`` (UTC epoch seconds), in the order of time.

        Values of the same tenth come in the order in which their signals were first seen.

        Read piece by piece: some hundred kilobytes at a time, whatever the span, and no transaction stays open
        between two pieces, so a writer goes on meanwhile. What is appended behind the place it has come to is
        seen. For a whole day: ``rows(day_s, day_s + 86_400)``, with ``day_s`` the day's midnight, UTC.

        Raises:
            StoreError: it cannot be read, at the first or at any later value.
        """
        first, last = _key(first_s, 0), _key(last_s, 0)
        while True:
            piece = self._read((_Sample.key >= first) & (_Sample.key < last), _ROWS_A_PIECE)
            yield from piece
            if len(piece) < _ROWS_A_PIECE:
                return
            first = _key(piece[-1].at_s, self._ids[piece[-1].device, piece[-1].signal]) + 1

    def days(self) -> list[dt.date]:
        """The days, UTC, of which at least one value is held, the oldest first; looked up, not counted through.

        Raises:
            StoreError: it cannot be read.
        """
        days: list[dt.date] = []
        held = self._read(_Sample.key >= _key(0, 0), 1)
        while held:
            day = int(held[0].at_s // _DAY_S)
            days.append(dt.datetime.fromtimestamp(day * _DAY_S, dt.UTC).date())
            held = self._read(_Sample.key >= _key((day + 1) * _DAY_S, 0), 1)
        return days

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def _read(self, where: Expression, limit: int = -1) -> list[Measured]:
        try:
            with self._database.bind_ctx(_MODELS):
                query = _Sample.select().where(where).order_by(_Sample.key).limit(limit).tuples()
                return [self._measured(*row) for row in query.iterator()]
        except _ERRORS as error:
            raise StoreError(f"telemetry cannot be read: {error}") from error

    def _measured(self, key: int, value: float | None, quality: int) -> Measured:
        told = value / 1000 if isinstance(value, int) else value
        device, signal = self._name(key & MOST_SERIES)
        return Measured(_at_s(key), device, signal, told, QUALITIES[quality])

    def _name(self, series: int) -> tuple[str, str]:
        """Device and signal; another process may have written a new one."""
        if series not in self._names:
            self._ids = {(one.device, one.signal): int(one.id) for one in _Series.select()}
            self._names = {number: name for name, number in self._ids.items()}
        return self._names[series]

    def _number(self, names: Iterable[tuple[str, str]]) -> dict[tuple[str, str], int]:
        """Give new signals their numbers, while there are any."""
        numbers: dict[tuple[str, str], int] = {}
        for device, signal in sorted(names):
            if len(self._ids) + len(numbers) >= MOST_SERIES:
                break
            numbers[device, signal] = int(_Series.insert(device=device, signal=signal).execute())
        return numbers

    def _rows_of(
        self, batch: Iterable[Measured], ids: dict[tuple[str, str], int]
    ) -> Iterator[tuple[int, float | int | None, int]]:
        for one in batch:
            series = ids.get((one.device, one.signal))
            if series is None or not 0 <= one.at_s < _LAST_S or one.quality not in QUALITIES:
                self._leave_out(one)
                continue
            yield _key(one.at_s, series), _kept(one.value), QUALITIES.index(one.quality)

    def _leave_out(self, one: Measured) -> None:
        if (one.device, one.signal) not in self._left_out:
            self._left_out.add((one.device, one.signal))
            log.error(
                "%s of %s cannot be kept: too many signals, or no true time: %s", one.signal, one.device, one
            )


def _key(at_s: float, series: int) -> int:
    """Where a value is kept; times are cut off at what a clock can show."""
    ticks = round((min(max(at_s, -1.0), _LAST_S) - BEGINS_S) * TICKS_A_SECOND)
    return ticks << SERIES_BITS | series


def _at_s(key: int) -> float:
    return ((key >> SERIES_BITS) + BEGINS_S * TICKS_A_SECOND) / TICKS_A_SECOND


def _kept(value: float | None) -> float | int | None:
    """Thousandths where that gives the very same number back; the value itself, else."""
    if value is None or abs(value) >= _THOUSANDTHS_BELOW:
        return value
    thousandths = round(value * 1000)
    return thousandths if thousandths / 1000 == value else float(value)
