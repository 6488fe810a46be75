"""The pictures of the README: a day with clouds, as the page shows it. BITGRID_SCREENSHOT=1 renews them."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from web.lived import Lived
from web.site import BROWSER
from web.talk import REPOSITORY

pytestmark = [
    *BROWSER,
    pytest.mark.skipif("BITGRID_SCREENSHOT" not in os.environ, reason="BITGRID_SCREENSHOT=1 renews the pictures"),
]
PICTURES = REPOSITORY / "docs" / "images"
LOOKED_AT_H = 5.2
CLOUDS_H = ((1.6, 2.1), (3.4, 3.6))
SHOWN = {
    "now.png": ("/", (1280, 800), "light"),
    "timeline.png": ("/timeline?at={newest}", (1280, 800), "light"),
    "phone.png": ("/", (390, 844), "dark"),
    "plan.png": ("/plan", (820, 1180), "dark"),
}


def sun_w(hours: float) -> int:
    """From half past ten on: over its highest, lower in the afternoon, with two clouds."""
    shade = 0.2 if any(begins <= hours < ends for begins, ends in CLOUDS_H) else 1.0
    return round(5400 * shade * math.cos((hours - 2.5) / 7.5 * math.pi / 2))


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lived]:
    lived = Lived(tmp_path_factory.mktemp("day"), soc_pct=61.0)
    for minute in range(round(LOOKED_AT_H * 60)):
        lived.sky.pv_w = sun_w(minute / 60)
        lived.live(60)
    yield lived
    lived.site.die()


@pytest.mark.parametrize("name", SHOWN)
def test_a_picture_is_taken(browser: Browser, lived: Lived, name: str) -> None:
    path, (width, height), scheme = SHOWN[name]
    newest = lived.house.ledger.decisions(limit=1)[0].id
    page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)  # type: ignore[arg-type]  # as SHOWN says
    page.goto(f"{lived.url}{path.format(newest=newest)}{'&' if '?' in path else '?'}lang=en")
    page.evaluate("window.scrollTo(0, 0)")
    target: Path = PICTURES / name
    target.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=target)
    assert target.stat().st_size < 250_000
    page.close()
