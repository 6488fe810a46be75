"""Wishes from Home Assistant: what is let through, what is refused, and that a refused one changes nothing."""

from __future__ import annotations

from typing import Any

import pytest

from bitgrid.bus import AutonomyRequest, OverrideRequest, Received, decode
from bitgrid.ha.commands import STOPS, TELLINGS, WISHES
from bitgrid.web.problems import Refusal
from ha.house import BridgedHouse, NotedBundles, with_home_assistant

STOP = {"load": "miner", "action": "stop"}
BOOST = {"load": "miner", "action": "level", "level": "full"}


@pytest.fixture
def heard(house: BridgedHouse) -> list[Any]:
    """Everything that was asked of the rules."""
    requests: list[Any] = []
    house.inside.subscribe("bitgrid/home/cmd/#", requests.append)
    return requests


def test_a_stop_is_handed_to_the_rules_and_their_answer_told(house: BridgedHouse) -> None:
    house.talk.answer(ends_at_s=1_750_071_600)
    house.ask("override", STOP)
    (asked,) = house.talk.asked
    assert isinstance(asked, OverrideRequest)
    assert (asked.load, asked.action, asked.duration_s, asked.actor) == ("miner", "stop", None, "home_assistant")
    assert house.last("answer") == {
        "event_type": "accepted",
        "wish": "stop",
        "text": "Accepted, until 13:00.",
        "code": "TEST",
        "ends_at": "2025-06-16T11:00:00+00:00",
    }


def test_full_power_may_say_for_how_long(house: BridgedHouse) -> None:
    house.talk.answer()
    house.ask("override", BOOST | {"duration_min": 90})
    (asked,) = house.talk.asked
    assert isinstance(asked, OverrideRequest)
    assert (asked.action, asked.level, asked.duration_s) == ("level", "full", 5400)


def test_what_the_rules_refuse_is_told_with_their_reason(house: BridgedHouse) -> None:
    house.talk.answer(accepted=False, code="R2_HARD_RESERVE", text="R2 does not allow it")
    house.ask("override", BOOST)
    told = house.last("answer")
    assert (told["event_type"], told["code"]) == ("refused", "R2_HARD_RESERVE")
    assert "belongs to the house" in told["text"]


def test_rules_that_do_not_answer_are_no_yes(house: BridgedHouse) -> None:
    house.ask("override", BOOST)
    assert house.last("answer")["event_type"] == "no_answer"


@pytest.mark.parametrize(
    ("what", "wish"),
    [
        ("override", "stop"),
        ("override", {"load": "miner", "action": "explode"}),
        ("override", {"load": "../estop", "action": "stop"}),
        ("override", STOP | {"actor": "anna"}),
        ("override", BOOST | {"duration_min": 100_000}),
        ("override", BOOST | {"duration_min": 0}),
        ("override", STOP | {"level": "x" * 2000}),
        ("autonomy", {"autonomy": "4"}),
        ("autonomy", {"autonomy": "full"}),
        ("export", {"days": 7}),
        ("export", {"days": -1}),
        ("estop", {"engage": False}),
        ("reload", {}),
        ("load/miner", {}),
    ],
)
def test_nothing_else_reaches_the_rules(house: BridgedHouse, heard: list[Any], what: str, wish: object) -> None:
    house.ask(what, wish)
    assert heard == []
    assert [told["event_type"] for told in house.all("answer")] in ([], ["refused"])


def test_a_wish_that_the_broker_had_kept_is_of_the_past(house: BridgedHouse, heard: list[Any]) -> None:
    house.ask("override", BOOST, retained=True)
    assert (heard, house.all("answer")) == ([], [])


def test_a_flood_of_wishes_is_cut_off_and_gets_no_echo(house: BridgedHouse) -> None:
    house.talk.answer()
    for _ in range(100):
        house.ask("override", BOOST)
    assert len(house.talk.asked) == WISHES[0].amount
    told = [told["code"] for told in house.all("answer")]
    assert told.count("too_often") == TELLINGS[0].amount


def test_who_asks_for_starts_too_often_can_still_stop(house: BridgedHouse) -> None:
    house.talk.answer()
    for _ in range(100):
        house.ask("override", BOOST)
    house.ask("override", STOP)
    last = house.talk.asked[-1]
    assert isinstance(last, OverrideRequest)
    assert last.action == "stop"
    assert STOPS[0].amount > 1


def test_autonomy_is_closed_unless_the_owner_opened_it(house: BridgedHouse, heard: list[Any]) -> None:
    house.ask("autonomy", {"autonomy": "full"})
    assert heard == []
    assert house.last("answer")["code"] == "autonomy_locked"


@pytest.mark.parametrize(("said", "meant"), [("manual", 0), ("Assisted", 1), ("semi", 2), ("Automatic", 3)])
def test_autonomy_that_is_open_is_set_by_name_or_word(said: str, meant: int) -> None:
    house = BridgedHouse(with_home_assistant(autonomy_select=True))
    asked: list[Received] = []
    house.inside.subscribe(house.topics.autonomy, asked.append)
    house.ask("autonomy", {"autonomy": said})
    request = decode(AutonomyRequest, asked[0].payload)
    assert request is not None
    assert (request.autonomy, request.actor) == (meant, "home_assistant")


def test_a_bundle_is_made_where_research_is_on() -> None:
    bundles = NotedBundles()
    house = BridgedHouse(with_home_assistant(research=True), bundles)
    house.ask("export", {"days": 7})
    assert bundles.begun == [(7, "home_assistant")]
    assert (house.last("answer")["event_type"], house.last("answer")["code"]) == ("accepted", "export_begun")
    assert "last 7 days" in house.last("answer")["text"]


def test_no_bundle_is_made_where_research_is_off() -> None:
    bundles = NotedBundles()
    house = BridgedHouse(with_home_assistant(), bundles)
    house.ask("export", {"days": 7})
    assert bundles.begun == []
    assert house.last("answer")["code"] == "research_off"


def test_a_bundle_waits_for_no_other_work() -> None:
    house = BridgedHouse(with_home_assistant(research=True), NotedBundles(Refusal(409, "work_running", "busy")))
    house.ask("export", {"days": 1})
    assert (house.last("answer")["event_type"], house.last("answer")["code"]) == ("refused", "export_running")


def test_bundles_are_few_in_an_hour() -> None:
    bundles = NotedBundles()
    house = BridgedHouse(with_home_assistant(research=True), bundles)
    for _ in range(10):
        house.ask("export", {"days": 1})
    assert len(bundles.begun) == 2
