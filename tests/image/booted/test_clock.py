"""A card in a computer without a clock, as a Raspberry Pi 5 without a battery.

It comes first by its name, for the computer of all other tests is not on then: each has this machine for itself.
"""

from __future__ import annotations

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
BLOCK_S = 600


@pytest.fixture(scope="module")
def stopped(
    tmp_path_factory: pytest.TempPathFactory, card: Layout, debian: Tools, image: Path
) -> Iterator[Computer]:
    """A new card in a computer whose clock stands in another century, and no network to ask in."""
    with inserted(tmp_path_factory.mktemp("clock"), card, debian, image, CARD_MIB) as computer:
        computer.begins = BEFORE_IT_WAS_MADE
        computer.begin(WISHES)
        yield computer


def test_it_is_not_before_the_system_was_made(stopped: Computer) -> None:
    """Later than what systemd sets a clock forward to by itself, which is when systemd was made."""
    made_s, systemd_s = (
        int(stopped.ssh(f"stat --format=%Y {one}")) for one in ("/etc/fstab", "/usr/lib/systemd/systemd")
    )
    assert made_s > systemd_s
    assert int(stopped.ssh("date +%s")) >= made_s


def test_its_certificate_is_valid_for_a_tablet_that_has_the_time(stopped: Computer) -> None:
    stopped.well()
    assert stopped.page() == 200


def test_it_says_that_it_does_not_know_the_time(stopped: Computer) -> None:
    said = stopped.ssh("sudo bitgrid doctor 2>&1", may_fail=True, within_s=BEGIN_S)
    assert re.search(r"clock +is not synchronized", said), said


def test_the_time_that_comes_later_costs_no_decision(stopped: Computer) -> None:
    known = stopped.decisions()
    soon_over_s = (int(time.time()) // BLOCK_S + 1) * BLOCK_S - 30
    stopped.ssh(f"sudo date --set=@{soon_over_s}")
    stopped.eventually(lambda: stopped.decisions() > known, "it decides on")
    stopped.well()
    assert stopped.page() == 200
