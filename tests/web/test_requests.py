from __future__ import annotations

import threading

import pytest
from flask.testing import FlaskClient

from bitgrid.bus import EstopRequest, OverrideRequest
from bitgrid.bus.memory import MemoryBus
from bitgrid.clock import HeldClock
from bitgrid.web import Asker
from web.talk import NOON_S, Talk

OURS = {"Origin": "http://localhost"}


@pytest.fixture
def visitor(client: FlaskClient) -> FlaskClient:
    """A browser that has loaded the page, and so carries its cookie."""
    assert client.get("/?lang=en").status_code == 200
    return client


def press(visitor: FlaskClient, path: str = "/override", **form: str) -> str:
    """Press a button without JavaScript; what the page says then."""
    data = {"lang": "en", "load": "miner", "wish": "stop"} | form
    response = visitor.post(path, data=data, headers=OURS, follow_redirects=True)
    assert response.status_code == 200
    return response.get_data(as_text=True)


def test_the_stop_button_asks_for_a_stop_of_the_default_length(visitor: FlaskClient, talk: Talk) -> None:
    talk.answer(ends_at_s=NOON_S + 3600)
    assert "Accepted, until 13:00." in press(visitor)
    (request,) = talk.asked
    assert isinstance(request, OverrideRequest)
    assert (request.action, request.duration_s, request.load, request.actor) == ("stop", 3600, "miner", "web")


@pytest.mark.parametrize(
    ("wish", "asked"),
    [
        ("start", ("start", None, 1800)),
        ("level:eco", ("level", "eco", 1800)),
        ("end", ("end", None, None)),
    ],
)
def test_other_wishes_are_passed_on_as_they_are(
    visitor: FlaskClient, talk: Talk, wish: str, asked: tuple[str, str | None, int | None]
) -> None:
    talk.answer()
    press(visitor, wish=wish, minutes="30")
    (request,) = talk.asked
    assert isinstance(request, OverrideRequest)
    assert (request.action, request.level, request.duration_s) == asked


def test_a_refusal_says_why_in_the_language_of_the_page(visitor: FlaskClient, talk: Talk) -> None:
    talk.answer(accepted=False, text="R9 does not allow it")
    assert "Refused: R9 does not allow it" in press(visitor)


@pytest.mark.parametrize(
    ("code", "german"),
    [("R2_HARD_RESERVE", "die Reserve im Speicher gehört dem Haus"), ("TOO_LONG", "so lange darf ein Wunsch")],
)
def test_a_known_refusal_is_said_in_german(visitor: FlaskClient, talk: Talk, code: str, german: str) -> None:
    talk.answer(accepted=False, text="told by the rules", code=code)
    html = press(visitor, lang="de")
    assert f"Abgelehnt: {german}" in html
    assert "told by the rules" not in html


def test_no_answer_within_two_seconds_of_the_machine_is_said(
    visitor: FlaskClient, talk: Talk, clock: HeldClock
) -> None:
    talk.listen()
    clock.speed = 60.0
    before_s = clock.boot()
    assert "did not answer within 2 seconds" in press(visitor)
    assert clock.boot() - before_s == 120.0
    assert len(talk.asked) == 1


def test_without_the_bus_nothing_is_sent_and_that_is_said(
    visitor: FlaskClient, talk: Talk, bus: MemoryBus
) -> None:
    talk.answer()
    bus.is_connected = False
    assert "Not sent: the connection inside BitGrid is down" in press(visitor)
    assert talk.asked == []


def test_the_emergency_stop_and_its_acknowledgement(visitor: FlaskClient, talk: Talk) -> None:
    talk.answer(code="EMERGENCY_STOP")
    assert "Accepted. Everything is off." in press(visitor, "/estop", engage="yes")
    press(visitor, "/estop", engage="no")
    assert [request.engage for request in talk.asked if isinstance(request, EstopRequest)] == [True, False]


def test_htmx_gets_the_answer_as_a_part(visitor: FlaskClient, talk: Talk) -> None:
    talk.answer(ends_at_s=NOON_S + 3600)
    form = {"load": "miner", "wish": "stop", "lang": "en"}
    response = visitor.post("/override", data=form, headers=OURS | {"HX-Request": "true"})
    assert response.status_code == 200
    html = response.get_data(as_text=True)
    assert html.startswith('<p id="answer" class="answer accepted"')
    assert "<html" not in html


@pytest.mark.parametrize(
    "form", [{"wish": "explode"}, {"load": "stranger"}, {"minutes": "99999"}, {"minutes": "0"}, {"wish": ""}]
)
def test_a_form_that_makes_no_sense_does_nothing(visitor: FlaskClient, talk: Talk, form: dict[str, str]) -> None:
    talk.answer()
    data = {"lang": "en", "load": "miner", "wish": "stop"} | form
    response = visitor.post("/override", data=data, headers=OURS)
    assert response.status_code == 400
    assert "nothing was done" in response.get_data(as_text=True)
    assert talk.asked == []


@pytest.mark.parametrize(
    "headers",
    [{}, {"Origin": "http://evil.example"}, {"Origin": "null"}, {"Origin": "http://localhost:9999"}],
)
def test_a_form_from_another_page_does_nothing(visitor: FlaskClient, talk: Talk, headers: dict[str, str]) -> None:
    talk.answer()
    response = visitor.post("/override", data={"load": "miner", "wish": "start"}, headers=headers)
    assert response.status_code == 403
    assert talk.asked == []


def test_a_form_without_the_page_s_cookie_does_nothing(client: FlaskClient, talk: Talk) -> None:
    talk.answer()
    response = client.post("/override", data={"load": "miner", "wish": "start", "lang": "en"}, headers=OURS)
    assert response.status_code == 403
    assert "Open BitGrid anew" in response.get_data(as_text=True)
    assert talk.asked == []


def test_the_cookie_is_never_sent_along_by_another_site(client: FlaskClient) -> None:
    cookie = client.get("/").headers["Set-Cookie"]
    assert "SameSite=Strict" in cookie
    assert "HttpOnly" in cookie


def test_an_answer_to_somebody_else_is_not_ours(bus: MemoryBus, clock: HeldClock, talk: Talk) -> None:
    asker = Asker("home", bus, clock)
    talk.answer()
    first = asker.estop(engage=True, actor="test")
    assert first.status == "accepted"
    assert asker.outcome("somebody-else") is None
    assert asker.outcome(first.request_id) == first


def test_only_the_last_outcomes_are_kept(bus: MemoryBus, clock: HeldClock, talk: Talk) -> None:
    asker = Asker("home", bus, clock)
    talk.answer()
    first = asker.estop(engage=True, actor="test")
    for _ in range(50):
        asker.estop(engage=True, actor="test")
    assert asker.outcome(first.request_id) is None


def test_a_ninth_request_still_goes_out_but_does_not_wait(bus: MemoryBus, clock: HeldClock, talk: Talk) -> None:
    """Threads that wait are bounded, so that a flood of wishes cannot keep a stop from going out."""
    asker = Asker("home", bus, clock)
    waited: list[float] = []

    class Nested(HeldClock):
        def wait(self, event: threading.Event, seconds: float) -> bool:
            waited.append(seconds)
            if len(waited) <= 8:  # while this one waits, another person presses
                asker.estop(engage=True, actor="test")
            return event.is_set()

    asker._clock = Nested()
    talk.listen()
    asker.estop(engage=True, actor="test")
    assert len(waited) == 8
    assert len(talk.asked) == 9
