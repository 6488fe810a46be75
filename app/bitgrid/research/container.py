"""The file of a bundle: a zip of uncompressed members, each of its bytes given by their names and contents.

Any program that knows zip can read it. Here it is read by building every header anew from what it says, and the
bytes are compared: so nothing can stand between, before or behind the members, no member twice, and nothing takes
more than its size when it is unpacked. Names lead nowhere; links, times and permissions have no place.
"""

from __future__ import annotations

import os
import re
import struct
import zlib
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from bitgrid.research.errors import BadBundle, LimitReached

MAX_MEMBERS = 65_535
MAX_BYTES = 4_000_000_000
"""What a zip without the extensions for large ones can hold."""
CHUNK = 1 << 20
_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s4B4H3L5H2L")
_END = struct.Struct("<4s4H2LH")
_VERSION, _UNIX, _1980, _FILE_MODE = 20, 3, 0x21, 0o100644 << 16
_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,79}(/[A-Za-z0-9_-][A-Za-z0-9_.-]{0,79}){0,3}")


class Member(NamedTuple):
    """A file in a bundle: its name, where its bytes begin, how many there are, and their CRC-32."""

    name: str
    offset: int
    size: int
    crc: int


class Writer:
    """Writes members one after the other; `finish` makes it a zip.

    Args:
        file: open for writing, empty.
        max_bytes: what it may grow to.
    """

    def __init__(self, file: BinaryIO, max_bytes: int) -> None:
        self._file, self._max_bytes = file, min(max_bytes, MAX_BYTES)
        self._members: list[Member] = []
        self._end = 0

    def add(self, name: str, content: bytes) -> None:
        """Add a member.

        Raises:
            LimitReached: the file would be too large.
        """
        header = _local(name, content_crc := zlib.crc32(content), len(content))
        member = Member(name, self._end + len(header), len(content), content_crc)
        if member.offset + member.size > self._max_bytes or len(self._members) == MAX_MEMBERS:
            raise LimitReached(
                f"the bundle would be larger than {self._max_bytes / 1e6:.0f} MB or {MAX_MEMBERS} files, so "
                "nothing was written. Choose a shorter period or fewer kinds, or allow more with --max-mb"
            )
        self._file.write(header)
        self._file.write(content)
        self._members.append(member)
        self._end = member.offset + member.size

    def finish(self) -> None:
        """Write the directory, and make all of it durable."""
        self._file.write(_directory(self._members, self._end))
        self._file.flush()
        os.fsync(self._file.fileno())


class Reader:
    """The members of a bundle's file, by name, in the order in which they stand.

    Args:
        file: open for reading, from its beginning.

    Raises:
        BadBundle: it is not laid out as `Writer` lays it out, to the byte.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._size = file.seek(0, os.SEEK_END)
        self.members: dict[str, Member] = {}
        end = 0
        while (member := self._member_at(end)) is not None:
            if member.name in self.members:
                raise BadBundle(f"it holds {member.name} twice")
            if len(self.members) == MAX_MEMBERS:
                raise BadBundle(f"it holds more than {MAX_MEMBERS} files")
            self.members[member.name] = member
            end = member.offset + member.size
        directory = _directory(list(self.members.values()), end)
        if not self.members or self._size != end + len(directory) or self._at(end, len(directory)) != directory:
            raise BadBundle(f"what stands from byte {end} on is not what a bundle ends with")

    def read(self, name: str) -> bytes:
        """A member's content.

        Raises:
            BadBundle: there is no such member.
        """
        return b"".join(self.chunks(name))

    def chunks(self, name: str) -> Iterator[bytes]:
        """A member's content, piece by piece; raises as `read`."""
        member = self.members.get(name)
        if member is None:
            raise BadBundle(f"it lacks {name}")
        for begin in range(0, member.size, CHUNK):
            yield self._at(member.offset + begin, min(CHUNK, member.size - begin))

    def _member_at(self, place: int) -> Member | None:
        """The member whose header stands there; None: the members end there."""
        header = self._at(place, _LOCAL.size)
        if len(header) < _LOCAL.size or not header.startswith(b"PK\x03\x04"):
            return None
        fields = _LOCAL.unpack(header)
        crc, size, length = fields[6], fields[8], fields[9]
        raw = self._at(place + _LOCAL.size, length)
        name = raw.decode("ascii", "replace")
        if not _NAME.fullmatch(name):
            raise BadBundle(f"it holds a file with the name {name[:80]!r}, which no bundle has")
        if header + raw != _local(name, crc, size):
            raise BadBundle(f"the header of {name} is not as a bundle's is: compressed, a link, or changed")
        offset = place + len(header) + length
        if offset + size > self._size:
            raise BadBundle(f"{name} is cut off")
        return Member(name, offset, size, crc)

    def _at(self, place: int, length: int) -> bytes:
        self._file.seek(place)
        return self._file.read(length)


def _local(name: str, crc: int, size: int) -> bytes:
    raw = name.encode("ascii")
    return _LOCAL.pack(b"PK\x03\x04", _VERSION, 0, 0, 0, _1980, crc, size, size, len(raw), 0) + raw


def _directory(members: list[Member], begins: int) -> bytes:
    """What stands behind the members: one entry each, and the end."""
    entries = b"".join(map(_entry, members))
    count = len(members)
    return entries + _END.pack(b"PK\x05\x06", 0, 0, count, count, len(entries), begins, 0)


def _entry(member: Member) -> bytes:
    raw = member.name.encode("ascii")
    head = member.offset - _LOCAL.size - len(raw)
    versions = (_VERSION, _UNIX, _VERSION, 0)
    sizes = (member.crc, member.size, member.size)
    rest = (len(raw), 0, 0, 0, 0, _FILE_MODE, head)
    return _CENTRAL.pack(b"PK\x01\x02", *versions, 0, 0, 0, _1980, *sizes, *rest) + raw
