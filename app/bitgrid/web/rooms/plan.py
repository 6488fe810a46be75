"""Plan and what-if: the coming day by the forecasts, and the real kernel's answer to other values, at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import Blueprint, Response, request
from htmx_flask import request as htmx_request  # type: ignore[import-untyped]  # the package has no types

from bitgrid.explain import Language, RecordView, read_record
from bitgrid.replay.whatif import WhatIf
from bitgrid.web import ladder
from bitgrid.web.coming import Span, spans
from bitgrid.web.problems import Refusal
from bitgrid.web.rooms.showing import show
from bitgrid.web.sliders import Slider, changed, sliders

if TYPE_CHECKING:
    from bitgrid.web.app import Web
    from bitgrid.web.hypotheses import Plan
    from bitgrid.web.words import Words


@dataclass(frozen=True)
class OfLoad:
    """A load's plan: in spans, and block by block."""

    load: str
    name: str
    spans: list[Span]
    blocks: list[Span]


@dataclass(frozen=True)
class Answer:
    """What would be decided.

    Args:
        is_hypothetical: whether anything was set.
        sentence: the decision.
        now: what was decided in fact.
        set: what was moved, from what to what.
        follows: what moves with it.
        rungs: every rule's word.
        alternatives: what would change it.
        lacks_forecast: whether R4 could not look ahead, because the forecast is not at hand.
    """

    is_hypothetical: bool
    sentence: str
    now: str
    set: list[str]
    follows: list[str]
    rungs: list[ladder.Rung]
    alternatives: list[str]
    lacks_forecast: bool


class Tables:
    """The plan's tables in words, made once for each plan and language: a day has 144 blocks a load."""

    def __init__(self, web: Web) -> None:
        self._web = web
        self._made: dict[Language, tuple[object, list[OfLoad]]] = {}

    def of(self, plan: Plan, words: Words) -> list[OfLoad]:
        """Of every load."""
        made = self._made.get(words.language)
        if made is None or made[0] is not plan.loads:
            tables = [_of_load(self._web, name, plan, words) for name in plan.loads]
            made = self._made[words.language] = plan.loads, tables
        return made[1]


def routes(web: Web) -> Blueprint:
    """Route ``/plan``."""
    blueprint, tables = Blueprint("plan", __name__), Tables(web)

    @blueprint.get("/plan")
    def plan() -> Response:
        try:
            return _page(web, tables)
        except Refusal as refusal:
            words = web.words[web.language()]
            text = words.either(f"refusal-{refusal.code}", refusal.detail)
            return show(web, "plan.html", "plan", _status(refusal.status), problem=text, plan=None)

    return blueprint


def _page(web: Web, tables: Tables) -> Response:
    words, plan = web.words[web.language()], web.hypotheses.plan()
    is_part = request.headers.get("HX-Target") == "whatif-answer"
    loads = [] if is_part else tables.of(plan, words)
    load = request.args.get("load", "")
    load = load if load in plan.loads else next(iter(plan.loads))
    moved = {name: text for name, text in request.args.items() if name not in {"load", "lang"}}
    state = web.hypotheses.standing().state
    moving = sliders(state, load, web.config.site, words, moved)
    answer, problem = _ask(web, load, moved, moving, words)
    figures, now_s = words.figures, web.clock.now()
    return show(
        web,
        "plan.html",
        "plan",
        _status(422) if problem else 200,
        problem="",
        plan=plan,
        as_of=figures.moment(plan.as_of_s, now_s),
        age=figures.duration(now_s - plan.as_of_s),
        loads=loads,
        load=load,
        sliders=moving,
        found=answer,
        said=answer.sentence if is_part and answer is not None else "",
        wrong=problem,
    )


def _of_load(web: Web, name: str, plan: Plan, words: Words) -> OfLoad:
    planned, block_s = plan.loads[name], web.config.rules.block_s
    return OfLoad(
        name, words.load(name), spans(planned, words, block_s), spans(planned, words, block_s, each=True)
    )


def _ask(
    web: Web, load: str, moved: dict[str, str], moving: list[Slider], words: Words
) -> tuple[Answer | None, str]:
    """The kernel's answer, or what is wrong with the question."""
    known = {slider.name for slider in moving}
    try:
        asked = changed({name: text for name, text in moved.items() if name.removesuffix(".was") in known})
        return _answer(web.hypotheses.whatif(load, asked), words), ""
    except ValueError:
        return None, words.t("whatif-bad")
    except Refusal as refusal:
        return None, words.either(f"refusal-{refusal.code}", refusal.detail)


def _answer(found: WhatIf, words: Words) -> Answer:
    record = found.record()
    view, now = read_record(record["decision"]), read_record(record["recorded"])
    return Answer(
        bool(found.set),
        _sentence(view, words),
        _sentence(now, words),
        [_moved(name, told, words) for name, told in record["set"].items()],
        [_moved(name, told, words) for name, told in record["follows"].items()],
        [] if view is None else ladder.rungs(view, words),
        [] if view is None else words.alternatives(view),
        found.recorded.lacks_forecast,
    )


def _sentence(view: RecordView | None, words: Words) -> str:
    return words.explainer.explain({}, words.language) if view is None else words.sentence(view)


def _moved(name: str, told: dict[str, int | float | None], words: Words) -> str:
    """A signal before and after."""
    before, after = (
        words.t("age-never") if value is None else words.figures.value(name, value) for value in told.values()
    )
    return words.t(
        "whatif-moved",
        name=words.explainer.signal_name(name, words.language),
        before=before,
        after=after,
    )


def _status(status: int) -> int:
    """What succeeds is all that htmx shows."""
    return 200 if htmx_request.htmx else status
