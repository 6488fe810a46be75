"""Rules, Devices and First run in a browser: for everybody, by keyboard, on a phone, with and without script."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from bitgrid.bus import Health, HealthStatus, ScanReport, Telemetry
from bitgrid.config import load_config
from bitgrid.web.jobs import Jobs
from web.axe import GOOD_PRACTICE, violations
from web.living import Children, own_places
from web.reach import runs_over, small_targets, tab_through
from web.site import BROWSER, Site
from web.test_rules_room import EFFECT
from web.test_setup_room import FOUND

pytestmark = BROWSER
STEPS = ("house", "devices", "load", "test", "signs&noted=yes", "done")


@pytest.fixture
def children() -> Children:
    return Children(says=json.dumps(EFFECT))


@pytest.fixture
def home(tmp_path: Path, children: Children) -> Iterator[Site]:
    places = own_places(tmp_path, first_run=True)
    served = Site(load_config(places.config), places=places)
    served.app.extensions["bitgrid"].jobs = Jobs(served.clock, children)
    served.tell_a_day()
    tell_devices(served)
    yield served
    served.die()


def tell_devices(home: Site) -> None:
    """Three devices: well, frozen and silent; a load; and a scan that has found something."""
    talk = home.talk
    for device, signal, value in (
        ("inverter", "pv_power_w", 4210.0),
        ("battery", "battery_soc_pct", 72.5),
        ("miner", "power_w", 1650.0),
    ):
        told = Telemetry(value=value, source=device, sent_boot_s=home.clock.boot())
        talk.bus.publish(talk.topics.telemetry(device, signal), told, retain=True)
    well = {"answer_age_s": 2.0, "problem": "", "trouble": []}
    states = {
        "inverter": well,
        "battery": well | {"problem": "battery is frozen", "trouble": ["frozen"]},
        "meter": well | {"answer_age_s": 400.0, "problem": "no answer", "trouble": ["silent"]},
    }
    for component, details in (("poller", states), ("loads", {"miner": {"last_error": ""}})):
        health = Health(status=HealthStatus.OK, reason="", instance="a", details=details)
        talk.bus.publish(talk.topics.health(component), health, retain=True)
    talk.bus.publish(talk.topics.scanned, ScanReport(request_id="1", asked=254, of=254, is_over=True, found=FOUND))


PATHS = ("/rules", "/devices", *(f"/setup?step={step}" for step in STEPS))


@pytest.mark.parametrize(("scheme", "width", "lang"), [("light", 1280, "de"), ("dark", 390, "en")])
def test_every_page_is_for_everybody(browser: Browser, home: Site, scheme: str, width: int, lang: str) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": 800},
        color_scheme=scheme,  # type: ignore[arg-type]
    )
    page = context.new_page()
    wrong: dict[str, list[str]] = {}
    for path in PATHS:
        mark = "&" if "?" in path else "?"
        page.goto(f"{home.url}{path}{mark}lang={lang}")
        found = violations(page, GOOD_PRACTICE) + small_targets(page) + runs_over(page)
        wrong |= {path: found} if found else {}
    assert wrong == {}
    context.close()


def test_a_threshold_is_changed_from_the_form_to_its_effect_and_applied(
    page: Page, home: Site, children: Children, complaints: list[str]
) -> None:
    home.talk.answer(code="CONFIGURED")
    page.goto(f"{home.url}/rules?lang=en")
    page.get_by_label("Hysteresis").fill("350")
    page.get_by_role("button", name="Show the effect").click()
    expect(page.get_by_role("row", name="energy mined with")).to_contain_text("+3.3")
    assert violations(page, GOOD_PRACTICE) == []
    assert small_targets(page) == []
    assert len(children.commands) == 1
    page.get_by_role("button", name="Apply").click()
    expect(page.locator("#answer")).to_contain_text("The new values hold now")
    assert complaints == []


def test_while_the_effect_is_worked_out_the_bar_is_for_everybody_and_can_be_cancelled(
    page: Page, home: Site, children: Children, complaints: list[str]
) -> None:
    children.waits, children.complains = True, "progress 3/12"
    page.goto(f"{home.url}/rules?lang=de")
    page.get_by_label("Nachlauf").fill("350")
    page.get_by_role("button", name="Wirkung").click()
    expect(page.locator("progress")).to_have_js_property("value", 25)
    assert violations(page, GOOD_PRACTICE) == []
    page.get_by_role("button", name="Abbrechen").click()
    expect(page.get_by_label("Nachlauf")).to_have_value("350")
    assert complaints == []


def test_what_is_wrong_stands_beside_its_field_for_who_cannot_see(page: Page, home: Site) -> None:
    page.goto(f"{home.url}/rules?lang=en")
    page.get_by_label("Hysteresis").fill("much")
    page.get_by_role("button", name="Show the effect").click()
    field = page.get_by_label("Hysteresis")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_accessible_description(
        "So far the surplus may fall below a level that was reached before it is left. (0 to 100,000) "
        "This is no fitting number. Allowed is 0 to 100,000."
    )
    assert violations(page, GOOD_PRACTICE) == []


def test_a_device_is_asked_in_place_and_its_values_go_on(page: Page, home: Site, complaints: list[str]) -> None:
    line = {"name": "pv_power_w", "value": 4190.0, "quality": "good", "age_s": 0.0}
    home.talk.answer(code="LOOKED", details={"lines": [line], "problem": "", "took_s": 0.1})
    page.goto(f"{home.url}/devices?lang=en")
    page.locator("#inverter").get_by_role("button", name="Ask now").click()
    expect(page.locator("#inverter-look")).to_contain_text("It has answered.")
    page.locator("#battery summary").click()
    told = Telemetry(value=4711.0, source="inverter", sent_boot_s=home.clock.boot())
    home.talk.bus.publish(home.talk.topics.telemetry("inverter", "pv_power_w"), told)
    expect(page.locator("#inverter-state")).to_contain_text("4,711", timeout=8000)
    expect(page.locator("#inverter-look")).to_contain_text("It has answered.")  # what was asked stays
    expect(page.locator("#battery details")).to_have_attribute("open", "")
    assert "looked=" not in page.url
    assert complaints == []


def test_when_nothing_comes_any_more_no_value_looks_live(page: Page, home: Site) -> None:
    page.clock.install()
    page.goto(f"{home.url}/devices?lang=en")
    expect(page.locator("#silence")).to_be_hidden()
    home.die()
    page.clock.fast_forward(16_000)
    expect(page.locator("#silence")).to_be_visible()
    expect(page.locator("body")).to_have_class("silent")


def test_the_whole_first_run_goes_by_keyboard_and_without_script(browser: Browser, home: Site) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    home.talk.answer(code="CONFIGURED_RESTART")
    page.goto(f"{home.url}/setup?lang=en")
    page.get_by_label("Name of the house").fill("Haus am See")
    page.get_by_role("button", name="Next").press("Enter")
    page.get_by_label("Hybrid X").press("Space")
    page.get_by_label("Hybrid X").press("Space")
    page.get_by_role("button", name="Next").press("Enter")
    page.get_by_label("Full power").fill("1500")
    page.get_by_role("button", name="Take over").press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Everything starts anew")
    assert len(home.talk.asked) == 1
    context.close()


@pytest.mark.parametrize("path", ["/rules", "/devices", "/setup?step=load"])
def test_every_stop_of_the_keyboard_is_seen(page: Page, home: Site, path: str) -> None:
    page.goto(f"{home.url}{path}")
    stops = tab_through(page)
    assert [stop["name"] for stop in stops if not (stop["is_seen"] and stop["is_marked"])] == []
