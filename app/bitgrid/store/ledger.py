"""The ledger: what must never be lost. Decisions, their memory, events, configurations and forecasts by hash.

A database a month, ``synchronous=FULL``: when `append` returns, the record is on the disk. A decision and the
memory it leaves are one transaction. At most one tick decision a load and block, which the database itself holds.
Records are chained (see `bitgrid.store.chain`) and cannot be changed or deleted (see `bitgrid.store.schema`).
One process writes; any number read.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from functools import wraps
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from bitgrid.store import month
from bitgrid.store.chain import BEGINNING, Head, event_payload, link
from bitgrid.store.errors import DamagedError, RecordRefused, StoreError
from bitgrid.store.rows import DecisionRow, EventRow
from bitgrid.store.soundness import is_damage

log = logging.getLogger(__name__)

LOST = "_lost"
"""The name, among the memories, of the note that a ledger was given back (`bitgrid.store.ledger_opening`)."""
_Row = TypeVar("_Row")
_T = TypeVar("_T")
_P = ParamSpec("_P")
_Tick = tuple[str, int, int]
_TICKS_REMEMBERED = 100
_DECISION = "SELECT load, clock_epoch, block, trigger, at_s, record, seq FROM decision"
_EVENT = "SELECT at_s, kind, record, seq FROM event"
_ARCHIVE = {
    "configuration": "INSERT INTO configuration VALUES (?, ?, ?)",
    "forecast": "INSERT INTO forecast VALUES (?, ?, ?)",
}
_ARCHIVED = {
    "configuration": "SELECT record FROM configuration WHERE hash = ?",
    "forecast": "SELECT record FROM forecast WHERE hash = ?",
}


def _reading(read: Callable[Concatenate[Ledger, _P], _T]) -> Callable[Concatenate[Ledger, _P], _T]:
    """What cannot be read is a `StoreError`, and damage is noted."""

    @wraps(read)
    def safely(self: Ledger, /, *args: _P.args, **named: _P.kwargs) -> _T:
        try:
            return read(self, *args, **named)
        except sqlite3.Error as error:
            raise self.failed(f"the ledger cannot be read: {error}", error) from error

    return safely


class Ledger:
    """The ledger in a directory.

    Args:
        directory: where the monthly files are; made when missing.
        read_only: whether to open for reading alone.
    """

    def __init__(self, directory: Path, *, read_only: bool = False) -> None:
        self._directory, self._read_only = directory, read_only
        self.is_damaged = False
        """Whether the file itself was found damaged: only another start can help (`ledger_opening`)."""
        self._connection: sqlite3.Connection | None = None
        self._month = ""
        self._ticks_before: frozenset[_Tick] = frozenset()
        if read_only:
            return
        try:
            month.make_directory(directory)
            self._go_on()
        except (sqlite3.Error, OSError) as error:
            raise self.failed(month.not_opened(directory, error), error) from error

    def append(self, row: DecisionRow, memory: str, forecast: tuple[str, str] | None = None) -> Head:
        """Make a decision and the memory it leaves durable, in one transaction; where the chain then ends.

        Args:
            row: the decision.
            memory: JSON.
            forecast: hash and canonical JSON of one that it was made by, to be kept under that hash.

        Raises:
            RecordRefused: it can never be written, as the block has its decision.
            StoreError: it is not durable; nothing was written.
        """
        with self._writing(row.at_s) as connection:
            if row.trigger == "TICK" and (row.load, row.clock_epoch, row.block) in self._ticks_before:
                raise RecordRefused("the ledger refused a record: the block was decided in the month before")
            before = month.head_of(connection)
            head = Head(before.seq + 1, link(before.hash, row.record))
            told = (row.load, row.clock_epoch, row.block, row.trigger, row.at_s, row.record)
            links = (before.hash, head.hash)
            if forecast is not None:
                _keep(connection, "forecast", *forecast, row.at_s)
            connection.execute("INSERT INTO decision VALUES (?,?,?,?,?,?,?,?,?)", (head.seq, *told, *links))
            _remember(connection, row.load, memory)
        return head

    def append_event(self, row: EventRow) -> None:
        """Make an event durable.

        Raises:
            StoreError: it is not durable.
        """
        with self._writing(row.at_s) as connection:
            head = month.head_of(connection)
            told = (row.at_s, row.kind, row.record)
            links = (head.hash, link(head.hash, event_payload(*told)))
            connection.execute("INSERT INTO event VALUES (?,?,?,?,?,?)", (head.seq + 1, *told, *links))

    def save_memories(self, memories: Mapping[str, str], at_s: int, forget: str = "") -> None:
        """Make memories durable, all or none, where they change without a decision (a lockout, a clock's step).

        Args:
            memories: JSON by load.
            at_s: when, UTC epoch seconds.
            forget: a memory that is forgotten with that.

        Raises:
            StoreError: it is not durable.
        """
        with self._writing(at_s) as connection:
            for load, memory in memories.items():
                _remember(connection, load, memory)
            connection.execute("DELETE FROM memory WHERE load = ?", (forget,))

    def archive_configuration(self, config_hash: str, canonical_json: str, at_s: int) -> None:
        """Keep a configuration under its hash; one this month knows is left as it is.

        Raises:
            StoreError: it is not durable.
        """
        self._archive("configuration", config_hash, canonical_json, at_s)

    def archive_forecast(self, forecast_hash: str, canonical_json: str, at_s: int) -> None:
        """Keep a forecast under its hash; one this month knows is left as it is.

        Raises:
            StoreError: it is not durable.
        """
        self._archive("forecast", forecast_hash, canonical_json, at_s)

    @_reading
    def memories(self) -> dict[str, str]:
        """The memory of every load, as JSON by load."""
        for connection in self._newest_first():
            return {str(load): str(record) for load, record in connection.execute("SELECT * FROM memory")}
        return {}

    @_reading
    def decisions(self, *, limit: int, load: str | None = None) -> list[DecisionRow]:
        """The last decisions, newest first, from the months before too where it takes them."""
        query = f"{_DECISION} WHERE ?1 IS NULL OR load = ?1 ORDER BY seq DESC LIMIT ?2"
        return self._last(query, (load,), limit, DecisionRow)

    @_reading
    def events(self, *, limit: int) -> list[EventRow]:
        """The last events, newest first, from the months before too where it takes them."""
        return self._last(f"{_EVENT} ORDER BY seq DESC LIMIT ?1", (), limit, EventRow)

    def records(self) -> Iterator[DecisionRow]:
        """Every decision, oldest first; one at a time, however many there are."""
        for path in month.months(self._directory):
            try:
                with closing(month.open_reading(path)) as connection:
                    for told in connection.execute(f"{_DECISION} ORDER BY seq"):
                        yield DecisionRow(*told)
            except sqlite3.Error as error:
                raise self.failed(f"the ledger cannot be read: {error}", error) from error

    @_reading
    def configuration(self, config_hash: str) -> str | None:
        """The canonical JSON of a configuration; None where it is not known."""
        return self._archived("configuration", config_hash)

    @_reading
    def forecast(self, forecast_hash: str) -> str | None:
        """The canonical JSON of a forecast; None where it is not known."""
        return self._archived("forecast", forecast_hash)

    @_reading
    def newest_forecast(self) -> tuple[int, str] | None:
        """When the last forecast came into force (UTC epoch seconds), and its hash; None where there is none."""
        query = "SELECT at_s, hash FROM forecast ORDER BY at_s DESC, rowid DESC LIMIT 1"
        for connection in self._newest_first():
            for at_s, name in connection.execute(query):
                return int(at_s), str(name)
        return None

    @_reading
    def has_tick(self, load: str, clock_epoch: int, block: int) -> bool:
        """Whether a block has its tick decision; the clock may slip back over the end of a month."""
        if self._connection is not None and (load, clock_epoch, block) in self._ticks_before:
            return True
        query = "SELECT 1 FROM decision WHERE load = ? AND clock_epoch = ? AND block = ? AND trigger = 'TICK'"
        reach = 1 if self._connection is not None else 2
        for _, connection in zip(range(reach), self._newest_first(), strict=False):
            if connection.execute(query, (load, clock_epoch, block)).fetchone():
                return True
        return False

    @_reading
    def head(self) -> Head:
        """Where the chain ends: noted down elsewhere, it is what a later verification can be held against."""
        for connection in self._newest_first():
            return month.head_of(connection)
        return BEGINNING

    def close(self) -> None:
        """Close the file."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def failed(self, text: str, error: Exception) -> StoreError:
        """What to raise for an error of SQLite's or the system's."""
        self.is_damaged |= is_damage(error)
        return DamagedError(text) if is_damage(error) else StoreError(text)

    def _archive(self, table: str, key: str, record: str, at_s: int) -> None:
        with self._writing(at_s) as connection:
            _keep(connection, table, key, record, at_s)

    def _archived(self, table: str, key: str) -> str | None:
        for connection in self._newest_first():
            found = connection.execute(_ARCHIVED[table], (key,)).fetchone()
            if found is not None:
                return str(found[0])
        return None

    def _last(
        self, query: str, values: tuple[str | None, ...], limit: int, build: Callable[..., _Row]
    ) -> list[_Row]:
        rows: list[_Row] = []
        for connection in self._newest_first():
            rows += [build(*told) for told in connection.execute(query, (*values, limit - len(rows)))]
            if len(rows) >= limit:
                break
        return rows

    def _newest_first(self) -> Iterator[sqlite3.Connection]:
        """Each month's file, open; the writer's own first."""
        for path in reversed(month.months(self._directory)):
            if self._connection is not None and path.stem == self._month:
                yield self._connection
            else:
                with closing(month.open_reading(path)) as connection:
                    yield connection

    def _go_on(self) -> None:
        """Put away what is sealed; open the last file if it is not."""
        files = month.months(self._directory)
        for path in files[:-1]:
            with _damage_told():
                month.put_away(path)
        for path in files[-1:]:
            month.put_away(path)
            if not _is_sealed(path):
                self._open(path)

    def _open(self, path: Path) -> sqlite3.Connection:
        self._connection, self._month = month.open_writing(path), path.stem
        self._ticks_before = frozenset()
        with _damage_told():
            self._ticks_before = frozenset(_last_ticks(month.months(self._directory)[:-1]))
        return self._connection

    def _roll(self, at_s: int) -> sqlite3.Connection:
        """The file of ``at_s``; never one before the last, wherever the clock steps."""
        wanted = month.month_of(at_s)
        if self._connection is not None and wanted <= self._month:
            return self._connection
        memories, files = self.memories(), month.months(self._directory)
        if self._connection is not None:
            month.seal(self._connection, at_s)
            self.close()
            month.put_away(files[-1])
        if files:
            wanted = max(wanted, month.month_after(files[-1].stem))
        return self._open(month.begin(self._directory, wanted, files[-1] if files else None, memories))

    @contextmanager
    def _writing(self, at_s: int) -> Iterator[sqlite3.Connection]:
        if self._read_only:
            raise StoreError("the ledger cannot be written: it was opened for reading")
        try:
            with month.transaction(self._roll(at_s)) as connection:
                yield connection
        except sqlite3.IntegrityError as error:
            raise RecordRefused(f"the ledger refused a record: {error}") from error
        except (sqlite3.Error, OSError, ValueError, OverflowError) as error:
            raise self.failed(f"the ledger cannot be written: {error}; nothing is started", error) from error


@contextmanager
def _damage_told() -> Iterator[None]:
    """An old month that is damaged is no reason to stop the house; `bitgrid ledger verify` names it."""
    try:
        yield
    except (StoreError, sqlite3.Error, OSError) as error:
        log.error("an old month of the ledger is damaged: %s", error)  # noqa: TRY400  the text says it all


def _keep(connection: sqlite3.Connection, table: str, key: str, record: str, at_s: int) -> None:
    if connection.execute(_ARCHIVED[table], (key,)).fetchone() is None:
        connection.execute(_ARCHIVE[table], (key, record, at_s))


def _remember(connection: sqlite3.Connection, load: str, record: str) -> None:
    connection.execute("INSERT OR REPLACE INTO memory VALUES (?, ?)", (load, record))


def _is_sealed(path: Path) -> bool:
    with closing(month.open_reading(path)) as connection:
        return month.is_sealed(connection)


def _last_ticks(files: list[Path]) -> Iterator[_Tick]:
    """The last tick decisions of the month before: a clock that slips back meets its blocks again."""
    for path in files[-1:]:
        with closing(month.open_reading(path)) as connection:
            query = (
                "SELECT load, clock_epoch, block FROM decision WHERE trigger = 'TICK' ORDER BY seq DESC LIMIT ?"
            )
            yield from connection.execute(query, (_TICKS_REMEMBERED,))
