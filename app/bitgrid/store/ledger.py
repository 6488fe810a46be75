"""The ledger: what must never be lost. Decisions, the memory they leave, events, configurations by hash.

A database a month, ``synchronous=FULL``: when `append` returns, the record is on the disk. A decision and the
memory it leaves are one transaction. At most one tick decision a load and block, which the database itself holds.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from peewee import (
    SQL,
    AutoField,
    CharField,
    IntegerField,
    IntegrityError,
    Model,
    PeeweeException,
    SqliteDatabase,
    TextField,
)

from bitgrid.store.errors import StoreError

_FILE = re.compile(r"^\d{4}-\d{2}\.sqlite$")


class _Decision(Model):
    seq = AutoField()
    load = CharField()
    clock_epoch = IntegerField()
    block = IntegerField()
    trigger = CharField()
    at_s = IntegerField()
    record = TextField()

    class Meta:
        table_name = "decision"
        indexes = ((("load", "clock_epoch", "block"), False),)


class _Memory(Model):
    load = CharField(primary_key=True)
    record = TextField()

    class Meta:
        table_name = "memory"


class _Event(Model):
    seq = AutoField()
    at_s = IntegerField()
    kind = CharField()
    record = TextField()

    class Meta:
        table_name = "event"


class _Configuration(Model):
    config_hash = CharField(primary_key=True)
    record = TextField()

    class Meta:
        table_name = "configuration"


_Decision.add_index(  # the database itself holds that a block has one tick decision
    SQL(
        "CREATE UNIQUE INDEX IF NOT EXISTS decision_one_tick ON decision (load, clock_epoch, block)"
        " WHERE trigger = 'TICK'"
    )
)
_MODELS = (_Decision, _Memory, _Event, _Configuration)


@dataclass(frozen=True)
class DecisionRow:
    """A decision as stored; ``record`` is canonical JSON of decision, state and memory."""

    load: str
    clock_epoch: int
    block: int
    trigger: str
    at_s: int
    record: str
    seq: int = 0

    @property
    def id(self) -> str:
        """Names the decision on the bus and in the API."""
        return f"{self.load}-{self.clock_epoch}-{self.block}-{self.trigger.lower()}-{self.at_s}"


@dataclass(frozen=True)
class EventRow:
    """Something that happened: ``kind`` is safety, health or audit; ``record`` is JSON."""

    at_s: int
    kind: str
    record: str


class Ledger:
    """The ledger in a directory.

    Args:
        directory: where the monthly files are; made when missing.
        read_only: whether to open for reading alone.
    """

    def __init__(self, directory: Path, *, read_only: bool = False) -> None:
        self._directory, self._read_only = directory, read_only
        self._database: SqliteDatabase | None = None
        self._month = ""
        if not read_only:
            directory.mkdir(parents=True, exist_ok=True)
        files = self._files()
        if files:
            self._open(files[-1], self._last_memories)

    def append(self, row: DecisionRow, memory: str) -> None:
        """Make a decision and the memory it leaves durable, in one transaction.

        Raises:
            StoreError: it is not durable; nothing was written.
        """
        with self._writing(row.at_s):
            _Decision.create(
                load=row.load,
                clock_epoch=row.clock_epoch,
                block=row.block,
                trigger=row.trigger,
                at_s=row.at_s,
                record=row.record,
            )
            _remember(row.load, memory)

    def append_event(self, row: EventRow) -> None:
        """Make an event durable.

        Raises:
            StoreError: it is not durable.
        """
        with self._writing(row.at_s):
            _Event.create(at_s=row.at_s, kind=row.kind, record=row.record)

    def save_memories(self, memories: Mapping[str, str], at_s: int) -> None:
        """Make memories durable, all or none, where they change without a decision (a lockout, a clock's step).

        Raises:
            StoreError: it is not durable.
        """
        with self._writing(at_s):
            for load, memory in memories.items():
                _remember(load, memory)

    def archive_configuration(self, config_hash: str, canonical_json: str, at_s: int) -> None:
        """Keep a configuration under its hash; a known one is left as it is.

        Raises:
            StoreError: it is not durable.
        """
        with self._writing(at_s):
            _Configuration.insert(config_hash=config_hash, record=canonical_json).on_conflict_ignore().execute()

    def memories(self) -> dict[str, str]:
        """The memory of every load, as JSON by load."""
        if self._database is None:
            return {}
        with self._reading():
            return _memories()

    def decisions(self, *, limit: int, load: str | None = None) -> list[DecisionRow]:
        """The last decisions of this month's file, newest first."""
        if self._database is None:
            return []
        with self._reading():
            query = _Decision.select().order_by(_Decision.seq.desc()).limit(limit)
            if load is not None:
                query = query.where(_Decision.load == load)
            return [_decision_row(row) for row in query]

    def has_tick(self, load: str, clock_epoch: int, block: int) -> bool:
        """Whether a block has its tick decision."""
        if self._database is None:
            return False
        with self._reading():
            return bool(
                _Decision.select()
                .where(
                    (_Decision.load == load)
                    & (_Decision.clock_epoch == clock_epoch)
                    & (_Decision.block == block)
                    & (_Decision.trigger == "TICK")
                )
                .exists()
            )

    def events(self, *, limit: int) -> list[EventRow]:
        """The last events of this month's file, newest first."""
        if self._database is None:
            return []
        with self._reading():
            query = _Event.select().order_by(_Event.seq.desc()).limit(limit)
            return [EventRow(int(row.at_s), str(row.kind), str(row.record)) for row in query]

    def close(self) -> None:
        """Close the file."""
        if self._database is not None:
            self._database.close()
            self._database = None

    def _files(self) -> list[Path]:
        if not self._directory.is_dir():
            return []
        return sorted(path for path in self._directory.iterdir() if _FILE.match(path.name))

    def _open(self, path: Path, remembered: Callable[[], Mapping[str, str]]) -> None:
        """Go on in a month's file. A new one begins with all that is remembered, or it does not begin."""
        pragmas = {"journal_mode": "wal", "synchronous": "full", "foreign_keys": 1, "busy_timeout": 2000}
        database = _read_only(path) if self._read_only else SqliteDatabase(str(path), pragmas=pragmas)
        try:
            database.connect()
            if not self._read_only:
                with database.bind_ctx(_MODELS), database.atomic():
                    _begin(database, remembered)
        except PeeweeException as error:
            database.close()
            raise StoreError(f"the ledger {path} cannot be opened: {_cause(error)}; loads stay off") from error
        self.close()
        self._database, self._month = database, path.stem

    def _last_memories(self) -> dict[str, str]:
        """What the newest file remembers that remembers anything: the last may have been begun and not filled."""
        for path in reversed(self._files()[:-1]):
            database = _read_only(path)
            with database.connection_context(), database.bind_ctx(_MODELS):
                memories = _memories()
            if memories:
                return memories
        return {}

    def _roll(self, at_s: int) -> None:
        """Go on in the month of ``at_s``, carrying the memory over; never back, wherever the clock steps."""
        month = dt.datetime.fromtimestamp(at_s, dt.UTC).strftime("%Y-%m")
        if self._database is not None and month <= self._month:
            return
        memories = self.memories()
        self._open(self._directory / f"{month}.sqlite", lambda: memories)

    @contextmanager
    def _writing(self, at_s: int) -> Iterator[None]:
        try:
            self._roll(at_s)
            database = self._connected()
            with database.bind_ctx(_MODELS), database.atomic():
                yield
        except IntegrityError as error:
            raise StoreError(f"the ledger refused a record: {error}") from error
        except (PeeweeException, OSError) as error:
            raise StoreError(f"the ledger cannot be written: {_cause(error)}; nothing is started") from error

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            with self._connected().bind_ctx(_MODELS):
                yield
        except PeeweeException as error:
            raise StoreError(f"the ledger cannot be read: {error}") from error

    def _connected(self) -> SqliteDatabase:
        if self._database is None:
            raise StoreError("the ledger has no file yet")
        return self._database


def _read_only(path: Path) -> SqliteDatabase:
    return SqliteDatabase(f"file:{path}?mode=ro", uri=True, pragmas={"busy_timeout": 2000})


def _begin(database: SqliteDatabase, remembered: Callable[[], Mapping[str, str]]) -> None:
    database.create_tables(_MODELS)
    if not _Memory.select().exists():
        for load, record in remembered().items():
            _remember(load, record)


def _memories() -> dict[str, str]:
    return {str(row.load): str(row.record) for row in _Memory.select()}


def _cause(error: BaseException) -> BaseException:
    """What went wrong first: a transaction that SQLite has ended already cannot be rolled back as well."""
    while error.__context__ is not None:
        error = error.__context__
    return error


def _decision_row(row: _Decision) -> DecisionRow:
    return DecisionRow(
        load=str(row.load),
        clock_epoch=int(row.clock_epoch),
        block=int(row.block),
        trigger=str(row.trigger),
        at_s=int(row.at_s),
        record=str(row.record),
        seq=int(row.seq),
    )


def _remember(load: str, record: str) -> None:
    _Memory.insert(load=load, record=record).on_conflict_replace().execute()
