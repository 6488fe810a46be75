"""The room Now in a real browser: what would come of a wish, focus, motion, the wall, and a lost connection."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from bitgrid.config import Config
from bitgrid.web import Places, live
from bitgrid.web.problems import Refusal
from web.axe import GOOD_PRACTICE, violations
from web.reach import runs_over, small_targets
from web.records import record
from web.site import BROWSER, Site
from web.talk import NOON_S, REPOSITORY, SUNNY
from web.test_wishes import waits

pytestmark = BROWSER
MOVING = "document.getAnimations().filter((one) => one.playState === 'running').length"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory, shipped: Config) -> Path:
    """The ledger of a morning that ends at noon, in the sun."""
    return record(tmp_path_factory.mktemp("data"), shipped, 37, NOON_S - 36 * 600).data


@pytest.fixture
def noon(config: Config, data: Path) -> Iterator[Site]:
    served = Site(config, places=Places(data, REPOSITORY / "config"))
    served.tell_a_day()
    served.talk.energy(autonomy=3)
    yield served
    served.die()


def faults(page: Page) -> list[str]:
    return [*violations(page, GOOD_PRACTICE), *runs_over(page), *small_targets(page)]


def test_a_wish_is_explained_then_confirmed_then_answered(page: Page, noon: Site, complaints: list[str]) -> None:
    noon.talk.answer(ends_at_s=NOON_S + 3600)
    page.goto(f"{noon.url}/?lang=en")
    page.locator("#wishes-miner-open").click()
    page.locator("#wish-miner-eco").click()
    expect(page.locator("#ask")).to_contain_text("After that, as things stand:")
    expect(page.locator("#ask-title")).to_be_focused()
    assert noon.talk.asked == []
    assert faults(page) == []
    page.get_by_role("button", name="Yes, do it").click()
    expect(page.locator("#answer")).to_have_text("Accepted, until 13:00.")
    expect(page.locator("#ask")).to_be_empty()
    expect(page.locator("#wish-miner-eco")).to_be_focused()
    assert len(noon.talk.asked) == 1
    assert complaints == []


def test_a_wish_is_dropped_and_the_focus_is_where_it_was(page: Page, noon: Site) -> None:
    noon.talk.listen()
    page.goto(f"{noon.url}/?lang=en")
    page.locator("#autonomy-open").click()
    page.locator("#autonomy-0").click()
    expect(page.locator("#ask")).to_contain_text("starts nothing by itself any more")
    page.get_by_role("link", name="Rather not").click()
    expect(page.locator("#ask")).to_be_empty()
    expect(page.locator("#autonomy-0")).to_be_focused()
    assert noon.talk.asked == []


def test_a_wish_without_javascript_is_explained_on_a_page_of_its_own(browser: Browser, noon: Site) -> None:
    noon.talk.answer(ends_at_s=NOON_S + 3600)
    context = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(f"{noon.url}/?lang=en")
    page.locator("#wishes-miner-open").click()
    page.locator("#minutes-miner").select_option("120")
    page.locator("#wish-miner-start").click()
    expect(page.locator("main")).to_contain_text("Start Miner for 2 h 00 min?")
    assert runs_over(page) == []
    page.get_by_role("button", name="Yes, do it").click()
    expect(page.locator("#answer")).to_have_text("Accepted, until 13:00.")
    (request,) = noon.talk.asked
    assert request.duration_s == 7200  # type: ignore[union-attr]
    context.close()


def test_what_waits_is_confirmed_with_one_tap(page: Page, noon: Site, complaints: list[str]) -> None:
    noon.talk.load("off")
    noon.talk.energy(autonomy=1)
    noon.talk.event(waits())
    noon.talk.answer(code="CONFIRMED")
    page.goto(f"{noon.url}/?lang=en")
    assert faults(page) == []
    page.get_by_role("button", name="Yes, start Miner").click()
    expect(page.locator("#answer")).to_have_text("Accepted. It is being switched.")
    assert complaints == []


def test_the_focus_stays_where_a_part_is_replaced(page: Page, noon: Site) -> None:
    page.goto(f"{noon.url}/?lang=en")
    page.locator("#ladder-miner-open").focus()
    noon.talk.decision({**SUNNY, "battery_soc_pct": 49.0}, level="full", last_start_block=0)
    expect(page.locator("#why .sentence")).to_contain_text("The battery is at 49")
    expect(page.locator("#ladder-miner-open")).to_be_focused()


def test_the_picture_is_held_still_now_and_the_next_time(page: Page, noon: Site) -> None:
    page.emulate_media(reduced_motion="no-preference")
    page.goto(f"{noon.url}/?lang=en")
    assert page.evaluate(MOVING) > 0
    page.get_by_label("Hold the picture still").check()
    assert page.evaluate(MOVING) == 0
    page.reload()
    assert page.evaluate(MOVING) == 0


def test_a_connection_that_is_lost_blanks_every_value_and_comes_back_without_a_reload(
    page: Page, noon: Site
) -> None:
    page.clock.install()
    page.goto(f"{noon.url}/?lang=en")
    page.evaluate("window.samePage = true")
    expect(page.locator("#now .figure")).to_contain_text("1.7 kW")
    fragments = noon.app.extensions["bitgrid"].fragments
    page.route("**/fragments/now**", lambda route: route.abort())
    fragments.changes = lambda *_more, **_named: ""  # nothing comes any more
    page.clock.fast_forward(11_000)
    expect(page.locator("#silence")).to_be_visible()
    for shown in page.locator("main .live").all():
        expect(shown).to_have_css("visibility", "hidden")
    assert violations(page) == []
    del fragments.changes
    expect(page.locator("#silence")).to_be_hidden(timeout=15_000)
    expect(page.locator("#now .figure .live").first).to_have_css("visibility", "visible")
    assert page.evaluate("window.samePage") is True


def test_a_refusal_is_no_news_of_the_house(page: Page, noon: Site) -> None:
    def refuse() -> None:
        raise Refusal(503, "accounts_unreadable", "The accounts cannot be read.")

    page.add_init_script("window.WebSocket = function () { return new EventTarget(); };")
    page.clock.install()
    page.goto(f"{noon.url}/?lang=en")
    noon.app.view_functions["pages.fragments"] = refuse
    page.clock.fast_forward(5_000)
    expect(page.locator("#answer")).to_contain_text("The accounts cannot be read")
    page.clock.fast_forward(6_000)
    expect(page.locator("#silence")).to_be_visible()
    expect(page.locator("#now .figure .live").first).to_have_css("visibility", "hidden")


def test_a_socket_that_is_closed_is_opened_anew_without_a_reload(
    page: Page, noon: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "SOCKET_PUSHES", 1)
    opened: list[str] = []
    page.on("websocket", lambda socket: opened.append(socket.url))
    page.goto(f"{noon.url}/?lang=en")
    page.evaluate("window.samePage = true")
    while len(opened) < 3:
        page.wait_for_timeout(100)
    noon.talk.load("off")
    expect(page.locator("#now .headline")).to_have_text("Off", timeout=10_000)
    expect(page.locator("#silence")).to_be_hidden()
    assert page.evaluate("window.samePage") is True


def test_after_an_update_the_page_is_fetched_anew_but_not_under_a_person_s_hand(page: Page, noon: Site) -> None:
    page.goto(f"{noon.url}/?lang=en")
    page.locator("#wishes-miner-open").click()
    page.locator("#wish-miner-eco").click()
    expect(page.locator("#ask-title")).to_be_focused()
    page.evaluate("window.samePage = true")
    noon.app.jinja_env.globals["files"] = "another"
    expect(page.locator("#pulse[data-files=another]")).to_be_attached()
    assert page.evaluate("window.samePage") is True
    page.get_by_role("link", name="Rather not").click()
    page.wait_for_function("() => !window.samePage")
    expect(page.locator("#now")).to_contain_text("Runs: full power")


def test_the_room_of_the_system_lives_by_the_same_script(page: Page, noon: Site, complaints: list[str]) -> None:
    page.goto(f"{noon.url}/system?lang=en")
    before = page.locator("#pulse").inner_text()
    expect(page.locator("#pulse")).not_to_have_text(before, timeout=15_000)
    assert complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_tablet_on_the_wall_shows_all_at_once(browser: Browser, noon: Site, scheme: str) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 800}, color_scheme=scheme)  # type: ignore[arg-type]  # as parametrized
    page = context.new_page()
    page.goto(f"{noon.url}/?lang=de&kiosk=1")
    expect(page.locator("#now")).to_contain_text("Läuft")
    parts = ["#now", "#why", "#next", ".flow", ".stop", "#estop"]
    bottoms = page.evaluate(
        "(all) => all.map((part) => document.querySelector(part).getBoundingClientRect().bottom)", parts
    )
    assert max(bottoms) <= 800, dict(zip(parts, bottoms, strict=True))
    expect(page.locator("nav")).to_be_hidden()
    assert faults(page) == []
    context.close()
