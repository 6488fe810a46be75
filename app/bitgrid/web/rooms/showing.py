"""Showing a room: the one way in which a page is put together."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from flask import Response, render_template, request

from bitgrid.web import entry, security
from bitgrid.web.answers import answer_text

if TYPE_CHECKING:
    from bitgrid.web.app import Web

ROOMS: dict[str, str] = {
    "now": "/",
    "timeline": "/timeline",
    "plan": "/plan",
    "energy": "/energy",
    "devices": "/devices",
    "rules": "/rules",
    "system": "/system",
}
"""Address of each room that the navigation shows, in its order."""
_PASSING = frozenset({"lang", "asked", "said", "recorded"})
"""What an address says of this once alone: the language, and what has become of a wish."""


def show(web: Web, template: str, here: str, /, status: int = 200, **values: object) -> Response:
    """A whole page in the language of this request.

    Args:
        web: what every route works with.
        template: one that extends ``base.html``.
        here: the room's name, as in `ROOMS`.
        status: of the answer, where it is a refusal.
        values: what the template asks for beside ``t``, ``words``, ``language``, ``site`` and ``may``: the scopes
            of whoever looks, so that nobody is shown a button that would be refused.
    """
    words = web.words[web.language()]
    outcome = web.asker.outcome(request.args.get("asked", ""))
    html = render_template(
        template,
        t=words.t,
        words=words,
        language=words.language,
        site=web.config.site,
        rooms=_rooms(web),
        here=here,
        same=_same(here),
        may=entry.scopes(),
        has_login=web.config.site.web.login == "required",
        answer=None if outcome is None else answer_text(outcome, words),
        kind="" if outcome is None else outcome.status,
        **values,
    )
    response = Response(html, status)
    security.hand_out_cookie(response)
    return response


def _same(here: str) -> str:
    """The address of this very page without its language, to be shown in another: what was asked for stays."""
    if request.method != "GET":
        return f"{ROOMS.get(here, '/')}?"
    query = urlencode([(key, value) for key, value in request.args.items(multi=True) if key not in _PASSING])
    return f"{request.path}?{query}&" if query else f"{request.path}?"


def _rooms(web: Web) -> list[tuple[str, str]]:
    """The rooms of the navigation; while the house is being set up, that comes first."""
    first = [("setup", "/setup")] if web.is_first_run else []
    return [*first, *ROOMS.items()]
