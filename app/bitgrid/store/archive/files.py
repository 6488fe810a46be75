"""A file of the archive by itself: written, read back, compared, hashed. May touch: the file it is given."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from bitgrid.store.archive.columns import KINDS, Column
from bitgrid.store.archive.schema import schema
from bitgrid.store.errors import ArchiveError

SUPERSEDES = b"bitgrid.supersedes"
THINNED = b"bitgrid.thinned"
BLOCK_MEANS = b"block means"
_ZSTD_LEVEL = 19
_PAGE_BYTES = 1 << 24
"""A page is compressed by itself: a day's column in one page, so that what is alike across signals is found."""


def read_file(path: Path, kind: str) -> pa.Table:
    """A file's rows, its page checksums verified, in the schema of its kind.

    Raises:
        ArchiveError: it cannot be read, or is not of this kind.
    """
    try:
        return _conformed(pq.read_table(path, page_checksum_verification=True, partitioning=None), kind)
    except (OSError, ValueError, KeyError, pa.ArrowException) as error:
        raise ArchiveError(f"{path} cannot be read: {error}. Put it back from a backup") from error


def metadata_of(path: Path) -> Mapping[bytes, bytes]:
    """What a file says of itself; nothing where it cannot be read."""
    try:
        return dict(pq.read_schema(path).metadata or {})
    except (OSError, ValueError, pa.ArrowException):
        return {}


def write_file(path: Path, kind: str, table: pa.Table, told: Mapping[bytes, bytes]) -> None:
    """Write rows that are `normalised`, durably; ``told`` joins what the schema says of itself.

    Raises:
        OSError, pa.ArrowException: they are not there, or not all of them.
    """
    names = [column.name for column in KINDS[kind] if column.type == "name"]
    encodings = {column.name: _encoding(column) for column in KINDS[kind] if column.type != "name"}
    pq.write_table(
        table.replace_schema_metadata({**schema(kind).metadata, **told}),
        path,
        compression="zstd",
        compression_level=_ZSTD_LEVEL,
        use_dictionary=names,
        column_encoding=encodings,
        data_page_size=_PAGE_BYTES,
        write_page_checksum=True,
        write_statistics=[column.name for column in KINDS[kind] if column.type != "text"],
    )
    with path.open("rb") as file:
        os.fsync(file.fileno())


def holds(path: Path, kind: str, table: pa.Table) -> bool:
    """Whether a file can be read to its end and holds just these `normalised` rows; read a column at a time."""
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            if file.schema_arrow.names != schema(kind).names or file.metadata.num_rows != table.num_rows:
                return False
            return all(
                _is_same(file.read([name], use_threads=False).column(0), table.column(name))
                for name in table.column_names
            )
    except (OSError, ValueError, pa.ArrowException):
        return False


def normalised(table: pa.Table, kind: str) -> pa.Table:
    """Rows as they are archived: in the schema of their kind, and what is no number is no value.

    Raises:
        pa.ArrowException, KeyError: a column is missing, of another type, or has none where one must be.
    """
    whole = _conformed(table, kind)
    for number, column in enumerate(KINDS[kind]):
        if column.type == "f64":
            values = whole.column(number)
            numbers = pc.if_else(pc.is_nan(values), None, values)
            whole = whole.set_column(number, whole.schema.field(number), numbers)
        if not column.is_optional and whole.column(number).null_count:
            raise pa.ArrowInvalid(f"{kind}: the column {column.name} has rows without a value")
    return whole


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _encoding(column: Column) -> str:
    """What makes a column smallest: times grow evenly, measured values recur."""
    if column.type in ("i64", "i32"):
        return "DELTA_BINARY_PACKED"
    return "BYTE_STREAM_SPLIT" if column.type == "f64" and column.name != "value" else "PLAIN"


def _conformed(table: pa.Table, kind: str) -> pa.Table:
    wanted = schema(kind)
    return table.select(wanted.names).cast(wanted)


def _is_same(one: pa.ChunkedArray, other: pa.ChunkedArray) -> bool:
    """Dictionaries may differ in order and mean the same: what they stand for is compared."""
    if pa.types.is_dictionary(other.type):
        one, other = one.cast(pa.string()), other.cast(pa.string())
    return bool(one.equals(other))
