"""What the feeds must not forget: the home's block means of some hundred days, and the last answers they had."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from peewee import CharField, FloatField, IntegerField, Model, PeeweeException, SqliteDatabase, TextField

from bitgrid.store.errors import StoreError

log = logging.getLogger(__name__)

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


class DamagedError(StoreError):
    """What is in the file can be read no more."""


class FeedsStore:
    """``feeds.sqlite``: written by `feeds` alone. Losing it costs what was learned, and no safety.

    Raises:
        DamagedError: it is no sound database.
        StoreError: from every method, when the database cannot be read or written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._database = SqliteDatabase(
            str(path), pragmas={"journal_mode": "wal", "synchronous": "normal", "busy_timeout": 2000}
        )
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._database.connect()
            self._check()
            with self._database.bind_ctx(_MODELS):
                self._database.create_tables(_MODELS)
        except (*_ERRORS, OSError) as error:
            self._database.close()
            kind = DamagedError if "not a database" in str(error) or "malformed" in str(error) else StoreError
            raise kind(f"the feeds' database {path} cannot be opened: {error}") from error

    def _check(self) -> None:
        """Look through all of it; some megabytes, and damage that nobody looks for is found at night."""
        found = self._database.execute_sql("PRAGMA quick_check(1)").fetchone()  # type: ignore[no-untyped-call]  # peewee's, without types
        if found != ("ok",):
            raise sqlite3.DatabaseError(f"malformed: {found}")

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


def open_feeds_store(path: Path) -> tuple[FeedsStore, str]:
    """The store, whatever became of its file: prices and forecasts are told without it, too.

    A damaged file is set aside as ``<name>.damaged`` and begun anew; where none can be opened, what is learned is
    kept in memory until the next start.

    Returns:
        the store, and what a person should know of it; empty if all is well.
    """
    try:
        return FeedsStore(path), ""
    except DamagedError as error:
        problem = f"{error}; it was set aside as {path.name}.damaged, and what was learned is learned anew"
    except StoreError as error:
        return FeedsStore(IN_MEMORY), f"{error}; until the next start what is learned is kept in memory alone"
    log.error("%s", problem)
    try:
        for part in ("", "-wal", "-shm"):
            beside = path.with_name(path.name + part)
            if beside.exists():
                beside.rename(path.with_name(f"{path.name}.damaged{part}"))
        return FeedsStore(path), ""
    except (StoreError, OSError) as error:
        return FeedsStore(IN_MEMORY), f"{problem}; until the next start it is kept in memory alone: {error}"
