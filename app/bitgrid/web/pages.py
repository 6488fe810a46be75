"""Routes of the page *Now*: the whole, its parts, and the forms, which work without JavaScript."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from flask import Blueprint, Response, json, redirect, render_template, request, url_for
from htmx_flask import request as htmx_request  # type: ignore[import-untyped]  # the package has no types
from werkzeug.exceptions import HTTPException

from bitgrid.web import entry, security, wishes
from bitgrid.web.answers import answer_text
from bitgrid.web.asking import Outcome
from bitgrid.web.page import AUTONOMIES
from bitgrid.web.problems import Refusal, as_json, is_programs
from bitgrid.web.rooms.showing import show

if TYPE_CHECKING:
    from bitgrid.web.app import Web

ACTOR = "web"


def routes(web: Web) -> Blueprint:
    """Routes ``/``, ``/fragments/now``, ``/wish``, the forms, and what an installed page is called."""
    blueprint = Blueprint("pages", __name__)

    @blueprint.get("/")
    def now() -> Response:
        parts = web.fragments.render(web.language(), entry.scopes())
        return show(web, "page.html", "now", parts=parts, kiosk=_kiosk())

    @blueprint.get("/fragments/now")
    def fragments() -> Response:
        return Response("\n".join(web.fragments.recent(web.language(), entry.scopes()).values()))

    @blueprint.get("/wish")
    def wish() -> Response:
        return _wish(web)

    @blueprint.get("/manifest.webmanifest")
    def manifest() -> Response:
        return _manifest(web)

    _add_forms(blueprint, web)
    blueprint.app_errorhandler(Refusal)(lambda refusal: _refused(web, refusal))
    blueprint.app_errorhandler(HTTPException)(lambda error: _failed(web, error))
    return blueprint


def _add_forms(blueprint: Blueprint, web: Web) -> None:
    @blueprint.post("/override")
    def override() -> Response:
        security.check_form()
        wish = wishes.read(request.form, web.config)
        return _answer(web, wishes.ask(wish, web.asker, entry.actor(ACTOR)))

    @blueprint.post("/autonomy")
    def autonomy() -> Response:
        security.check_form()
        return _answer(web, web.asker.autonomy(_autonomy(request.form.get("autonomy", "")), entry.actor(ACTOR)))

    @blueprint.post("/confirm")
    def confirm() -> Response:
        security.check_form()
        load, level = request.form.get("load", ""), request.form.get("level", "")
        if all(known.id != load for known in web.config.site.loads) or not level:
            raise wishes.unreadable()
        return _answer(web, web.asker.confirm(load, level, entry.actor(ACTOR)))

    @blueprint.post("/estop")
    def estop() -> Response:
        security.check_form()
        engage = request.form.get("engage") != "no"
        return _answer(web, web.asker.estop(engage=engage, actor=entry.actor(ACTOR)))


def _wish(web: Web) -> Response:
    """What would come of a wish, and the button that asks for it; as a part of the page to htmx."""
    words = web.words[web.language()]
    if "autonomy" in request.args:
        level = _autonomy(request.args["autonomy"])
        asked = {
            "path": "/autonomy",
            "fields": {"autonomy": str(level)},
            "heading": words.t("wish-autonomy", name=words.t(f"autonomy-{level}")),
            "text": words.t(f"autonomy-{level}-then"),
            "is_granted": True,
        }
    else:
        wish = wishes.read(request.args, web.config)
        text, is_granted = wishes.consequence(wish, web, words)
        fields = {"load": wish.load, "wish": wish.told}
        asked = {
            "path": "/override",
            "fields": fields if wish.minutes is None else fields | {"minutes": str(wish.minutes)},
            "heading": wishes.heading(wish, words),
            "text": text,
            "is_granted": is_granted,
        }
    if htmx_request.htmx:
        return Response(render_template("parts/ask.html", asked=asked, t=words.t, language=words.language))
    return show(web, "wish.html", "now", asked=asked)


def _autonomy(told: str) -> int:
    level = next((known for known in AUTONOMIES if str(known) == told), None)
    if level is None:
        raise wishes.unreadable()
    return level


def _answer(web: Web, outcome: Outcome) -> Response:
    """Tell the outcome: as a part of the page to htmx, else by sending the browser to the page."""
    language = web.language()
    if not htmx_request.htmx:
        view = entry.wall_view()
        place = f"/?lang={language}&asked={outcome.request_id}{view and f'&kiosk={view}'}"
        return cast("Response", redirect(place, 303))
    words = web.words[language]
    html = render_template("parts/answer.html", answer=answer_text(outcome, words), kind=outcome.status, t=words.t)
    return Response(html + render_template("parts/asked.html"))


def _kiosk() -> str:
    """Which view for the wall is asked for. Whoever comes from it by the name at its top wants the whole page."""
    told = request.args.get("kiosk", "")
    return told if told in entry.WALLS else ""


def _manifest(web: Web) -> Response:
    """What a tablet needs to install the page (W3C Web Application Manifest)."""
    words = web.words[web.language()]
    icons = [
        {"src": url_for("static", filename="icon.svg"), "type": "image/svg+xml", "sizes": "any"},
        *({"src": f"/static/icon-{px}.png", "type": "image/png", "sizes": f"{px}x{px}"} for px in (192, 512)),
        {"src": "/static/icon-full-512.png", "type": "image/png", "sizes": "512x512", "purpose": "maskable"},
    ]
    told = {
        "id": "/",
        "name": words.t("title", site=web.config.site.name),
        "short_name": "BitGrid",
        "description": words.t("tagline"),
        "lang": words.language,
        "start_url": f"/?lang={words.language}",
        "scope": "/",
        "display": "standalone",
        "background_color": "#f3f5f7",
        "theme_color": "#f3f5f7",
        "icons": icons,
        "shortcuts": [{"name": words.t("kiosk-open"), "url": f"/?lang={words.language}&kiosk=1"}],
    }
    return Response(json.dumps(told), content_type="application/manifest+json")


def _failed(web: Web, error: HTTPException) -> Response:
    """What Flask refuses by itself (no such page, too long a body): in words to people, a problem to programs."""
    answer = cast("Response", error.get_response())
    if error.response is not None or answer.status_code < 400:  # noqa: PLR2004  a redirect, or an answer that is whole
        return answer
    if not is_programs(request.path):
        words = web.words[web.language()]
        text = words.either(f"failed-{error.code}", words.t("failed-otherwise"))
        return _alone(web, "failed-title", text, answer.status_code)
    code = error.name.lower().replace(" ", "_")
    return as_json(Refusal(error.code or 500, code, error.description or error.name), answer.headers.get("Allow"))


def _refused(web: Web, refusal: Refusal) -> Response:
    if is_programs(request.path):
        return as_json(refusal)
    words = web.words[web.language()]
    text = words.either(f"refusal-{refusal.code}", refusal.detail)
    if htmx_request.htmx:
        # 200, because htmx shows only what succeeds: the refusal is the answer.
        return Response(
            render_template("parts/answer.html", answer=text, kind="refused", t=words.t),
            headers={"HX-Retarget": "#answer", "HX-Reswap": "outerHTML"},
        )
    return _alone(web, "refused-title", text, refusal.status)


def _alone(web: Web, title: str, text: str, status: int) -> Response:
    """A page that says one thing."""
    words = web.words[web.language()]
    html = render_template("refused.html", title=title, text=text, t=words.t, language=words.language)
    return Response(html, status)
