"""Taking a file off the card: overwritten, then removed; after a power cut one sees how far that came."""

from __future__ import annotations

import os
from pathlib import Path

from bitgrid.store.files import sync

_SECTOR, _CHUNK = 512, 1 << 16


def remove(path: Path) -> None:
    """Take a file off the card for good; its blocks are overwritten first, as far as a card lets one.

    The first sector is on the card before the others are touched: a card writes one whole or not at all, so either
    the file is as it was, or `is_begun` tells that it is to be read no more.

    Raises:
        OSError: it cannot be overwritten, or not be removed.
    """
    handle = os.open(path, os.O_WRONLY)
    try:
        size = os.fstat(handle).st_size
        for at, end in ((0, min(size, _SECTOR)), (_SECTOR, size)):
            _overwrite(handle, at, end)
            os.fsync(handle)
    finally:
        os.close(handle)
    path.unlink()
    sync(path.parent)


def is_begun(path: Path) -> bool:
    """Whether `remove` was begun and not ended, for the first sector says nothing; False if it cannot be read."""
    try:
        with path.open("rb") as file:
            begin = file.read(_SECTOR)
    except OSError:
        return False
    return bool(begin) and not begin.strip(b"#")


def _overwrite(handle: int, at: int, end: int) -> None:
    while at < end:
        at += os.pwrite(handle, b"#" * min(end - at, _CHUNK), at)
