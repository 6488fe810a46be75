"""The room *Rules*: every threshold and its meaning; a change, whose effect is simulated before it is applied."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from flask import Blueprint, Response, redirect, render_template, request

from bitgrid.config import ConfigError
from bitgrid.web import entry, security
from bitgrid.web.answers import answer_text
from bitgrid.web.jobs import Job
from bitgrid.web.problems import Refusal
from bitgrid.web.rooms.rules_page import EffectPage, RulesPage, as_entered
from bitgrid.web.rooms.showing import show
from bitgrid.web.thresholds import FILE, Problems, Proposal, RulesFile, propose, read_rules

if TYPE_CHECKING:
    from bitgrid.web.app import Places, Web

ACTOR = "web"
HERE = "rules"
KIND = "effect"
DAYS = 30


def routes(web: Web) -> Blueprint:
    """Routes under ``/rules``."""
    blueprint = Blueprint("rules", __name__)

    @blueprint.get("/rules")
    def page() -> Response:
        return _page(web, _entered_before(web))

    @blueprint.post("/rules/try")
    def attempt() -> Response:
        security.check_form()
        return _attempt(web)

    @blueprint.get("/rules/effect")
    def effect() -> Response:
        page = EffectPage(_job(web), web.words[web.language()])
        return show(web, "effect.html", HERE, page=page)

    @blueprint.get("/rules/effect/part")
    def part() -> Response:
        words = web.words[web.language()]
        page = EffectPage(_job(web), words)
        may = entry.scopes()
        return Response(
            render_template("parts/effect.html", page=page, t=words.t, language=words.language, may=may)
        )

    @blueprint.post("/rules/cancel")
    def cancel() -> Response:
        security.check_form()
        job = _job(web)
        web.jobs.cancel(job.id)
        return _to(web, f"/rules?from={job.id}")

    @blueprint.post("/rules/apply")
    def apply() -> Response:
        security.check_form()
        return _apply(web, _job(web))

    return blueprint


def _page(
    web: Web, entered: Mapping[str, str], problems: Problems | None = None, *, is_same: bool = False
) -> Response:
    """The whole room; what was entered stays entered."""
    try:
        file = _file(web)
    except ConfigError as error:
        return show(web, "rules.html", HERE, page=None, problem=str(error))
    words, house = web.words[web.language()], web.view.snapshot()
    page = RulesPage(file.rules, words, entered, problems or Problems(), house, is_same=is_same)
    return show(web, "rules.html", HERE, 422 if problems else 200, page=page)


def _file(web: Web) -> RulesFile:
    """The file as it stands.

    Raises:
        Refusal: 503, there is none.
        ConfigError: it is not valid.
    """
    try:
        return read_rules(_places(web).config)
    except OSError as error:
        raise Refusal(503, "no_configuration", f"{FILE} cannot be read: {error.strerror}.") from error


def _places(web: Web) -> Places:
    """Where the house is.

    Raises:
        Refusal: 503, there is none.
    """
    if web.places is None:
        raise Refusal(503, "no_configuration", "This page belongs to no house, so there are no rules to show.")
    return web.places


def _attempt(web: Web) -> Response:
    """Check what was entered; where all of it can be, begin to simulate it."""
    try:
        file = _file(web)
    except ConfigError:
        return _page(web, {})
    proposal = propose(file, request.form)
    if isinstance(proposal, Problems):
        return _page(web, request.form, proposal)
    if not proposal.changes:
        return _page(web, request.form, is_same=True)
    places = _places(web)
    told = ["--data", str(places.data), "--config", str(places.config), "--days", str(DAYS)]
    rules = proposal.rules.model_dump_json(by_alias=True)
    job = web.jobs.begin(KIND, ["effect", *told, "--rules-json", rules], actor=entry.actor(ACTOR), about=proposal)
    return _to(web, f"/rules/effect?job={job.id}")


def _apply(web: Web, job: Job) -> Response:
    """Ask `rules` to take over what was simulated; it checks all of it anew, archives, writes and reloads it."""
    if job.state not in {"done", "failed"}:
        raise Refusal(409, "effect_unknown", "The effect has not been worked out, so nothing was changed.")
    proposal = cast("Proposal", job.about)
    outcome = web.asker.configure(FILE, proposal.text, proposal.before, entry.actor(ACTOR))
    if outcome.status == "accepted":
        return _to(web, f"/rules?asked={outcome.request_id}")
    words = web.words[web.language()]
    page = EffectPage(job, words, refusal=answer_text(outcome, words))
    return show(web, "effect.html", HERE, 409, page=page)


def _job(web: Web) -> Job:
    """The simulation that this request is about.

    Raises:
        Refusal: 404, it is not kept any more.
    """
    job = web.jobs.look(request.values.get("job", ""))
    if job is None or job.kind != KIND:
        raise Refusal(404, "no_such_work", "That is not kept any more. Enter the change again.")
    return job


def _entered_before(web: Web) -> dict[str, str]:
    """What was entered for a piece of work that somebody comes back from."""
    job = web.jobs.look(request.args.get("from", ""))
    if job is None or not isinstance(job.about, Proposal):
        return {}
    words = web.words[web.language()]
    return {change.threshold.name: as_entered(change.new, words) for change in job.about.changes}


def _to(web: Web, path: str) -> Response:
    mark = "&" if "?" in path else "?"
    return cast("Response", redirect(f"{path}{mark}lang={web.language()}", 303))
