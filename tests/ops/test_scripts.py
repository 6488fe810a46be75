"""The scripts a person meets first: what they say where something is missing."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[2] / "scripts"
TOOLS = ("bash", "env", "id", "mktemp", "rm", "cat", "sha256sum", "cut", "dirname", "tail", "chmod", "mkdir")


@pytest.fixture
def bin_dir(tmp_path: Path) -> Path:
    """A PATH with nothing on it but the bare tools."""
    directory = tmp_path / "bin"
    directory.mkdir()
    for name in TOOLS:
        found = shutil.which(name)
        assert found
        (directory / name).symlink_to(found)
    return directory


def stand_in(bin_dir: Path, name: str, script: str) -> None:
    path = bin_dir / name
    path.unlink(missing_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def run(bin_dir: Path, script: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    bare = script.read_text().replace('PATH="$PATH:/usr/sbin:/usr/local/sbin:/sbin"', "")
    copy = bin_dir.parent / "scripts" / script.name
    copy.parent.mkdir(exist_ok=True)
    copy.write_text(bare)
    return subprocess.run(
        [bin_dir / "bash", copy, *arguments],
        env={"PATH": str(bin_dir)},
        cwd=bin_dir.parent,
        capture_output=True,
        text=True,
        check=False,
    )


def test_what_is_there_needs_nothing(bin_dir: Path) -> None:
    stand_in(bin_dir, "mosquitto", "exit 0")
    done = run(bin_dir, SCRIPTS / "apt-need", "mosquitto=mosquitto")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_without_rights_the_exact_line_is_printed(bin_dir: Path) -> None:
    stand_in(bin_dir, "id", "echo 1000")
    stand_in(bin_dir, "apt-get", "echo must not be called; exit 1")
    stand_in(bin_dir, "sudo", "exit 1")
    done = run(bin_dir, SCRIPTS / "apt-need", "mosquitto=mosquitto", "setpriv=util-linux")
    assert done.returncode == 1
    assert "    sudo apt-get install --yes mosquitto util-linux\n" in done.stderr
    assert "must not be called" not in done.stdout + done.stderr


def test_without_sudo_at_all_it_is_the_same(bin_dir: Path) -> None:
    stand_in(bin_dir, "id", "echo 1000")
    stand_in(bin_dir, "apt-get", "exit 1")
    assert (
        "sudo apt-get install --yes mosquitto" in run(bin_dir, SCRIPTS / "apt-need", "mosquitto=mosquitto").stderr
    )


def test_root_installs_it_and_fetches_the_lists_where_there_are_none(bin_dir: Path, tmp_path: Path) -> None:
    stand_in(bin_dir, "id", "echo 0")
    calls, lists = tmp_path / "calls", tmp_path / "lists"
    stand_in(
        bin_dir,
        "apt-get",
        f'echo "$1" >>"{calls}"; [ "$1" = update ] && exec touch "{lists}"; [ -e "{lists}" ]',
    )
    (bin_dir / "touch").symlink_to(str(shutil.which("touch")))
    done = run(bin_dir, SCRIPTS / "apt-need", "mosquitto=mosquitto")
    assert done.returncode == 0, done.stderr
    assert calls.read_text().split() == ["install", "update", "install"]


def test_when_apt_fails_its_last_words_are_shown(bin_dir: Path) -> None:
    stand_in(bin_dir, "id", "echo 0")
    stand_in(bin_dir, "apt-get", "echo the reason; exit 100")
    done = run(bin_dir, SCRIPTS / "apt-need", "mosquitto=mosquitto")
    assert done.returncode == 1
    assert "the reason" in done.stderr
    assert "apt could not install mosquitto" in done.stderr


def test_on_a_machine_without_apt_it_says_what_to_install(bin_dir: Path) -> None:
    done = run(bin_dir, SCRIPTS / "apt-need", "mosquitto=mosquitto")
    assert done.returncode == 1
    assert "Missing on this machine: mosquitto" in done.stderr


@pytest.fixture
def project(bin_dir: Path) -> Path:
    """A project with a lock but no environment yet."""
    root = bin_dir.parent
    (root / "requirements").mkdir()
    (root / "requirements" / "run.lock").write_text("# nothing\n")
    (root / "pyproject.toml").write_text("[project]\n")
    return root


@pytest.mark.usefixtures("project")
def test_without_a_python_that_is_new_enough_it_says_so(bin_dir: Path) -> None:
    stand_in(bin_dir, "python3", "exit 1")
    done = run(bin_dir, SCRIPTS / "bootstrap", "run")
    assert done.returncode == 1
    assert "No Python from 3.11 up was found" in done.stderr
    assert "make run PYTHON=" in done.stderr


def test_an_environment_that_is_ready_is_left_alone(bin_dir: Path, project: Path) -> None:
    python = project / ".venv" / "bin"
    python.mkdir(parents=True)
    stand_in(python, "python", 'case "$1" in -c) exit 0;; esac; echo "$@" >>calls')
    first = run(bin_dir, SCRIPTS / "bootstrap", "run")
    assert first.returncode == 0, first.stderr
    calls = (project / "calls").read_text()
    assert "install --require-hashes --requirement requirements/run.lock" in calls
    assert "install --no-deps --no-build-isolation --editable ." in calls
    second = run(bin_dir, SCRIPTS / "bootstrap", "run")
    assert (second.returncode, second.stdout) == (0, "")
    assert (project / "calls").read_text() == calls, "nothing was installed again"


def test_a_new_lock_is_installed(bin_dir: Path, project: Path) -> None:
    test_an_environment_that_is_ready_is_left_alone(bin_dir, project)
    calls = (project / "calls").read_text()
    (project / "requirements" / "run.lock").write_text("# something else\n")
    assert run(bin_dir, SCRIPTS / "bootstrap", "run").returncode == 0
    assert (project / "calls").read_text() != calls


def test_a_failed_installation_is_tried_again_next_time(bin_dir: Path, project: Path) -> None:
    python = project / ".venv" / "bin"
    python.mkdir(parents=True)
    stand_in(python, "python", 'case "$1" in -c) exit 0;; esac; exit 1')
    assert run(bin_dir, SCRIPTS / "bootstrap", "run").returncode == 1
    assert not (project / ".venv" / ".bitgrid-run").exists()


LOCK = """\
# made
limits==5.8.0 \\
    --hash=sha256:aa
    # via bitgrid
deprecated==1.3.1 ; python_full_version < '3.12' \\
    --hash=sha256:bb
deprecated==3.0.1 ; python_full_version >= '3.12' \\
    --hash=sha256:cc
    # via limits
gpio==1.0 ; platform_machine == 'aarch64' \\
    --hash=sha256:dd
wsproto==1.3.2
"""


@pytest.mark.parametrize(
    ("python", "machine", "found"),
    [
        ("3.13", "x86_64", ["limits==5.8.0", "deprecated==3.0.1", "wsproto==1.3.2"]),
        ("3.11", "aarch64", ["limits==5.8.0", "deprecated==1.3.1", "gpio==1.0", "wsproto==1.3.2"]),
    ],
)
def test_a_lock_is_read_for_the_python_of_the_appliance(
    tmp_path: Path, python: str, machine: str, found: list[str]
) -> None:
    """Seen: a release made with Python 3.11 held wheels that Python 3.13 refused."""
    (tmp_path / "run.lock").write_text(LOCK)
    script = Path(__file__).parents[2] / "scripts" / "lock-for"
    done = subprocess.run(
        [sys.executable, script, tmp_path / "run.lock", python, machine],
        capture_output=True,
        text=True,
        check=True,
    )
    lines = done.stdout.splitlines()
    assert [line.split()[0] for line in lines if line[:1].isalpha()] == found
    assert ";" not in done.stdout
    assert sum("--hash" in line for line in lines) == len(found) - 1
