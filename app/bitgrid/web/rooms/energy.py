"""The room *Energy*: a day, week, month or year in charts, figures and ways of the energy; CSV and report to keep.

The page is there at once. Its figures are reckoned by a child process and come in as a part of the page, or, to a
browser without JavaScript, by a link.
"""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, render_template, request

from bitgrid.web.energy import Energy, as_csv
from bitgrid.web.kpis import Asked
from bitgrid.web.problems import Refusal
from bitgrid.web.rooms.showing import show
from bitgrid.web.spans import KINDS, Span, read_span

if TYPE_CHECKING:
    from bitgrid.web.app import Web


def routes(web: Web) -> Blueprint:
    """Routes ``/energy`` and, under it, ``told``, ``csv`` and ``report``."""
    blueprint = Blueprint("energy", __name__, url_prefix="/energy")

    @blueprint.get("")
    def page() -> Response:
        span, is_read = _span(web)
        is_whole = "whole" in request.args or web.kpis is None or not _is_begun(web, span)
        known = None if web.kpis is None else web.kpis.known_energy(_asked(web, span))
        part = _part(web, span) if is_whole or known is not None else ""
        return show(
            web,
            "energy.html",
            "energy",
            span=span,
            kinds=KINDS,
            today=_today(web),
            title=span.title(web.words[web.language()]),
            part=part,
            is_misread=not is_read,
        )

    @blueprint.get("/told")
    def told() -> Response:
        return Response(_part(web, _span(web)[0]))

    @blueprint.get("/csv")
    def table() -> Response:
        span, _is_read = _span(web)
        text = as_csv(_told(web, span), _zone(web))
        return _file(text, f"bitgrid-energy-{span.name}.csv", "text/csv; charset=utf-8")

    @blueprint.get("/report")
    def report() -> Response:
        span, _is_read = _span(web)
        if web.kpis is None or not _is_begun(web, span):
            raise _nothing_yet(web)
        html = web.kpis.report(span.month, web.language())
        return _file(html, f"bitgrid-report-{span.month}.html", "text/html; charset=utf-8")

    return blueprint


def _part(web: Web, span: Span) -> str:
    """The part of the page that tells of a span; where that cannot be told now, why."""
    words = web.words[web.language()]
    try:
        told = Energy(_told(web, span), words, _zone(web), by_month=span.kind == "year")
    except Refusal as refusal:
        text = words.either(f"energy-{refusal.code}", refusal.detail)
        return render_template("parts/energy.html", told=None, problem=text, detail=refusal.detail, t=words.t)
    return render_template("parts/energy.html", told=told, span=span, t=words.t, language=words.language)


def _told(web: Web, span: Span) -> dict[str, Any]:
    """What is known of a span.

    Raises:
        Refusal: 503, where it cannot be told now; 404, where nothing of it is over.
    """
    if web.kpis is None or not _is_begun(web, span):
        raise _nothing_yet(web)
    answer: dict[str, Any] = json.loads(web.kpis.energy(_asked(web, span)))
    return answer


def _nothing_yet(web: Web) -> Refusal:
    if web.kpis is None:
        return Refusal(503, "no_data", "This page runs without a house's data, so there are no figures.")
    return Refusal(404, "nothing_yet", "Nothing of this period is over yet, so there is nothing to tell.")


def _span(web: Web) -> tuple[Span, bool]:
    return read_span(request.args.get("span"), request.args.get("at"), _today(web))


def _asked(web: Web, span: Span) -> Asked:
    return Asked(span.first, span.end, web.language())


def _is_begun(web: Web, span: Span) -> bool:
    """Whether at least one block of it is over."""
    begins = dt.datetime(span.first.year, span.first.month, span.first.day, tzinfo=_zone(web))
    return web.clock.now() >= begins.timestamp() + web.config.rules.block_s


def _today(web: Web) -> dt.date:
    return dt.datetime.fromtimestamp(web.clock.now(), _zone(web)).date()


def _zone(web: Web) -> ZoneInfo:
    return ZoneInfo(web.config.site.location.timezone)


def _file(text: str, name: str, content_type: str) -> Response:
    return Response(
        text, content_type=content_type, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )
