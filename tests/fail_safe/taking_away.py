"""Takes one line of the fail-safe away, in a copy of the app, and sees whether its tests notice."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import bitgrid
from fail_safe.line import Line, Without

TESTS = Path(__file__).parents[1]
APP = Path(bitgrid.__file__).parents[1]
SOME_FAILED, TIMEOUT_S = 1, 300
PYTEST = (sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider")


@contextmanager
def taken_away(without: Without, app: Path) -> Iterator[None]:
    """The copy in ``app`` lacks the line for a while.

    Raises:
        LookupError: what should go does not stand there exactly once; the line's table is to be mended.
    """
    with ExitStack() as others:
        if without.also is not None:
            others.enter_context(taken_away(without.also, app))
        others.enter_context(_replaced(app / "bitgrid" / without.file, without))
        yield


@contextmanager
def _replaced(path: Path, without: Without) -> Iterator[None]:
    text = path.read_text(encoding="utf-8")
    if text.count(without.old) != 1:
        raise LookupError(f"{without.file} has {text.count(without.old)} times: {without.old!r}")
    path.write_text(text.replace(without.old, without.new), encoding="utf-8")
    try:
        yield
    finally:
        path.write_text(text, encoding="utf-8")


def copy_of_the_app(directory: Path) -> Path:
    """A copy that may be broken."""
    return Path(
        shutil.copytree(APP, directory / "app", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    )


def is_noticed(line: Line, without: Without, app: Path) -> bool:
    """Whether a test of the line fails without it. Those that start real processes would start another app."""
    with taken_away(without, app):
        return not holds(line, app)


def holds(line: Line, app: Path) -> bool:
    """Whether every test of the line passes."""
    return all(_pytest(file, names, app) != SOME_FAILED for file, names in _by_file(line).items())


def _by_file(line: Line) -> dict[str, list[str]]:
    names: dict[str, list[str]] = defaultdict(list)
    for test in line.tests:
        file, name = test.split("::")
        if not file.startswith("system/"):
            names[file].append(name)
    return names


def _pytest(file: str, names: list[str], app: Path) -> int:
    ran = subprocess.run(
        [*PYTEST, str(TESTS / file), "-k", " or ".join(names)],
        cwd=TESTS.parent,
        env={**os.environ, "PYTHONPATH": str(app), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    if ran.returncode not in {0, SOME_FAILED}:
        raise RuntimeError(f"{file} -k {names}: pytest ended with {ran.returncode}\n{ran.stdout[-2000:]}")
    return ran.returncode
