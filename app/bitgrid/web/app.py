"""The Flask application, put together."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass, field
from pathlib import Path

from flask import Flask, request
from htmx_flask import Htmx  # type: ignore[import-untyped]  # the package has no types
from werkzeug.exceptions import HTTPException

from bitgrid.clock import Clock
from bitgrid.config import Config
from bitgrid.config.flags import is_first_run
from bitgrid.config.secrets import DEFAULT_DIRECTORY
from bitgrid.explain import LANGUAGES, Explainer, Language, Texts
from bitgrid.web import api, entry, live, log_in, metrics, pages, security
from bitgrid.web.asking import Asker
from bitgrid.web.hypotheses import Hypotheses
from bitgrid.web.jobs import Jobs
from bitgrid.web.kpis import KpiDesk
from bitgrid.web.rooms import devices, energy, exports, people, plan, rules, setup, system, timeline
from bitgrid.web.view import HouseView
from bitgrid.web.words import TEXTS_DIRECTORY, Words

MAX_BODY_BYTES = 16_384
STATIC_MAX_AGE_S = 31_536_000
KEYS = DEFAULT_DIRECTORY / "web"


@dataclass(frozen=True)
class Places:
    """Where a house's data and configuration are; this process only reads them."""

    data: Path
    config: Path


@dataclass
class Web:
    """What every route works with.

    Args:
        config: the configuration.
        view: what has been heard of the house.
        asker: the way a wish takes.
        clock: the house's time.
        words: the texts of each language.
        fragments: the rendered page, part by part.
        stopping: set when the process is to end.
        hypotheses: what the kernel would decide next, under other values, and after a wish.
        kpis: where key figures are asked for; None without a house's data.
        places: where the house's data and configuration are; None for a page without a house.
        jobs: long work, one piece at a time.
    """

    config: Config
    view: HouseView
    asker: Asker
    clock: Clock
    words: dict[Language, Words]
    fragments: live.Fragments
    stopping: threading.Event
    hypotheses: Hypotheses
    kpis: KpiDesk | None = None
    places: Places | None = None
    jobs: Jobs = field(init=False)

    def __post_init__(self) -> None:
        self.jobs = Jobs(self.clock)

    @property
    def is_first_run(self) -> bool:
        """Whether the house is being set up."""
        return self.places is not None and is_first_run(self.config.flags, self.places.config)

    def language(self) -> Language:
        """The language of this request: asked for by ``?lang=``, else the browser's, else the site's."""
        asked = request.args.get("lang") or _told("lang") or request.accept_languages.best_match(LANGUAGES)
        return next((language for language in LANGUAGES if language == asked), self.config.site.language)


def create_app(  # noqa: PLR0913, PLR0917  what a house consists of
    config: Config,
    view: HouseView,
    asker: Asker,
    clock: Clock,
    stopping: threading.Event | None = None,
    keys: Path = KEYS,
    kpis: KpiDesk | None = None,
    places: Places | None = None,
) -> Flask:
    """The application: page, fragments, socket and API.

    Args:
        config: the configuration.
        view: what has been heard of the house.
        asker: the way a wish takes.
        clock: the house's time.
        stopping: ends the sockets when it is set.
        keys: the directory of the accounts, which only this process may read.
        kpis: where key figures are asked for.
        places: where the house's data and configuration are.

    Raises:
        AccountsError: there is a log-in, and what sessions are signed with cannot be read or made.
    """
    app = Flask(__name__)
    app.config.update(MAX_CONTENT_LENGTH=MAX_BODY_BYTES, SEND_FILE_MAX_AGE_DEFAULT=STATIC_MAX_AGE_S)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    assets = _assets(Path(app.root_path) / "static")
    app.jinja_env.globals.update(asset=assets, files=_digest("".join(sorted(assets.values())).encode()))
    Htmx(app)
    texts, explainer = Texts(TEXTS_DIRECTORY), Explainer(config.site)
    words = {language: Words(language, texts, explainer) for language in LANGUAGES}
    hypotheses = Hypotheses(None if places is None else places.data, clock)
    fragments = live.Fragments(app.jinja_env, config, view, words, clock, hypotheses)
    ending = stopping or threading.Event()
    web = Web(config, view, asker, clock, words, fragments, ending, hypotheses, kpis, places)
    app.extensions["bitgrid"] = web
    security.protect(app, config.site.web)
    door = entry.guard(app, config.site.web, keys)
    app.register_blueprint(log_in.routes(web, door))
    app.register_blueprint(pages.routes(web))
    app.register_blueprint(energy.routes(web))
    app.register_blueprint(system.routes(web, door))
    app.register_blueprint(people.routes(web, door))
    app.register_blueprint(exports.routes(web, door))
    app.register_blueprint(api.routes(web))
    sockets = live.Sockets(web.fragments, clock, web.stopping, web.language, entry.scopes)
    sockets.register(app)
    view.when_decided(fragments.expire)
    view.when_decided(sockets.wake)
    app.register_blueprint(devices.routes(web))
    app.register_blueprint(timeline.routes(web))
    app.register_blueprint(plan.routes(web))
    app.register_blueprint(metrics.routes(web))
    app.register_blueprint(rules.routes(web))
    app.register_blueprint(setup.routes(web))
    return app


def _told(field: str) -> str | None:
    """A field of the form of this request; nothing where the form itself cannot be read."""
    try:
        return request.form.get(field)
    except HTTPException:  # too long, too many fields: its route refuses it
        return None


def _assets(directory: Path) -> dict[str, str]:
    """Address of each static file with its content's hash: a new version is never mistaken for the old."""
    return {
        str(path.relative_to(directory)): f"/static/{path.relative_to(directory)}?v={_digest(path.read_bytes())}"
        for path in directory.rglob("*")
        if path.is_file()
    }


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:10]
