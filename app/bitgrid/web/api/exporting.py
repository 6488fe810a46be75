"""Research bundles: asked for, recorded by the rules, made by a child, as the page has it done."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from bitgrid.web import bundles, entry
from bitgrid.web.api import models
from bitgrid.web.api.given import ExportBody, Nothing
from bitgrid.web.api.wishes import ACTOR
from bitgrid.web.kpis import local_days
from bitgrid.web.problems import Refusal
from bitgrid.web.rooms.exports import hand_out

if TYPE_CHECKING:
    from bitgrid.web.app import Web

FILE = "/system/export/file"


def export(web: Web, body: ExportBody) -> models.ExportsAnswer:
    """Have a research bundle made of whole local days; at most 366 of them, and one bundle at a time.

    Refused while research is switched off (409, ``reason`` RESEARCH_OFF). Who asked for what is in
    the ledger before anything is read. Ask GET research/export until its ``state`` is no longer running.
    """
    first, end = local_days(body.from_, body.to)
    zone = ZoneInfo(web.config.site.location.timezone)
    today = dt.datetime.fromtimestamp(web.clock.now(), zone).date()
    last = end - dt.timedelta(days=1)
    wish = bundles.read_wish(body.kinds, first.isoformat(), last.isoformat(), today)
    hand_out(web, wish, entry.actor(ACTOR), web.words["en"])
    return exports(web, Nothing())


def exports(web: Web, _given: Nothing) -> models.ExportsAnswer:
    """How far the bundle that was asked for last is, and those there are."""
    if web.places is None:
        raise Refusal(503, "no_data", "This page runs without a house's data, so there are no bundles.")
    job, made = web.jobs.newest("export"), bundles.made(web.places.data)
    told = None
    if job is not None:
        told = models.ExportJob(
            id=job.id, state=job.state, percent=job.percent, file=str(job.about), problem=job.problem
        )
    found = [
        models.BundleAnswer(name=one.name, bytes=one.bytes, made_s=one.made_s, url=f"{FILE}?name={one.name}")
        for one in made
    ]
    return models.ExportsAnswer(job=told, bundles=found)
