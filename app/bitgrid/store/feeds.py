"""What the feeds must not forget: the home's block means of some hundred days, and the last answers they had."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from peewee import CharField, FloatField, IntegerField, Model, PeeweeException, SqliteDatabase, TextField

from bitgrid.store.errors import StoreError


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


class FeedsStore:
    """``feeds.sqlite``: written by `feeds` alone. Losing it costs what was learned, and no safety.

    Raises:
        StoreError: from every method, when the database cannot be read or written.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._database = SqliteDatabase(
            str(path), pragmas={"journal_mode": "wal", "synchronous": "normal", "busy_timeout": 2000}
        )
        try:
            self._database.connect()
            with self._database.bind_ctx(_MODELS):
                self._database.create_tables(_MODELS)
        except PeeweeException as error:
            raise StoreError(f"the feeds' database {path} cannot be opened: {error}") from error

    def add(self, means: BlockMeans) -> None:
        """Remember a block; what was known of it gives way."""
        try:
            with self._database.bind_ctx(_MODELS):
                _BlockMeans.insert(**means._asdict()).on_conflict_replace().execute()
        except PeeweeException as error:
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
        except PeeweeException as error:
            raise StoreError(f"{self._path} cannot be read: {error}") from error

    def forget_before(self, start_s: int) -> None:
        """Drop the blocks that begin before ``start_s``."""
        try:
            with self._database.bind_ctx(_MODELS):
                _BlockMeans.delete().where(_BlockMeans.start_s < start_s).execute()
        except PeeweeException as error:
            raise StoreError(f"{self._path} cannot be written: {error}") from error

    def keep(self, name: str, at_s: float, text: str) -> None:
        """Keep an answer, learned at ``at_s``; the one before it gives way."""
        try:
            with self._database.bind_ctx(_MODELS):
                _Kept.insert(name=name, at_s=at_s, text=text).on_conflict_replace().execute()
        except PeeweeException as error:
            raise StoreError(f"{self._path} cannot be written: {error}") from error

    def kept(self, name: str) -> Kept | None:
        """What was kept last under a name."""
        try:
            with self._database.bind_ctx(_MODELS):
                row = _Kept.get_or_none(_Kept.name == name)
        except PeeweeException as error:
            raise StoreError(f"{self._path} cannot be read: {error}") from error
        return None if row is None else Kept(row.at_s, row.text)

    def close(self) -> None:
        """Close the database."""
        self._database.close()
