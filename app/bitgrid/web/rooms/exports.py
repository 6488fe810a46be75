"""Research bundles from the page: asked for, recorded, made by a child with a bar, downloaded, removed."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, cast
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, redirect, request, send_file

from bitgrid.web import bundles, entry, security
from bitgrid.web.answers import answer_text
from bitgrid.web.asking import HTTP_STATUS, Outcome
from bitgrid.web.flags_file import research_switched
from bitgrid.web.problems import Refusal
from bitgrid.web.rooms.system import system_page

if TYPE_CHECKING:
    from bitgrid.web.app import Web
    from bitgrid.web.words import Words

ACTOR = "web"


def routes(web: Web, door: entry.Door) -> Blueprint:
    """Routes under ``/system/export``."""
    blueprint = Blueprint("exports", __name__, url_prefix="/system/export")

    @blueprint.post("")
    def begin() -> Response:
        security.check_form()
        try:
            _begin(web)
        except Refusal as refusal:
            kept = {key: request.form.get(key, "") for key in ("first", "last")}
            return system_page(web, door, refusal.status, problem=refusal, kept=kept)
        return _back(web)

    @blueprint.post("/research")
    def switch() -> Response:
        security.check_form()
        try:
            outcome = _switch(web, is_on=request.form.get("on") == "yes")
        except Refusal as refusal:
            return system_page(web, door, refusal.status, problem=refusal)
        address = f"/system?lang={web.language()}&asked={outcome.request_id}#research"
        return cast("Response", redirect(address, 303))

    @blueprint.post("/cancel")
    def cancel() -> Response:
        security.check_form()
        job = web.jobs.look(request.form.get("job", ""))
        if job is not None and job.kind == "export":
            web.jobs.cancel(job.id)
        return _back(web, "bundle-cancelled")

    @blueprint.post("/remove")
    def remove() -> Response:
        security.check_form()
        try:
            bundles.place_of(_data(web), request.form.get("name", "")).unlink()
        except Refusal as refusal:
            return system_page(web, door, refusal.status, problem=refusal)
        return _back(web, "bundle-removed")

    @blueprint.get("/file")
    def file() -> Response:
        path = bundles.place_of(_data(web), request.args.get("name", ""))
        return send_file(path.resolve(), "application/zip", as_attachment=True, download_name=path.name)

    return blueprint


def _switch(web: Web, *, is_on: bool) -> Outcome:
    """Ask that research is switched in flags.yaml; `rules` writes it, and the ledger tells of it.

    Raises:
        Refusal: the file cannot be read.
    """
    try:
        text, before = research_switched(_config(web), is_on=is_on)
    except (OSError, ValueError) as error:
        raise Refusal(503, "no_flags", f"flags.yaml cannot be read: {error}") from error
    return web.asker.configure("flags.yaml", text, before, entry.actor(ACTOR))


def _begin(web: Web) -> None:
    """Read the form, and have what it wishes carried out.

    Raises:
        Refusal: the wish cannot be read, or as `hand_out`.
    """
    zone = ZoneInfo(web.config.site.location.timezone)
    today = dt.datetime.fromtimestamp(web.clock.now(), zone).date()
    form = request.form
    wish = bundles.read_wish(form.getlist("kind"), form.get("first", ""), form.get("last", ""), today)
    hand_out(web, wish, entry.actor(ACTOR), web.words[web.language()])


def hand_out(web: Web, wish: bundles.Wish, actor: str, words: Words) -> None:
    """Have a wish recorded, then start the child that carries it out; outside of a request, too.

    Raises:
        Refusal: the rules refused or did not answer, other work runs, or there is no room for it.
    """
    data = _data(web)
    place = bundles.room_for(data)
    if web.jobs.running() is not None:
        raise Refusal(
            409, "work_running", "Other work is still running, so this was not begun. Wait or cancel it."
        )
    zone = ZoneInfo(web.config.site.location.timezone)
    outcome = web.asker.export(wish.kinds, *wish.between(zone), actor)
    if outcome.status != "accepted" or outcome.reply is None:
        reason = {} if outcome.reply is None else {"reason": outcome.reply.code}
        text = answer_text(outcome, words)
        raise Refusal(HTTP_STATUS[outcome.status], f"export_{outcome.status}", text, **reason)
    bundle_id = outcome.reply.text
    name = wish.file(bundle_id)
    command = ["research", "export", *wish.arguments(), "--out", str(place / name), "--recorded", bundle_id]
    command += ["--data", str(data), "--config", str(_config(web))]
    web.jobs.begin("export", command, actor=actor, about=name)


def _data(web: Web) -> Path:
    if web.places is None:
        raise Refusal(503, "no_data", "This page runs without a house's data, so nothing can be handed out.")
    return web.places.data


def _config(web: Web) -> Path:
    if web.places is None:
        raise Refusal(503, "no_data", "This page runs without a house's data, so nothing can be handed out.")
    return web.places.config


def _back(web: Web, said: str = "") -> Response:
    return cast("Response", redirect(f"/system?lang={web.language()}&said={said}#research", 303))
