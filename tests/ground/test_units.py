"""Units of the ground's own are confined: systemd's own reckoning gives each at most 2.0 of 10."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from ground.rules import ROOT

UNITS = sorted(
    path
    for folder in ("files", "templates")
    for role in ("firewall", "hardening", "storage", "time", "watchdog", "ssh", "base")
    for path in (ROOT / "ansible" / "roles" / role / folder).glob("bitgrid*.service*")
)
WANTED = 2.0
pytestmark = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")


def exposure(unit: str, where: Path) -> float:
    """What systemd reckons of a unit that is installed nowhere."""
    path = where / "sample.service"
    path.write_text(unit)
    command = ["systemd-analyze", "security", "--offline=yes", str(path)]
    said = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    found = re.search(r"Overall exposure level for \S+: ([\d.]+)", said)
    assert found is not None, said
    return float(found[1])


def test_there_are_some() -> None:
    assert len(UNITS) >= 2


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_a_unit_is_confined(path: Path, tmp_path: Path) -> None:
    assert exposure(path.read_text().replace("{{ ansible_managed }}", "made"), tmp_path) <= WANTED


def test_a_unit_that_may_everything_is_noticed(tmp_path: Path) -> None:
    assert exposure("[Service]\nExecStart=/bin/true\n", tmp_path) > WANTED


@pytest.mark.parametrize("name", ["bitgrid-reach.service", "bitgrid-follow.service"])
def test_what_follows_a_change_is_started_for_each(name: str) -> None:
    """systemd's own limit is five starts in ten seconds; its path unit, which met it, looks no more."""
    unit, _ = (ROOT / "ansible/roles/app/files" / name).read_text().split("[Service]")
    assert "\nStartLimitIntervalSec=0\n" in unit
