"""The log of the shim, read: what was done to the files below a directory, in order.

A file is named by its inode, so that a write goes where it went whatever its name is by then. Inode numbers come
again after a file is gone, so each file gets a number of its own here, counted from 1; 0 is the directory itself.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any

_HEAD = struct.Struct("<IIQqII")


class Kind(IntEnum):
    """What was done; the numbers are those of shim.c."""

    CREATE = 1
    MKDIR = 2
    WRITE = 3
    TRUNCATE = 4
    SYNC = 5
    SYNC_ALL = 6
    RENAME = 7
    UNLINK = 8
    RMDIR = 9
    LINK = 10
    CHMOD = 11
    TOLD = 12
    MAPPED = 13
    ALIEN = 14


_CHANGES_A_FILE = {Kind.WRITE, Kind.TRUNCATE, Kind.SYNC, Kind.CHMOD, Kind.MAPPED}
SYNCS = (Kind.SYNC, Kind.SYNC_ALL)


class NotUnderstood(Exception):
    """The recording holds something that cannot be replayed, so nothing may be concluded from it."""


@dataclass(frozen=True)
class Op:
    """One operation. ``file`` is the number above, ``offset`` a position, size or mode, ``path`` is relative.

    ``data`` is what was written; of a rename or link, ``other`` is the new name.
    """

    kind: Kind
    file: int = 0
    offset: int = 0
    path: str = ""
    other: str = ""
    data: bytes = b""

    @property
    def told(self) -> dict[str, Any]:
        """What a scenario told here."""
        return dict(json.loads(self.data))


def read(log: Path, root: Path, root_inode: int) -> list[Op]:
    """Every operation of a log.

    Raises:
        NotUnderstood: it holds what cannot be replayed.
    """
    numbering = _Numbering(root, root_inode)
    return [numbering.op(*parts) for parts in _parts(log.read_bytes())]


def _parts(raw: bytes) -> Iterator[tuple[Kind, int, int, str, bytes]]:
    at = 0
    while at < len(raw):
        length, kind, inode, offset, path_length, data_length = _HEAD.unpack_from(raw, at)
        path_at, data_at = at + _HEAD.size, at + _HEAD.size + path_length
        yield Kind(kind), inode, offset, raw[path_at:data_at].decode(), raw[data_at : data_at + data_length]
        at += length


class _Numbering:
    def __init__(self, root: Path, root_inode: int) -> None:
        self._root, self._numbers, self._last = str(root), {root_inode: 0}, 0

    def op(self, kind: Kind, inode: int, offset: int, path: str, data: bytes) -> Op:
        if kind is Kind.ALIEN:
            raise NotUnderstood(
                f"{data.decode()} at {path}: the replay does not know what a power cut makes of it"
            )
        if kind in (Kind.CREATE, Kind.MKDIR):
            self._last += 1
            self._numbers[inode] = self._last
        elif kind in _CHANGES_A_FILE and inode not in self._numbers:
            raise NotUnderstood(f"{kind.name} of inode {inode}, which nobody was seen to make")
        other = self._relative(data.decode()) if kind in (Kind.RENAME, Kind.LINK) else ""
        return Op(kind, self._numbers.get(inode, 0), offset, self._relative(path), other, b"" if other else data)

    def _relative(self, path: str) -> str:
        return path.removeprefix(self._root).lstrip("/")
