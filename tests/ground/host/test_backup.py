"""The backup: a disk that is missing is said, and from one that is there the house comes back as it was."""

from __future__ import annotations

import json
import re
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bitgrid.plant.control import PlantControl
from broker import eventually
from ground.host.appliance import Appliance
from ground.host.tablet import Tablet
from ground.host.wiping import wipe

pytestmark = pytest.mark.system
DISK = "/mnt/backup"
DATA = ("--data", "/var/lib/bitgrid")


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
    found = re.search(r"\d+:[0-9a-f]{64}", appliance.run("bitgrid", "ledger", "verify", *DATA))
    assert found is not None
    return found[0]


def archived(appliance: Appliance) -> list[dict[str, Any]]:
    """What the archive says that it keeps of each kind."""
    found: list[dict[str, Any]] = json.loads(appliance.run("bitgrid", "archive", "list", *DATA, "--json"))
    return found


def end_the_day(appliance: Appliance) -> None:
    """What the house has lived through goes into its archive by its own nightly run, at tomorrow's hour for it."""
    appliance.run("systemctl", "restart", "bitgrid.service")  # what waits to be written is written at the end
    appliance.run("bitgrid", "host", "healthy", "--within", "60")
    now = datetime.now(UTC)
    night = (now + timedelta(days=1)).replace(hour=0, minute=30)
    clock = f"BITGRID_CLOCK=1:{time.clock_gettime(time.CLOCK_BOOTTIME)}:{night.timestamp()}"
    night_run = ("bitgrid", "archive", "run", *DATA, "--config", "/etc/bitgrid")
    said = appliance.run("runuser", "--user=bitgrid-core", "--", "env", clock, *night_run)
    assert f"{now.date()} was archived" in said


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
    eventually(lambda: '"record"' in tablet.get("/api/v1/decisions")["text"], "a decision", 150)
    end_the_day(appliance)
    kept = archived(appliance)
    assert {one["kind"] for one in kept if one["rows"]} >= {"telemetry", "decisions"}
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
    assert archived(appliance) == kept
    said = appliance.run("bitgrid", "archive", "verify", *DATA)
    assert f"{sum(one['days'] for one in kept)} files" in said
    assert "Every file is as it was written." in said
    assert plant.status()["loads"]["miner"]["relay"] == "open"
    appliance.play("playbooks/app.yml")
    assert appliance.run("bitgrid", "ledger", "verify", *DATA, "--head", restored)
    assert tablet.log_in()["status"] == 303, "the accounts came back, and what the tablet trusts is the same"


def tablet_sees_nothing(tablet: Tablet) -> bool:
    try:
        tablet.get("/")
    except AssertionError:
        return True
    return False
