from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from simple_websocket import ConnectionClosed

from bitgrid.clock import HeldClock
from bitgrid.web import live
from bitgrid.web.app import Web
from web.talk import SUNNY, Talk, decide_on


@pytest.fixture
def web(client: FlaskClient) -> Web:
    made = client.application.extensions["bitgrid"]
    assert isinstance(made, Web)
    return made


class Browser:
    """The other end of a socket: notes what comes, does something when it has come, and may speak or be gone."""

    def __init__(self, then: Callable[[], None] = lambda: None, says: str | None = None) -> None:
        self.heard: list[str] = []
        self.closed: int | None = None
        self._then, self._says = then, says
        self.sock = self

    def setsockopt(self, *_: object) -> None:
        pass

    def send(self, html: str) -> None:
        self.heard.append(html)
        self._then()

    def receive(self, timeout: float) -> str | None:
        assert timeout == 0
        return self._says

    def close(self, code: int, _message: str) -> None:
        self.closed = code


def sockets(web: Web, stopping: threading.Event | None = None) -> live.Sockets:
    return live.Sockets(web.fragments, web.clock, stopping or web.stopping, lambda: "en")


def test_only_what_changed_is_sent(web: Web, talk: Talk, clock: HeldClock) -> None:
    talk.all_well()
    sent: dict[str, str] = {}
    first = web.fragments.changes("en", sent)
    assert 'id="why"' in first
    assert 'id="pulse"' in first
    assert web.fragments.changes("en", sent) == ""
    clock.advance(1)
    second = web.fragments.changes("en", sent)
    assert 'id="pulse"' in second
    assert 'id="countdown"' in second, "the countdown went on"
    assert 'id="coming"' not in second, "the plan stands, and a reader may be in it"
    assert 'id="spoken"' not in second, "whoever listens hears a decision once, and no watts"
    assert 'id="why"' not in second
    assert 'id="controls"' not in second, "a person may be choosing there"


def test_parts_are_rendered_at_most_twice_a_second_of_the_machine(web: Web, talk: Talk, clock: HeldClock) -> None:
    clock.speed = 60.0
    talk.all_well()
    first = web.fragments.recent("en")
    clock.advance(29)
    assert web.fragments.recent("en") is first
    clock.advance(1)
    assert web.fragments.recent("en") is not first


def test_every_part_says_where_it_goes(web: Web, talk: Talk) -> None:
    talk.all_well()
    for name, html in web.fragments.render("de").items():
        assert f'id="{name}"' in html
        assert html.count("hx-swap-oob=") == 1


def test_a_socket_pushes_until_the_process_ends_and_then_says_come_back(web: Web, talk: Talk) -> None:
    talk.all_well()
    stopping = threading.Event()
    browser = Browser(then=lambda: stopping.set() if len(browser.heard) == 3 else None)
    sockets(web, stopping)._serve(browser)
    assert len(browser.heard) == 3
    assert 'id="why"' in browser.heard[0]
    assert browser.closed == 1012, "only then does the page's script connect again"


def test_a_decision_is_sent_at_once_and_the_rest_twice_a_second(web: Web, talk: Talk, clock: HeldClock) -> None:
    talk.all_well()
    stopping, sent_at = threading.Event(), []

    def then() -> None:
        sent_at.append(clock.boot())
        if len(sent_at) == 1:
            talk.event(decide_on(clock.now(), {**SUNNY, "battery_soc_pct": 49.0}), "the next")
        elif len(sent_at) == 3:
            stopping.set()

    browser, served = Browser(then), sockets(web, stopping)
    web.view.when_decided(served.wake)
    served._serve(browser)
    assert "The battery is at 49" in browser.heard[1]
    assert sent_at[1] == sent_at[0], "nobody waited"
    assert sent_at[2] > sent_at[1]


def test_the_same_decision_heard_twice_wakes_nobody_twice(web: Web, talk: Talk) -> None:
    woken: list[str] = []
    web.view.when_decided(lambda: woken.append("now"))
    record = talk.decision()
    talk.event(record)
    assert woken == ["now"]


def test_a_socket_that_breaks_frees_its_place(web: Web) -> None:
    def gone() -> None:
        raise ConnectionClosed(1006, "")

    served = sockets(web)
    for _ in range(live.MAX_SOCKETS + 5):
        with pytest.raises(ConnectionClosed):
            served._serve(Browser(then=gone))


def test_a_client_that_vanished_is_no_error(web: Web) -> None:
    def timed_out() -> None:
        raise TimeoutError

    served = sockets(web)
    for _ in range(live.MAX_SOCKETS + 5):
        browser = Browser(then=timed_out)
        served._serve(browser)
        assert len(browser.heard) == 1


def test_whoever_speaks_on_the_socket_is_not_the_page(web: Web) -> None:
    browser = Browser(says="{}")
    sockets(web)._serve(browser)
    assert len(browser.heard) == 1


def test_one_socket_too_many_is_told_to_ask_instead(web: Web) -> None:
    served = sockets(web)
    turned_away: list[int | None] = []

    def open_another() -> None:
        if turned_away:
            raise TimeoutError
        browser = Browser(then=open_another)
        served._serve(browser)
        if browser.closed is not None:
            turned_away.append(browser.closed)

    served._serve(Browser(then=open_another))
    assert turned_away == [live.TRY_AGAIN_LATER]


def test_the_parts_come_by_polling_too(client: FlaskClient, talk: Talk) -> None:
    talk.all_well()
    html = client.get("/fragments/now?lang=en").get_data(as_text=True)
    for name in live.NAMES:
        assert f'id="{name}"' in html
    assert "<html" not in html


def test_the_socket_is_open_to_our_own_page_only(client: FlaskClient) -> None:
    headers = {
        "Origin": "http://evil.example",
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    app: Flask = client.application
    with app.test_request_context("/ws", headers=headers):
        response = app.full_dispatch_request()
    assert response.status_code == 403
