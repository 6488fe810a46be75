"""The page by keyboard, enlarged, without motion, by ear, and without JavaScript."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from bitgrid.web.rooms.showing import ROOMS
from web.lived import SHADE_W, Lived, running
from web.reach import runs_over, tab_through
from web.site import BROWSER

pytestmark = BROWSER
SPACED = "* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important; }"
MOVING = "document.getAnimations().filter((one) => one.playState === 'running').length"


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lived]:
    lived = running(tmp_path_factory.mktemp("lived"))
    yield lived
    lived.site.die()


@pytest.fixture
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lived]:
    """A house that a test may change."""
    lived = running(tmp_path_factory.mktemp("alone"))
    yield lived
    lived.site.die()


@pytest.mark.parametrize("room", ROOMS)
def test_every_stop_of_the_keyboard_is_seen_marked_and_named(page: Page, lived: Lived, room: str) -> None:
    page.goto(f"{lived.url}{ROOMS[room]}?lang=en")
    stops = tab_through(page)
    assert len(stops) > len(ROOMS)
    assert [stop for stop in stops if not (stop["is_seen"] and stop["is_marked"] and stop["name"])] == []


def test_the_keyboard_goes_as_the_eye_does(page: Page, lived: Lived) -> None:
    """From the top to the bottom; within the first ten stops after the rooms a load can be stopped."""
    page.goto(f"{lived.url}/?lang=en")
    names = [stop["name"] for stop in tab_through(page)]
    assert names[0] == "To the content", names
    order = [
        next(n for n, name in enumerate(names) if name.startswith(begin)) for begin in ("BitGrid", "Stop Miner")
    ]
    assert order == sorted(order)
    stop = order[1]
    assert stop <= len(ROOMS) + 14, names


def test_whoever_skips_the_rooms_is_in_the_content(page: Page, lived: Lived) -> None:
    page.goto(f"{lived.url}/?lang=en")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")


def test_a_load_is_stopped_by_keyboard(page: Page, alone: Lived) -> None:
    page.goto(f"{alone.url}/?lang=en")
    page.get_by_role("button", name="Stop Miner").focus()
    page.keyboard.press("Enter")
    page.wait_for_timeout(300)
    alone.live(5)
    expect(page.locator("#answer")).to_contain_text("Accepted")
    alone.live(60)
    assert alone.house.miner_w < 50


@pytest.mark.parametrize("room", ROOMS)
@pytest.mark.parametrize("what", ["200 %", "400 %", "spaced", "large text"])
def test_enlarged_nothing_runs_over_the_edge(browser: Browser, lived: Lived, room: str, what: str) -> None:
    """WCAG 1.4.4, 1.4.10 and 1.4.12; a tablet of 1280 × 800 enlarged has as many pixels of CSS less."""
    width, height = {"200 %": (640, 400), "400 %": (320, 256)}.get(what, (1280, 800))
    page = browser.new_page(viewport={"width": width, "height": height})
    page.goto(f"{lived.url}{ROOMS[room]}?lang=de")
    if what == "spaced":
        page.evaluate("(css) => document.adoptedStyleSheets = [Object.assign(new CSSStyleSheet(), {})]", SPACED)
        page.evaluate("(css) => document.adoptedStyleSheets[0].replaceSync(css)", SPACED)
    elif what == "large text":
        page.evaluate("document.documentElement.style.fontSize = '32px'")
    assert runs_over(page) == []
    page.close()


@pytest.mark.parametrize("room", ROOMS)
def test_nothing_moves_where_motion_is_not_welcome(page: Page, lived: Lived, room: str) -> None:
    page.emulate_media(reduced_motion="reduce")
    page.goto(f"{lived.url}{ROOMS[room]}?lang=en")
    assert page.evaluate(MOVING) == 0


def test_the_flow_moves_where_motion_is_welcome(page: Page, lived: Lived) -> None:
    page.emulate_media(reduced_motion="no-preference")
    page.goto(f"{lived.url}/?lang=en")
    assert page.evaluate(MOVING) > 0


def test_who_hears_the_page_hears_the_decision_and_no_watts(page: Page, alone: Lived) -> None:
    """A region that is itself replaced is not read by many readers: its text has to change within it."""
    page.goto(f"{alone.url}/?lang=en")
    page.evaluate(
        """() => {
          window.said = [];
          window.regions = [...document.querySelectorAll("[aria-live], [role=status], [role=alert], output")];
          for (const region of window.regions) new MutationObserver(() => {
            const text = region.textContent.replace(/\\s+/g, " ").trim();
            if (text && text !== window.said.at(-1)) window.said.push(text);
          }).observe(region, {subtree: true, childList: true, characterData: true});
        }"""
    )
    alone.live(30)
    page.wait_for_timeout(1200)
    assert page.evaluate("window.said") == [], "values changed, and that is not read"
    alone.sky.pv_w = SHADE_W
    decided = len(alone.house.decisions)
    alone.until(lambda: len(alone.house.decisions) > decided, 900)
    page.wait_for_timeout(1200)
    said = page.evaluate("window.said")
    assert len(said) == 1, said
    assert said[0] in " ".join(page.locator("#why").inner_text().split())
    assert page.evaluate("window.regions.every((one) => one.isConnected)"), "what is read stays where it is"


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_has_the_same_parts_without_javascript(browser: Browser, lived: Lived, room: str) -> None:
    def shown(*, script: bool) -> list[str]:
        context = browser.new_context(java_script_enabled=script)
        page = context.new_page()
        page.goto(f"{lived.url}{ROOMS[room]}?lang=en")
        headings = [heading.inner_text() for heading in page.locator("h1, h2, h3").all() if heading.is_visible()]
        context.close()
        return headings

    assert shown(script=False) == shown(script=True)
