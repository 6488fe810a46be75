"""The card that `make image` made, started in QEMU from a copy; `make image-test` asks for it, no other does.

Its processor is an emulated one, so times in here say what this machine took, not what a Raspberry Pi does.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import bitgrid
from bitgrid_image.layout import Layout, Machine, layout
from bitgrid_image.tools import Tools, tools
from image.booted.computer import Computer, inserted

ASKED = os.environ.get("BITGRID_TEST_IMAGE", "")
MIRROR = os.environ.get("BITGRID_MIRROR", "http://deb.debian.org/debian")
SECURITY = os.environ.get("BITGRID_MIRROR_SECURITY", "http://deb.debian.org/debian-security")
CARD_MIB = 8000
"""What is sold as 8 GB is a little smaller than that in places, and larger than the image in all."""
WISHES = """\
schema: 1
hostname: sonne
ssh_keys:
  - {key}
time_zone: Europe/Vienna
site: {{name: "Haus Müller", language: en}}
"""


FIGURES: dict[str, float] = {}


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What was measured on the way, for docs/flashing.md."""
    for name, value in FIGURES.items():
        terminalreporter.write_line(f"{name}: {value:.0f}")


def pytest_ignore_collect() -> bool | None:
    """Everything here, unless a card was named."""
    return None if ASKED else True


@pytest.fixture(scope="session")
def card() -> Layout:
    """How the card that was named is divided; its name says what it is for."""
    machine = next(one for one in Machine if f"-{one}." in Path(ASKED).name)
    return layout(machine, bitgrid.__version__)


@pytest.fixture(scope="session")
def debian() -> Tools:
    """Debian's own tools."""
    return tools(MIRROR)


@pytest.fixture(scope="session")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The image, unpacked; nobody writes to it."""
    unpacked = tmp_path_factory.mktemp("image") / "card.img"
    subprocess.run(["zstd", "-q", "-d", "--sparse", ASKED, "-o", unpacked], check=True)
    return unpacked


@pytest.fixture(scope="session")
def computer(
    tmp_path_factory: pytest.TempPathFactory, card: Layout, debian: Tools, image: Path
) -> Iterator[Computer]:
    """A computer with the card in it, on which one can log in."""
    with inserted(tmp_path_factory.mktemp("computer"), card, debian, image, CARD_MIB) as computer:
        computer.begin(WISHES)
        yield computer
        FIGURES.update(computer.figures)
