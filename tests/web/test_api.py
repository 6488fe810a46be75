from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from bitgrid.bus import (
    AutonomyRequest,
    ConfirmRequest,
    EstopRequest,
    HealthStatus,
    LedgerHead,
    OverrideRequest,
    ReloadRequest,
)
from bitgrid.bus.memory import MemoryBus
from bitgrid.clock import HeldClock
from web.talk import NOON_S, PRICES, SUNNY, Talk


def test_the_state_gives_live_values_with_their_ages(client: FlaskClient, talk: Talk) -> None:
    talk.all_well()
    state = client.get("/api/v1/state").get_json()
    assert state["is_live"]
    assert state["surplus_w"] == 3612
    assert state["block_ends_s"] == NOON_S + 600
    assert state["signals"]["pv_power_w"] == {
        "value": 4210.0,
        "last_value": 4210.0,
        "is_live": True,
        "age_s": 2.0,
        "source": "test",
    }
    assert state["loads"]["miner"]["level"] == "full"
    assert state["loads"]["miner"]["is_live"]


def test_an_old_value_is_null_and_kept_apart_with_its_age(
    client: FlaskClient, talk: Talk, clock: HeldClock
) -> None:
    talk.all_well()
    clock.advance(61)
    state = client.get("/api/v1/state").get_json()
    assert not state["is_live"]
    assert state["surplus_w"] is None
    assert state["signals"]["pv_power_w"] == {
        "value": None,
        "last_value": 4210.0,
        "is_live": False,
        "age_s": 63.0,
        "source": "test",
    }
    assert not state["loads"]["miner"]["is_live"]


def test_prices_and_forecasts_hold_for_as_long_as_the_rules_say_however_old_they_are(
    client: FlaskClient, talk: Talk, clock: HeldClock
) -> None:
    told: dict[str, Any] = {**SUNNY, **PRICES, "pv_forecast_w": [4000.0, 3100.0, 2000.0]}
    talk.energy(told, ages=dict.fromkeys(told, 40_000.0), sources={"import_price_ct_kwh": "awattar"})
    state = client.get("/api/v1/state").get_json()
    assert state["signals"]["pv_power_w"]["value"] is None
    assert state["signals"]["import_price_ct_kwh"] == {
        "value": 31.2, "last_value": 31.2, "is_live": True, "age_s": 40_000.0, "source": "awattar",
    }  # fmt: skip
    assert state["signals"]["miner.sats_per_kwh"]["value"] == 42.0
    assert state["forecasts"]["pv_forecast_w"] == {
        "values": [4000.0, 3100.0, 2000.0], "last_values": [4000.0, 3100.0, 2000.0], "is_live": True,
        "age_s": 40_000.0, "source": "test",
    }  # fmt: skip
    clock.advance(61)
    state = client.get("/api/v1/state").get_json()
    assert state["signals"]["import_price_ct_kwh"]["value"] is None
    assert state["forecasts"]["pv_forecast_w"]["values"] == []
    assert state["forecasts"]["pv_forecast_w"]["last_values"] == [4000.0, 3100.0, 2000.0]


def test_what_the_rules_call_old_is_null_though_it_was_just_told(client: FlaskClient, talk: Talk) -> None:
    talk.energy({**SUNNY, **PRICES, "pv_forecast_w": [1.0]}, old=(*PRICES, "pv_forecast_w"))
    state = client.get("/api/v1/state").get_json()
    assert {state["signals"][name]["value"] for name in PRICES} == {None}
    assert state["forecasts"]["pv_forecast_w"]["values"] == []


def test_before_anything_is_heard_there_is_no_state(client: FlaskClient) -> None:
    state = client.get("/api/v1/state").get_json()
    assert state["signals"] == {}
    assert state["loads"] == {"miner": None}
    assert state["block"] is None


def test_health_is_as_bad_as_its_worst_part(client: FlaskClient, talk: Talk, clock: HeldClock) -> None:
    talk.all_well()
    assert client.get("/api/v1/health").get_json()["status"] == "ok"
    talk.health("feeds", HealthStatus.WARN, "no price yet")
    health = client.get("/api/v1/health").get_json()
    assert health["status"] == "warn"
    assert health["components"]["feeds"] == {"status": "warn", "reason": "no price yet"}
    clock.advance(61)
    health = client.get("/api/v1/health").get_json()
    assert health["status"] == "silent"
    assert {part["status"] for part in health["components"].values()} == {"silent"}, "who warned has hung as well"
    talk.health("guard", HealthStatus.ERROR, "connection lost")
    assert client.get("/api/v1/health").get_json()["status"] == "error"


def test_a_failed_component_stays_failed_however_old_its_last_will(
    client: FlaskClient, talk: Talk, clock: HeldClock
) -> None:
    talk.health("guard", HealthStatus.ERROR, "connection lost")
    clock.advance(3600)
    assert client.get("/api/v1/health").get_json()["components"]["guard"]["status"] == "error"


def test_without_the_bus_the_whole_is_an_error(client: FlaskClient, talk: Talk, bus: MemoryBus) -> None:
    talk.all_well()
    bus.is_connected = False
    assert client.get("/api/v1/health").get_json()["status"] == "error"


def test_decisions_come_with_their_record_and_sentences(client: FlaskClient, talk: Talk) -> None:
    record = talk.decision()
    (decision,) = client.get("/api/v1/decisions").get_json()["decisions"]
    assert decision["record"] == record
    assert decision["texts"]["en"]["short"].startswith("The sun leaves")
    assert decision["texts"]["de"]["short"].startswith("Die Sonne lässt")


def test_a_decision_names_where_the_ledger_ended_with_it(client: FlaskClient, talk: Talk) -> None:
    talk.event(talk.decision(), "another", head=LedgerHead(seq=18, hash="0f" * 32))
    newest, older = client.get("/api/v1/decisions").get_json()["decisions"]
    assert newest["ledger_head"] == "18:" + "0f" * 32
    assert older["ledger_head"] is None


def test_an_override_is_asked_for_and_its_end_told(client: FlaskClient, talk: Talk) -> None:
    talk.answer(ends_at_s=NOON_S + 600)
    body = {"load": "miner", "action": "level", "level": "eco", "duration_s": 600}
    response = client.post("/api/v1/override", json=body)
    assert response.status_code == 200
    assert response.get_json()["accepted"] is True
    assert response.get_json()["ends_at_s"] == NOON_S + 600
    (request,) = talk.asked
    assert isinstance(request, OverrideRequest)
    assert (request.action, request.level, request.duration_s, request.actor) == ("level", "eco", 600, "api")


def test_the_emergency_stop_is_passed_on(client: FlaskClient, talk: Talk) -> None:
    talk.answer()
    assert client.post("/api/v1/estop", json={"engage": True}).status_code == 200
    (request,) = talk.asked
    assert isinstance(request, EstopRequest)
    assert request.engage


@pytest.mark.parametrize(
    ("path", "body", "asked"),
    [
        ("autonomy", {"autonomy": 2}, AutonomyRequest),
        ("autonomy", {"autonomy": 2.0}, AutonomyRequest),
        ("confirm", {"load": "miner", "level": "eco"}, ConfirmRequest),
        ("ack", {}, EstopRequest),
        ("config/reload", {}, ReloadRequest),
    ],
)
def test_every_other_wish_is_passed_on_too_and_answered(
    client: FlaskClient, talk: Talk, path: str, body: object, asked: type[object]
) -> None:
    talk.answer(code="DONE", text="as asked")
    answer = client.post(f"/api/v1/{path}", json=body)
    assert answer.status_code == 200
    assert (answer.get_json()["code"], answer.get_json()["text"]) == ("DONE", "as asked")
    (request,) = talk.asked
    assert isinstance(request, asked)
    assert request.actor == "api"


def test_to_acknowledge_is_not_to_engage(client: FlaskClient, talk: Talk) -> None:
    talk.answer()
    client.post("/api/v1/ack", json={})
    (request,) = talk.asked
    assert isinstance(request, EstopRequest)
    assert not request.engage


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("autonomy", {"autonomy": 4}),
        ("autonomy", {"autonomy": 1.5}),
        ("autonomy", {"autonomy": True}),
        ("autonomy", {"autonomy": "3"}),
        ("autonomy", {}),
        ("confirm", {"load": "miner"}),
        ("ack", {"really": True}),
        ("ack", "yes"),
        ("config/reload", []),
        ("estop", {"engage": "yes"}),
        ("estop", {}),
    ],
)
def test_a_wish_that_is_none_is_not_passed_on(client: FlaskClient, talk: Talk, path: str, body: object) -> None:
    talk.answer()
    answer = client.post(f"/api/v1/{path}", json=body)
    assert answer.status_code == 422
    assert answer.get_json()["errors"]
    assert talk.asked == []


def test_a_method_that_is_not_there_names_those_that_are(client: FlaskClient) -> None:
    answer = client.get("/api/v1/override")
    assert (answer.status_code, answer.content_type) == (405, "application/problem+json")
    assert "POST" in answer.headers["Allow"]


def test_a_body_takes_no_parameters_beside_it(client: FlaskClient, talk: Talk) -> None:
    talk.answer()
    assert client.post("/api/v1/estop?engage=no", json={"engage": True}).status_code == 422
    assert talk.asked == []


def test_autonomy_is_told_while_it_is_live(client: FlaskClient, talk: Talk, clock: HeldClock) -> None:
    talk.energy(autonomy=1)
    assert client.get("/api/v1/state").get_json()["autonomy"] == 1
    clock.advance(61)
    assert client.get("/api/v1/state").get_json()["autonomy"] is None


def test_a_refusal_is_a_problem_with_its_reason(client: FlaskClient, talk: Talk) -> None:
    talk.answer(accepted=False, text="R2 does not allow it", code="R2_HARD_RESERVE")
    response = client.post("/api/v1/override", json={"load": "miner", "action": "start"})
    assert response.status_code == 409
    assert response.content_type == "application/problem+json"
    problem = response.get_json()
    assert problem["reason"] == "R2_HARD_RESERVE"
    assert problem["detail"] == "R2 does not allow it"


def test_no_answer_is_not_taken_for_a_yes(client: FlaskClient, talk: Talk) -> None:
    talk.listen()
    response = client.post("/api/v1/override", json={"load": "miner", "action": "stop"})
    assert response.status_code == 504
    assert "look at GET /api/v1/state" in response.get_json()["detail"]


def test_without_the_bus_a_request_is_not_sent(client: FlaskClient, talk: Talk, bus: MemoryBus) -> None:
    talk.answer()
    bus.is_connected = False
    response = client.post("/api/v1/override", json={"load": "miner", "action": "stop"})
    assert response.status_code == 503
    assert talk.asked == []


@pytest.mark.parametrize(
    ("body", "key"),
    [
        ({"action": "stop"}, "load"),
        ({"load": "miner", "action": "explode"}, "action"),
        ({"load": "miner", "action": "stop", "duration_s": 5}, "duration_s"),
        ({"load": "miner", "action": "stop", "duration_s": "600"}, "duration_s"),
        ({"load": "miner", "action": "stop", "until": "tomorrow"}, "until"),
        ({"load": "miner", "action": "level"}, "level"),
        ({"load": "miner", "action": "stop", "level": "eco"}, "level"),
        ({"load": "miner", "action": "end", "duration_s": 600}, "duration_s"),
        ([], ""),
    ],
)
def test_a_body_that_does_not_fit_names_the_key_and_does_nothing(
    client: FlaskClient, talk: Talk, body: object, key: str
) -> None:
    talk.answer()
    response = client.post("/api/v1/override", json=body)
    assert response.status_code == 422
    assert key in [error["key"] for error in response.get_json()["errors"]]
    assert talk.asked == []


def test_only_json_is_read(client: FlaskClient, talk: Talk) -> None:
    talk.answer()
    response = client.post("/api/v1/override", data={"load": "miner", "action": "start"})
    assert response.status_code == 415
    assert "Content-Type: application/json" in response.get_json()["detail"]
    assert client.post("/api/v1/override", data="{", content_type="application/json").status_code == 422
    assert talk.asked == []


def test_what_flask_refuses_by_itself_is_a_problem_too(client: FlaskClient) -> None:
    missing = client.get("/api/v1/moon")
    assert (missing.status_code, missing.content_type) == (404, "application/problem+json")
    big = client.post("/api/v1/override", data="x" * 20_000, content_type="application/json")
    assert big.status_code == 413
    assert big.content_type == "application/problem+json"
    assert client.get("/moon").content_type.startswith("text/html")
