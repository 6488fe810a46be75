"""The room Devices: what each tells and how old it is, how it is in words, and a test that asks it now."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from bitgrid.bus import Health, HealthStatus, LookRequest, Quality, Telemetry, Topics
from bitgrid.bus.memory import MemoryBus
from bitgrid.clock import HeldClock
from bitgrid.config import Config
from bitgrid.web import Asker, HouseView, create_app
from web.living import OURS, own_places
from web.talk import Talk


class Devices:
    """What the devices of the house say, as poller and loads tell it."""

    def __init__(self, bus: MemoryBus, clock: HeldClock, config: Config) -> None:
        self.bus, self.clock, self.topics = bus, clock, Topics(config.site.site)

    def tell(self, device: str, signal: str, value: float | None, **more: Any) -> None:
        told = Telemetry(value=value, source=device, **{"sent_boot_s": self.clock.boot(), **more})
        self.bus.publish(self.topics.telemetry(device, signal), told, retain=True)

    def health(self, component: str, **details: Any) -> None:
        message = Health(status=HealthStatus.OK, reason="", instance="a", details=details)
        self.bus.publish(self.topics.health(component), message, retain=True)

    def well(self, **others: Any) -> None:
        one = {"answer_age_s": 2.0, "problem": "", "trouble": []}
        self.health("poller", **({"inverter": one, "battery": one, "meter": one} | others))


@pytest.fixture
def devices(bus: MemoryBus, clock: HeldClock, config: Config, view: HouseView) -> Devices:
    assert view
    return Devices(bus, clock, config)


def see(client: FlaskClient, lang: str = "en", path: str = "/devices") -> str:
    response = client.get(f"{path}?lang={lang}")
    assert response.status_code == 200
    return response.get_data(as_text=True)


def row(html: str, device: str, label: str) -> tuple[str, str]:
    """A value and its note in a device's table."""
    state = html.split(f'id="{device}-state"', maxsplit=1)[1].split("</table>", maxsplit=1)[0]
    found = re.search(rf"{re.escape(label)}</th><td>([^<]*)</td><td><small>([^<]*)<", state)
    assert found, state
    return found[1], found[2]


def test_a_value_has_its_age_and_its_device_is_well(
    client: FlaskClient, devices: Devices, clock: HeldClock
) -> None:
    devices.tell("inverter", "pv_power_w", 4210.0)
    devices.well()
    clock.advance(7)
    html = see(client)
    assert row(html, "inverter", "Solar power") == ("4,210\u00a0W", "7\u00a0s old")
    assert "Answers, last 9\u00a0s ago" in html
    assert "SunSpec · 127.0.0.1:15020" in html


def test_an_old_value_is_no_number_and_says_how_old_it_is(
    client: FlaskClient, devices: Devices, clock: HeldClock
) -> None:
    devices.tell("meter", "grid_power_w", -310.0)
    clock.advance(61)
    assert row(see(client), "meter", "Grid (+ import, − feed-in)") == ("–", "61\u00a0s old")


def test_a_value_that_the_broker_had_kept_is_as_old_as_it_is(config: Config, clock: HeldClock) -> None:
    bus = MemoryBus()
    Devices(bus, clock, config).tell("meter", "grid_power_w", -310.0)
    clock.advance(600)
    view = HouseView(config, bus, clock)
    (reading,) = view.readings.of("meter")
    assert (reading.cell.is_live, reading.cell.age_s) == (False, 600)


def test_without_the_broker_no_value_is_live(client: FlaskClient, devices: Devices, bus: MemoryBus) -> None:
    devices.tell("inverter", "pv_power_w", 4210.0)
    bus.is_connected = False
    assert row(see(client), "inverter", "Solar power")[0] == "–"


@pytest.mark.parametrize(
    ("quality", "says"),
    [(Quality.INVALID, "not to be believed"), (Quality.STALE, "too old"), (Quality.MISSING, "not told")],
)
def test_what_is_not_believed_is_no_number(
    client: FlaskClient, devices: Devices, quality: Quality, says: str
) -> None:
    devices.tell("battery", "battery_soc_pct", 72.5, quality=quality)
    value, note = row(see(client), "battery", "Charge")
    assert value == "–"
    assert says in note


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ({"answer_age_s": None, "problem": "x", "trouble": ["silent"]}, ("Has never answered", "127.0.0.1:15022")),
        (
            {"answer_age_s": 300.0, "problem": "no answer", "trouble": ["silent"]},
            ("Does not answer, last 5\u00a0min ago", "no answer"),
        ),
        (
            {"answer_age_s": 2.0, "problem": "is frozen: same", "trouble": ["frozen"]},
            ("Tells always the same", "look at the cable"),
        ),
        ({"answer_age_s": 2.0, "problem": "9e9", "trouble": ["invalid"]}, ("Tells what cannot be", "9e9")),
        ({"answer_age_s": 2.0, "problem": "not", "trouble": ["untold"]}, ("Does not tell all", "its menu")),
        ({"answer_age_s": 200.0, "problem": "", "trouble": []}, ("Does not answer", "Is it switched on")),
    ],
)
def test_what_is_wrong_is_said_in_words_with_what_to_do(
    client: FlaskClient, devices: Devices, told: dict[str, Any], says: tuple[str, str]
) -> None:
    devices.well(meter=told)
    html = see(client).split('id="meter-state"')[1].split("</section>")[0]
    for text in says:
        assert text in html


def test_where_the_poller_is_silent_nothing_is_said_to_be_well(
    client: FlaskClient, devices: Devices, clock: HeldClock
) -> None:
    devices.well()
    clock.advance(61)
    html = see(client)
    assert "Answers" not in html
    assert html.count("The program that asks the devices is silent") == 3


def test_a_load_that_the_guard_has_stopped_says_why(client: FlaskClient, devices: Devices, talk: Talk) -> None:
    devices.health("loads", miner={"last_error": "", "level": "off"})
    assert "Obeys and answers" in see(client)
    devices.health("loads", miner={"last_error": "miner at 127.0.0.1 refused", "level": "off"})
    assert "miner at 127.0.0.1 refused" in see(client)
    talk.load("off", trip="the chip was at 97 °C")
    html = see(client)
    assert "Switched off by the guard" in html
    assert "the chip was at 97 °C" in html


def test_nobody_can_fill_the_page_with_devices_that_are_none(devices: Devices, view: HouseView) -> None:
    for number in range(50):
        devices.tell(f"x{number}", "pv_power_w", 1.0)
        devices.tell("inverter", f"x{number}", 1.0)
    assert len(view.readings._heard) == 0


def press(client: FlaskClient, device: str, **more: Any) -> Any:  # noqa: ANN401  werkzeug's
    client.get("/?lang=en")
    return client.post(
        "/devices/test?lang=en", data={"device": device}, headers=OURS | more, follow_redirects=True
    )


LINES = [
    {"name": "grid_power_w", "value": -310.0, "quality": "good", "age_s": 0.0},
    {"name": "is_asleep", "value": True, "quality": "good", "age_s": 0.0},
    {"name": "temp_c", "value": None, "quality": "missing", "age_s": 0.0},
]


def test_a_test_asks_the_device_and_shows_what_it_told(client: FlaskClient, talk: Talk) -> None:
    talk.answer(code="LOOKED", details={"lines": LINES, "problem": "", "took_s": 0.1})
    html = press(client, "meter").get_data(as_text=True).split('id="meter-look"')[1].split("</section>")[0]
    assert "It has answered." in html
    assert "−310\u00a0W" in html
    assert re.search(r"Asleep on purpose</th><td>yes<", html)
    assert "not told" in html
    (request,) = talk.asked
    assert isinstance(request, LookRequest)
    assert (request.device, request.actor) == ("meter", "web")


def test_with_javascript_the_answer_alone_comes(client: FlaskClient, talk: Talk) -> None:
    talk.answer(code="LOOKED", text="half of it failed", details={"lines": LINES, "problem": "x", "took_s": 0.1})
    html = press(client, "meter", **{"HX-Request": "true"}).get_data(as_text=True)
    assert html.startswith('<div id="meter-look"')
    assert "something is wrong" in html
    assert "half of it failed" in html


def test_a_device_that_stays_silent_is_no_success(client: FlaskClient, talk: Talk) -> None:
    talk.answer(code="LOOKED", text="127.0.0.1:15022 gave no answer", details={"lines": []})
    html = press(client, "meter").get_data(as_text=True)
    assert "It has not answered." in html
    assert "gave no answer" in html


@pytest.mark.parametrize(
    ("answer", "says"),
    [({"accepted": False, "code": "BUSY"}, "being asked already"), ({"accepted": False}, "It was not asked.")],
)
def test_a_refusal_to_ask_is_told(client: FlaskClient, talk: Talk, answer: dict[str, Any], says: str) -> None:
    talk.answer(**answer)
    assert says in press(client, "meter").get_data(as_text=True)


def test_a_device_that_is_none_is_not_asked(client: FlaskClient, talk: Talk) -> None:
    talk.listen()
    assert press(client, "toaster").status_code == 404
    assert talk.asked == []


@pytest.mark.parametrize("lang", ["de", "en"])
def test_no_text_is_missing_in_either_language(
    client: FlaskClient, devices: Devices, lang: str, caplog: pytest.LogCaptureFixture
) -> None:
    devices.well()
    devices.health("loads", miner={"last_error": "", "level": "off"})
    see(client, lang)
    see(client, lang, "/devices/part")
    assert [record.message for record in caplog.records if record.message.startswith("text ")] == []


def test_the_part_replaces_each_devices_state_and_nothing_a_person_is_busy_with(
    client: FlaskClient, devices: Devices
) -> None:
    devices.well()
    html = see(client, path="/devices/part")
    assert html.count('hx-swap-oob="true"') == 4
    assert "<form" not in html
    assert "-look" not in html


def test_a_house_that_is_being_set_up_leads_to_its_first_run(
    config: Config, bus: MemoryBus, clock: HeldClock, view: HouseView, tmp_path: Path
) -> None:
    first = config.__class__(
        config.site, config.rules, config.flags.model_copy(update={"first_run": True}), config.policies
    )
    app: Flask = create_app(
        first, view, Asker(config.site.site, bus, clock), clock, places=own_places(tmp_path, first_run=True)
    )
    assert 'href="/setup?lang=en"' in see(app.test_client())
