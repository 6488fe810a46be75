"""What comes in a card's years: no room left, no clock; the computer starts, says so, and no load is on."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bitgrid_image.layout import Layout
from bitgrid_image.tools import Tools
from image.booted.computer import BEGIN_S, Computer, inserted
from image.booted.conftest import CARD_MIB, WISHES

BEFORE_IT_WAS_MADE = "2000-01-01"


def is_answered(computer: Computer) -> bool:
    """Whether the page is there; it begins a while after one can log in."""
    with contextlib.suppress(OSError):
        return computer.page() == 200
    return False


@pytest.fixture(scope="module")
def known(computer: Computer) -> int:
    """How many decisions there were before anything went wrong."""
    computer.well()
    return computer.decisions()


@pytest.fixture(scope="module")
def full(computer: Computer, known: int) -> Computer:  # noqa: ARG001  counted before
    """The computer with its devices, begun with a data partition on which not a byte is free."""
    if "first_run: true" in computer.ssh("cat /etc/bitgrid/flags.yaml"):
        computer.devices()
    computer.ssh(
        "sudo sh -c 'for bytes in 1M 1k; do dd if=/dev/zero of=/data/full.$bytes bs=$bytes; done; sync'",
        may_fail=True,
        within_s=1200,
    )
    assert computer.ssh("df --output=avail /data | tail -n 1").strip() == "0"
    computer.again()
    computer.devices("again")
    return computer


@pytest.fixture(scope="module")
def stopped(
    tmp_path_factory: pytest.TempPathFactory, card: Layout, debian: Tools, image: Path
) -> Iterator[Computer]:
    """A new card in a computer whose clock stands in another century, and no network to ask in."""
    with inserted(tmp_path_factory.mktemp("clock"), card, debian, image, CARD_MIB) as computer:
        computer.begins = BEFORE_IT_WAS_MADE
        computer.begin(WISHES)
        yield computer


class TestNoRoomLeft:
    def test_it_starts_and_says_so(self, full: Computer) -> None:
        full.eventually(lambda: is_answered(full), "the page answers")
        said = "(the disk is full; make room on it); loads stay off"
        full.eventually(lambda: said in full.status(), "it is said")

    def test_nothing_is_started_though_there_is_sun(self, full: Computer) -> None:
        full.eventually(lambda: "✓ poller" in full.status(), "the sun is seen")
        until_s = time.monotonic() + 180
        while time.monotonic() < until_s:
            assert not full.has_a_lease()

    def test_with_room_again_it_decides_again_by_itself_and_none_was_lost(
        self, full: Computer, known: int
    ) -> None:
        """The same sun lets the miner run now, which shows that nothing but the disk kept it off."""
        full.ssh("sudo rm -f /data/full.1M /data/full.1k")
        full.eventually(full.has_a_lease, "the miner may run")
        assert full.decisions() > known


class TestNoClock:
    def test_it_is_not_before_the_system_was_made(self, stopped: Computer) -> None:
        """Later than what systemd sets a clock forward to by itself, which is when systemd was made."""
        made_s, systemd_s = (
            int(stopped.ssh(f"stat --format=%Y {one}")) for one in ("/etc/fstab", "/usr/lib/systemd/systemd")
        )
        assert made_s > systemd_s
        assert int(stopped.ssh("date +%s")) >= made_s

    def test_its_certificate_is_valid_for_a_tablet_that_has_the_time(self, stopped: Computer) -> None:
        stopped.well()
        assert stopped.page() == 200

    def test_it_says_that_it_does_not_know_the_time(self, stopped: Computer) -> None:
        said = stopped.ssh("sudo bitgrid doctor 2>&1", may_fail=True, within_s=BEGIN_S)
        assert re.search(r"clock +is not synchronized", said), said

    def test_the_time_that_comes_later_costs_no_decision(self, stopped: Computer) -> None:
        known = stopped.decisions()
        stopped.ssh(f"sudo date --set=@{int(time.time())}")
        stopped.eventually(lambda: stopped.decisions() > known, "it decides on")
        stopped.well()
        assert stopped.page() == 200
