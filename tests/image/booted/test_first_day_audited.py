"""What an auditor of another house says of the card: Lynis, by the same short list as on a host."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from bitgrid_image.tools import SUITE
from image.booted.computer import Computer
from image.booted.conftest import MIRROR

PROFILE = Path(__file__).parents[2] / "ground" / "host" / "lynis.prf"
WANTED = 85
OF_A_CONTAINER = re.compile(r"^skip-test=KRNL-6000:(?!net\.ipv4\.conf\.all\.rp_filter$).*\n", re.MULTILINE)
"""What is passed over on a host that is a container, whose kernel is not its own; a card has one."""
OF_DEBIAN = "ssl-certificate-paths-to-ignore=/usr/share/ca-certificates\n"
"""A package's, of which Lynis passes over each, after asking dpkg of each: minutes on an emulated processor."""
HOME = "/run/lynis"


@pytest.fixture(scope="module")
def lynis(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Debian's package as one directory that needs no place of its own, packed."""
    work = tmp_path_factory.mktemp("lynis")
    root, home = work / "root", work / "home"
    command = ["mmdebstrap", "--variant=extract", "--quiet", "--include=lynis", "--dpkgopt=force-unsafe-io"]
    subprocess.run([*command, SUITE, root, f"deb {MIRROR} {SUITE} main"], check=True)
    subprocess.run(["cp", "-r", root / "usr/share/lynis", home], check=True)
    parts = ("usr/sbin/lynis", "etc/lynis/default.prf", "etc/lynis/plugins")
    subprocess.run(["cp", "-r", *(root / part for part in parts), home], check=True)
    (home / "custom.prf").write_text(OF_A_CONTAINER.sub("", PROFILE.read_text()) + OF_DEBIAN)
    subprocess.run(["tar", "-C", home, "-cf", work / "lynis.tar", "."], check=True)
    return work / "lynis.tar"


@pytest.fixture(scope="module")
def report(computer: Computer, lynis: Path) -> str:
    """What it wrote down."""
    computer.well()
    computer.send(lynis, "/home/admin/lynis.tar")
    computer.ssh(f"sudo mkdir {HOME} && sudo tar -C {HOME} --no-same-owner -xf /home/admin/lynis.tar")
    words = f"--quick --quiet --no-colors --log-file {HOME}/log --report-file {HOME}/report.dat"
    computer.ssh(f"cd {HOME} && sudo sh ./lynis audit system {words}", may_fail=True, within_s=3600)
    return computer.ssh(f"sudo cat {HOME}/report.dat")


def test_it_is_hardened(computer: Computer, report: str) -> None:
    (index,) = re.findall(r"^hardening_index=(\d+)$", report, re.MULTILINE)
    computer.figures["Lynis"] = float(index)
    assert int(index) >= WANTED, re.findall(r"^suggestion\[\]=(.*)$", report, re.MULTILINE)


def test_nothing_is_warned_of(report: str) -> None:
    assert re.findall(r"^warning\[\]=(.*)$", report, re.MULTILINE) == []
