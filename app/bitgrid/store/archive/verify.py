"""Verifying an archive: every file held against the manifest, read to its end, and everything amiss named.

Found: a file missing, changed, damaged or added, of another kind or version, with other columns or another number
of rows; a line of the manifest that cannot be read. Not found, because it cannot be from inside: whoever may write
the files may write the manifest, too. May touch: the archive's directory, for reading.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from bitgrid.store.archive import files, manifest
from bitgrid.store.archive.columns import KINDS, SCHEMA_VERSION
from bitgrid.store.archive.manifest import Entry
from bitgrid.store.archive.writer import ASIDE, UNFINISHED
from bitgrid.store.errors import ArchiveError


class Problem(NamedTuple):
    """Something that is not as it was written: in which file (below the archive's directory), and what."""

    path: str
    what: str

    def __str__(self) -> str:
        return f"{self.path}: {self.what}"


def verify(directory: Path, heard: Callable[[], None] = lambda: None) -> list[Problem]:
    """Everything that is amiss; ``heard`` is called after each file."""
    known = manifest.load(directory)
    problems = [Problem(manifest.NAME, what) for what in known.problems]
    for entry in sorted(known.entries.values(), key=lambda entry: entry.path):
        problems += [Problem(entry.path, what) for what in _amiss(directory, entry)]
        heard()
    return [*problems, *_strangers(directory, known)]


def _amiss(directory: Path, entry: Entry) -> Iterator[str]:
    path = directory / entry.path
    if entry.is_dropped:
        return
    if not path.is_file():
        yield "is missing; put it back from a backup"
        return
    digest, told = files.sha256_of(path), files.metadata_of(path)
    if digest != entry.sha256 and told.get(files.SUPERSEDES) != entry.sha256.encode():
        yield "was changed or damaged: its SHA-256 is not the manifest's; put it back from a backup"
        return
    yield from _told_wrong(told, entry)
    try:
        rows = files.read_file(path, entry.kind).num_rows
    except ArchiveError as error:
        yield str(error)
        return
    if digest == entry.sha256 and rows != entry.rows:
        yield f"holds {rows} rows, the manifest says {entry.rows}"


def _told_wrong(told: Mapping[bytes, bytes], entry: Entry) -> Iterator[str]:
    expected = {"kind": entry.kind, "schema_version": entry.schema_version}
    for name, value in expected.items():
        found = told.get(f"bitgrid.{name}".encode(), b"").decode(errors="replace")
        if found != value:
            yield f"says its {name} is {found or 'not told'}, the manifest says {value}"
    if entry.schema_version != SCHEMA_VERSION:
        yield f"is of schema version {entry.schema_version}; this BitGrid reads {SCHEMA_VERSION}"


def _strangers(directory: Path, known: manifest.Manifest) -> Iterator[Problem]:
    for kind in KINDS:
        for path in sorted((directory / kind).glob("*")):
            told = f"{kind}/{path.name}"
            if path.name.endswith(ASIDE):
                yield Problem(
                    told, "was set aside, for it was not what the manifest said; look at it, then delete it"
                )
            elif told not in known.entries and not path.name.endswith(UNFINISHED):
                yield Problem(
                    told,
                    "is not in the manifest, so it is not read; if it was written just before an interruption, "
                    "the recorder takes it in at its next start, else it was added: move it away",
                )
