"""The page in a real browser, over real sockets, on a house that is told over a bus in memory."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from web.site import BROWSER, Site
from web.talk import NOON_S, SUNNY

pytestmark = BROWSER


def test_the_page_changes_by_itself_over_the_socket(page: Page, site: Site, complaints: list[str]) -> None:
    site.tell_a_day()
    page.goto(f"{site.url}/?lang=en")
    expect(page.locator("#now")).to_contain_text("Runs: full power")
    page.locator("#why summary").click()
    expect(page.locator(".rung.binding")).to_contain_text("enough for full power")
    site.talk.load("off")
    site.talk.decision({**SUNNY, "battery_soc_pct": 49.0}, level="full", last_start_block=0)
    expect(page.locator("#now .headline")).to_have_text("Off")
    expect(page.locator("#why .sentence")).to_contain_text("The battery is at 49")
    expect(page.locator(".rung.binding")).to_be_visible()  # what was unfolded stays unfolded
    assert complaints == []


def test_a_server_that_dies_greys_the_page_within_seconds(page: Page, site: Site) -> None:
    site.tell_a_day()
    page.clock.install()
    page.goto(f"{site.url}/?lang=en")
    expect(page.locator("#silence")).to_be_hidden()
    site.die()
    page.clock.fast_forward(11_000)
    expect(page.locator("#silence")).to_be_visible()
    expect(page.locator("body.silent #now .figure .live").first).to_have_css("visibility", "hidden")
    expect(page.locator("#controls .stop")).to_have_css("visibility", "visible")


def test_without_a_socket_the_page_asks_every_few_seconds(page: Page, site: Site, complaints: list[str]) -> None:
    site.tell_a_day()
    page.add_init_script("window.WebSocket = function () { return new EventTarget(); };")
    page.clock.install()
    page.goto(f"{site.url}/?lang=en")
    site.talk.load("off")
    expect(page.locator("#now .headline")).to_have_text("Runs: full power")
    page.clock.fast_forward(5_000)
    expect(page.locator("#now .headline")).to_have_text("Off")
    expect(page.locator("#silence")).to_be_hidden()
    assert complaints == []


def test_the_stop_button_answers_in_place(page: Page, site: Site, complaints: list[str]) -> None:
    site.tell_a_day()
    site.talk.answer(ends_at_s=NOON_S + 3600)
    page.goto(f"{site.url}/?lang=en")
    page.get_by_role("button", name="Stop Miner").click()
    expect(page.locator("#answer")).to_have_text("Accepted, until 13:00.")
    assert len(site.talk.asked) == 1
    assert "asked=" not in page.url
    assert complaints == []


def test_the_stop_button_works_without_javascript(browser: Browser, site: Site) -> None:
    site.tell_a_day()
    site.talk.answer(accepted=False, text="not now")
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site.url}/?lang=en")
    page.get_by_role("button", name="Stop Miner").click()
    expect(page.locator("#answer")).to_have_text("Refused: not now")
    assert len(site.talk.asked) == 1
    page.reload()
    assert len(site.talk.asked) == 1, "looking again does not ask again"
    context.close()


def test_a_wish_may_be_chosen_while_the_page_goes_on(page: Page, site: Site) -> None:
    site.tell_a_day()
    site.talk.answer()
    page.goto(f"{site.url}/?lang=en")
    page.locator("#controls summary").click()
    page.locator("select[name=minutes]").select_option("120")
    before = page.locator("#pulse").inner_text()
    expect(page.locator("#pulse")).not_to_have_text(before)
    page.get_by_role("button", name="reduced power").click()
    page.get_by_role("button", name="Yes, do it").click()
    expect(page.locator("#answer")).to_contain_text("Accepted")
    (request,) = site.talk.asked
    assert (request.level, request.duration_s) == ("eco", 7200)  # type: ignore[attr-defined]


@pytest.mark.parametrize("width", [360, 390, 820, 1280])
def test_nothing_runs_over_the_edge(browser: Browser, site: Site, width: int) -> None:
    site.tell_a_day()
    context = browser.new_context(viewport={"width": width, "height": 800})
    page = context.new_page()
    page.goto(f"{site.url}/?lang=de")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    if width == 1280:
        bottom = page.evaluate("document.querySelector('.stop').getBoundingClientRect().bottom")
        assert bottom <= 800, "the stop button is on the first screen"
    context.close()
