"""What an auditor of another house says of the host: Lynis, with a short list of what does not hold here."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ground.host.appliance import Appliance
from ground.rules import ROOT

pytestmark = pytest.mark.system
PROFILE = Path(__file__).with_name("lynis.prf")
WANTED = 85
SYSCTL = ROOT / "ansible" / "roles" / "hardening" / "files" / "sysctl.conf"
ON_PURPOSE = {"net.ipv4.conf.all.rp_filter"}


@pytest.fixture(scope="module")
def audited(appliance: Appliance) -> Appliance:
    """The host, with the auditor on it; nothing else is installed for its sake."""
    appliance.run("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "--yes", "--quiet",
                  "--no-install-recommends", "lynis")  # fmt: skip
    appliance.run("tee", "/etc/lynis/custom.prf", text=PROFILE.read_text())
    appliance.run("lynis", "audit", "system", "--quick", "--quiet", "--no-colors", may_fail=True)
    return appliance


def report(appliance: Appliance, key: str) -> list[str]:
    text = (appliance.root / "var" / "log" / "lynis-report.dat").read_text(errors="replace")
    return re.findall(rf"^{re.escape(key)}=(.*)$", text, re.MULTILINE)


def test_lynis_finds_it_hardened(audited: Appliance) -> None:
    (index,) = report(audited, "hardening_index")
    assert int(index) >= WANTED, "\n".join(report(audited, "suggestion[]"))


def test_lynis_warns_of_nothing(audited: Appliance) -> None:
    assert report(audited, "warning[]") == []


def test_what_a_container_cannot_show_is_set_on_the_appliance(audited: Appliance) -> None:
    wanted = dict(re.findall(r"^config-data=sysctl;([^;]+);([^;]+);", default_profile(audited), re.MULTILINE))
    own = dict(re.findall(r"^([a-z0-9_.-]+) = (\S+)$", SYSCTL.read_text(), re.MULTILINE))
    waived = set(re.findall(r"^skip-test=KRNL-6000:(\S+)$", PROFILE.read_text(), re.MULTILINE))
    assert waived > ON_PURPOSE
    assert {key: own.get(key) for key in waived - ON_PURPOSE} == {key: wanted[key] for key in waived - ON_PURPOSE}


def default_profile(audited: Appliance) -> str:
    return (audited.root / "etc" / "lynis" / "default.prf").read_text()
