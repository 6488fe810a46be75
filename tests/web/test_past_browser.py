"""Timeline and plan in a real browser: by finger, by keyboard, without JavaScript, for everybody."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from bitgrid.config import Config
from bitgrid.web import Places
from web.axe import violations
from web.reach import runs_over, small_targets, tab_through
from web.records import Recorded, record
from web.site import BROWSER, Site
from web.talk import NOON_S, REPOSITORY

pytestmark = BROWSER


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory, shipped: Config) -> Recorded:
    """Twelve hours up to noon."""
    return record(tmp_path_factory.mktemp("data"), shipped, 72, NOON_S - 72 * 600)


@pytest.fixture(scope="module")
def url(recorded: Recorded) -> Iterator[str]:
    served = Site(recorded.config, places=Places(recorded.data, REPOSITORY / "config"))
    yield served.url
    served.die()


def test_a_press_on_the_band_shows_the_block(page: Page, url: str, complaints: list[str]) -> None:
    page.goto(f"{url}/timeline?lang=en")
    page.locator(".band .hit").nth(20).click()
    expect(page.locator("#picked")).to_be_visible()
    expect(page.locator("#timeline-said")).to_contain_text("the miner")
    chosen = page.locator("#at").input_value()
    assert chosen == page.locator(".band .hit").nth(20).get_attribute("data-at")
    expect(page.locator(".band .picked")).to_have_count(1)
    page.locator("#step-after").click()
    expect(page.locator("#at")).not_to_have_value(chosen)
    assert complaints == []


def test_a_decision_is_derived_again_beside_its_record(page: Page, url: str, complaints: list[str]) -> None:
    page.goto(f"{url}/timeline?lang=de")
    page.locator("#timeline .rows a").first.click()
    page.locator("#do-replay").click()
    expect(page.locator("#replay-said[role=status]")).to_contain_text(re.compile(r"Dieselben [\d.]+ Bytes"))
    assert complaints == []


def test_a_slider_is_answered_while_it_moves(page: Page, url: str, complaints: list[str]) -> None:
    page.goto(f"{url}/plan?lang=en")
    expect(page.locator(".badge")).to_have_text("As measured")
    slider = page.locator("input[type=range][data-for='n-battery_soc_pct']")
    slider.focus()
    for _ in range(3):
        slider.press("PageDown")
    expect(page.locator(".badge")).to_have_text("Hypothetical")
    number = page.locator("[name=battery_soc_pct]")
    assert number.input_value() == slider.input_value()
    number.fill("12,5")
    expect(page.locator("#whatif-answer")).to_contain_text("12.5 %")
    expect(page.locator("#whatif-said")).to_contain_text("The battery is at 12.5 %")
    expect(slider).to_have_value("12.5")
    number.fill("much")
    expect(page.locator("#whatif-answer .alert")).to_contain_text("no number")
    assert complaints == []


def test_without_javascript_everything_still_works(browser: Browser, url: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{url}/timeline?lang=en")
    page.locator("#at").select_option(index=3)
    page.locator("#pick").click()
    page.locator("#do-replay").click()
    expect(page.locator("#replay")).to_contain_text("exactly the same was decided")
    page.goto(f"{url}/plan?lang=en")
    expect(page.locator("input[type=range]").first).to_be_hidden()
    page.locator("[name=battery_soc_pct]").fill("20")
    page.get_by_role("button", name="Have it decided").click()
    expect(page.locator(".badge")).to_have_text("Hypothetical")
    context.close()


@pytest.mark.parametrize(
    ("width", "height", "look"),
    [(390, 844, "light de"), (390, 844, "dark en"), (768, 1024, "dark de"), (1280, 800, "light en")],
)
def test_they_are_for_everybody(  # noqa: PLR0913, PLR0917  what a page is looked at on
    page: Page, url: str, recorded: Recorded, width: int, height: int, look: str
) -> None:
    scheme, language = look.split()
    page.set_viewport_size({"width": width, "height": height})
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    at = recorded.row("START").id
    for path in (f"/timeline?at={at}&replay=1", "/plan?battery_soc_pct=20&battery_soc_pct.was=1"):
        page.goto(f"{url}{path}&lang={language}")
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        assert violations(page) == []
        assert small_targets(page) == []
        assert runs_over(page) == []


@pytest.mark.parametrize("path", ["/timeline", "/plan"])
def test_the_keyboard_reaches_everything_and_sees_where_it_is(page: Page, url: str, path: str) -> None:
    page.goto(f"{url}{path}?lang=en")
    stops = tab_through(page)
    assert all(stop["is_seen"] and stop["is_marked"] for stop in stops), [
        stop for stop in stops if not (stop["is_seen"] and stop["is_marked"])
    ]
    assert len(stops) > 8
