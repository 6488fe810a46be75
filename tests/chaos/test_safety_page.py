"""docs/safety.md names tests; they exist, each under its name, and no line goes without."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "safety.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py(?:::\w+)+)`", PAGE)))
ROWS = [line for line in PAGE.splitlines() if line.startswith("| ") and not line.endswith("| Held by |")]


@cache
def names_in(path: Path) -> frozenset[str]:
    """Every function of a file as `name` or `Class::name`."""
    return frozenset(_names(ast.parse(path.read_text(encoding="utf-8")).body))


def _names(body: list[ast.stmt], prefix: str = "") -> Iterator[str]:
    for node in body:
        if isinstance(node, ast.FunctionDef):
            yield prefix + node.name
        elif isinstance(node, ast.ClassDef):
            yield from _names(node.body, f"{node.name}::")


@pytest.mark.parametrize("named", NAMED)
def test_a_named_test_exists(named: str) -> None:
    path, _, name = named.partition("::")
    assert name in names_in(ROOT / path)
    assert name.split("::")[-1].startswith("test_")


@pytest.mark.parametrize("row", ROWS)
def test_a_line_names_its_test(row: str) -> None:
    assert any(f"`{named}`" in row for named in NAMED)


def test_what_is_named_wrongly_would_be_found() -> None:
    assert "test_that_never_was" not in names_in(Path(__file__))
    assert len(NAMED) > 30
