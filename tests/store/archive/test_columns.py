"""The columns that others build on: fixed, described, and written down."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from bitgrid.store.archive.columns import KINDS, SCHEMA_VERSION
from bitgrid.store.archive.schema import schema

PAGE = (Path(__file__).parents[3] / "docs" / "archive.md").read_text(encoding="utf-8")
TYPES = {"f64": "double", "i64": "int64", "i32": "int32", "text": "string", "name": "dictionary of strings"}


@pytest.mark.parametrize("kind", KINDS)
def test_every_column_is_written_down_with_type_unit_and_meaning(kind: str) -> None:
    section = PAGE.split(f"### {kind}\n")[1].split("###")[0]
    rows = [line for line in section.splitlines() if line.startswith("| `")]
    assert rows == [
        f"| `{column.name}`{' (may be none)' if column.is_optional else ''} "
        f"| {TYPES[column.type]} | {column.unit} | {column.description} |"
        for column in KINDS[kind]
    ]


def test_names_and_types_of_version_1_never_change() -> None:
    fields = [(kind, field) for kind in KINDS for field in schema(kind)]
    told = ";".join(f"{kind}:{field.name}:{field.type}:{field.nullable}" for kind, field in fields)
    assert SCHEMA_VERSION == "1"
    assert (
        hashlib.sha256(told.encode()).hexdigest()
        == "4e536cfe4bf502a3aa669f300b5de242782a4c0223672720943a27c170437d24"
    )
