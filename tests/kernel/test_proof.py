"""The kernel's proof is whole: every branch is taken by a plain test, and what breaks a rule is noticed.

Of the mutants only a slice, because all of them take minutes: `make mutants`.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
RECORDS = "tests/kernel/test_records.py"
OTHERS = [
    f"tests/kernel/test_{name}.py"
    for name in ("scenarios", "decision", "value", "autonomy", "counterfactual", "edges", "balance")
]
SLICE = (
    "bitgrid.kernel.rules.r3_safety.x__load_silent_s*",
    "bitgrid.kernel.rules.r4_forecast.x__spike*",
    "bitgrid.kernel.rules.r5_stability.x_hold*",
)
NOTICED = "bitgrid.kernel.rules.r4_forecast.x__spike__mutmut_1"


def run(*command: str | Path, cwd: Path = ROOT, **environment: str) -> tuple[int, str]:
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def coverage(*command: str | Path) -> tuple[int, str]:
    return run(sys.executable, "-m", "coverage", *command)


def measure(data: Path, *tests: str) -> None:
    """Run tests and keep which branches of the kernel they take; what Hypothesis draws is left to chance."""
    pytest_ = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "not hypothesis", *tests)
    code, said = coverage("run", "--branch", "--source=bitgrid.kernel", f"--data-file={data}", *pytest_)
    assert code == 0, said


def report(data: Path) -> tuple[int, str]:
    return coverage("report", f"--data-file={data}", "--fail-under=100", "--show-missing", "--skip-covered")


@pytest.fixture(scope="module")
def without_records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("coverage") / "others"
    measure(data, *OTHERS)
    return data


def test_plain_tests_take_every_branch_of_the_kernel(without_records: Path, tmp_path: Path) -> None:
    measure(tmp_path / "records", RECORDS)
    coverage("combine", "--keep", f"--data-file={tmp_path / 'all'}", without_records, tmp_path / "records")
    code, said = report(tmp_path / "all")
    assert code == 0, f"these lines and branches of the kernel are taken by no plain test:\n{said}"


def test_a_branch_that_is_not_taken_is_named(without_records: Path) -> None:
    code, said = report(without_records)
    assert code == 2
    untaken = [line.split()[0] for line in said.splitlines() if line.startswith("app/")]
    assert untaken == ["app/bitgrid/kernel/record.py"]


def test_mutants_are_noticed_or_explained_and_the_gate_closes_on_any_other(tmp_path: Path) -> None:
    """One run shows all three: in MUTANTS.md one that nobody notices is left out and a noticed one put in."""
    for folder in ("app", "config", "scripts", "tests/kernel"):
        shutil.copytree(
            ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info")
        )
    explained = tmp_path / "tests" / "kernel" / "MUTANTS.md"
    text = explained.read_text(encoding="utf-8")
    unnoticed = re.findall(r"`(bitgrid\.kernel\.rules\.r4_forecast\.x__spike__\w+)`", text)[0]
    explained.write_text(text.replace(f"`{unnoticed}`", f"`{NOTICED}`"), encoding="utf-8")
    code, said = run(tmp_path / "scripts" / "mutants", *SLICE, cwd=tmp_path, VENV=str(BIN), PYTHONPATH="")
    differences = sorted(line for line in said.splitlines() if "noticed: " in line)
    assert differences == [f"explained in MUTANTS.md, but noticed: {NOTICED}", f"not noticed: {unnoticed}"], said
    assert code == 1
