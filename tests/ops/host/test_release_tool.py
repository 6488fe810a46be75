"""`bitgrid-release`: the host's tool that changes releases, and goes back by itself from one that is not well."""

from __future__ import annotations

import os
import subprocess
import tarfile
from pathlib import Path

import pytest

TOOL = Path(__file__).parents[3] / "ansible" / "roles" / "release" / "files" / "bitgrid-release"
WELL, ILL, REFUSES = "well", "ill", "refuses"
_BITGRID = """#!/bin/sh
case "$1 $2" in
    "host healthy") [ {how} = well ] ;;
    "config check") [ {how} != refuses ] ;;
esac
"""


class Host:
    """A host with releases that are what they were told to be."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.restarts = base / "restarts"

    def has(self, name: str, how: str = WELL) -> None:
        """A release is installed."""
        program = self.base / "releases" / name / "bin" / "bitgrid"
        program.parent.mkdir(parents=True)
        program.write_text(_BITGRID.format(how=how))
        program.chmod(0o755)
        (self.base / "releases" / name / ".whole").touch()

    def run(self, *arguments: str, has_house: bool = True) -> subprocess.CompletedProcess[str]:
        """Call the tool; a restart notes which release was current."""
        restart = {"BITGRID_RESTART": f"tee -a {self.restarts}"} if has_house else {}
        environment = restart | {
            "PATH": os.environ["PATH"],
            "BITGRID_BASE": str(self.base),
            "BITGRID_CONFIG_DIR": str(self.base),
            "BITGRID_WITHIN_S": "1",
        }
        return subprocess.run(
            ["/bin/sh", str(TOOL), *arguments],
            capture_output=True,
            text=True,
            check=False,
            env=environment,
            stdin=subprocess.DEVNULL,
        )

    @property
    def current(self) -> str:
        """Which release is current."""
        return (self.base / "current").resolve().name


@pytest.fixture
def host(tmp_path: Path) -> Host:
    host = Host(tmp_path)
    host.has("1.0")
    assert host.run("activate", "1.0").returncode == 0
    return host


def test_the_first_release_is_made_current_and_nothing_is_restarted(host: Host) -> None:
    assert host.current == "1.0"
    assert not host.restarts.exists()


def test_a_host_for_research_has_nothing_to_restart(host: Host) -> None:
    host.has("1.1", ILL)
    assert host.run("activate", "1.1", has_house=False).returncode == 0
    assert host.current == "1.1"
    assert host.run("list").stdout == "- 1.0\n* 1.1\n"


def test_a_release_that_is_well_stays_and_the_one_before_is_remembered(host: Host) -> None:
    host.has("1.1")
    assert host.run("activate", "1.1").returncode == 0
    assert host.current == "1.1"
    assert host.run("list").stdout == "- 1.0\n* 1.1\n"


def test_from_one_that_is_not_well_it_goes_back_by_itself_and_says_so(host: Host) -> None:
    host.has("1.1", ILL)
    done = host.run("activate", "1.1")
    assert done.returncode == 1
    assert host.current == "1.0"
    assert "1.0 runs again; 1.1 was not kept" in done.stderr


def test_one_that_refuses_the_configuration_is_not_even_tried(host: Host) -> None:
    host.has("1.1", REFUSES)
    done = host.run("activate", "1.1")
    assert (done.returncode, host.current, host.restarts.exists()) == (1, "1.0", False)
    assert "1.1 refuses this configuration, so 1.0 runs on" in done.stderr


def test_when_neither_is_well_it_says_so(host: Host) -> None:
    host.has("1.1", ILL)
    (host.base / "releases/1.0/bin/bitgrid").write_text(_BITGRID.format(how=ILL))
    done = host.run("activate", "1.1")
    assert (done.returncode, host.current) == (1, "1.0")
    assert "Every load is off" in done.stderr


def test_a_person_can_go_back(host: Host) -> None:
    assert host.run("rollback").returncode == 1
    host.has("1.1")
    host.run("activate", "1.1")
    assert host.run("rollback").returncode == 0
    assert host.current == "1.0"


def test_one_that_is_half_installed_cannot_be_activated(host: Host) -> None:
    host.has("1.1")
    (host.base / "releases/1.1/.whole").unlink()
    assert host.run("activate", "1.1").returncode == 1
    assert host.current == "1.0"


def test_all_but_two_are_removed(host: Host) -> None:
    for name in ("1.1", "1.2"):
        host.has(name)
        host.run("activate", name)
    assert host.run("prune").stdout == "removed 1.0\n"
    assert host.run("list").stdout == "- 1.1\n* 1.2\n"


def test_a_damaged_file_leaves_nothing_behind(host: Host, tmp_path: Path) -> None:
    content = tmp_path / "made" / "2.0"
    content.mkdir(parents=True)
    (content / "run.lock").write_text("changed on its way")
    (content / "SHA256SUMS").write_text(f"{'0' * 64}  ./run.lock\n")
    with tarfile.open(tmp_path / "bitgrid-2.0-amd64.tar", "w") as tar:
        tar.add(content, "2.0")
    done = host.run("install", str(tmp_path / "bitgrid-2.0-amd64.tar"))
    assert done.returncode == 1
    assert "is damaged" in done.stderr
    assert not (host.base / "releases/2.0").exists()


def test_a_file_that_would_unpack_elsewhere_is_refused(host: Host, tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "evil.tar", "w") as tar:
        tar.add(TOOL, "../evil/bitgrid-release")
    assert host.run("install", str(tmp_path / "evil.tar")).returncode == 1
    assert not (tmp_path / "evil").exists()


def test_it_says_how_it_is_called(host: Host) -> None:
    done = host.run()
    assert done.returncode == 64
    assert "rollback" in done.stderr
