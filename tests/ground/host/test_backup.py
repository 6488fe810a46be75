"""The backup: a disk that is missing is said, and from one that is there the house comes back as it was."""

from __future__ import annotations

import re

import pytest

from bitgrid.plant.control import PlantControl
from broker import eventually
from ground.host.appliance import Appliance
from ground.host.tablet import Tablet

pytestmark = pytest.mark.system
DISK = "/mnt/backup"
HOUSE = ["bitgrid-proxy", "bitgrid", "bitgrid-guard", "bitgrid-broker", "bitgrid-prepare"]
PLACES = [
    "/opt/bitgrid",
    "/etc/bitgrid",
    "/var/lib/bitgrid",
    "/var/lib/bitgrid-backup",
    "/var/log/bitgrid",
    "/run/bitgrid",
]


@pytest.fixture(scope="module")
def disk(appliance: Appliance) -> str:
    """The place where the disk is mounted, without a disk."""
    appliance.run("mkdir", "-p", DISK)
    return DISK


def config_hash(appliance: Appliance) -> str:
    found = re.search(r"[0-9a-f]{64}", appliance.run("bitgrid", "config", "check", "/etc/bitgrid"))
    assert found is not None
    return found[0]


def head(appliance: Appliance) -> str:
    """Where the ledger ends, as a restore must show."""
    found = re.search(
        r"\d+:[0-9a-f]{64}", appliance.run("bitgrid", "ledger", "verify", "--data", "/var/lib/bitgrid")
    )
    assert found is not None
    return found[0]


def test_without_its_disk_it_fails_and_the_house_is_told(appliance: Appliance, disk: str) -> None:
    appliance.run("systemctl", "start", "bitgrid-backup.service", may_fail=True)
    assert appliance.run("systemctl", "is-failed", "bitgrid-backup.service") == "failed\n"
    told = appliance.run("journalctl", "--unit=bitgrid-backup", "--output=cat", "--lines=5")
    assert f"{disk} is not mounted" in told
    telling = ("journalctl", "--unit=bitgrid-backup-failed", "--output=cat", "--lines=5")
    eventually(lambda: "health/backup: error" in appliance.run(*telling), "the house is told", 30)
    assert appliance.run("ls", disk) == "", "nothing was written to the card instead"


def test_a_host_without_a_house_gets_it_back_from_the_disk(
    appliance: Appliance, disk: str, tablet: Tablet, plant: PlantControl
) -> None:
    appliance.run("mount", "-t", "tmpfs", "disk", disk)
    appliance.run("systemctl", "start", "bitgrid-backup.service")
    kit = appliance.ssh("sudo", "bitgrid-backup", "kit")[1]
    passphrase = re.search(r"^passphrase: (\S+)$", kit, re.MULTILINE)
    assert passphrase is not None, kit
    (appliance.work / "kit.txt").write_text(f"{passphrase[1]}\n")
    backed_up = config_hash(appliance)
    wipe(appliance)
    assert tablet_sees_nothing(tablet)
    told = appliance.play(
        "playbooks/restore.yml", f"--extra-vars=bitgrid_restore_passphrase_file={appliance.work / 'kit.txt'}"
    )
    assert f"configuration {backed_up}, as it was backed up" in told
    assert config_hash(appliance) == backed_up
    restored = head(appliance)
    assert f"the ledger ends with {restored}" in told
    assert plant.status()["loads"]["miner"]["relay"] == "open"
    appliance.play("playbooks/app.yml")
    assert appliance.run("bitgrid", "ledger", "verify", "--data", "/var/lib/bitgrid", "--head", restored)
    assert tablet.log_in()["status"] == 303, "the accounts came back, and what the tablet trusts is the same"


def wipe(appliance: Appliance) -> None:
    """What makes the house is gone: releases, configuration, secrets, data, units."""
    appliance.run(
        "systemctl", "disable", "--now", "bitgrid-renew.timer", "bitgrid-backup.timer", *HOUSE, may_fail=True
    )
    appliance.run("systemctl", "stop", *HOUSE)
    appliance.run("rm", "-rf", "/usr/local/bin/bitgrid", *PLACES)
    appliance.run("sh", "-c", "rm -rf /etc/systemd/system/bitgrid-backup* /etc/borgmatic")
    appliance.run(
        "sh", "-c", "cd /etc/systemd/system && rm -f bitgrid.service " + " ".join(f"{u}.service" for u in HOUSE)
    )
    appliance.run("systemctl", "daemon-reload")


def tablet_sees_nothing(tablet: Tablet) -> bool:
    try:
        tablet.get("/")
    except AssertionError:
        return True
    return False
