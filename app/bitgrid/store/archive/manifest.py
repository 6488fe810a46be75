"""The manifest: one JSON line a file that was written, thinned or dropped; the last line of a path counts.

Lines are appended and fsynced. What a power cut leaves of a line was never vouched for: it is cut off before the
next one is written, and no reader takes it for one. May touch: ``manifest.jsonl``.
"""

from __future__ import annotations

import datetime as dt
import json
import os
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from bitgrid.store.archive.columns import KINDS, SCHEMA_VERSION
from bitgrid.store.files import sync

NAME = "manifest.jsonl"
WHOLE, THINNED, DROPPED = "whole", "thinned", "dropped"


@dataclass(frozen=True)
class Entry:
    """What became of a file.

    ``state`` is whole, thinned (to block means) or dropped; ``why`` says on whose word, where it is not whole.
    A dropped file has no rows, no bytes and no hash.
    """

    kind: str
    date: str
    path: str
    rows: int
    bytes: int
    sha256: str
    written_at_s: int
    schema_version: str = SCHEMA_VERSION
    state: str = WHOLE
    why: str = ""

    @property
    def day(self) -> dt.date:
        """The UTC day."""
        return dt.date.fromisoformat(self.date)

    @property
    def is_dropped(self) -> bool:
        """Whether the file is no more."""
        return self.state == DROPPED

    @property
    def is_thinned(self) -> bool:
        """Whether it holds block means alone."""
        return self.state == THINNED


_NAMES = frozenset(told.name for told in fields(Entry))


@dataclass
class Manifest:
    """The newest entry of each path, and what could not be read, in words."""

    entries: dict[str, Entry] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def find(self, kind: str, day: dt.date) -> Entry | None:
        """What became of a day; None where nothing was ever written."""
        return self.entries.get(path_of(kind, day))

    def kept(self, kind: str) -> list[Entry]:
        """The files of a kind that are kept, oldest day first."""
        found = [entry for entry in self.entries.values() if entry.kind == kind and not entry.is_dropped]
        return sorted(found, key=lambda entry: entry.date)


def path_of(kind: str, day: dt.date) -> str:
    """Where a day's file is, below the archive's directory."""
    return f"{kind}/{day.isoformat()}.parquet"


def day_of(path: Path) -> dt.date | None:
    """The UTC day that a file's name says; None where it says none."""
    try:
        return dt.date.fromisoformat(path.stem)
    except ValueError:
        return None


def load(directory: Path) -> Manifest:
    """Read the manifest; an archive not begun has an empty one."""
    manifest = Manifest()
    try:
        text = (directory / NAME).read_bytes()
    except FileNotFoundError:
        return manifest
    lines = text[: _whole_bytes(text)].split(b"\n")
    for number, line in enumerate(lines[:-1], 1):
        try:
            entry = _entry(json.loads(line))
            manifest.entries[entry.path] = entry
        except (ValueError, TypeError, KeyError) as error:
            manifest.problems.append(f"{NAME}, line {number} cannot be read ({error}); what it said is not known")
    return manifest


def append(directory: Path, entry: Entry) -> None:
    """Add a line, durably.

    Raises:
        OSError: it is not durable.
    """
    path = directory / NAME
    is_new = not path.exists()
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o640)
    with os.fdopen(handle, "r+b") as file:
        file.truncate(_whole_bytes(file.read()))
        file.seek(0, os.SEEK_END)
        file.write(line(entry).encode())
        file.flush()
        os.fsync(file.fileno())
    if is_new:
        sync(directory)


def line(entry: Entry) -> str:
    """An entry as its line; ``state`` and ``why`` where they say something."""
    told = {name: value for name, value in asdict(entry).items() if value not in ("", WHOLE) or name == "sha256"}
    return json.dumps(told, separators=(",", ":"), sort_keys=True, ensure_ascii=False) + "\n"


def make_directory(directory: Path) -> None:
    """Make a directory, and those above it, durable before anything is written into it."""
    missing = [path for path in (directory, *directory.parents) if not path.exists()]
    directory.mkdir(parents=True, exist_ok=True)
    for path in reversed(missing):
        sync(path.parent)


def _whole_bytes(text: bytes) -> int:
    """How far the lines are whole; of a last line whose beginning the disk had not written, zeros stand there."""
    whole = text.rfind(b"\n") + 1
    last = text.rfind(b"\n", 0, max(0, whole - 1)) + 1
    return last if b"\0" in text[last:whole] else whole


def _entry(told: dict[str, Any]) -> Entry:
    entry = Entry(**{name: value for name, value in told.items() if name in _NAMES})
    if entry.kind not in KINDS or entry.path != path_of(entry.kind, entry.day):
        raise ValueError(f"{entry.path} is no file of an archive")
    return entry
