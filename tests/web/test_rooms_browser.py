"""Energy and System in a real browser: charts are drawn, everybody can read and reach it, nothing runs over."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from bitgrid.config import Config
from bitgrid.store.backup_state import tell_backup, tell_restore
from bitgrid.web import Places
from bitgrid.web.accounts import Accounts, Role
from bitgrid.web.entry import ACCOUNTS
from bitgrid.web.kpis import KpiDesk
from replay.kpi.archives import ArchivedHouse
from web.axe import violations
from web.reach import runs_over, small_targets
from web.site import BROWSER, Site
from web.talk import NOON_S, REPOSITORY
from web.test_energy import FIRST, Child

pytestmark = BROWSER
PASSWORD = "the sun is free"  # noqa: S105  of a house that lives for one test
VIEWPORTS = ((390, 844), (820, 1180), (1180, 820))


@pytest.fixture
def lived(config: Config, tmp_path: Path) -> Iterator[Site]:
    """A house with a log-in, whose yesterday is archived."""
    house, data = ArchivedHouse(), tmp_path / "data"
    for block in range(FIRST, FIRST + 144):
        house.lived(block, pv_power_w=3000, house_load_w=300, grid_power_w=-1100, miner__power_w=1600)
        house.decided(block, level="eco")
        house.worth(block, 266.7, 266.7, sats=12.0, value_ct=3.0, export_value_ct=2.1, path="hodl")
    house.write(data / "archive")
    tell_backup(data, NOON_S - 9 * 3600)
    tell_restore(data, NOON_S - 90 * 86_400)
    accounts = Accounts(tmp_path / "web" / ACCOUNTS)
    accounts.set_user("anna", PASSWORD, Role.OPERATOR)
    accounts.add_token("ha", ("read", "override"))
    site = Site(config, tmp_path / "web", Places(data, REPOSITORY / "config"))
    site.app.extensions["bitgrid"].kpis = KpiDesk(data, REPOSITORY / "config", 600, site.clock, Child())
    site.tell_a_day()
    yield site
    site.die()


def enter(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/login")
    page.locator("input[name=name]").fill("anna")
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("main button[type=submit]").click()


def test_figures_come_by_themselves_and_their_charts_are_drawn(
    page: Page, lived: Site, complaints: list[str]
) -> None:
    enter(page, lived)
    page.goto(f"{lived.url}/energy?span=day&at=2025-06-15&lang=en")
    expect(page.locator(".chart.drawn canvas")).to_have_count(1)
    expect(page.locator("#told")).to_contain_text("1,728")
    page.locator(".u-over").hover()
    expect(page.locator(".reading")).to_contain_text("Sun 3,000 W")
    page.emulate_media(color_scheme="dark")
    expect(page.locator(".chart.drawn canvas")).to_have_count(1)
    assert complaints == []


def test_without_javascript_the_figures_are_a_link_away(browser: Browser, lived: Site) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    enter(page, lived)
    page.goto(f"{lived.url}/energy?span=day&at=2025-06-15&lang=en")
    page.get_by_text("wait here until the figures are there").click()
    page.get_by_text("The same values as a table").click()
    expect(page.locator("#told table").first).to_contain_text("3,000")
    context.close()


@pytest.mark.parametrize("viewport", VIEWPORTS, ids=str)
def test_both_rooms_are_for_everybody(browser: Browser, lived: Site, viewport: tuple[int, int]) -> None:
    width, height = viewport
    is_dark = width == VIEWPORTS[0][0]
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme="dark" if is_dark else "light"
    )
    page = context.new_page()
    enter(page, lived)
    language = "de" if is_dark else "en"
    for path in ("/energy?span=month&at=2025-06-15", "/system?kind="):
        page.goto(f"{lived.url}{path}&lang={language}")
        if "energy" in path:
            expect(page.locator(".chart.drawn canvas").first).to_be_visible()
        for summary in page.locator("main summary").all():
            summary.click()
        assert violations(page) == [], path
        assert small_targets(page) == [], path
        assert runs_over(page) == [], path
    context.close()


def test_a_token_is_made_by_keyboard_alone_and_shown_once(page: Page, lived: Site, complaints: list[str]) -> None:
    enter(page, lived)
    page.goto(f"{lived.url}/system?lang=en")
    page.get_by_label("Name of the machine").focus()
    page.keyboard.type("grafana")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    expect(page.locator(".token")).to_contain_text("bitgrid.grafana.")
    page.goto(f"{lived.url}/system?lang=en")
    expect(page.locator(".token")).to_have_count(0)
    expect(page.locator("#tokens")).to_contain_text("grafana")
    assert complaints == []


def test_health_goes_on_by_itself_and_is_greyed_when_nothing_comes(page: Page, lived: Site) -> None:
    enter(page, lived)
    page.clock.install()
    page.goto(f"{lived.url}/system?lang=en")
    before = page.locator("#health").inner_text()
    page.clock.fast_forward(6_000)
    expect(page.locator("#health")).not_to_have_text(before)
    expect(page.locator("#silence")).to_be_hidden()
    lived.die()
    page.clock.fast_forward(12_000)
    expect(page.locator("#silence")).to_be_visible()
