"""Explain sessions: each decision in words, kept for some days. Written by `explain`, in a table of its own."""

from __future__ import annotations

import json
import sqlite3
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from peewee import FloatField, Model, PeeweeException, SqliteDatabase, TextField

from bitgrid.clock import Clock
from bitgrid.store.errors import StoreError
from bitgrid.store.hot_schema import STEPS
from bitgrid.store.versions import connection_of, refuse_newer, version_of

KEEP_S = 5 * 86_400.0
WRITE_EVERY_S = 3600.0
TRY_EVERY_S = 60.0
MAX_WAITING = 1_000
_PRAGMAS = {"synchronous": "normal", "busy_timeout": 2000, "secure_delete": 0}


class Session(NamedTuple):
    """A decision in words: ``texts`` by language and depth; ``at_s`` when it was said, UTC epoch seconds."""

    decision_id: str
    load: str
    at_s: float
    texts: Mapping[str, Mapping[str, str]]


class _ExplainSession(Model):
    decision_id = TextField(primary_key=True)
    load = TextField()
    at_s = FloatField()
    texts = TextField()

    class Meta:
        table_name = "explain_session"


class SessionStore:
    """The table ``explain_session`` of ``bitgrid.sqlite``.

    The recorder makes that file and mends it; here it is opened for each deed, so that one that was replaced
    meanwhile is met as it is.

    Raises:
        StoreError: from every method: it cannot be read or written, or is not there yet.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def append(self, sessions: list[Session], forget_before_s: float) -> None:
        """Keep these, and forget those decided before a time; one that is known already is left as it is."""
        rows = [{**one._asdict(), "texts": json.dumps(one.texts, ensure_ascii=False)} for one in sessions]
        with self._open("rw") as database, database.atomic():
            _ExplainSession.insert_many(rows).on_conflict_ignore().execute()
            _ExplainSession.delete().where(_ExplainSession.at_s < forget_before_s).execute()

    def sessions(self, first_s: float, last_s: float) -> list[Session]:
        """Those with ``first_s`` <= time < ``last_s``, the oldest first; a day has some hundred."""
        with self._open("ro"):
            query = (
                _ExplainSession.select()
                .where((_ExplainSession.at_s >= first_s) & (_ExplainSession.at_s < last_s))
                .order_by(_ExplainSession.at_s, _ExplainSession.decision_id)
            )
            return [Session(one.decision_id, one.load, one.at_s, json.loads(one.texts)) for one in query]

    @contextmanager
    def _open(self, mode: str) -> Iterator[SqliteDatabase]:
        uri = f"{self._path.absolute().as_uri()}?mode={mode}"
        database = SqliteDatabase(uri, uri=True, pragmas=_PRAGMAS)
        try:
            with database, database.bind_ctx([_ExplainSession]):
                found = version_of(connection_of(database))
                refuse_newer(found, len(STEPS), str(self._path))
                if found < len(STEPS):
                    raise StoreError(
                        f"{self._path} was not brought to this release's form yet; the recorder does so"
                    )
                yield database
        except (PeeweeException, sqlite3.Error, ValueError) as error:
            raise StoreError(f"explain sessions in {self._path} cannot be reached: {error}") from error
        finally:
            database.close()


class SessionKeeper:
    """Keeps what was said; what cannot be written waits, the oldest giving way when too much does."""

    def __init__(self, store: SessionStore, clock: Clock) -> None:
        self._store, self._clock = store, clock
        self._waiting: deque[Session] = deque(maxlen=MAX_WAITING)
        self._next_try_boot_s = clock.boot() + WRITE_EVERY_S
        self._problem = ""

    @property
    def waiting(self) -> int:
        """How many are not written yet."""
        return len(self._waiting)

    def take(self, session: Session) -> None:
        """Something was said."""
        self._waiting.append(session)

    def step(self) -> str:
        """Write what waits, once an hour: it is made of what the ledger holds. Tell what is wrong, or nothing."""
        if self._waiting and self._clock.boot() >= self._next_try_boot_s:
            self.flush()
        return self._problem

    def flush(self) -> str:
        """Write what waits now; tell what is wrong, or nothing."""
        batch = list(self._waiting)
        try:
            self._store.append(batch, self._clock.now() - KEEP_S)
        except StoreError as error:
            self._next_try_boot_s = self._clock.boot() + TRY_EVERY_S
            self._problem = str(error)
            return self._problem
        for _session in batch:
            self._waiting.popleft()
        self._next_try_boot_s = self._clock.boot() + WRITE_EVERY_S
        self._problem = ""
        return ""
