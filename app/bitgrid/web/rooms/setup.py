"""The room *First run*: house, devices, load, tests, signs, and then the rules may begin. Nothing runs before.

What is entered is kept in memory until it is taken over; then `rules` writes site.yaml, and every process starts
anew by it, this one too.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from flask import Blueprint, Response, redirect, render_template, request

from bitgrid.config import ConfigError, Flags
from bitgrid.config.files import load_file
from bitgrid.config.signs import turns
from bitgrid.web import entry, security
from bitgrid.web.answers import answer_text
from bitgrid.web.house import Cell
from bitgrid.web.kettle import judge
from bitgrid.web.problems import Refusal
from bitgrid.web.rooms.devices_page import DevicesPage
from bitgrid.web.rooms.setup_page import MEASURED, STEPS, Choices, ScanPage, SetupPage, Step
from bitgrid.web.rooms.showing import show
from bitgrid.web.setup_draft import FILE, HOUSE, LOAD, Draft, Entry, checked, load_of, turned

if TYPE_CHECKING:
    from bitgrid.web.app import Web
    from bitgrid.web.asking import Outcome

ACTOR = "web"
HERE = "setup"
ASSISTED = 1
FLAGS = "flags.yaml"


class FirstRun:
    """The first run of a house.

    Args:
        web: what every route works with.
    """

    def __init__(self, web: Web) -> None:
        self._web, self._draft = web, Draft()

    @property
    def is_open(self) -> bool:
        """Whether the house is being set up; by the file, which may have changed since this process began."""
        return load_file(self._directory / FLAGS, Flags).first_run

    def page(self, step: Step, problems: dict[str, str] | None = None, problem: str = "", **more: Any) -> Response:
        """A step, with what has been entered and what is wrong with it."""
        web = self._web
        words, standing = web.words[web.language()], self.standing
        try:
            text = self._draft.text(standing)
        except (KeyError, TypeError, ValueError, AttributeError):
            text = standing
        page = SetupPage(step, words, text, self._draft, problems or {}, problem, web.view.readings.scan())
        devices = DevicesPage(web.config, web.view.snapshot(), web.view.readings, words, {})
        status = 422 if problems or problem else 200
        told = {
            "entered": {},
            "targets": "",
            "scanning": False,
            "noted": False,
            "verdict": None,
            "before": {},
        } | more
        told.setdefault("live", self._live())
        return show(web, "setup.html", HERE, status, page=page, cards=devices.cards, looks={}, **told)

    def _live(self) -> dict[str, Cell]:
        """What the kettle is judged by, as far as it is live."""
        house = self._web.view.snapshot()
        cells = {name: house.signal(name) for name in MEASURED}
        return {name: cell for name, cell in cells.items() if cell.is_live and cell.value is not None}

    @property
    def standing(self) -> str:
        """The text of site.yaml as it stands."""
        return (self._directory / FILE).read_text(encoding="utf-8")

    @property
    def _directory(self) -> Path:
        if self._web.places is None:
            raise Refusal(503, "no_configuration", "This page belongs to no house, so there is nothing to set up.")
        return self._web.places.config

    def house(self) -> Response:
        """Name, place, roof, battery and tariff."""
        values, problems = self._read(HOUSE)
        if problems:
            return self.page("house", problems, entered=request.form)
        before, self._draft.house = self._draft.house, values
        problem = self._problem("house")
        if problem:
            self._draft.house = before
            return self.page("house", problem=problem, entered=request.form)
        return self.to("devices")

    def devices(self) -> Response:
        """Which of those that were found measure something of this house."""
        entries = ScanPage(self._web.words[self._web.language()], self._web.view.readings.scan()).entries
        chosen = [entries[int(place)] for place in request.form.getlist("found") if _is_place(place, entries)]
        before, self._draft.devices = self._draft.devices, chosen or None
        problem = self._problem("devices")
        if problem:
            self._draft.devices = before
            return self.page("devices", problem=problem)
        return self.to("load")

    def load(self) -> Response:
        """What is switched, and by what its power is cut."""
        words = self._web.words[self._web.language()]
        choices = Choices.of(self.standing, self._web.view.readings.scan(), words)
        values, problems = self._read(LOAD)
        miner, relay = choices.miner(request.form.get("miner", "")), choices.relay(request.form.get("relay", ""))
        if miner is None:
            problems.pop("joules_per_terahash", None)
        if relay is None and request.form.get("accept") != "yes":
            problems["accept"] = words.t("setup-accept-needed")
        if problems:
            return self.page("load", problems, entered=request.form)
        before, self._draft.load = self._draft.load, load_of(values, miner, relay)
        problem = self._problem("load")
        if problem:
            self._draft.load = before
            return self.page("load", problem=problem, entered=request.form)
        return self._take_over(self._draft.text(self.standing), "load", "test")

    def turn(self) -> Response:
        """Turn the signs that the kettle showed to be wrong."""
        signals = [name for name in request.form.getlist("turn") if name in MEASURED]
        lines = [(one.device, one.invert_sign) for name in signals for one in turns(self._web.config.site, name)]
        return self._take_over(turned(self.standing, lines), "signs", "signs")

    def finish(self) -> Response:
        """The rules may begin: assisted, so that every start waits for a yes."""
        web = self._web
        outcome = web.asker.autonomy(ASSISTED, entry.actor(ACTOR))
        if outcome.status == "accepted":
            raw = (self._directory / FLAGS).read_bytes()
            text = _without_first_run(raw.decode())
            before = hashlib.sha256(raw).hexdigest()
            outcome = web.asker.configure("flags.yaml", text, before, entry.actor(ACTOR))
        if outcome.status != "accepted":
            return self.page("done", problem=self._told(outcome))
        return cast("Response", redirect(f"/?lang={web.language()}&asked={outcome.request_id}", 303))

    def scan(self) -> Response:
        """Have the home's network asked what is in it."""
        web = self._web
        targets = request.form.get("targets", "").replace(",", " ").split()
        outcome = web.asker.scan(targets[:8], entry.actor(ACTOR))
        if outcome.status != "accepted":
            return self.page("devices", problem=self._told(outcome), targets=request.form.get("targets", ""))
        return cast("Response", redirect(f"/setup?step=devices&scanning=yes&lang={web.language()}", 303))

    def kettle(self) -> Response:
        """Hold what the house draws against what it drew before the kettle was on."""
        before = {name: _number(request.form.get(name, "")) for name in MEASURED}
        known = {name: value for name, value in before.items() if value is not None}
        live = self._live()
        after = {name: cell.value for name, cell in live.items() if cell.value is not None}
        return self.page("signs", verdict=judge(known, after), before=known, live=live)

    def to(self, step: Step) -> Response:
        """On to a step."""
        return cast("Response", redirect(f"/setup?step={step}&lang={self._web.language()}", 303))

    def _take_over(self, text: str, here: Step, then: Step) -> Response:
        """Ask `rules` to write site.yaml; all processes start anew by it."""
        web = self._web
        before = hashlib.sha256((self._directory / FILE).read_bytes()).hexdigest()
        outcome = web.asker.configure(FILE, text, before, entry.actor(ACTOR))
        if outcome.status != "accepted":
            return self.page(here, problem=self._told(outcome), entered=request.form)
        self._draft = Draft()
        restarts = outcome.reply is not None and outcome.reply.code == "CONFIGURED_RESTART"
        return self._wait(then) if restarts else self.to(then)

    def _wait(self, then: Step) -> Response:
        """A page that needs nobody until the house is there again."""
        web = self._web
        words = web.words[web.language()]
        path = f"/setup?step={then}&lang={web.language()}"
        return Response(render_template("waiting.html", t=words.t, language=words.language, path=path))

    def _told(self, outcome: Outcome) -> str:
        words = self._web.words[self._web.language()]
        said = (
            "" if outcome.reply is None or outcome.reply.code != "BAD_CONFIGURATION" else f" {outcome.reply.text}"
        )
        return answer_text(outcome, words) + said

    def _read(self, entries: tuple[Entry, ...]) -> tuple[dict[str, Any], dict[str, str]]:
        values, problems = dict[str, Any](), dict[str, str]()
        words = self._web.words[self._web.language()]
        for one in entries:
            try:
                values[one.name] = one.read(request.form.get(one.name, ""))
            except ValueError:
                problems[one.name] = words.t("setup-no-number")
        return values, problems

    def _problem(self, step: Step) -> str:
        """What keeps the site from being valid with what was entered; nothing where it is."""
        words = self._web.words[self._web.language()]
        try:
            checked(self._draft.text(self.standing))
        except ConfigError as error:
            return words.t(f"setup-bad-{step}") + "\n" + str(error)
        return ""


def routes(web: Web) -> Blueprint:
    """Routes under ``/setup``."""
    blueprint, first_run = Blueprint("setup", __name__), FirstRun(web)

    @blueprint.get("/setup")
    def page() -> Response:
        if not first_run.is_open:
            return show(web, "set_up.html", HERE)
        asked = request.args.get("step")
        step = next((one for one in STEPS if one == asked), STEPS[0])
        scanning, noted = (request.args.get(name) == "yes" for name in ("scanning", "noted"))
        return first_run.page(step, scanning=scanning, noted=noted)

    @blueprint.get("/setup/scan")
    def scan_part() -> Response:
        words = web.words[web.language()]
        page = ScanPage(words, web.view.readings.scan())
        return Response(render_template("parts/scan.html", scan=page, t=words.t, language=words.language))

    for name in ("house", "devices", "load", "turn", "finish", "scan", "kettle"):
        blueprint.add_url_rule(f"/setup/{name}", name, _posted(first_run, name), methods=["POST"])
    return blueprint


def _posted(first_run: FirstRun, name: str) -> Any:  # noqa: ANN401  a view of Flask's
    def view() -> Response:
        security.check_form()
        if not first_run.is_open:
            raise Refusal(409, "not_first_run", "BitGrid has been set up already, so nothing was changed.")
        answer: Response = getattr(first_run, name)()
        return answer

    return view


def _is_place(text: str, entries: list[dict[str, Any]]) -> bool:
    return text.isascii() and text.isdigit() and int(text) < len(entries)


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if abs(number) < 1_000_000 else None  # noqa: PLR2004  no home has a megawatt


def _without_first_run(text: str) -> str:
    """flags.yaml with the first run over; its comments stay."""
    lines = [line for line in text.splitlines() if not line.startswith("first_run:")]
    return "\n".join([*lines, "first_run: false"]) + "\n"
