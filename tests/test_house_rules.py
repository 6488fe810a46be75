"""House rules that no ready-made linter knows, each shown to catch what it is there for."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
APP = ROOT / "app" / "bitgrid"
CLOCK = APP / "clock.py"
KERNEL = APP / "kernel"
MAX_FUNCTION_LINES = 60
UNPREDICTABLE = {"time", "random", "secrets", "uuid", "os", "io", "socket", "threading", "asyncio", "subprocess"}
CLOCK_CALLS = {("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today")}
# Written in two halves, so that this file does not break its own rule.
FOREIGN_WORDS = [
    "pypi" + ".org",
    "python" + "hosted.org",
    "npm" + "js.org",
    "npm" + "js.com",
    "index" + "-url = ",
    "/wo" + "rk/",
    ".." + "/shared",
    "cla" + "ude",
]
BINARY = {".png", ".ico", ".woff2", ".jpg"}

Rule = Callable[[ast.Module], Iterator[str]]


def asks_the_machine_for_time(tree: ast.Module) -> Iterator[str]:
    """Only clock.py may know the time; everybody else is handed a `Clock`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import) and any(name.name == "time" for name in node.names):
            yield f"line {node.lineno}: import time"
        if isinstance(node, ast.ImportFrom) and node.module == "time":
            yield f"line {node.lineno}: from time import"
        if isinstance(node, ast.Attribute) and _owner_and_name(node) in CLOCK_CALLS:
            yield f"line {node.lineno}: {ast.unparse(node)}"


def _owner_and_name(node: ast.Attribute) -> tuple[str, str]:
    owner = node.value
    return (owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", ""), node.attr)


def has_a_bare_except(tree: ast.Module) -> Iterator[str]:
    """An except names what it expects."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler) and node.type is None:
            yield f"line {node.lineno}: except without an exception"


def has_a_long_function(tree: ast.Module) -> Iterator[str]:
    """A function fits on a screen."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno:
            lines = node.end_lineno - node.lineno + 1
            if lines > MAX_FUNCTION_LINES:
                yield f"line {node.lineno}: {node.name} has {lines} lines"


def compares_floats_for_equality(tree: ast.Module) -> Iterator[str]:
    """The kernel reckons in integers; equality with a float would be a matter of luck."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare) and any(isinstance(op, ast.Eq | ast.NotEq) for op in node.ops):
            for side in [node.left, *node.comparators]:
                if _is_float(side):
                    yield f"line {node.lineno}: {ast.unparse(node)}"


def _is_float(node: ast.expr) -> bool:
    if isinstance(node, ast.UnaryOp):
        return _is_float(node.operand)
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, ast.Div) or _is_float(node.left) or _is_float(node.right)
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and node.func.id == "float"
    return isinstance(node, ast.Constant) and isinstance(node.value, float)


def imports_more_than_a_pure_function_may(tree: ast.Module) -> Iterator[str]:
    """The kernel: the standard library and itself; no time, no chance, no input or output."""
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [name.name for name in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""] if node.level == 0 else []
        for name in names:
            top = name.split(".")[0]
            is_own = name == "bitgrid.kernel" or name.startswith("bitgrid.kernel.")
            if not is_own and (top not in sys.stdlib_module_names or top in UNPREDICTABLE):
                yield f"line {node.lineno}: import of {name}"


def foreign_words(text: str) -> Iterator[str]:
    """The repository speaks of the product alone: no registry, no workplace."""
    for number, line in enumerate(text.splitlines(), 1):
        for word in FOREIGN_WORDS:
            if word in line.lower():
                yield f"line {number}: {word}"


WAVED_THROUGH = re.compile(r"# noqa|# type: ignore|except (Base)?Exception\b.*:")
WITH_A_REASON = re.compile(
    r"# noqa: [A-Z]+\d+(, [A-Z]+\d+)*  \S"
    r"|# type: ignore\[[a-z, -]+\]  # \S"
    r"|except (Base)?Exception\b[^#]*:  # (?!noqa)\S"
)


def waved_through_without_a_reason(text: str) -> Iterator[str]:
    """What a tool is told to overlook, and an except that takes everything, say why, on their own line."""
    for number, line in enumerate(text.splitlines(), 1):
        if WAVED_THROUGH.search(line) and not WITH_A_REASON.search(line):
            yield f"line {number}: {line.strip()}"


def broken(rule: Rule, files: list[Path]) -> list[str]:
    return [
        f"{file.relative_to(ROOT)} {found}"
        for file in files
        for found in rule(ast.parse(file.read_text(encoding="utf-8")))
    ]


def modules(directory: Path) -> list[Path]:
    return sorted(directory.rglob("*.py"))


def tracked_files() -> list[Path]:
    """What git tracks or would track; without git, everything that is no product of running."""
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listing.returncode == 0:
        return [ROOT / name for name in listing.stdout.splitlines()]
    return list(_walk(ROOT))


def _walk(directory: Path) -> Iterator[Path]:
    made = {"var", "__pycache__", "build", "dist", "test-results"}
    for entry in sorted(directory.iterdir()):
        if entry.is_dir():
            if entry.name not in made and (not entry.name.startswith(".") or entry.name == ".ci"):
                yield from _walk(entry)
        else:
            yield entry


def test_only_the_clock_knows_the_time() -> None:
    assert broken(asks_the_machine_for_time, [file for file in modules(APP) if file != CLOCK]) == []


def test_the_clock_is_where_the_time_comes_from() -> None:
    assert list(asks_the_machine_for_time(ast.parse(CLOCK.read_text()))) != []


def test_no_except_is_bare() -> None:
    assert broken(has_a_bare_except, modules(APP)) == []


def test_no_function_is_longer_than_a_screen() -> None:
    assert broken(has_a_long_function, modules(APP)) == []


def test_the_kernel_compares_no_floats_for_equality() -> None:
    assert broken(compares_floats_for_equality, modules(KERNEL)) == []


def test_the_kernel_is_pure() -> None:
    assert broken(imports_more_than_a_pure_function_may, modules(KERNEL)) == []


def test_the_repository_speaks_of_the_product_alone() -> None:
    found = [
        f"{file.relative_to(ROOT)} {word}"
        for file in tracked_files()
        if file.is_file() and file.suffix not in BINARY
        for word in foreign_words(file.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_nothing_is_waved_through_without_a_reason() -> None:
    found = [
        f"{file.relative_to(ROOT)} {line}"
        for file in [*modules(APP), *modules(ROOT / "bench")]
        for line in waved_through_without_a_reason(file.read_text(encoding="utf-8"))
    ]
    assert found == []


@pytest.mark.parametrize(
    "line",
    [
        "x = y  # " + "noqa",
        "x = y  # " + "noqa: PLR2004",
        "x = y  # " + "type: ignore[arg-type]",
        "except Exception:",
        "except Exception as error:",
        "except Exception:  # " + "noqa: BLE001",
    ],
)
def test_a_missing_reason_is_seen(line: str) -> None:
    assert list(waved_through_without_a_reason(line)) == [f"line 1: {line}"]


@pytest.mark.parametrize(
    "line",
    [
        "x = y  # " + "noqa: PLR0913, PLR0917  a load has this many sides",
        "x = y  # " + "type: ignore[misc]  # its base has no types",
        "except Exception as error:  # the loop outlives every fault",
        "except Exception as error:  # " + "noqa: BLE001  a driver's fault is a failed exchange",
        "except OSError:",
    ],
)
def test_a_reason_is_enough(line: str) -> None:
    assert list(waved_through_without_a_reason(line)) == []


LONG = "def long():\n" + "    x = 1\n" * MAX_FUNCTION_LINES
SAMPLES: list[tuple[Rule, str]] = [
    (asks_the_machine_for_time, "import time\n"),
    (asks_the_machine_for_time, "from time import sleep\n"),
    (asks_the_machine_for_time, "from datetime import datetime\ndatetime.now()\n"),
    (asks_the_machine_for_time, "import datetime\ndatetime.datetime.now(tz)\n"),
    (asks_the_machine_for_time, "date.today()\n"),
    (has_a_bare_except, "try:\n    x()\nexcept:\n    pass\n"),
    (has_a_long_function, LONG),
    (has_a_long_function, "class C:\n" + "\n".join("    " + line for line in LONG.splitlines())),
    (compares_floats_for_equality, "x == 1.5\n"),
    (compares_floats_for_equality, "0 < x != -0.5\n"),
    (compares_floats_for_equality, "a / b == c\n"),
    (imports_more_than_a_pure_function_may, "import pydantic\n"),
    (imports_more_than_a_pure_function_may, "from bitgrid.config import Rules\n"),
    (imports_more_than_a_pure_function_may, "from bitgrid.kernelx import y\n"),
    (imports_more_than_a_pure_function_may, "import random\n"),
]


@pytest.mark.parametrize(("rule", "sample"), SAMPLES)
def test_each_rule_catches_what_it_is_there_for(rule: Rule, sample: str) -> None:
    assert list(rule(ast.parse(sample)))


@pytest.mark.parametrize(
    ("rule", "sample"),
    [
        (
            asks_the_machine_for_time,
            "from datetime import time, datetime\ndatetime.fromtimestamp(clock.now(), UTC)\n",
        ),
        (has_a_bare_except, "try:\n    x()\nexcept Exception:\n    raise\n"),
        (has_a_long_function, "def f():\n" + "    x = 1\n" * (MAX_FUNCTION_LINES - 1)),
        (compares_floats_for_equality, "x == 1 and y < 1.5 and a // b == c\n"),
        (imports_more_than_a_pure_function_may, "import json\nfrom bitgrid.kernel.codes import Code\n"),
    ],
)
def test_no_rule_catches_what_is_right(rule: Rule, sample: str) -> None:
    assert list(rule(ast.parse(sample))) == []


@pytest.mark.parametrize("word", FOREIGN_WORDS)
def test_foreign_words_are_found_in_any_case(word: str) -> None:
    assert list(foreign_words(f"see {word.upper()}x")) == [f"line 1: {word}"]
