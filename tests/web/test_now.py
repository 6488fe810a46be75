"""The room Now for those who only look, on a wall, installed, by ear, and when nothing is heard."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from bitgrid.bus.memory import MemoryBus
from bitgrid.clock import HeldClock
from bitgrid.config import Config
from bitgrid.config.network import WebServer
from bitgrid.explain import LANGUAGES
from bitgrid.web import Asker, HouseView, create_app, live
from bitgrid.web.accounts import Accounts, Role
from bitgrid.web.app import Web
from bitgrid.web.entry import ACCOUNTS
from web.talk import SUNNY, Talk
from web.test_live import Browser
from web.test_wishes import OURS, waits

PASSWORD = "the sun is free"  # noqa: S105  of a house that lives for one test


@pytest.fixture
def guarded(config: Config, bus: MemoryBus, clock: HeldClock, tmp_path: Path) -> Flask:
    """A house with a log-in, an operator and an observer."""
    accounts = Accounts(tmp_path / ACCOUNTS)
    accounts.set_user("anna", PASSWORD, Role.OPERATOR)
    accounts.set_user("oma", PASSWORD, Role.OBSERVER)
    server = WebServer.model_validate({"login": "required"})
    locked = dataclasses.replace(config, site=config.site.model_copy(update={"web": server}))
    view = HouseView(locked, bus, clock)
    app = create_app(locked, view, Asker(locked.site.site, bus, clock), clock, keys=tmp_path)
    app.testing = True
    return app


def as_person(app: Flask, name: str) -> FlaskClient:
    client = app.test_client()
    client.get("/login")
    assert client.post("/login", data={"name": name, "password": PASSWORD}, headers=OURS).status_code == 303
    return client


def page(client: FlaskClient, language: str = "en", **query: str) -> str:
    response = client.get("/", query_string={"lang": language} | query)
    assert response.status_code == 200
    return response.get_data(as_text=True)


class TestObservers:
    def test_are_shown_everything_and_no_button_that_would_be_refused(self, guarded: Flask, talk: Talk) -> None:
        talk.all_well()
        talk.energy({**SUNNY, "emergency_stop": 1.0}, autonomy=1)
        talk.event(waits())
        seen = page(as_person(guarded, "oma"))
        assert "Waits for a yes" in seen
        assert "Autonomy: with your yes" in seen
        assert "This account looks on." in seen
        main = seen[seen.index("<main") :]
        assert re.findall(r"<(?:button|form)[^>]*>", main) == []
        assert main.count("Emergency stop") == 0
        assert "<button" in page(as_person(guarded, "anna"))[seen.index("<main") :]

    def test_are_shown_none_by_polling_and_by_socket_either(self, guarded: Flask, talk: Talk) -> None:
        talk.all_well()
        operator, observer = (as_person(guarded, name) for name in ("anna", "oma"))
        told = [client.get("/fragments/now?lang=en").get_data(as_text=True) for client in (operator, observer)]
        assert ["<button" in html for html in told] == [True, False], "one is not shown what the other was"
        web = guarded.extensions["bitgrid"]
        assert isinstance(web, Web)
        for may, has_button in ((frozenset({"read"}), False), (frozenset({"read", "override"}), True)):
            browser = Browser(says="{}")
            live.Sockets(web.fragments, web.clock, web.stopping, lambda: "en", lambda may=may: may)._serve(browser)  # type: ignore[misc]
            assert ("<button" in browser.heard[0]) is has_button

    @pytest.mark.parametrize(
        ("method", "path"),
        [("GET", "/wish"), ("POST", "/override"), ("POST", "/confirm"), ("POST", "/autonomy"), ("POST", "/estop")],
    )
    def test_are_refused_whatever_they_send(self, guarded: Flask, talk: Talk, method: str, path: str) -> None:
        talk.listen()
        client = as_person(guarded, "oma")
        told = {"lang": "en", "load": "miner", "wish": "start", "level": "full", "autonomy": "0"}
        response = client.open(path, method=method, query_string=told, data=told, headers=OURS)
        assert response.status_code == 403
        assert "You may look, but not do this" in response.get_data(as_text=True)
        assert talk.asked == []

    def test_a_machine_that_may_only_override_is_not_shown_autonomy(self, guarded: Flask, talk: Talk) -> None:
        talk.all_well()
        talk.energy(autonomy=3)
        web = guarded.extensions["bitgrid"]
        assert 'id="autonomy"' not in web.fragments.render("en", frozenset({"read", "override"}))["controls"]


def test_a_socket_is_opened_anew_now_and_then_so_that_the_door_asks_again(
    client: FlaskClient, talk: Talk, clock: HeldClock
) -> None:
    talk.all_well()
    web = client.application.extensions["bitgrid"]

    class Patient(Browser):
        def receive(self, timeout: float) -> None:
            assert timeout == 0

    browser, began_s = Patient(), clock.boot()
    live.Sockets(web.fragments, clock, web.stopping, lambda: "en")._serve(browser)
    assert browser.closed == live.SERVICE_RESTART, "only then does the page's script connect again"
    assert clock.boot() - began_s == pytest.approx(600, abs=1)


class TestByEar:
    def test_the_decision_is_read_and_nothing_that_ticks(self, client: FlaskClient, talk: Talk) -> None:
        talk.all_well()
        html = page(client)
        regions = re.findall(r'<(\w+)[^>]*(?:role="(?:status|alert)"|aria-live)[^>]*>(.*?)</\1>', html, re.DOTALL)
        heard = " ".join(re.sub(r"<[^>]+>", " ", text) for _tag, text in regions)
        assert "The sun leaves 2.0" in heard
        assert "7:50" not in heard
        assert "ago" not in heard

    def test_a_decision_comes_over_the_socket_once(
        self, client: FlaskClient, talk: Talk, clock: HeldClock
    ) -> None:
        talk.all_well()
        fragments, sent = client.application.extensions["bitgrid"].fragments, {}
        assert 'id="spoken"' in fragments.changes("en", sent)
        for _ in range(3):
            clock.advance(1)
            talk.energy({**SUNNY, "pv_power_w": clock.now() % 1000})
            assert 'id="spoken"' not in fragments.changes("en", sent)
        clock.advance(1)
        talk.decision({**SUNNY, "battery_soc_pct": 49.0}, level="full", last_start_block=0)
        assert 'hx-swap-oob="innerHTML">The battery is at 49' in fragments.changes("en", sent)


class TestOnTheWall:
    def test_the_page_says_so_and_keeps_the_ways_to_stop(self, client: FlaskClient, talk: Talk) -> None:
        talk.all_well()
        html = page(client, kiosk="1")
        assert '<body class="now-room kiosk awake">' in html
        assert '<body class="now-room kiosk">' in page(client, kiosk="display"), "its own host darkens it"
        assert '<body class="now-room">' in page(client, kiosk="x")
        assert 'class="stop"' in html
        assert 'class="emergency"' in html
        assert "kiosk" not in re.search(r"<body[^>]*>", page(client)).group(0)  # type: ignore[union-attr]
        assert 'href="/?lang=en&amp;kiosk=1"' in page(client)

    def test_a_button_without_javascript_leads_back_to_the_wall(self, client: FlaskClient, talk: Talk) -> None:
        talk.answer()
        page(client, kiosk="1")
        form = {"lang": "en", "load": "miner", "wish": "stop"}
        wall = OURS | {"Referer": "http://localhost/?lang=en&kiosk=1"}
        assert "&kiosk=1" in client.post("/override", data=form, headers=wall).headers["Location"]
        assert "kiosk" not in client.post("/override", data=form, headers=OURS).headers["Location"]


class TestInstalled:
    @pytest.mark.parametrize("language", LANGUAGES)
    def test_the_manifest_names_the_house_and_pictures_that_are_there(
        self, client: FlaskClient, config: Config, language: str
    ) -> None:
        response = client.get(f"/manifest.webmanifest?lang={language}")
        assert response.content_type == "application/manifest+json"
        told = json.loads(response.data)
        assert config.site.name in told["name"]
        assert told["display"] == "standalone"
        assert client.get(told["start_url"]).status_code == 200
        assert client.get(told["shortcuts"][0]["url"]).status_code == 200
        sizes = set()
        for icon in told["icons"]:
            with client.get(icon["src"]) as answer:
                assert answer.status_code == 200
                assert answer.content_type.split(";")[0] == icon["type"]
                if icon["type"] == "image/png":
                    width, height = (int.from_bytes(answer.data[at : at + 4]) for at in (16, 20))
                    assert icon["sizes"] == f"{width}x{height}"
            sizes.add(icon["sizes"])
        assert {"192x192", "512x512"} <= sizes, "what browsers ask for before they offer to install"
        assert any(icon.get("purpose") == "maskable" for icon in told["icons"])

    def test_the_page_leads_to_it_with_the_session(self, client: FlaskClient) -> None:
        assert 'href="/manifest.webmanifest?lang=de" crossorigin="use-credentials"' in page(client, "de")

    def test_a_stranger_does_not_learn_the_house_s_name_from_it(self, guarded: Flask, config: Config) -> None:
        response = guarded.test_client().get("/manifest.webmanifest")
        assert response.status_code == 303
        assert config.site.name not in response.get_data(as_text=True)


class TestAges:
    def test_every_measured_number_says_how_old_it_is(self, client: FlaskClient, talk: Talk) -> None:
        talk.all_well()
        html = page(client).replace("\u00a0", " ")
        nodes = re.findall(r'<li id="flow-\w+".*?</li>', html, re.DOTALL)
        assert len(nodes) == 5
        assert all(re.search(r"\d s ago", node) for node in nodes)
        assert re.search(r"1\.7 kW</span><small[^>]*>\d s ago", html)
        assert re.search(r"61\.5 °C</span><small[^>]*>2 s ago", html)
        assert re.search(r"3,612 W</span><small[^>]*>0 s ago", html)

    def test_everything_that_is_live_is_marked_so_that_it_can_be_blanked(
        self, client: FlaskClient, talk: Talk
    ) -> None:
        talk.all_well()
        html = page(client).replace("\u00a0", " ")
        live_parts = html[html.index('id="now"') : html.index('id="controls-title"')]
        without = re.sub(r'<(\w+) class="[^"]*\blive\b[^"]*">.*?</\1>', "", live_parts)
        without = re.sub(r'(?s)<section id="why".*?</section>', "", without)
        assert re.findall(r"\d+(?:[.,]\d+)? (?:k?W|°C|%)\b", without) == []


def test_a_page_before_anything_is_heard_speaks_of_no_autonomy_and_no_plan(client: FlaskClient) -> None:
    for language in LANGUAGES:
        html = page(client, language)
        assert 'id="autonomy"' not in html
        assert '<ol class="plan">' not in html
        assert 'class="stop"' in html, "a stop may always be asked for"
