"""Routes of the page: the whole, its parts, and the forms, which work without JavaScript."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, cast

from flask import Blueprint, Response, redirect, render_template, request
from htmx_flask import request as htmx_request  # type: ignore[import-untyped]  # the package has no types
from werkzeug.exceptions import HTTPException

from bitgrid.web import entry, security
from bitgrid.web.answers import answer_text
from bitgrid.web.asking import Outcome
from bitgrid.web.problems import Refusal, as_json, is_programs
from bitgrid.web.rooms.showing import show

if TYPE_CHECKING:
    from bitgrid.web.app import Web

ACTOR = "web"
_ACTIONS = frozenset({"start", "stop", "end", "level"})


def routes(web: Web) -> Blueprint:
    """Routes ``/``, ``/fragments/now``, ``/override`` and ``/estop``."""
    blueprint = Blueprint("pages", __name__)

    @blueprint.get("/")
    def now() -> Response:
        return _page(web)

    @blueprint.get("/fragments/now")
    def fragments() -> Response:
        return Response("\n".join(web.fragments.recent(web.language()).values()))

    @blueprint.post("/override")
    def override() -> Response:
        security.check_form()
        return _answer(web, _ask_override(web))

    @blueprint.post("/estop")
    def estop() -> Response:
        security.check_form()
        engage = request.form.get("engage") != "no"
        return _answer(web, web.asker.estop(engage=engage, actor=entry.actor(ACTOR)))

    blueprint.app_errorhandler(Refusal)(lambda refusal: _refused(web, refusal))
    blueprint.app_errorhandler(HTTPException)(_failed)
    return blueprint


def _page(web: Web) -> Response:
    return show(web, "page.html", "now", parts=web.fragments.render(web.language()))


def _ask_override(web: Web) -> Outcome:
    """Read the form: ``wish`` is stop, start, end or level:NAME; ``minutes`` how long."""
    wish, _, level = request.form.get("wish", "").partition(":")
    load, limits = request.form.get("load", ""), web.config.rules.override
    minutes = request.form.get("minutes", default=limits.default_min, type=int)
    known = any(entry.id == load for entry in web.config.site.loads)
    if not known or wish not in _ACTIONS or not 1 <= minutes <= limits.max_h * 60:
        raise Refusal(
            400,
            "unreadable_wish",
            "The form could not be read, so nothing was done. Reload the page and try again",
        )
    return web.asker.override(
        load,
        cast("Literal['start', 'stop', 'level', 'end']", wish),
        level=level or None,
        duration_s=None if wish == "end" else minutes * 60,
        actor=entry.actor(ACTOR),
    )


def _answer(web: Web, outcome: Outcome) -> Response:
    """Tell the outcome: as a part of the page to htmx, else by sending the browser to the page."""
    language = web.language()
    if not htmx_request.htmx:
        return cast("Response", redirect(f"/?lang={language}&asked={outcome.request_id}", 303))
    words = web.words[language]
    return Response(
        render_template("parts/answer.html", answer=answer_text(outcome, words), kind=outcome.status, t=words.t)
    )


def _failed(error: HTTPException) -> Response:
    """What Flask refuses by itself (no such page, too long a body): plain to people, a problem to programs."""
    answer = cast("Response", error.get_response())
    if not is_programs(request.path):
        return answer
    code = error.name.lower().replace(" ", "_")
    return as_json(Refusal(error.code or 500, code, error.description or error.name), answer.headers.get("Allow"))


def _refused(web: Web, refusal: Refusal) -> Response:
    if is_programs(request.path):
        return as_json(refusal)
    words = web.words[web.language()]
    text = words.either(f"refusal-{refusal.code}", refusal.detail)
    if htmx_request.htmx:
        # 200, because htmx shows only what succeeds: the refusal is the answer.
        return Response(render_template("parts/answer.html", answer=text, kind="refused", t=words.t))
    html = render_template("refused.html", text=text, t=words.t, language=words.language)
    return Response(html, refusal.status)
