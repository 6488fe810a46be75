"""Writing an archive: a day's file whole or not at all.

A file is written under a temporary name, fsynced, read back and compared, renamed, and named in the manifest. An
interruption leaves one of these: a temporary file; a whole file that the manifest does not name yet; or, where a
day was written anew, a file that says itself which one it took the place of (``bitgrid.supersedes``). `recover`
deletes the first and names the others. May touch: the archive's directory.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa

from bitgrid.clock import Clock
from bitgrid.store.archive import files, manifest
from bitgrid.store.archive.columns import KINDS
from bitgrid.store.archive.manifest import Entry, path_of
from bitgrid.store.errors import ArchiveError
from bitgrid.store.files import sync

log = logging.getLogger(__name__)

UNFINISHED = ".new"
ASIDE = ".aside"


class ArchiveWriter:
    """The one writer of an archive's directory.

    Raises:
        ArchiveError: from every method; nothing is lost, and what was asked may be asked again.
    """

    def __init__(self, directory: Path, clock: Clock) -> None:
        self._directory, self._clock = directory, clock

    def write_day(self, kind: str, day: dt.date, table: pa.Table) -> Entry:
        """Write a UTC day's rows; a file that holds just them is left alone, any other gives way to them.

        A day that was dropped stays dropped.
        """
        return self._put(kind, day, table, {}, "")

    def thin_day(self, kind: str, day: dt.date, table: pa.Table, why: str) -> Entry:
        """Put a day's block means in the place of its rows."""
        return self._put(kind, day, table, {files.THINNED: files.BLOCK_MEANS}, why)

    def drop_day(self, kind: str, day: dt.date, why: str) -> Entry:
        """Delete a day's file; told in the manifest first, so that no file is ever missed without a word."""
        told = path_of(kind, day)
        entry = Entry(
            kind, day.isoformat(), told, 0, 0, "", int(self._clock.now()), state=manifest.DROPPED, why=why
        )
        with _failing(told):
            manifest.append(self._directory, entry)
            self._delete(self._directory / told)
        return entry

    def recover(self) -> list[str]:
        """Put in order what an interruption left, and tell what was done; a writer does this before all else."""
        with _failing("what an interruption left"):
            known = manifest.load(self._directory)
            return [*self._delete_leftovers(known), *self._name_unnamed(known)]

    def _delete_leftovers(self, known: manifest.Manifest) -> Iterator[str]:
        dropped = (self._directory / entry.path for entry in known.entries.values() if entry.is_dropped)
        unfinished = self._directory.glob(f"*/*.parquet{UNFINISHED}")
        for path in sorted({*unfinished, *(path for path in dropped if path.exists())}):
            self._delete(path)
            yield f"{path.relative_to(self._directory)} was left by an interruption and is deleted"

    def _name_unnamed(self, known: manifest.Manifest) -> Iterator[str]:
        for kind in KINDS:
            for path in sorted((self._directory / kind).glob("*.parquet")):
                day = manifest.day_of(path)
                entry = None if day is None else known.find(kind, day)
                if day is not None and _is_unnamed(path, entry):
                    named = self._vouched_for(kind, day, entry)
                    what = "set aside, as nothing vouches for it" if named is None else "named now, as it is whole"
                    yield f"{kind}/{path.name} was not in the manifest; it is {what}"

    def _put(self, kind: str, day: dt.date, table: pa.Table, told: dict[bytes, bytes], why: str) -> Entry:
        path = self._directory / path_of(kind, day)
        with _failing(path_of(kind, day)):
            rows = files.normalised(table, kind)
            manifest.make_directory(path.parent)
            known = manifest.load(self._directory).find(kind, day)
            if known is not None and known.is_dropped:
                return known
            known = self._vouched_for(kind, day, known)
            if known is not None:
                if known.is_thinned == (files.THINNED in told) and files.holds(path, kind, rows):
                    return known
                told = {**told, files.SUPERSEDES: known.sha256.encode()}
            self._write(path, kind, rows, told)
            return self._name(kind, day, rows.num_rows, why)

    def _write(self, path: Path, kind: str, rows: pa.Table, told: dict[bytes, bytes]) -> None:
        unfinished = path.with_name(path.name + UNFINISHED)
        files.write_file(unfinished, kind, rows, told)
        if not files.holds(unfinished, kind, rows):
            self._delete(unfinished)
            raise OSError("what was written reads back differently; the disk may be failing")
        unfinished.rename(path)
        sync(path.parent)

    def _vouched_for(self, kind: str, day: dt.date, known: Entry | None) -> Entry | None:
        """The entry of the file that is there; named now, where an interruption kept it from being named.

        A file that nothing vouches for is set aside and never written over.
        """
        path = self._directory / path_of(kind, day)
        if not path.exists():
            return None
        if known is not None and files.sha256_of(path) == known.sha256:
            return known
        supersedes = files.metadata_of(path).get(files.SUPERSEDES, b"").decode(errors="replace")
        if supersedes == (known.sha256 if known else ""):
            try:
                rows = files.read_file(path, kind).num_rows
            except ArchiveError as error:
                log.warning("%s", error)
            else:
                log.warning("%s was written and not named before an interruption; it is named now", path)
                return self._name(kind, day, rows, "named after an interruption")
        aside = path.with_name(path.name + ASIDE)
        log.error("%s is not the file that the manifest names; it is set aside as %s", path, aside.name)
        path.rename(aside)
        sync(path.parent)
        return None

    def _name(self, kind: str, day: dt.date, rows: int, why: str) -> Entry:
        told = path_of(kind, day)
        path = self._directory / told
        state = manifest.THINNED if files.THINNED in files.metadata_of(path) else manifest.WHOLE
        size, digest, at_s = path.stat().st_size, files.sha256_of(path), int(self._clock.now())
        entry = Entry(kind, day.isoformat(), told, rows, size, digest, at_s, state=state, why=why)
        manifest.append(self._directory, entry)
        return entry

    def _delete(self, path: Path) -> None:
        path.unlink(missing_ok=True)
        if path.parent.is_dir():
            sync(path.parent)


def _is_unnamed(path: Path, known: Entry | None) -> bool:
    """Whether a file was written and not named; one that the disk spoiled is for `verify` to find."""
    if known is None:
        return True
    if path.stat().st_size == known.bytes:
        return False
    return files.metadata_of(path).get(files.SUPERSEDES, b"") == known.sha256.encode()


@contextmanager
def _failing(what: str) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError, KeyError, pa.ArrowException) as error:
        raise ArchiveError(f"{what} cannot be archived: {error}") from error
