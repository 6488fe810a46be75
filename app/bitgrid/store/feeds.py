"""What the feeds must not forget: the home's block means of some hundred days, and the last answers they had."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from peewee import CharField, FloatField, IntegerField, Model, PeeweeException, SqliteDatabase, TextField

from bitgrid.clock import Clock
from bitgrid.store.errors import DamagedError, NewerError, StoreError
from bitgrid.store.files import if_full
from bitgrid.store.incidents import Loss
from bitgrid.store.opening import open_sound
from bitgrid.store.snapshots import Snapshots
from bitgrid.store.soundness import is_damage
from bitgrid.store.versions import Step, bring_up, connection_of

IN_MEMORY = Path(":memory:")
_ERRORS = (PeeweeException, sqlite3.Error)
"""peewee wraps what a statement raises, but not what fetching its rows does."""


class BlockMeans(NamedTuple):
    """Mean powers of a block that begins at ``start_s`` (UTC epoch seconds), W; None where not known.

    ``load_w`` is the household without the flexible loads.
    """

    start_s: int
    pv_w: int | None
    load_w: int | None


class Kept(NamedTuple):
    """The last thing kept under a name: JSON text, and when it was learned (UTC epoch seconds)."""

    at_s: float
    text: str


class _BlockMeans(Model):
    start_s = IntegerField(primary_key=True)
    pv_w = IntegerField(null=True)
    load_w = IntegerField(null=True)

    class Meta:
        table_name = "block_means"


class _Kept(Model):
    name = CharField(primary_key=True)
    at_s = FloatField()
    text = TextField()

    class Meta:
        table_name = "kept"


_MODELS = [_BlockMeans, _Kept]
STEPS: tuple[Step, ...] = (
    (  # As the release before made them, which knew no number.
        """CREATE TABLE IF NOT EXISTS block_means (
            start_s INTEGER NOT NULL PRIMARY KEY, pv_w INTEGER, load_w INTEGER)""",
        """CREATE TABLE IF NOT EXISTS kept (
            name VARCHAR(255) NOT NULL PRIMARY KEY, at_s REAL NOT NULL, text TEXT NOT NULL)""",
    ),
)


class FeedsStore:
    """``feeds.sqlite``: written by `feeds` alone. Losing it costs what was learned, and no safety.

    Raises:
        DamagedError: it is no sound database.
        NewerError: a later release wrote it.
        StoreError: from every method, when the database cannot be read or written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._database = SqliteDatabase(
            str(path),
            pragmas={
                "locking_mode": "exclusive",  # nobody else opens it, and so its index of the log is in no file
                "journal_mode": "wal",
                "synchronous": "normal",
                "busy_timeout": 2000,
                "secure_delete": 0,
            },
        )
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._database.connect()
            bring_up(connection_of(self._database), STEPS, str(path), self.snapshot)
        except NewerError:
            self._database.close()
            raise
        except (*_ERRORS, OSError, StoreError) as error:
            self._database.close()
            kind = DamagedError if is_damage(error) else StoreError
            raise kind(f"the feeds' database {path} cannot be opened: {error}{if_full(path)}") from error

    def snapshot(self) -> None:
        """Take a snapshot of it, into ``snapshots`` beside it.

        Raises:
            StoreError: there is none.
        """
        Snapshots(self._path.parent / "snapshots").take(self._path, connection_of(self._database))

    def add(self, means: BlockMeans) -> None:
        """Remember a block; what was known of it gives way."""
        try:
            with self._database.bind_ctx(_MODELS):
                _BlockMeans.insert(**means._asdict()).on_conflict_replace().execute()
        except _ERRORS as error:
            raise StoreError(f"{self._path} cannot be written: {error}") from error

    def means(self, since_s: int, before_s: int) -> Iterator[BlockMeans]:
        """The blocks that begin from ``since_s`` on and before ``before_s``, oldest first."""
        try:
            with self._database.bind_ctx(_MODELS):
                query = (
                    _BlockMeans.select(_BlockMeans.start_s, _BlockMeans.pv_w, _BlockMeans.load_w)
                    .where((_BlockMeans.start_s >= since_s) & (_BlockMeans.start_s < before_s))
                    .order_by(_BlockMeans.start_s)
                )
                yield from (BlockMeans(*row) for row in query.tuples().iterator())
        except _ERRORS as error:
            raise StoreError(f"{self._path} cannot be read: {error}") from error

    def forget_but(self, newest: int) -> None:
        """Drop all blocks but so many of the newest; counted, so that no clock's error ever drops them all."""
        try:
            with self._database.bind_ctx(_MODELS):
                begins = _BlockMeans.select(_BlockMeans.start_s).order_by(_BlockMeans.start_s.desc())
                first_dropped = begins.offset(newest).limit(1).scalar()
                if first_dropped is not None:
                    _BlockMeans.delete().where(_BlockMeans.start_s <= first_dropped).execute()
        except _ERRORS as error:
            raise StoreError(f"{self._path} cannot be written: {error}") from error

    def keep(self, name: str, at_s: float, text: str) -> None:
        """Keep an answer, learned at ``at_s``; the one before it gives way."""
        try:
            with self._database.bind_ctx(_MODELS):
                _Kept.insert(name=name, at_s=at_s, text=text).on_conflict_replace().execute()
        except _ERRORS as error:
            raise StoreError(f"{self._path} cannot be written: {error}") from error

    def kept(self, name: str) -> Kept | None:
        """What was kept last under a name."""
        try:
            with self._database.bind_ctx(_MODELS):
                row = _Kept.get_or_none(_Kept.name == name)
        except _ERRORS as error:
            raise StoreError(f"{self._path} cannot be read: {error}") from error
        return None if row is None else Kept(row.at_s, row.text)

    def close(self) -> None:
        """Close the database."""
        self._database.close()


def open_feeds_store(path: Path, clock: Clock) -> tuple[FeedsStore, Loss | None, str]:
    """The store, whatever became of its file: prices and forecasts are told without it, too.

    A damaged file is set aside, and the newest snapshot takes its place; where none can be opened, what is
    learned is kept in memory until the next start.

    Returns:
        the store, what was lost with a damaged file, and what a person should know as long as it runs.
    """
    try:
        store, loss = open_sound(path, clock, FeedsStore, len(STEPS))
    except StoreError as error:
        return (
            FeedsStore(IN_MEMORY),
            None,
            f"{error}; until the next start what is learned is kept in memory alone",
        )
    return store, loss, ""
