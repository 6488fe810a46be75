"""Every operation of the API, version 1."""

from __future__ import annotations

from typing import Any

from bitgrid.web.api import ahead, decided, explaining, exporting, given, models, now, recorded, wishes
from bitgrid.web.api.operation import Links, Operation

_LOOK: Links = (("state", {}), ("decisions", {}))
"""After a wish: look what has come of it."""
_NEWEST = "$response.body#/decisions/0"

_LOAD = {"load": f"{_NEWEST}/load"}
_ACT: Links = (("confirm", {**_LOAD, "level": f"{_NEWEST}/level"}), ("override", _LOAD), ("whatif", _LOAD))

OPERATIONS: tuple[Operation[Any], ...] = (
    Operation(
        "state",
        "GET",
        "/state",
        models.StateAnswer,
        now.state,
        links=(("override", {}), ("estop", {}), ("autonomy", {})),
    ),
    Operation("health", "GET", "/health", models.HealthAnswer, now.health),
    Operation(
        "decisions",
        "GET",
        "/decisions",
        decided.DecisionsAnswer,
        now.decisions,
        links=(("explain", {"id": f"{_NEWEST}/id"}), *_ACT),
    ),
    Operation(
        "timeline",
        "GET",
        "/timeline",
        decided.TimelineAnswer,
        recorded.timeline,
        given.TimelineQuery,
        (503,),
        links=(("explain", {"id": "$response.body#/entries/0/id"}),),
    ),
    Operation(
        "explain",
        "GET",
        "/explain/{id}",
        decided.ExplainAnswer,
        explaining.explain,
        given.DecisionName,
        (404, 503),
    ),
    Operation(
        "preview",
        "GET",
        "/preview",
        decided.PlanAnswer,
        ahead.preview,
        refusals=(503,),
        links=(("whatif", {}), ("plan", {})),
    ),
    Operation("plan", "GET", "/plan", decided.PlanAnswer, ahead.plan, given.PlanQuery, (503,)),
    Operation("kpi", "GET", "/kpi", models.KpiAnswer, recorded.kpi, given.KpiQuery, (503,)),
    Operation(
        "config", "GET", "/config", models.ConfigAnswer, recorded.config, refusals=(503,), links=(("reload", {}),)
    ),
    Operation("whatif", "POST", "/whatif", decided.WhatIfAnswer, ahead.whatif, given.WhatIfBody, (503,)),
    Operation(
        "override",
        "POST",
        "/override",
        models.AcceptedAnswer,
        wishes.override,
        given.OverrideBody,
        wishes.REFUSALS,
        links=_LOOK,
    ),
    Operation(
        "autonomy",
        "POST",
        "/autonomy",
        models.AcceptedAnswer,
        wishes.autonomy,
        given.AutonomyBody,
        wishes.REFUSALS,
        links=_LOOK,
    ),
    Operation(
        "confirm",
        "POST",
        "/confirm",
        models.AcceptedAnswer,
        wishes.confirm,
        given.ConfirmBody,
        wishes.REFUSALS,
        links=_LOOK,
    ),
    Operation(
        "ack", "POST", "/ack", models.AcceptedAnswer, wishes.ack, given.EmptyBody, wishes.REFUSALS, links=_LOOK
    ),
    Operation(
        "estop",
        "POST",
        "/estop",
        models.AcceptedAnswer,
        wishes.estop,
        given.EstopBody,
        wishes.REFUSALS,
        links=(("ack", {}), *_LOOK),
    ),
    Operation("exports", "GET", "/research/export", models.ExportsAnswer, exporting.exports, refusals=(503,)),
    Operation(
        "export",
        "POST",
        "/research/export",
        models.ExportsAnswer,
        exporting.export,
        given.ExportBody,
        wishes.REFUSALS,
        status=202,
        links=(("exports", {}),),
    ),
    Operation(
        "reload",
        "POST",
        "/config/reload",
        models.AcceptedAnswer,
        wishes.reload,
        given.EmptyBody,
        wishes.REFUSALS,
        links=(("config", {}),),
    ),
)
