"""The whole system updated in a computer: a good one is kept, each broken one is left; no decision is lost."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bitgrid_image.layout import Layout
from bitgrid_image.tools import Tools
from image.booted.computer import Computer
from image.booted.conftest import ASKED
from image.booted.updates import IMPATIENT, Signed

KEY = os.environ.get("BITGRID_TEST_IMAGE_KEY", "")
SITE_PACKAGES = "/opt/bitgrid/releases/{release}/lib/python3.13/site-packages"
COUNT = """
import glob, sqlite3
files = glob.glob('/var/lib/bitgrid/ledger/*.sqlite')
ledger = [sqlite3.connect(f'file:{one}?mode=ro', uri=True) for one in files]
print(sum(one.execute('SELECT count(*) FROM decision').fetchone()[0] for one in ledger))
"""
pytestmark = pytest.mark.skipif(not KEY, reason="BITGRID_TEST_IMAGE_KEY names no key that signed the update")


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory, card: Layout, debian: Tools) -> Signed:
    """The update beside the image that was named."""
    signed = Signed(card.machine, tmp_path_factory.mktemp("updates"), Path(KEY), debian)
    signed.unpack(Path(ASKED.removesuffix(".img.zst") + ".update"))
    return signed


@pytest.fixture(scope="module")
def house(computer: Computer) -> Computer:
    """A house that is well, before anything is tried on it."""
    well(computer)
    return computer


def well(computer: Computer) -> None:
    """Wait until the house is well, and an update's fate decided."""
    computer.eventually(
        lambda: "well" in computer.ssh("sudo bitgrid host healthy --within 5", may_fail=True), "the house is well"
    )


def slot(computer: Computer) -> str:
    """Which slot runs."""
    line = computer.ssh("cat /proc/cmdline", may_fail=True)
    return next((word.removeprefix("bitgrid.slot=") for word in line.split() if "bitgrid.slot" in word), "")


def decisions(computer: Computer) -> int:
    """How many stand in the ledger."""
    return int(computer.ssh(f'sudo python3 -c "{COUNT}"'))


def update(computer: Computer, file: Path) -> str:
    """Have it updated, and wait until its fate is decided; what is said of it then."""
    computer.send(file, "/home/admin/new.update")
    began = computer.ssh("cat /proc/sys/kernel/random/boot_id")
    said = computer.ssh("sudo bitgrid-update image --no-restart /home/admin/new.update", within_s=3600)
    assert "is tried at the next start" in said
    computer.ssh("rm /home/admin/new.update; sudo systemctl --no-block reboot")

    def is_decided() -> bool:
        now = computer.ssh("cat /proc/sys/kernel/random/boot_id", may_fail=True)
        told = computer.ssh("cat /var/lib/bitgrid-update/update.json", may_fail=True)
        return now not in {"", began} and ('"kept"' in told or '"left"' in told)

    computer.eventually(is_decided, "the update is kept or left", 2400)
    well(computer)
    return computer.ssh("bitgrid-update status")


def test_a_good_one_is_kept(house: Computer, signed: Signed) -> None:
    before, known = slot(house), decisions(house)
    said = update(house, signed.broken("9.0.1"))
    assert slot(house) != before
    assert "9.0.1" in said
    assert decisions(house) >= known
    house.ssh("sudo systemctl --no-block reboot")
    house.eventually(lambda: slot(house) not in {"", before}, "it is started from now on")


@pytest.mark.parametrize("what", ["init", "service", "migration"])
def test_a_broken_one_is_left_and_no_decision_is_lost(house: Computer, signed: Signed, what: str) -> None:
    release = house.ssh("readlink /opt/bitgrid/current").strip().removeprefix("releases/")
    schema = f"{SITE_PACKAGES.format(release=release)}/bitgrid/store/schema.py"
    service = "/etc/systemd/system/bitgrid.service"
    before, known = slot(house), decisions(house)
    made = {
        "init": lambda: signed.broken("9.1.0", without="/usr/lib/systemd/systemd"),
        "service": lambda: signed.broken("9.2.0", IMPATIENT, (service, "bin/supervisord", "bin/no-such-program")),
        "migration": lambda: signed.broken(
            "9.3.0", IMPATIENT, (schema, "= ((),)", '= ((), ("CREATE TABLE decision (x)",))')
        ),
    }[what]()
    said = update(house, made)
    made.unlink()
    assert slot(house) == before
    assert "not kept" in said or "was started again" in said or "not well" in said, said
    assert decisions(house) >= known
