"""The research toggle and requests for bundles: recorded, or refused."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bitgrid.bus import ExportRequest
from bitgrid.config import Config, load_config
from bitgrid.control.research import AGAIN_S, Research
from bitgrid.store import StoreError
from control.desk import CONFIG_DIRECTORY, Desk

ASKED = {"bundle_id": "ab" * 16, "kinds": ["decisions"], "from_s": 1, "to_s": 2, "actor": "cli (anna)"}


def with_research(*, on: bool) -> Config:
    config = load_config(CONFIG_DIRECTORY)
    return replace(config, flags=config.flags.model_copy(update={"research": on}))


def listening(desk: Desk) -> Research:
    research = Research(desk.engine, desk.bus)
    desk.bus.subscribe(desk.topics.export, research.on_request)
    return research


def events(desk: Desk, what: str) -> list[dict[str, Any]]:
    rows = reversed(desk.ledger.events(limit=100))
    told = [(row.kind, json.loads(row.record)) for row in rows]
    return [record for kind, record in told if kind == "audit" and record["what"] == what]


def ask(desk: Desk, **changes: object) -> tuple[bool, str]:
    request = ExportRequest.model_validate({"request_id": "one", **ASKED, **changes})
    desk.bus.publish(desk.topics.export, request)
    reply = desk.replies[-1]
    assert reply.request_id == "one"
    return reply.accepted, reply.code


def test_it_is_off_unless_the_owner_says_otherwise() -> None:
    assert load_config(CONFIG_DIRECTORY).flags.research is False


def test_a_house_that_was_never_asked_records_nothing(desk: Desk) -> None:
    listening(desk).step()
    assert events(desk, "research") == []


def test_each_switch_is_recorded_once_also_one_made_while_nothing_ran(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    listening(desk).step()
    for on in (True, True, False):
        desk.config = with_research(on=on)
        desk.start_rules()
        listening(desk).step()
    assert [event["is_on"] for event in events(desk, "research")] == [True, False]
    assert events(desk, "research")[0]["config_hash"] == with_research(on=True).config_hash


def test_a_switch_while_running_is_recorded_with_the_next_step(desk: Desk) -> None:
    research = listening(desk)
    desk.engine.adopt(with_research(on=True))
    research.step()
    research.step()
    assert [event["is_on"] for event in events(desk, "research")] == [True]


def test_while_it_is_off_no_bundle_is_granted_and_none_recorded(desk: Desk) -> None:
    listening(desk).step()
    assert ask(desk) == (False, "RESEARCH_OFF")
    assert events(desk, "research_export") == []


def test_switched_off_it_is_refused_at_once(tmp_path: Path) -> None:
    desk = Desk(tmp_path, with_research(on=True))
    listening(desk).step()
    desk.engine.adopt(with_research(on=False))
    assert ask(desk) == (False, "RESEARCH_OFF")


def test_before_the_switch_is_recorded_nothing_is_granted(tmp_path: Path) -> None:
    desk = Desk(tmp_path, with_research(on=True))
    listening(desk)
    assert ask(desk) == (False, "NOT_RECORDED_YET")


def test_a_granted_bundle_stands_in_the_ledger_with_who_asked_and_for_what(tmp_path: Path) -> None:
    desk = Desk(tmp_path, with_research(on=True))
    listening(desk).step()
    assert ask(desk) == (True, "RECORDED")
    assert events(desk, "research_export") == [{"what": "research_export", **ASKED}]


def test_what_cannot_be_recorded_is_not_granted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(tmp_path, with_research(on=True))
    research = listening(desk)

    def full(*_row: object) -> None:
        raise StoreError("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(desk.ledger, "append_event", full)
        research.step()
        assert desk.engine.house.research is False
    research.step()
    assert events(desk, "research") == [], "not before some seconds have passed"
    desk.clock.advance(AGAIN_S)
    research.step()
    assert [event["is_on"] for event in events(desk, "research")] == [True]
    monkeypatch.setattr(desk.ledger, "append_event", full)
    assert ask(desk) == (False, "NOT_DURABLE")


def test_what_the_broker_had_kept_is_no_request(tmp_path: Path) -> None:
    desk = Desk(tmp_path, with_research(on=True))
    research = listening(desk)
    research.step()
    desk.bus.publish(desk.topics.export, ExportRequest.model_validate({"request_id": "one", **ASKED}), retain=True)
    before = len(desk.replies)
    desk.bus.subscribe(desk.topics.export, research.on_request)
    assert len(desk.replies) == before
