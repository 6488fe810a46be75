"""The way in: log-in, log-out, and the first operator's account."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from flask import Blueprint, Response, redirect, render_template, request, session

from bitgrid.web import security
from bitgrid.web.entry import Door, wall_view
from bitgrid.web.words import Words

if TYPE_CHECKING:
    from bitgrid.web.app import Web


def routes(web: Web, door: Door) -> Blueprint:
    """Routes ``/login``, ``/begin`` and ``/logout``."""
    blueprint = Blueprint("entry", __name__)

    @blueprint.get("/login")
    def form() -> Response:
        return _form(web, door, _words(web).t("refusal-session_over") if "over" in request.args else "", 200)

    @blueprint.post("/login")
    def log_in() -> Response:
        security.check_form()
        if door.log_in(request.form.get("name", ""), request.form.get("password", "")):
            return _home(web)
        return _form(web, door, _words(web).t("login-wrong"), 403)

    @blueprint.post("/begin")
    def begin() -> Response:
        security.check_form()
        told = [request.form.get(key, "") for key in ("code", "name", "password")]
        problem = door.begin(*told)
        return _form(web, door, _words(web).t(f"login-{problem}"), 403) if problem else _home(web)

    @blueprint.post("/logout")
    def log_out() -> Response:
        security.check_form()
        session.clear()
        return cast("Response", redirect("/login", 303))

    return blueprint


def _form(web: Web, door: Door, problem: str, status: int) -> Response:
    """The form, with what is wrong; what was typed stays, passwords apart."""
    told = _words(web)
    html = render_template(
        "login.html",
        t=told.t,
        language=told.language,
        site=web.config.site,
        problem=problem,
        typed=request.form,
        is_first=door.lacks_operator,
        kiosk=wall_view(),
    )
    response = Response(html, status)
    security.hand_out_cookie(response)
    return response


def _words(web: Web) -> Words:
    return web.words[web.language()]


def _home(web: Web) -> Response:
    """Where a person begins, in the view they came from: the first run, as long as the house is being set up."""
    view, room = wall_view(), "setup" if web.is_first_run else ""
    return cast("Response", redirect(f"/{room}?lang={web.language()}{view and f'&kiosk={view}'}", 303))
