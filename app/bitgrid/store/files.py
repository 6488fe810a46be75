"""Files of the store as the file system has them: made durable, named by date."""

from __future__ import annotations

import datetime as dt
import os
import shutil
from pathlib import Path

BESIDE = ("-wal", "-shm", "-journal")
"""What SQLite keeps beside a database, by the ending of its name."""
_ROOM_TO_OPEN = 32_768
"""Bytes that SQLite asks for to open a database with a log: the index of that (sqlite.org/walformat.html, 2.1)."""


def sync(path: Path) -> None:
    """Make a file's content, or the names in a directory, durable.

    Raises:
        OSError: they may not be.
    """
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_whole(path: Path, content: bytes, mode: int | None = None, owner: tuple[int, int] | None = None) -> None:
    """Write a file under another name, make it durable, then give it its name: never half of it is found there.

    Args:
        path: its name.
        content: all of it.
        mode: who may read it, whatever the caller's umask says, and nobody else for a moment; None: by the umask,
            or on a file system that knows no modes.
        owner: user and group as numbers; None: whoever calls.

    Raises:
        OSError: it cannot be written; what stood there stands, and nothing is beside it.
    """
    unfinished = path.with_name(f".{path.name}.new")
    unfinished.unlink(missing_ok=True)
    # Made anew, so that it follows nobody's link.
    handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666 if mode is None else 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            if owner is not None:
                os.fchown(handle, *owner)
            if mode is not None:
                os.fchmod(handle, mode)
            file.flush()
            os.fsync(handle)
        unfinished.rename(path)
    except OSError:
        unfinished.unlink(missing_ok=True)  # a full disk needs the room
        raise
    sync(path.parent)


def if_full(path: Path) -> str:
    """What is added to an error of a database whose disk is full, of which SQLite says "disk I/O error" alone."""
    is_full = shutil.disk_usage(nearest_directory(path)).free < _ROOM_TO_OPEN
    return " (the disk is full; make room on it)" if is_full else ""


def nearest_directory(path: Path) -> Path:
    """The path where it is a directory, or else the nearest one above it that exists."""
    return next(place for place in (path, *path.absolute().parents) if place.is_dir())


def stamp(at_s: float) -> str:
    """A time (UTC epoch seconds) as part of a file's name: 20261121T101500Z; they sort as the times do."""
    return dt.datetime.fromtimestamp(at_s, dt.UTC).strftime("%Y%m%dT%H%M%SZ")


def changed_at_s(path: Path) -> float:
    """When a database was written last, UTC epoch seconds, by the file system. An empty log is only a reader's."""
    log = path.with_name(f"{path.name}-wal")
    parts = [path, *([log] if log.exists() and log.stat().st_size else [])]
    return max(part.stat().st_mtime for part in parts)
