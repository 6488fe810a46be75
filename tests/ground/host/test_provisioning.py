"""The playbook: from zero to the appliance, nothing more the second time; what it did holds after a restart."""

from __future__ import annotations

import pytest

from ground.host.appliance import ADMIN, ADMIN4, HOST4, Appliance, changes
from ground.networks import Target

pytestmark = pytest.mark.system
CANNOT = {"audit-rules.service", "fake-hwclock-load.service"}
"""What a container's kernel does not let it do: it shares audit and clock with this machine."""
SSHD = "/etc/ssh/sshd_config.d/10-bitgrid.conf"


def test_the_playbook_from_zero_changes_much_and_the_second_run_nothing(appliance: Appliance) -> None:
    assert changes(appliance.played[1]) > 20
    said = appliance.play("site.yml", "--diff")
    assert changes(said) == 0, said[-6000:]


def test_check_and_diff_tell_what_a_run_would_change_and_change_nothing(appliance: Appliance) -> None:
    before = appliance.run("cat", SSHD)
    said = appliance.play("site.yml", "--check", "--diff", '--extra-vars={"bitgrid_ssh_idle_s": 1200}')
    assert "-ClientAliveInterval 300" in said
    assert "+ClientAliveInterval 600" in said
    assert changes(said) == 2, "that file and the restart it asks for, and nothing else"
    assert said.count("\nchanged: ") == 2
    assert "RUNNING HANDLER [ssh : Restart sshd]" in said
    assert appliance.run("cat", SSHD) == before


def test_the_administrator_logs_in_by_key_and_becomes_root(appliance: Appliance) -> None:
    assert appliance.ssh("sudo", "id", "-un") == (0, "root\n")


@pytest.mark.parametrize(
    ("user", "key"), [(ADMIN, "wrong"), ("root", "key"), ("root", "wrong"), ("bitgrid-web", "key")]
)
def test_nobody_else_logs_in(appliance: Appliance, user: str, key: str) -> None:
    code, said = appliance.ssh("id", user=user, key=key)
    assert code == 255
    assert "Permission denied (publickey)" in said


def test_a_login_leads_no_further_into_the_home(appliance: Appliance) -> None:
    """Port forwarding would make the appliance a way to the devices."""
    code, said = appliance.ssh(options=["-W", f"{ADMIN4}:22"])
    assert code == 255
    assert "forwarding failed" in said


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("KexAlgorithms=diffie-hellman-group14-sha256", "no matching key exchange method"),
        ("Ciphers=aes256-ctr", "no matching cipher"),
        ("HostKeyAlgorithms=rsa-sha2-512", "no matching host key type"),
    ],
)
def test_only_modern_algorithms_are_offered(appliance: Appliance, option: str, said: str) -> None:
    code, told = appliance.ssh("true", options=["-o", "LogLevel=INFO", "-o", option])
    assert (code, said in told) == (255, True), told


def failed_units(appliance: Appliance) -> set[str]:
    lines = appliance.run("systemctl", "--failed", "--plain", "--no-legend").splitlines()
    return {line.split()[0] for line in lines}


def test_no_unit_has_failed(appliance: Appliance) -> None:
    assert failed_units(appliance) <= CANNOT


def test_the_installed_files_are_their_packages_and_a_changed_one_is_named(appliance: Appliance) -> None:
    appliance.run("systemctl", "start", "bitgrid-verify.service")
    changed = appliance.root / "usr" / "bin" / "jq"
    before = changed.read_bytes()
    try:
        changed.write_bytes(before + b"\0")
        appliance.run("systemctl", "start", "bitgrid-verify.service", may_fail=True)
        told = appliance.run("journalctl", "--unit=bitgrid-verify", "--output=cat", "--lines=20")
        assert "/usr/bin/jq\n" in told
        assert appliance.run("systemctl", "is-failed", "bitgrid-verify.service") == "failed\n"
    finally:
        changed.write_bytes(before)
        appliance.run("systemctl", "reset-failed", "bitgrid-verify.service")


def test_packages_are_changed_with_the_house_off(appliance: Appliance) -> None:
    """As apt's own unit does at night, with dpkg's real hook."""
    state = ("systemctl", "is-active", "bitgrid.service")
    try:
        appliance.run("bitgrid-maintenance", "loads-off")
        assert appliance.run(*state, may_fail=True) == "active\n", "by hand, nothing is stopped"
        appliance.run("bitgrid-maintenance", "open")
        appliance.run("apt-get", "install", "--reinstall", "--yes", "--quiet", "jq")
        assert appliance.run(*state, may_fail=True) == "inactive\n"
    finally:
        appliance.run("bitgrid-maintenance", "shut")
    appliance.run("bitgrid", "host", "healthy", "--within", "60")


def test_the_settings_are_what_runs(appliance: Appliance) -> None:
    """What the files say is what systemd, journald and the kernel's part of this network go by."""
    assert "RuntimeWatchdogUSec=14s" in appliance.run("systemctl", "show", "--property=RuntimeWatchdogUSec")
    assert appliance.run("sysctl", "-n", "net.ipv4.conf.all.accept_redirects") == "0\n"
    mounted = appliance.run("systemctl", "show", "tmp.mount", "--property=Options")
    assert "noexec" in mounted
    assert ",noatime" in (appliance.root / "etc" / "fstab").read_text()
    window = appliance.run("systemctl", "show", "apt-daily-upgrade.timer", "--property=TimersCalendar")
    assert "03:10" in window
    assert window.count("OnCalendar") == 1


def test_after_a_restart_it_is_as_closed_as_before(appliance: Appliance) -> None:
    appliance.stop()
    appliance.boot()
    assert "policy drop" in appliance.run("nft", "list", "chain", "inet", "bitgrid", "output")
    assert appliance.home.reaches([Target(HOST4, 22), Target(HOST4, 8080)]) == [True, False]
    appliance.run("bitgrid", "host", "healthy", "--within", "90")
    assert failed_units(appliance) <= CANNOT
