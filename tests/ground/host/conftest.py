"""A whole host: Debian 13 booted in a container of systemd's own, provisioned from zero by the playbook.

Minutes, and root: `make test-ansible` asks for it by an environment variable, `make test` leaves it out.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from bitgrid.plant.control import PlantControl
from ground.host.appliance import Appliance, booted
from ground.host.household import devices_at
from ground.host.tablet import Tablet
from ground.networks import missing


def pytest_ignore_collect() -> bool | None:
    """Everything here, unless it was asked for."""
    return None if os.environ.get("BITGRID_TEST_HOST") else True


@pytest.fixture(scope="session")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Appliance]:
    """A fresh Debian on which root can log in by a key, and nothing else was done."""
    lacking = missing() or ("" if shutil.which("systemd-nspawn") else "systemd-nspawn is missing")
    assert not lacking, f"{lacking}; start it as: sudo make test-ansible"
    with booted(Path(tmp_path_factory.mktemp("host"))) as appliance:
        yield appliance


@pytest.fixture(autouse=True)
def knocks_forgotten(appliance: Appliance) -> None:
    """A test logs in more often than a person; each begins as if nobody had."""
    appliance.run("nft", "flush", "set", "inet", "bitgrid", "ssh_seen4")


@pytest.fixture(scope="session")
def plant(fresh: Appliance) -> Iterator[PlantControl]:
    """The devices at home; what it gives tells the truth of them."""
    with devices_at(fresh.home, fresh.work / "plant") as control:
        yield control


@pytest.fixture(scope="session")
def appliance(fresh: Appliance, plant: PlantControl) -> Appliance:
    """That host after the administrator was made and the playbook ran once, with devices in the home."""
    assert plant.status()["loads"]
    assert fresh.ssh("id", "-un", user="root") == (0, "root\n"), "or a refusal later would say nothing"
    fresh.play("playbooks/bootstrap.yml", user="root")
    fresh.play("site.yml")
    return fresh


@pytest.fixture(scope="session")
def tablet(appliance: Appliance) -> Tablet:
    """A tablet that trusts the appliance, and has made the first account."""
    tablet = Tablet(appliance)
    tablet.trust()
    assert tablet.begin()["status"] == 303
    return tablet
