"""REST, version 1: what the page shows, for programs, and the same wishes."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

from flask import Blueprint, Response, json, request
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from bitgrid.explain import LANGUAGES
from bitgrid.web import entry
from bitgrid.web.ahead import FORECASTS
from bitgrid.web.asking import Outcome
from bitgrid.web.house import Decided, House
from bitgrid.web.kpis import asked_for
from bitgrid.web.problems import Refusal
from bitgrid.web.view import COMPONENTS

if TYPE_CHECKING:
    from bitgrid.web.app import Web

ACTOR = "api"
_STATUS = {"refused": 409, "no_answer": 504, "not_sent": 503}
_ADVICE = {
    "no_answer": "The request went out, but the rules did not answer within 2 seconds. It may still take effect: "
    "look at GET /api/v1/state before you ask again.",
    "not_sent": "The message broker cannot be reached, so nothing was sent. Without it the load's lease runs out "
    "and it goes off by itself; `bitgrid doctor` finds out what is wrong.",
}


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class OverrideBody(_Body):
    """Body of POST override."""

    load: Annotated[str, Field(max_length=31)]
    action: Literal["start", "stop", "level", "end"]
    level: Annotated[str, Field(max_length=31)] | None = None
    duration_s: Annotated[int, Field(ge=60, le=86_400)] | None = None

    @model_validator(mode="after")
    def _level_is_named(self) -> OverrideBody:
        if (self.action == "level") != (self.level is not None):
            raise ValueError('give "level" with the action "level", and only with it')
        return self


class EstopBody(_Body):
    """Body of POST estop: engage, or acknowledge what was engaged."""

    engage: bool


B = TypeVar("B", bound=_Body)


def routes(web: Web) -> Blueprint:
    """Routes under ``/api/v1``."""
    blueprint = Blueprint("api", __name__, url_prefix="/api/v1")

    @blueprint.get("/state")
    def state() -> Response:
        return _json(state_json(web.view.snapshot()))

    @blueprint.get("/health")
    def health() -> Response:
        return _json(health_json(web.view.snapshot()))

    @blueprint.get("/decisions")
    def decisions() -> Response:
        return _json({"decisions": [_decision_json(web, decided) for decided in web.view.snapshot().decisions]})

    @blueprint.get("/kpi")
    def kpi() -> Response:
        return Response(_kpi(web), content_type="application/json")

    @blueprint.post("/override")
    def override() -> Response:
        body = _body(OverrideBody)
        return _outcome(
            web.asker.override(
                body.load, body.action, level=body.level, duration_s=body.duration_s, actor=entry.actor(ACTOR)
            )
        )

    @blueprint.post("/estop")
    def estop() -> Response:
        return _outcome(web.asker.estop(engage=_body(EstopBody).engage, actor=entry.actor(ACTOR)))

    return blueprint


def _kpi(web: Web) -> str:
    """Key figures from ``from`` to the day before ``to``.

    Raises:
        Refusal: 422 for a period that is none, 503 where they cannot be reckoned now.
    """
    asked = asked_for(request.args.get("from"), request.args.get("to"), web.language())
    if web.kpis is None:
        raise Refusal(503, "not_reckoned", "This page runs without a house's data, so there are no figures.")
    return web.kpis.answer(asked)


def state_json(house: House) -> dict[str, Any]:
    """The house: a value that is not live is null, and stands under ``last_value`` with its age."""
    energy = house.energy
    signals = {} if energy is None else energy.message.signals
    return {
        "schema": 1,
        "at_s": house.now_s,
        "is_connected": house.is_connected,
        "is_live": house.is_live(energy),
        "block": None if energy is None else energy.message.block,
        "block_ends_s": None if energy is None else energy.message.block_ends_s,
        "surplus_w": energy.message.surplus_w if energy is not None and house.is_live(energy) else None,
        "degraded": [] if energy is None else energy.message.degraded,
        "config_hash": None if energy is None else energy.message.config_hash,
        "signals": {name: _signal_json(house, name) for name in sorted(signals) if name not in FORECASTS},
        "forecasts": {name: _forecast_json(house, name) for name in FORECASTS if name in signals},
        "loads": {load: _load_json(house, load) for load in house.load_ids},
    }


def health_json(house: House) -> dict[str, Any]:
    """Every component of the house, and the worst of them as the whole."""
    parts = {name: house.component(name) for name in COMPONENTS}
    order = ("ok", "warn", "silent", "error")
    worst = max((status for status, _reason in parts.values()), key=order.index)
    return {
        "schema": 1,
        "status": worst if house.is_connected else "error",
        "is_connected": house.is_connected,
        "components": {name: {"status": status, "reason": reason} for name, (status, reason) in parts.items()},
    }


def _signal_json(house: House, name: str) -> dict[str, Any]:
    cell = dataclasses.asdict(house.signal(name))
    del cell["is_computed"]
    return {**cell, "value": cell["value"] if cell["is_live"] else None, "last_value": cell["value"]}


def _forecast_json(house: House, name: str) -> dict[str, Any]:
    """Watts by block from the one now running on; what is too old to decide by is under ``last_values``."""
    told = dataclasses.asdict(house.coming(name))
    values = list(told.pop("values"))
    return {**told, "values": values if told["is_live"] else [], "last_values": values}


def _load_json(house: House, load: str) -> dict[str, Any] | None:
    heard = house.loads.get(load)
    if heard is None:
        return None
    return {
        **heard.message.model_dump(by_alias=True),
        "is_live": house.is_live(heard),
        "age_s": house.age_s(heard),
    }


def _decision_json(web: Web, decided: Decided) -> dict[str, Any]:
    texts = {language: web.words[language].explainer.texts_of(decided.view, language) for language in LANGUAGES}
    head = None if decided.head is None else str(decided.head)
    return {
        "id": decided.id,
        "load": decided.view.load,
        "record": decided.record,
        "texts": texts,
        "ledger_head": head,
    }


def _json(value: dict[str, Any]) -> Response:
    return Response(json.dumps(value), content_type="application/json")


def _body(model: type[B]) -> B:
    """The request's body.

    Raises:
        Refusal: 415 or 422, saying what would be right.
    """
    if request.mimetype != "application/json":
        raise Refusal(415, "not_json", "Send the body as JSON, with the header Content-Type: application/json.")
    try:
        return model.model_validate_json(request.get_data())
    except ValidationError as error:
        errors = [{"key": ".".join(map(str, one["loc"])), "message": one["msg"]} for one in error.errors()]
        raise Refusal(
            422,
            "invalid_body",
            "The body does not fit, so nothing was done; errors says what would.",
            errors=errors,
        ) from None


def _outcome(outcome: Outcome) -> Response:
    reply = outcome.reply
    if reply is not None and reply.accepted:
        return _json(
            {
                "request_id": outcome.request_id,
                "accepted": True,
                "code": reply.code,
                "text": reply.text,
                "ends_at_s": reply.ends_at_s,
            }
        )
    detail = _ADVICE[outcome.status] if reply is None else reply.text
    reason = {} if reply is None else {"reason": reply.code}
    raise Refusal(_STATUS[outcome.status], outcome.status, detail, request_id=outcome.request_id, **reason)
