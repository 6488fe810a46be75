"""Reading an archive: which days there are, and what they hold. May touch: the archive's directory, to read."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pyarrow as pa

from bitgrid.store.archive import manifest
from bitgrid.store.archive.files import read_file
from bitgrid.store.archive.schema import schema


class ArchiveReader:
    """An archive in a directory; a file that its manifest does not name is not read.

    Raises:
        ArchiveError: from `table`, where a file cannot be read.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def days(self, kind: str) -> list[dt.date]:
        """The UTC days that are kept of a kind, oldest first."""
        return [entry.day for entry in self._kept(kind, None, None)]

    def files(self, kind: str, first: dt.date | None = None, last: dt.date | None = None) -> list[Path]:
        """The files of a kind from ``first`` to ``last``, both included (None: no bound), oldest first."""
        return [self._directory / entry.path for entry in self._kept(kind, first, last)]

    def table(self, kind: str, first: dt.date | None = None, last: dt.date | None = None) -> pa.Table:
        """All rows of these days in one table; empty, with all columns, where there are none."""
        tables = [read_file(path, kind) for path in self.files(kind, first, last)]
        return pa.concat_tables([schema(kind).empty_table(), *tables]).unify_dictionaries()

    def _kept(self, kind: str, first: dt.date | None, last: dt.date | None) -> list[manifest.Entry]:
        return [
            entry
            for entry in manifest.load(self._directory).kept(kind)
            if (first is None or entry.day >= first)
            and (last is None or entry.day <= last)
            and (self._directory / entry.path).is_file()
        ]
