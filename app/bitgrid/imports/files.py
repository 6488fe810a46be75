"""What a file is by its first bytes, and what is known of it for ``import.json``."""

from __future__ import annotations

import hashlib
from pathlib import Path

from bitgrid.imports.errors import BadSource

SQLITE = b"SQLite format 3\x00"
_OTHERS = {
    SQLITE: "an SQLite database; import it with: bitgrid import home-assistant, or bitgrid import evcc",
    b"PK\x03\x04": "a zip file (Excel writes such too); unpack it, or save the sheet as CSV",
    b"\x1f\x8b": "a gzip file; unpack it first: gunzip, or tar xzf for a backup",
    b"\xd0\xcf\x11\xe0": "an old Excel file; save the sheet as CSV",
    b"PAR1": "a Parquet file, and not read here",
}


def refuse_other_formats(path: Path, wanted: str) -> int:
    """The size of a file in bytes, when it is not plainly another thing than what is wanted.

    Raises:
        BadSource: it is missing, empty, a directory, or of another format.
    """
    try:
        if path.is_dir():
            raise BadSource(f"{path}: is a directory; name the file in it")
        with path.open("rb") as file:
            head = file.read(512)
        size = path.stat().st_size
    except OSError as error:
        raise BadSource(f"{path}: cannot be read ({error.strerror})") from None
    if not size:
        raise BadSource(f"{path}: is empty")
    for magic, what in _OTHERS.items():
        if head.startswith(magic) and not (magic == SQLITE and "database" in wanted):
            raise BadSource(f"{path}: is not {wanted} but {what}")
    if head[257:262] == b"ustar":
        raise BadSource(f"{path}: is not {wanted} but a tar file; unpack it first: tar xf {path.name}")
    return size


def told_of(path: Path) -> dict[str, object]:
    """Name, size and SHA-256 of a file.

    Raises:
        BadSource: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return {"file": path.name, "bytes": path.stat().st_size, "sha256": digest}
    except OSError as error:
        raise BadSource(f"{path}: cannot be read ({error.strerror})") from None
