"""Every operation of the API, version 1."""

from __future__ import annotations

from typing import Any

from bitgrid.web.api import ahead, explaining, given, models, now, recorded, wishes
from bitgrid.web.api.operation import Operation

_TO_EXPLAIN = (("explain", {"id": "$response.body#/entries/0/id"}),)
_DECISION_TO_EXPLAIN = (("explain", {"id": "$response.body#/decisions/0/id"}),)
_TO_NEXT = (("timeline", {"after": "$response.body#/next"}),)

OPERATIONS: tuple[Operation[Any], ...] = (
    Operation("state", "GET", "/state", models.StateAnswer, now.state),
    Operation("health", "GET", "/health", models.HealthAnswer, now.health),
    Operation("decisions", "GET", "/decisions", models.DecisionsAnswer, now.decisions, links=_DECISION_TO_EXPLAIN),
    Operation(
        "timeline",
        "GET",
        "/timeline",
        models.TimelineAnswer,
        recorded.timeline,
        given.TimelineQuery,
        (503,),
        links=_TO_EXPLAIN,
    ),
    Operation(
        "explain",
        "GET",
        "/explain/{id}",
        models.ExplainAnswer,
        explaining.explain,
        given.DecisionName,
        (404, 503),
    ),
    Operation("preview", "GET", "/preview", models.PlanAnswer, ahead.preview, refusals=(503,)),
    Operation("plan", "GET", "/plan", models.PlanAnswer, ahead.plan, given.PlanQuery, (503,)),
    Operation("kpi", "GET", "/kpi", models.KpiAnswer, recorded.kpi, given.KpiQuery, (503,)),
    Operation("config", "GET", "/config", models.ConfigAnswer, recorded.config, refusals=(503,)),
    Operation("whatif", "POST", "/whatif", models.WhatIfAnswer, ahead.whatif, given.WhatIfBody, (503,)),
    Operation(
        "override",
        "POST",
        "/override",
        models.AcceptedAnswer,
        wishes.override,
        given.OverrideBody,
        wishes.REFUSALS,
    ),
    Operation(
        "autonomy",
        "POST",
        "/autonomy",
        models.AcceptedAnswer,
        wishes.autonomy,
        given.AutonomyBody,
        wishes.REFUSALS,
    ),
    Operation(
        "confirm", "POST", "/confirm", models.AcceptedAnswer, wishes.confirm, given.ConfirmBody, wishes.REFUSALS
    ),
    Operation("ack", "POST", "/ack", models.AcceptedAnswer, wishes.ack, given.EmptyBody, wishes.REFUSALS),
    Operation("estop", "POST", "/estop", models.AcceptedAnswer, wishes.estop, given.EstopBody, wishes.REFUSALS),
    Operation(
        "reload",
        "POST",
        "/config/reload",
        models.AcceptedAnswer,
        wishes.reload,
        given.EmptyBody,
        wishes.REFUSALS,
    ),
)
