"""Each room of the page in every state of a house that lives for everybody: after axe-core, for fingers, on small
and large screens, light and dark, in both languages. What was seen is kept as pictures in var/pages.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from bitgrid.explain import LANGUAGES
from bitgrid.web.accounts import Accounts, Role
from bitgrid.web.entry import ACCOUNTS
from bitgrid.web.rooms.setup_page import STEPS
from bitgrid.web.rooms.showing import ROOMS
from web.axe import GOOD_PRACTICE, violations
from web.lived import STATES, Lived
from web.reach import runs_over, small_targets
from web.site import BROWSER
from web.talk import REPOSITORY

pytestmark = BROWSER
PICTURES = REPOSITORY / "var" / "pages"
VIEWPORTS = {"phone": (390, 844), "portrait": (820, 1180), "landscape": (1280, 800)}
LOOKS = (("phone", "light"), ("portrait", "dark"), ("landscape", "light"))
BESIDE = {
    "wall": "/?kiosk=1",
    "wish": "/wish?load=miner&wish=level:eco&minutes=120",
    "autonomy": "/wish?autonomy=1",
    "decision": "/timeline?at={newest}",
}
"""Pages that no room leads to by the navigation."""
PASSWORD = "the sun is free"  # noqa: S105  of a house that lives for one test


@pytest.fixture(scope="module", params=STATES)
def state(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def lived(state: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lived]:
    lived = STATES[state](tmp_path_factory.mktemp(state))
    yield lived
    lived.site.die()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lived]:
    lived = STATES["running"](tmp_path_factory.mktemp("beside"))
    yield lived
    lived.site.die()


def faults(page: Page, name: str) -> list[str]:
    """What is wrong with a page on the screens and in the lights there are; a picture of each is kept."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    found = []
    for viewport, scheme in LOOKS:
        width, height = VIEWPORTS[viewport]
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]  # as LOOKS say
        page.screenshot(path=PICTURES / f"{name}-{viewport}-{scheme}.png", full_page=True)
        told = [*violations(page, GOOD_PRACTICE), *runs_over(page), *small_targets(page)]
        found += [f"{viewport}, {scheme}: {fault}" for fault in told]
    return found


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_is_for_everybody(page: Page, lived: Lived, state: str, room: str) -> None:
    """In one language a state, in turns; BITGRID_EVERY_PAGE=1 has it in both, which takes twice as long."""
    turn = (list(STATES).index(state) + list(ROOMS).index(room)) % len(LANGUAGES)
    for language in LANGUAGES if "BITGRID_EVERY_PAGE" in os.environ else (LANGUAGES[turn],):
        page.goto(f"{lived.url}{ROOMS[room]}?lang={language}")
        assert faults(page, f"{room}-{state}-{language}") == []


@pytest.mark.parametrize("name", BESIDE)
@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_beside_the_rooms_is_for_everybody(page: Page, running: Lived, name: str, language: str) -> None:
    newest = running.house.ledger.decisions(limit=1)[0].id
    page.goto(f"{running.url}{BESIDE[name].format(newest=newest)}&lang={language}")
    assert faults(page, f"{name}-{language}") == []


@pytest.fixture(scope="module")
def new(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lived]:
    lived = STATES["first_run"](tmp_path_factory.mktemp("new"))
    yield lived
    lived.site.die()


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_step_of_the_first_run_is_for_everybody(page: Page, new: Lived, step: str, language: str) -> None:
    page.goto(f"{new.url}/setup?step={step}&lang={language}")
    assert faults(page, f"first-run-{step}-{language}") == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_way_in_is_for_everybody(page: Page, tmp_path: Path, language: str) -> None:
    keys = tmp_path / "keys"
    lived = Lived(tmp_path, keys)
    try:
        page.goto(f"{lived.url}/login?lang={language}")
        assert faults(page, f"begin-{language}") == []
        Accounts(keys / ACCOUNTS).set_user("anna", PASSWORD, Role.OPERATOR)
        page.goto(f"{lived.url}/login?lang={language}")
        assert faults(page, f"login-{language}") == []
        page.locator("[name=name]").fill("anna")
        page.locator("[name=password]").fill("wrong password")
        page.locator("button").click()
        assert faults(page, f"login-wrong-{language}") == []
        assert page.locator("[name=name]").input_value() == "anna"
        page.locator("[name=password]").fill(PASSWORD)
        page.locator("button").click()
        page.goto(f"{lived.url}/nothing/here?lang={language}")
        assert faults(page, f"not-there-{language}") == []
    finally:
        lived.site.die()


def test_a_page_that_hears_nothing_any_more_can_still_be_read(browser: Browser, tmp_path: Path) -> None:
    lived = STATES["running"](tmp_path)
    page = browser.new_page()
    page.clock.install()
    page.goto(f"{lived.url}/?lang=en")
    lived.site.die()
    page.clock.fast_forward(11_000)
    page.locator("#silence").wait_for(state="visible")
    assert faults(page, "now-silent-en") == []
    page.close()
