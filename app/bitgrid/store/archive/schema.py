"""The archive's columns as pyarrow has them, with unit and meaning in each field's metadata."""

from __future__ import annotations

from functools import cache

import pyarrow as pa

import bitgrid
from bitgrid.store.archive.columns import KINDS, SCHEMA_VERSION, Column

NAME = pa.dictionary(pa.int32(), pa.string())
_TYPES = {"f64": pa.float64(), "i64": pa.int64(), "i32": pa.int32(), "text": pa.string(), "name": NAME}


@cache
def schema(kind: str) -> pa.Schema:
    """The schema of a kind, versioned and described in its metadata.

    Raises:
        KeyError: there is no such kind.
    """
    told = {
        "bitgrid.kind": kind,
        "bitgrid.schema_version": SCHEMA_VERSION,
        "bitgrid.version": bitgrid.__version__,
    }
    return pa.schema([_field(column) for column in KINDS[kind]], metadata=told)


def _field(column: Column) -> pa.Field:
    meaning = {"unit": column.unit, "description": column.description}
    return pa.field(column.name, _TYPES[column.type], nullable=column.is_optional, metadata=meaning)
