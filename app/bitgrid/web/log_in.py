"""The way in: log-in, log-out, and the first operator's account."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from flask import Blueprint, Response, redirect, render_template, request, session

from bitgrid.web import security
from bitgrid.web.entry import Door

if TYPE_CHECKING:
    from bitgrid.web.app import Web


def routes(web: Web, door: Door) -> Blueprint:
    """Routes ``/login``, ``/begin`` and ``/logout``."""
    blueprint = Blueprint("entry", __name__)

    @blueprint.get("/login")
    def form() -> Response:
        return _form(web, door, "")

    @blueprint.post("/login")
    def log_in() -> Response:
        security.check_form()
        if door.log_in(request.form.get("name", ""), request.form.get("password", "")):
            return _home(web)
        return _form(web, door, "wrong")

    @blueprint.post("/begin")
    def begin() -> Response:
        security.check_form()
        told = [request.form.get(key, "") for key in ("code", "name", "password")]
        problem = door.begin(*told)
        return _form(web, door, problem) if problem else _home(web)

    @blueprint.post("/logout")
    def log_out() -> Response:
        security.check_form()
        session.clear()
        return cast("Response", redirect("/login", 303))

    return blueprint


def _form(web: Web, door: Door, problem: str) -> Response:
    words = web.words[web.language()]
    html = render_template(
        "login.html",
        t=words.t,
        language=words.language,
        site=web.config.site,
        problem=words.t(f"login-{problem}") if problem else "",
        is_first=door.lacks_operator,
    )
    response = Response(html, 403 if problem else 200)
    security.hand_out_cookie(response)
    return response


def _home(web: Web) -> Response:
    return cast("Response", redirect(f"/?lang={web.language()}", 303))
