"""The room *System*: health, versions, backups, updates, research, who may look, and what was recorded."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, g, render_template, request

from bitgrid.research.layout import DEFAULT_KINDS, KINDS
from bitgrid.web import audit, bundles, entry, machine
from bitgrid.web.accounts import TOKEN_SCOPES, Role
from bitgrid.web.problems import Refusal
from bitgrid.web.rooms.showing import show
from bitgrid.web.system import System

if TYPE_CHECKING:
    from bitgrid.web.app import Web

SAID = frozenset({"user-set", "user-removed", "token-removed", "bundle-removed", "bundle-cancelled"})
"""What the page may say was done, as a form left it in the address."""
RECORDED = frozenset({"accepted", "refused", "no_answer", "not_sent"})


def routes(web: Web, door: entry.Door) -> Blueprint:
    """Routes ``/system`` and ``/fragments/system``."""
    blueprint = Blueprint("system", __name__)

    @blueprint.get("/system")
    def page() -> Response:
        return system_page(web, door)

    @blueprint.get("/fragments/system")
    def fragments() -> Response:
        words = web.words[web.language()]
        parts = list(_parts(web).values())
        if "research" in entry.scopes():
            parts.append(render_template("parts/export.html", job=web.jobs.newest("export"), t=words.t, oob=True))
        return Response("\n".join(parts))

    return blueprint


def system_page(  # noqa: PLR0913  what a form may leave behind
    web: Web,
    door: entry.Door,
    status: int = 200,
    *,
    problem: Refusal | None = None,
    token: str = "",
    kept: Mapping[str, str] | None = None,
) -> Response:
    """The whole room.

    Args:
        web: what every route works with.
        door: who has an account.
        status: of the answer.
        problem: why what was asked for was not done; said at its form.
        token: a machine's new token, shown this once.
        kept: what was written into a form that could not be taken, by its fields.
    """
    words = web.words[web.language()]
    places, now_s = web.places, web.clock.now()
    log = None
    if places is not None and "operate" in entry.scopes():
        before = request.args.get("before", default=0, type=int)
        log = audit.read_log(places.data, request.args.get("kind", ""), max(0, before), words, now_s)
    return show(
        web,
        "system.html",
        "system",
        status,
        system=_system(web),
        parts=_parts(web),
        machine=machine.look(),
        log=log,
        log_kind=request.args.get("kind", ""),
        log_kinds=("", *audit.KINDS),
        people=_people(web, door),
        roles=[role.value for role in Role],
        scopes=TOKEN_SCOPES,
        own_name=g.visitor.name,
        export_kinds=KINDS,
        export_usual=DEFAULT_KINDS,
        bundles=[] if places is None else bundles.made(places.data),
        job=web.jobs.newest("export"),
        today=dt.datetime.fromtimestamp(now_s, ZoneInfo(web.config.site.location.timezone)).date(),
        said=_said(web),
        problem=None
        if problem is None
        else (problem.code, words.either(f"system-{problem.code}", problem.detail)),
        token=token,
        kept=kept or {},
    )


def _system(web: Web) -> System:
    data = None if web.places is None else web.places.data
    directory = None if web.places is None else web.places.config
    return System(web.config, web.view.snapshot(), web.words[web.language()], data, directory)


def _parts(web: Web) -> dict[str, str]:
    """What is live: the clock, and how each process is."""
    words = web.words[web.language()]
    health = render_template("parts/system.html", system=_system(web), t=words.t)
    return {"pulse": web.fragments.recent(words.language)["pulse"], "health": health}


def _people(web: Web, door: entry.Door) -> tuple[list[tuple[str, str]], list[tuple[str, tuple[str, ...]]]] | None:
    """Names with roles, and machines with scopes; None for whoever may not know, or where nobody logs in."""
    if web.config.site.web.login != "required" or "operate" not in entry.scopes():
        return None
    with entry.told():
        users = sorted((name, user.role.value) for name, user in door.accounts.users.items())
        tokens = sorted((name, tuple(map(str, token.scopes))) for name, token in door.accounts.tokens.items())
    return users, tokens


def _said(web: Web) -> str:
    """What a form has just done, as its redirect says; and where that could not be recorded, that."""
    words, said, recorded = (
        web.words[web.language()],
        request.args.get("said", ""),
        request.args.get("recorded", ""),
    )
    if said not in SAID:
        return ""
    text = words.t(f"system-said-{said}")
    return f"{text} {words.t('system-unrecorded')}" if recorded in RECORDED - {"accepted"} else text
