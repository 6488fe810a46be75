"""The appliance's units: how much each could do if it were taken over, as systemd reckons, and what they say."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
UNITS = sorted((ROOT / "ansible" / "roles").glob("*/files/bitgrid*.service"))
MOST = 2.0
WITH_A_REASON = {
    "bitgrid.service": (2.2, "becomes other users, reaches devices and, for the feeds, the internet"),
    "bitgrid-backup.service": (2.2, "reads every user's files, and reaches a disk in the network"),
}
"""Beyond `MOST`, each with what it must be able to do; its own file says so too."""

needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not here")


def exposure(unit: Path) -> float:
    told = subprocess.run(
        ["systemd-analyze", "security", "--offline=yes", "--no-pager", str(unit)],
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    found = re.search(r"Overall exposure level for \S+: ([0-9.]+)", told)
    assert found, told
    return float(found[1])


def test_there_is_something_to_look_at() -> None:
    assert {unit.name for unit in UNITS} >= {
        "bitgrid.service",
        "bitgrid-guard.service",
        "bitgrid-broker.service",
        "bitgrid-proxy.service",
        "bitgrid-prepare.service",
        "bitgrid-backup.service",
    }


@needs_systemd
@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_can_do_little_more_than_it_must(unit: Path) -> None:
    assert exposure(unit) <= WITH_A_REASON.get(unit.name, (MOST, ""))[0]


@needs_systemd
@pytest.mark.parametrize("line", ["NoNewPrivileges=yes", "ProtectSystem=strict", "User=bitgrid-io"])
def test_the_gate_closes_where_a_protection_is_taken_out(tmp_path: Path, line: str) -> None:
    guard = next(unit for unit in UNITS if unit.name == "bitgrid-guard.service")
    text = guard.read_text()
    assert f"\n{line}\n" in text
    weaker = tmp_path / guard.name
    weaker.write_text(text.replace(f"\n{line}\n", "\n"))
    assert exposure(weaker) > exposure(guard)


@needs_systemd
def test_a_unit_without_any_protection_does_not_pass(tmp_path: Path) -> None:
    bare = tmp_path / "bitgrid-bare.service"
    bare.write_text("[Service]\nExecStart=/bin/true\n")
    assert exposure(bare) > max(most for most, _why in WITH_A_REASON.values())


def test_an_exception_is_no_larger_than_it_must_be() -> None:
    names = {unit.name for unit in UNITS}
    assert set(WITH_A_REASON) <= names
    for name, (_most, why) in WITH_A_REASON.items():
        assert why, name


def lines(name: str) -> list[str]:
    return next(unit for unit in UNITS if unit.name == name).read_text().splitlines()


def test_a_guard_that_cannot_live_resets_the_computer_but_not_for_a_wrong_configuration() -> None:
    guard = lines("bitgrid-guard.service")
    for line in (
        "StartLimitAction=reboot-force",
        "WatchdogSec=30",
        "Restart=always",
        "RestartPreventExitStatus=78",
    ):
        assert line in guard


def test_the_rest_cannot_restart_the_guard_by_failing_itself() -> None:
    """Seen on a booted host: bound to a unit that failed again and again, the guard restarted with it until its
    own limit of starts reset the computer.
    """
    told = [
        line for line in lines("bitgrid-guard.service") if line.startswith(("PartOf=", "BindsTo=", "Requires="))
    ]
    assert told == ["Requires=bitgrid-prepare.service"]


def test_nothing_outlives_supervisord() -> None:
    assert "KillMode=control-group" in lines("bitgrid.service")
    assert "Restart=always" in lines("bitgrid.service")


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_nobody_but_the_house_itself_may_reach_the_internet(unit: Path) -> None:
    text = unit.read_text()
    assert "IPAddressDeny=any" in text or unit.name == "bitgrid.service"


def test_the_ones_that_only_make_files_have_no_network() -> None:
    for name in ("bitgrid-prepare.service", "bitgrid-renew.service"):
        assert "PrivateNetwork=yes" in lines(name)
