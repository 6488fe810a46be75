"""Timeline: a day as a band, a cell a block; each decision with its record, its reasons, and derived again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, request
from htmx_flask import request as htmx_request  # type: ignore[import-untyped]  # the package has no types

from bitgrid.web import band as bands
from bitgrid.web.archived import ArchivedDecisions
from bitgrid.web.days import Day, Days, Told
from bitgrid.web.picked import Picked, Replayed, pick, replayed
from bitgrid.web.problems import Refusal
from bitgrid.web.rooms.showing import show

if TYPE_CHECKING:
    from bitgrid.web.app import Web
    from bitgrid.web.words import Words

RULES = ("R1", "R2", "R3", "R4", "R5", "USER", "MODE", "CLOCK")
SHOWN = ("switches", "between", "all")


@dataclass(frozen=True)
class Filter:
    """What of a day is listed: ``shown`` is one of `SHOWN`, ``rule`` one of `RULES` or empty."""

    load: str
    shown: str = SHOWN[0]
    rule: str = ""

    def takes(self, told: Told) -> bool:
        """Whether a decision is listed."""
        if self.shown == "switches" and not told.is_switch:
            return False
        if self.shown == "between" and told.row.trigger == "TICK":
            return False
        return not self.rule or (told.view is not None and told.view.rule == self.rule)


@dataclass(frozen=True)
class Line:
    """A decision in the list."""

    id: str
    at: str
    action: str
    kind: str
    sentence: str


@dataclass(frozen=True)
class Choice:
    """A block to choose: the last decision in it."""

    id: str
    text: str


def routes(web: Web) -> Blueprint:
    """Route ``/timeline``."""
    blueprint = Blueprint("timeline", __name__)
    zone = ZoneInfo(web.config.site.location.timezone)
    data = None if web.places is None else web.places.data
    days = Days(data, zone, None if data is None else ArchivedDecisions(data))

    @blueprint.get("/timeline")
    def timeline() -> Response:
        try:
            return _page(web, days, zone)
        except Refusal as refusal:
            return show(
                web, "timeline.html", "timeline", _status(refusal.status), problem=_said(refusal, web), day=None
            )

    return blueprint


def _page(web: Web, days: Days, zone: ZoneInfo) -> Response:
    words, ends = web.words[web.language()], days.ends()
    chosen, problem = _chosen(web, days, words, ends)
    day = days.read(chosen)
    loads = _loads(web, day)
    asked, told = _filter(loads, request.args), day.find(request.args.get("at", ""))
    if request.args.get("at") and told is None:
        problem = problem or words.t("timeline-no-decision")
    if told is not None:
        asked = Filter(told.row.load, asked.shown, asked.rule)
    band = bands.band(day, asked.load, web.config.rules.block_s, zone, _highest_w(web, day, asked.load))
    titles = {cell.at_s: _title(cell, words) for cell in band.cells}
    lines = [_line(one, words) for one in day.of_load(asked.load) if asked.takes(one)]
    return show(
        web,
        "timeline.html",
        "timeline",
        _status(422) if problem else 200,
        problem=problem,
        day=day,
        ends=ends,
        asked=asked,
        link=_link(web, day, asked),
        band=band,
        dim=_dim(band, asked),
        summary=_summary(band, words, web.config.rules.block_s),
        choices=[Choice(cell.last.row.id, titles[cell.at_s]) for cell in band.cells if cell.last is not None],
        titles=titles,
        is_part=bool(htmx_request.htmx),
        captions=_captions(band, words),
        lines=lines,
        shown=SHOWN,
        rules=RULES,
        loads=loads,
        around=_around(chosen, ends),
        **_of_picked(told, band, days, words),
    )


def _of_picked(told: Told | None, band: bands.Band, days: Days, words: Words) -> dict[str, object]:
    """What is shown of the chosen decision: the record, its neighbours, and the replay where it was asked for."""
    if told is None or days.ledger is None:
        return {"picked": None, "replay": None, "beside": [], "mark": None, "block": "", "steps": (None, None)}
    cell = next(cell for cell in band.cells if told in cell.told)
    having = [each for each in band.cells if each.told]
    index = having.index(cell)
    picked: Picked = pick(told, days.ledger, words)
    replay: Replayed | None = replayed(told, days.ledger) if request.args.get("replay") else None
    before = having[index - 1].last if index else None
    after = having[index + 1].last if index + 1 < len(having) else None
    return {
        "picked": picked,
        "replay": replay,
        "beside": [_line(one, words) for one in cell.told] if len(cell.told) > 1 else [],
        "mark": cell.x,
        "block": cell.told[-1].row.id,
        "steps": (before and before.row.id, after and after.row.id),
    }


def _chosen(web: Web, days: Days, words: Words, ends: tuple[date, date] | None) -> tuple[date, str]:
    """The day asked for, and what is wrong with it; by default the newest there is."""
    newest = days.of(web.clock.now()) if ends is None else ends[1]
    text = request.args.get("day", "")
    if not text:
        return _day_of(request.args.get("at", ""), days) or newest, ""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return newest, words.t("timeline-no-day")
    if not date(2000, 1, 1) <= day <= days.of(web.clock.now()) + timedelta(days=1):
        return newest, words.t("timeline-no-day")
    return day, ""


def _day_of(decision_id: str, days: Days) -> date | None:
    """The day of a decision, by the time that its name ends with."""
    at_s = decision_id.rpartition("-")[2]
    return days.of(int(at_s)) if at_s.isascii() and at_s.isdecimal() and len(at_s) <= 10 else None  # noqa: PLR2004  until 2286


def _loads(web: Web, day: Day) -> list[str]:
    """The house's loads, and those of the day that it has no more."""
    known = [load.id for load in web.config.site.loads]
    return known + sorted({told.row.load for told in day.told} - set(known))


def _highest_w(web: Web, day: Day, load: str) -> int:
    """The most that a load draws by its levels, or was set to on the day, W."""
    levels = [level.power_w for one in web.config.site.loads if one.id == load for level in one.levels]
    return max([*levels, *(told.view.power_w for told in day.of_load(load) if told.view is not None), 1])


def _filter(loads: list[str], args: Mapping[str, str]) -> Filter:
    """What is asked for; what is not known is as if it had not been asked."""
    load, shown, rule = args.get("load", ""), args.get("show", ""), args.get("rule", "")
    return Filter(
        load if load in loads else loads[0],
        shown if shown in SHOWN else SHOWN[0],
        rule if rule in RULES else "",
    )


def _link(web: Web, day: Day, asked: Filter) -> str:
    """The address of this very view, to which a decision is added."""
    return (
        f"/timeline?lang={web.language()}&day={day.day.isoformat()}"
        f"&load={asked.load}&show={asked.shown}&rule={asked.rule}"
    )


def _dim(band: bands.Band, asked: Filter) -> set[int]:
    """Blocks in which nothing is that was asked for: by a rule, or between the blocks' own decisions."""
    if not asked.rule and asked.shown != "between":
        return set()
    return {cell.at_s for cell in band.cells if not any(asked.takes(told) for told in cell.told)}


def _summary(band: bands.Band, words: Words, block_s: int) -> str:
    starts = sum(
        told.view is not None and told.view.action == "START" for cell in band.cells for told in cell.told
    )
    on = words.figures.duration(bands.share_on(band.cells) * block_s)
    return words.t("timeline-summary", starts=starts, on=on)


def _title(cell: bands.Cell, words: Words) -> str:
    """A block in a line: when, at which level it ended, and by which rule."""
    view = None if cell.last is None else cell.last.view
    level = "" if view is None else f" · {words.level(view.level)} · {view.rule}"
    return f"{words.figures.time_of_day(cell.at_s)}{level}"


_UNITS = {"decision": "power_w", "surplus": "surplus_w", "soc": "battery_soc_pct", "price": "import_price_ct_kwh"}


def _captions(band: bands.Band, words: Words) -> dict[str, str]:
    """What each lane shows, and from what to what."""
    captions = {"rule": words.t("timeline-rule-lane")}
    for lane in band.lanes:
        if lane.name in _UNITS:
            low, high = (words.figures.value(_UNITS[lane.name], end) for end in (lane.low, lane.high))
            captions[lane.name] = words.t(f"timeline-{lane.name}", low=low, high=high)
    return captions


def _line(told: Told, words: Words) -> Line:
    view = told.view
    at = words.figures.time_of_day(told.row.at_s)
    if view is None:
        return Line(told.row.id, at, "", "hold", words.explainer.explain({}, words.language))
    kind = {"START": "running", "STOP": "stopped" if view.rule == "R3" else "off"}.get(view.action, "hold")
    return Line(told.row.id, at, words.t(f"action-{view.action}"), kind, words.sentence(view))


def _around(day: date, ends: tuple[date, date] | None) -> tuple[date | None, date | None]:
    """The day before and the day after, where there is anything."""
    if ends is None:
        return None, None
    before, after = day - timedelta(days=1), day + timedelta(days=1)
    return (before if before >= ends[0] else None), (after if after <= ends[1] else None)


def _status(status: int) -> int:
    """What succeeds is all that htmx shows."""
    return 200 if htmx_request.htmx else status


def _said(refusal: Refusal, web: Web) -> str:
    return web.words[web.language()].either(f"refusal-{refusal.code}", refusal.detail)
