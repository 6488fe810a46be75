"""The whole system updated in a computer: a good one is kept, each other is left; no decision is lost.

In the order in which they stand, for they are one card's life. The updates are on a stick that is plugged in.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from bitgrid_image.layout import Layout, Machine
from bitgrid_image.tools import Tools
from image.booted.computer import Computer, inserted
from image.booted.conftest import ASKED, CARD_MIB, WISHES
from image.booted.updates import Signed, stick

KEY = os.environ.get("BITGRID_TEST_IMAGE_KEY", "")
pytestmark = [
    pytest.mark.skipif(not KEY, reason="BITGRID_TEST_IMAGE_KEY names no key that signed the update"),
    pytest.mark.skipif(f"-{Machine.ARM64}." in ASKED, reason="QEMU has no firmware of a Raspberry Pi's"),
]


@pytest.fixture(scope="module")
def house(
    tmp_path_factory: pytest.TempPathFactory, card: Layout, debian: Tools, image: Path
) -> Iterator[Computer]:
    """A house that is well, and a stick with updates, before anything is tried on it."""
    signed = Signed(card.machine, tmp_path_factory.mktemp("updates"), Path(KEY), debian)
    signed.unpack(Path(ASKED.removesuffix(".img.zst") + ".update"))
    with inserted(tmp_path_factory.mktemp("house"), card, debian, image, CARD_MIB) as computer:
        computer.stick = stick(signed)
        computer.begin(WISHES)
        computer.well()
        yield computer


def slot(computer: Computer) -> str:
    """Which slot runs; empty while nobody can log in."""
    line = computer.ssh("cat /proc/cmdline", may_fail=True)
    return next((word.removeprefix("bitgrid.slot=") for word in line.split() if "bitgrid.slot" in word), "")


def phase(computer: Computer) -> str:
    """What is written down of the update."""
    return computer.ssh("cat /var/lib/bitgrid-update/update.json", may_fail=True)


def begin(computer: Computer, version: str) -> None:
    """Have an update written, and armed."""
    computer.ssh("mountpoint -q /mnt || sudo mount -o ro /dev/vdb /mnt")
    said = computer.ssh(f"sudo bitgrid-update image --no-restart /mnt/{version}.update", within_s=3600)
    assert "is tried at the next start" in said


def is_decided(computer: Computer) -> bool:
    """Whether it is kept or left."""
    return '"kept"' in (told := phase(computer)) or '"left"' in told


def test_the_power_goes_while_it_is_written(house: Computer) -> None:
    before, known = slot(house), house.decisions()
    house.ssh("sudo mount -o ro /dev/vdb /mnt")
    house.ssh("sudo systemd-run --unit=writing bitgrid-update image --no-restart /mnt/good.update")
    house.eventually(lambda: '"writing"' in phase(house), "it is being written")
    house.eventually(lambda: house.written_mib() > 100, "a part of it is on the card")
    assert '"writing"' in phase(house)
    house.stop()
    house.start()
    house.wait_for_login()
    house.well()
    house.eventually(lambda: is_decided(house), "the update is left")
    assert "interrupted" in house.ssh("sudo bitgrid-update status")
    assert (slot(house), house.decisions() >= known) == (before, True)


def test_the_power_goes_before_the_trial_and_in_the_midst_of_it(house: Computer) -> None:
    before, known = slot(house), house.decisions()
    begin(house, "good")
    house.stop()
    house.start()
    house.eventually(lambda: slot(house) not in {"", before}, "the trial has begun")
    assert '"trial"' in phase(house)
    house.stop()
    house.start()
    house.eventually(lambda: slot(house) == before, "the system before it was started")
    house.eventually(lambda: is_decided(house), "the update is left")
    assert "did not come up" in house.ssh("sudo bitgrid-update status")
    house.well()
    assert house.decisions() >= known


@pytest.mark.parametrize(
    ("what", "why"),
    [
        ("kernel", "did not come up"),
        ("init", "did not come up"),
        ("service", "was not well: the page does not answer"),
        ("login", "nobody can log in any more, and no other update could follow: ssh.service is failed"),
        ("migration", "table decision already exists"),
    ],
)
def test_a_broken_one_is_left_and_no_decision_is_lost(house: Computer, what: str, why: str) -> None:
    before, known = slot(house), house.decisions()
    begin(house, what)
    house.again()
    house.eventually(lambda: is_decided(house), "the update is left", 2400)
    house.eventually(lambda: slot(house) == before, "the system before it runs", 2400)
    assert why in house.ssh("sudo bitgrid-update status")
    house.well()
    assert house.decisions() >= known


def test_a_good_one_is_kept(house: Computer) -> None:
    before, known = slot(house), house.decisions()
    begin(house, "good")
    house.again()
    house.eventually(lambda: is_decided(house), "the update is kept", 2400)
    assert "9.0.1 was well" in house.ssh("sudo bitgrid-update status")
    assert slot(house) != before
    assert house.decisions() >= known
    house.again()
    assert slot(house) not in {"", before}
    house.well()
