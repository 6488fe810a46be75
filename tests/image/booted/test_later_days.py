"""What comes in a card's years: no room left; the computer starts, says so, and no load is on."""

from __future__ import annotations

import contextlib
import time

import pytest

from image.booted.computer import Computer


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
