"""What OpenSCAP says of the host, by the minimal profile of ANSSI BP-028: a guide that Debian packages.

Debian has no check of the CIS benchmark for this release: no cis-hardening, and none in ssg-debian. That package's
content is for Debian 12; here it is told that 13 will do.
"""

from __future__ import annotations

import re

import pytest

from ground.host.appliance import Appliance

pytestmark = pytest.mark.system
CONTENT = "/usr/share/xml/scap/ssg/content/ssg-debian12-ds.xml"
PROFILE = "xccdf_org.ssgproject.content_profile_anssi_bp28_minimal"
ABOUT_PASSWORDS = re.compile(r"accounts_password|package_pam_pwquality_installed")
"""How long, how old and how often wrong a password may be: on this host nobody has one."""
PASSES_AT_LEAST = 17


def results(appliance: Appliance) -> dict[str, str]:
    """What became of each rule."""
    appliance.run("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "--yes", "--quiet",
                  "--no-install-recommends", "openscap-scanner", "ssg-debian")  # fmt: skip
    content = (appliance.root / CONTENT.lstrip("/")).read_text()
    assert "^12.[0-9]+$" in content
    (appliance.root / "root" / "content.xml").write_text(content.replace("^12.[0-9]+$", "^13.[0-9]+$"))
    said = appliance.run("oscap", "xccdf", "eval", "--profile", PROFILE, "/root/content.xml", may_fail=True)
    return dict(re.findall(r"^Rule\s+\S*rule_(\S+).*?^Result\s+(\S+)", said, re.MULTILINE | re.DOTALL))


def test_nothing_fails_but_what_is_about_passwords(appliance: Appliance) -> None:
    found = results(appliance)
    failed = {rule for rule, result in found.items() if result == "fail"}
    assert {rule for rule in failed if not ABOUT_PASSWORDS.match(rule)} == set()
    assert sum(result == "pass" for result in found.values()) >= PASSES_AT_LEAST
    shadow = appliance.run("cat", "/etc/shadow").splitlines()
    assert {line.split(":")[1][:1] for line in shadow} <= {"!", "*"}, "nobody has a password"
