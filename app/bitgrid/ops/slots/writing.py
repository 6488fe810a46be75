"""How a slot and its boot files are written, and read back from the card itself. Touches what it is handed."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from bitgrid.ops.slots.errors import SlotError

FAILING = "what was written cannot be read back as it was: the card is failing. Replace it soon"


@contextmanager
def alone(device: Path, how: int) -> Iterator[IO[bytes]]:
    """A partition that nobody else uses: open(2) with O_EXCL is refused for one that is mounted.

    Raises:
        SlotError: it is mounted.
        OSError: it cannot be opened.
    """
    try:
        handle = os.open(device, how | os.O_EXCL | os.O_CLOEXEC)
    except OSError as error:
        if error.errno != errno.EBUSY:
            raise
        raise SlotError(
            f"{device}, where the update would go, is mounted; nothing was changed. Unmount it"
        ) from None
    with os.fdopen(handle, "rb" if how == os.O_RDONLY else "r+b") as file:
        yield file


def write_where_different(device: IO[bytes], chunks: Iterable[bytes]) -> Iterator[int]:
    """Write from the device's beginning on, but for what is there already, as zeros are: each write wears a card.

    Yields:
        Bytes that are as they should be, after each chunk.
    """
    done = 0
    for chunk in chunks:
        if not _is_there(device, done, chunk):
            device.seek(done)
            device.write(chunk)
        done += len(chunk)
        yield done


def _is_there(device: IO[bytes], at: int, chunk: bytes) -> bool:
    """Whether a chunk is; where a power cut tore a write, a card may read nothing until it is written anew."""
    try:
        return os.pread(device.fileno(), len(chunk), at) == chunk
    except OSError:
        return False


def put(place: Path, name: str, raw: bytes) -> None:
    """Write a file below a directory, and nowhere else.

    Raises:
        SlotError: its name leads elsewhere.
    """
    path = (place / name).resolve()
    if not path.is_relative_to(place.resolve()):
        raise SlotError(f"the update names a file outside of its place ({name!r}); nothing is tried")
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(raw)
        file.flush()
        os.fsync(file.fileno())


def forget(file: IO[bytes], size: int = 0) -> None:
    """Let the next read of a file that is durable be from the card; ``size`` bytes of it, 0: all."""
    os.posix_fadvise(file.fileno(), 0, size, os.POSIX_FADV_DONTNEED)


def see_it_is_there(place: Path, name: str, raw: bytes) -> None:
    """Read back from the card what was `put`.

    Raises:
        SlotError: it is something else.
    """
    with (place / name).open("rb") as file:
        forget(file)
        if file.read() != raw:
            raise SlotError(FAILING)
