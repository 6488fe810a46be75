"""What is asked of the rules. They decide; a refused request changed nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bitgrid.web import entry
from bitgrid.web.api import models
from bitgrid.web.api.given import (
    AutonomyBody,
    ConfirmBody,
    EmptyBody,
    EndWish,
    EstopBody,
    LevelWish,
    OverrideBody,
)
from bitgrid.web.asking import HTTP_STATUS, Outcome
from bitgrid.web.problems import Refusal

if TYPE_CHECKING:
    from bitgrid.web.app import Web

ACTOR = "api"
REFUSALS = (409, 503, 504)
_ADVICE = {
    "no_answer": "The request went out, but the rules did not answer within 2 seconds. It may still take effect: "
    "look at GET /api/v1/state before you ask again.",
    "not_sent": "The message broker cannot be reached, so nothing was sent. Without it the load's lease runs out "
    "and it goes off by itself; `bitgrid doctor` finds out what is wrong.",
}


def override(web: Web, body: OverrideBody) -> models.AcceptedAnswer:
    """Start or stop a load, set its level, or end such a wish.

    The rules refuse what safety, the hard reserve or the import limit forbid (409, ``reason`` names the rule's
    code), and go on by themselves when the wish has run out.
    """
    wish = body.root
    return accepted(
        web.asker.override(
            wish.load,
            wish.action,
            level=wish.level if isinstance(wish, LevelWish) else None,
            duration_s=None if isinstance(wish, EndWish) else wish.duration_s,
            actor=entry.actor(ACTOR),
        )
    )


def estop(web: Web, body: EstopBody) -> models.AcceptedAnswer:
    """Emergency stop of every load (``engage: true``), or its acknowledgement, as POST ack.

    It is never refused for being asked too often.
    """
    return accepted(web.asker.estop(engage=body.engage, actor=entry.actor(ACTOR)))


def ack(web: Web, _body: EmptyBody) -> models.AcceptedAnswer:
    """Acknowledge the emergency stop: the lockout then runs out by itself, and nothing starts before."""
    return accepted(web.asker.estop(engage=False, actor=entry.actor(ACTOR)))


def autonomy(web: Web, body: AutonomyBody) -> models.AcceptedAnswer:
    """Set how much the rules may do by themselves; a person's to say, no token's."""
    return accepted(web.asker.autonomy(body.autonomy, entry.actor(ACTOR)))


def confirm(web: Web, body: ConfirmBody) -> models.AcceptedAnswer:
    """Say yes to what the last decision suggests, while its block lasts; a person's to say, no token's."""
    return accepted(web.asker.confirm(body.load, body.level, entry.actor(ACTOR)))


def reload(web: Web, _body: EmptyBody) -> models.AcceptedAnswer:
    """Read the configuration anew: all of it, or, where anything is wrong with it, nothing of it (409)."""
    return accepted(web.asker.reload(entry.actor(ACTOR)))


def accepted(outcome: Outcome) -> models.AcceptedAnswer:
    """The answer to what was accepted.

    Raises:
        Refusal: it was not: 409 with the rules' reason, 503 where nothing was sent, 504 where nobody answered.
    """
    reply = outcome.reply
    if reply is not None and reply.accepted:
        return models.AcceptedAnswer(
            request_id=outcome.request_id, code=reply.code, text=reply.text, ends_at_s=reply.ends_at_s
        )
    detail = _ADVICE[outcome.status] if reply is None else reply.text
    reason = {} if reply is None else {"reason": reply.code}
    raise Refusal(HTTP_STATUS[outcome.status], outcome.status, detail, request_id=outcome.request_id, **reason)
