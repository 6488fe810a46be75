"""The room *Devices*: what each tells, how it is, and a test that asks it now."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from flask import Blueprint, Response, redirect, render_template, request
from htmx_flask import request as htmx_request  # type: ignore[import-untyped]  # the package has no types

from bitgrid.web import entry, security
from bitgrid.web.problems import Refusal
from bitgrid.web.rooms.devices_page import DevicesPage, look_of
from bitgrid.web.rooms.showing import show

if TYPE_CHECKING:
    from bitgrid.web.app import Web

ACTOR = "web"
HERE = "devices"


def routes(web: Web) -> Blueprint:
    """Routes under ``/devices``."""
    blueprint = Blueprint("devices", __name__)

    @blueprint.get("/devices")
    def page() -> Response:
        return show(web, "devices.html", HERE, page=_page(web), may_set_up=web.is_first_run)

    @blueprint.get("/devices/part")
    def part() -> Response:
        return Response(render_template("parts/devices.html", page=_page(web), t=web.words[web.language()].t))

    @blueprint.post("/devices/test")
    def test() -> Response:
        security.check_form()
        return _test(web)

    return blueprint


def _page(web: Web) -> DevicesPage:
    """The room, with what came of a test that the address names."""
    words = web.words[web.language()]
    outcome, name = web.asker.outcome(request.args.get("looked", "")), request.args.get("device", "")
    looks = {} if outcome is None else {name: look_of(outcome, words)}
    return DevicesPage(web.config, web.view.snapshot(), web.view.readings, words, looks)


def _test(web: Web) -> Response:
    """Have a device asked now: its own process does it, for this one has no network."""
    name, site, language = request.form.get("device", ""), web.config.site, web.language()
    if name not in {device.id for device in site.devices} | {load.id for load in site.loads}:
        raise Refusal(404, "no_such_device", f"There is no device {name!r}, so nothing was asked.")
    outcome = web.asker.look(name, entry.actor(ACTOR))
    if not htmx_request.htmx:
        where = f"/devices?lang={language}&looked={outcome.request_id}&device={name}#{name}"
        return cast("Response", redirect(where, 303))
    words = web.words[language]
    return Response(render_template("parts/look.html", id=name, look=look_of(outcome, words), t=words.t))
