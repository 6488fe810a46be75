"""What comes in a card's years: no room left, no clock; the computer starts, says so, and no load is on."""

from __future__ import annotations

import ssl
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from bitgrid_image.layout import Layout
from bitgrid_image.tools import Tools
from image.booted.computer import TLS, Computer, inserted
from image.booted.conftest import CARD_MIB, WISHES

OFF = '"confirmed_off": true'
BEFORE_IT_WAS_MADE = "2000-01-01"


def page(computer: Computer) -> int:
    """The status of the log-in's page, by the appliance's own authority and this machine's clock."""
    (computer.work / "ca.crt").write_text(computer.ssh("sudo cat /etc/bitgrid/tls/ca.crt"))
    context = ssl.create_default_context(cafile=computer.work / "ca.crt")
    address = f"https://localhost:{computer.ports[TLS]}/login"
    with urllib.request.urlopen(address, context=context, timeout=60) as answer:
        return int(answer.status)


class TestNoRoomLeft:
    @pytest.fixture(scope="class")
    def full(self, computer: Computer) -> Iterator[Computer]:
        """The computer, begun with a data partition on which not a byte is free."""
        computer.well()
        computer.ssh(
            "sudo sh -c 'for bytes in 1M 1k; do dd if=/dev/zero of=/data/full.$bytes bs=$bytes; done; sync'",
            may_fail=True,
            within_s=1200,
        )
        assert computer.ssh("df --output=avail /data | tail -n 1").strip() == "0"
        computer.again()
        yield computer
        computer.ssh("sudo rm -f /data/full.1M /data/full.1k")
        computer.again()

    def test_it_starts_and_says_so(self, full: Computer) -> None:
        full.eventually(lambda: page(full) == 200, "the page answers")
        told = full.ssh("sudo bitgrid host healthy --within 60", may_fail=True) + full.ssh(
            "sudo bitgrid status 2>&1", may_fail=True
        )
        assert "disk" in told or "room" in told, told

    def test_nothing_is_started(self, full: Computer) -> None:
        assert "miner" in full.ssh("sudo bitgrid status 2>&1", may_fail=True)
        assert "running" not in full.ssh("sudo bitgrid status 2>&1", may_fail=True)


def test_with_room_again_the_house_is_well_and_no_decision_was_lost(computer: Computer) -> None:
    computer.well()
    assert "Every record is as it was written." in computer.ssh(
        "sudo bitgrid ledger verify --data /var/lib/bitgrid"
    )


class TestNoClock:
    @pytest.fixture(scope="class")
    def stopped(
        self, tmp_path_factory: pytest.TempPathFactory, card: Layout, debian: Tools, image: Path
    ) -> Iterator[Computer]:
        """A new card in a computer whose clock stands in another century, and no network to ask in."""
        with inserted(tmp_path_factory.mktemp("clock"), card, debian, image, CARD_MIB) as computer:
            computer.begins = BEFORE_IT_WAS_MADE
            computer.write("bitgrid.yaml", WISHES.format(key=(computer.work / "key.pub").read_text().strip()))
            computer.start()
            computer.wait_for_login()
            yield computer

    def test_it_is_not_before_the_system_was_made(self, stopped: Computer) -> None:
        assert int(stopped.ssh("date +%Y")) >= 2025

    def test_its_certificate_is_valid_for_a_tablet_that_has_the_time(self, stopped: Computer) -> None:
        stopped.well()
        assert page(stopped) == 200

    def test_the_house_knows_that_it_does_not_know_the_time(self, stopped: Computer) -> None:
        stopped.send(Path(__file__).with_name("devices.sh"), "/home/admin/devices.sh")
        stopped.ssh("sudo sh /home/admin/devices.sh real-clock")
        stopped.well()
        stopped.eventually(
            lambda: "clock" in stopped.ssh("sudo bitgrid status 2>&1", may_fail=True), "the clock is named"
        )
