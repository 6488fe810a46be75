"""The table of the fail-safe is true: its tests exist, and what it takes away stands there."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

from fail_safe.line import Line, Without
from fail_safe.lines import LINES
from fail_safe.taking_away import APP, TESTS, copy_of_the_app, is_noticed, taken_away

CHEAP = next(line for line in LINES if "forces `SPEED=1`" in line.says)


@cache
def names_in(file: str) -> frozenset[str]:
    tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.says[:60])
def test_every_test_it_names_exists(line: Line) -> None:
    assert line.tests
    for test in line.tests:
        file, name = test.split("::")
        assert name in names_in(file), f"{test} is not there; name the test that holds: {line.says}"


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.says[:60])
def test_what_it_takes_away_stands_there_once(line: Line) -> None:
    assert line.withouts or line.elsewhere
    for without in (one for first in line.withouts for one in (first, first.also) if one is not None):
        text = (APP / "bitgrid" / without.file).read_text(encoding="utf-8")
        assert text.count(without.old) == 1, f"{without.file}: {without.old!r}"
        ast.parse(text.replace(without.old, without.new))


def test_a_line_taken_away_is_noticed_and_one_that_is_there_is_not(tmp_path: Path) -> None:
    app = copy_of_the_app(tmp_path)
    (without,) = CHEAP.withouts
    assert is_noticed(CHEAP, without, app)
    assert not is_noticed(CHEAP, Without(without.file, without.old, without.old + "        # all is well\n"), app)


def test_what_is_not_there_cannot_be_taken_away(tmp_path: Path) -> None:
    app = copy_of_the_app(tmp_path)
    with pytest.raises(LookupError, match="0 times"), taken_away(Without("clock.py", "no such code", ""), app):
        pass
