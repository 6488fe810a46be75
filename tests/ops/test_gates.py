"""`make test`: every gate can close. Each is shown something that it must not let through."""

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
UNTYPED = "def add(one, other):\n    return one + other\n"


def gate(*command: str | Path, text: str = "", cwd: Path = ROOT, **environment: str) -> tuple[int, str]:
    done = subprocess.run(
        [str(BIN / command[0]), *map(str, command[1:])],
        input=text,
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_ruff_lets_no_unused_import_through() -> None:
    code, said = gate(
        "ruff", "check", "--stdin-filename", "app/bitgrid/new.py", "-", text='"""New."""\n\nimport os\n'
    )
    assert code == 1
    assert "F401" in said


def test_ruff_lets_no_odd_form_through() -> None:
    assert gate("ruff", "format", "--check", "--stdin-filename", "app/bitgrid/new.py", "-", text="x=1\n")[0] == 1


def test_mypy_lets_no_untyped_function_through(tmp_path: Path) -> None:
    sample = tmp_path / "sample.py"
    sample.write_text(UNTYPED)
    code, said = gate("mypy", "--config-file", ROOT / "pyproject.toml", "--cache-dir", tmp_path / "cache", sample)
    assert code == 1
    assert "no-untyped-def" in said


def test_import_linter_lets_no_forbidden_door_open(tmp_path: Path) -> None:
    """One forbidden import for each contract, all at once."""
    app = tmp_path / "app"
    shutil.copytree(ROOT / "app" / "bitgrid", app / "bitgrid", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copyfile(ROOT / "pyproject.toml", tmp_path / "pyproject.toml")
    doors = {
        "config/flags.py": "bitgrid.ops.places",
        "kernel/voting.py": "bitgrid.clock",
        "clock.py": "bitgrid.config",
        "guard/watch.py": "bitgrid.bus",
        "web/view.py": "bitgrid.devices.registry",
        "explain/session.py": "bitgrid.devices.ports",
    }
    for file, module in doors.items():
        path = app / "bitgrid" / file
        path.write_text(f"{path.read_text()}\n\nimport {module}\n")
    code, said = gate("lint-imports", "--no-cache", cwd=tmp_path, PYTHONPATH=str(app))
    assert code == 1
    contracts = re.findall(r'^name = "(.+)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)[1:]
    assert len(contracts) == len(doors)
    kept = [line for line in said.splitlines() if line.endswith("KEPT")]
    assert kept == [], said


def test_ansible_lint_lets_no_sloppy_task_through(tmp_path: Path) -> None:
    """Without a name, without a mode, and what it changed is never known."""
    shutil.copyfile(ROOT / "ansible" / ".ansible-lint", tmp_path / ".ansible-lint")
    playbook = tmp_path / "playbook.yml"
    playbook.write_text("---\n- name: All\n  hosts: all\n  tasks:\n    - command: touch /tmp/x\n")
    path = f"{BIN}:{os.environ['PATH']}"
    code, said = gate("ansible-lint", "playbook.yml", cwd=tmp_path, PATH=path, ANSIBLE_HOME=str(tmp_path / "home"))
    assert code == 2
    assert {rule for rule in ("fqcn[action-core]", "name[missing]", "no-changed-when") if rule in said} == {
        "fqcn[action-core]",
        "name[missing]",
        "no-changed-when",
    }


@pytest.mark.parametrize(
    ("test", "said"),
    [
        ("def test_it():\n    assert 1 == 2\n", "1 failed"),
        ("import warnings\ndef test_it():\n    warnings.warn('old')\n", "UserWarning: old"),
        ("def test_it():\n    open('x', 'w')\n", "ResourceWarning"),
        ("import pytest\n@pytest.mark.nobody_knows\ndef test_it():\n    pass\n", "not found in `markers`"),
    ],
)
def test_pytest_lets_no_failure_and_no_warning_through(tmp_path: Path, test: str, said: str) -> None:
    sample = tmp_path / "test_sample.py"
    sample.write_text(test)
    code, text = gate(
        "pytest", "-W", "error", "-p", "no:cacheprovider", "-c", ROOT / "pyproject.toml", sample, cwd=tmp_path
    )
    assert code in {1, 2}
    assert said in text


def test_make_test_runs_every_gate_and_pytest_last() -> None:
    plan = subprocess.run(
        ["make", "--no-print-directory", "--dry-run", "test"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    gates = ["ruff check", "ruff format --check", "mypy", "lint-imports", "ansible-lint", "pytest -W error"]
    places = [next(i for i, line in enumerate(plan) if one in line) for one in gates]
    assert places == sorted(places)
    assert places[-1] == len(plan) - 1, "its closing line is the last, its exit code the result"


def test_continuous_integration_runs_make_test() -> None:
    script = (ROOT / ".ci" / "run").read_text()
    assert "set -euo pipefail" in script
    assert script.rstrip().endswith("\nmake test")
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
