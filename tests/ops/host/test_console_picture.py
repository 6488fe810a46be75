"""The guide's picture of the screen shows what the screen shows today; BITGRID_SCREENSHOT=1 draws it anew."""

from __future__ import annotations

import os
import re
import shutil
from html import unescape
from pathlib import Path

import pytest
from click.testing import CliRunner

from bitgrid.cli import main
from bitgrid.ops.host import console
from bitgrid.ops.host.console import Screen
from bitgrid.ops.host.places import HostPlaces
from ops.host.appliance_site import ROOT, write_config
from ops.host.console_picture import BLOCKS, is_code, picture

PICTURE = ROOT / "docs" / "images" / "screen.svg"
FINGERPRINT = ":".join(f"{37 * number % 256:02X}" for number in range(1, 33))
FIRST = Screen(("bitgrid.local",), ("192.168.1.20",), FINGERPRINT, None, "1234-5678-9012")
MEANS = (
    "The appliance's screen: the page's two addresses, The house is well, the code for the first account, "
    "the fingerprint of the certificate, and a code for a camera with the address"
)


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """What the command prints on a first evening."""
    places = HostPlaces(tmp_path)
    write_config(places.config)
    monkeypatch.setattr(console, "look", lambda *_: FIRST)
    done = CliRunner().invoke(main, ["host", "console", "--once", "--root", str(tmp_path)])
    assert done.exit_code == 0, done.output
    return done.output


def shown() -> list[str]:
    """The lines of words in the picture."""
    text = PICTURE.read_text(encoding="utf-8")
    return [unescape(line) for line in re.findall(r"<text [^>]*>(.*)</text>", text)]


def test_the_words_in_the_picture_are_the_screens(told: str) -> None:
    if "BITGRID_SCREENSHOT" in os.environ:
        PICTURE.write_text(picture(told, MEANS), encoding="utf-8")
    words = [line for line in told.split("\n") if line.strip() and not is_code(line)]
    assert len(words) >= 7
    assert shown() == words, "BITGRID_SCREENSHOT=1 with this test draws it anew"


@pytest.mark.skipif(shutil.which("qrencode") is None, reason="qrencode is not installed")
def test_the_code_in_the_picture_is_the_screens(told: str) -> None:
    assert any(is_code(line) for line in told.split("\n"))
    assert PICTURE.read_text(encoding="utf-8") == picture(told, MEANS)


def test_a_block_is_drawn_where_it_is_lit() -> None:
    assert [is_code(line) for line in ("█▀▄ ", "  ", "BitGrid")] == [True, False, False]
    drawn = picture("Words\n█▀▄█\n", "")
    assert "M24 70h12v6h-12zM42 70h6v6h-6zM24 76h6v6h-6zM36 76h12v6h-12z" in drawn
    assert set(BLOCKS) == set("█▀▄ ")
