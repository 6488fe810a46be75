"""Live: the page's parts, rendered once for all who watch, pushed over a WebSocket when they change."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from typing import Any

from flask import Flask
from flask_sock import Sock  # type: ignore[import-untyped]  # the package has no types
from jinja2 import Environment

from bitgrid.clock import Clock
from bitgrid.config import Config
from bitgrid.explain import Language
from bitgrid.web.accounts import Scope
from bitgrid.web.house import House
from bitgrid.web.hypotheses import Hypotheses
from bitgrid.web.next_card import Planned
from bitgrid.web.page import Pages
from bitgrid.web.problems import Refusal
from bitgrid.web.view import HouseView
from bitgrid.web.words import Words

NAMES = (
    "pulse", "alerts", "spoken", "waits", "now", "why", "countdown", "coming", "flow", "controls", "ahead", "log",
    "health",
)  # fmt: skip
PUSH_INTERVAL_MACHINE_S = 0.5
PLAN_EVERY_S = 60
SOCKET_PUSHES = 1200
"""After ten minutes of the machine a socket is opened anew, and with it the door asks again who that is."""
NOBODY: frozenset[Scope] = frozenset()
MAX_SOCKETS = 20
DEAD_CLIENT_MS = 20_000
SERVICE_RESTART = 1012
TRY_AGAIN_LATER = 1013
MAX_MESSAGE_BYTES = 1024


class Fragments:
    """The parts of the page by language and by what its visitor may do, so that nobody is shown a button in vain.

    They are rendered at most twice a second of the machine however many watch.
    """

    def __init__(  # noqa: PLR0913, PLR0917  what a page is made of
        self,
        jinja: Environment,
        config: Config,
        view: HouseView,
        words: dict[Language, Words],
        clock: Clock,
        hypotheses: Hypotheses,
    ) -> None:
        self._config, self._view, self._words, self._clock = config, view, words, clock
        self._hypotheses = hypotheses
        self._planned: tuple[tuple[object, ...], Planned | None] | None = None
        self._plan_from_s = 0.0
        self._templates = {name: jinja.get_template(f"parts/{name}.html") for name in NAMES}
        self._lock = threading.Lock()
        self._made: dict[tuple[Language, frozenset[Scope]], tuple[float, dict[str, str]]] = {}

    def render(self, language: Language, may: frozenset[Scope] = NOBODY) -> dict[str, str]:
        """The parts of this moment, by name."""
        words = self._words[language]
        house = self._view.snapshot()
        page = Pages(self._config, house, words, self._plan_of(house))
        return {name: part.render(page=page, t=words.t, may=may) for name, part in self._templates.items()}

    def recent(self, language: Language, may: frozenset[Scope] = NOBODY) -> dict[str, str]:
        """The parts as of less than half a second of the machine ago."""
        with self._lock:
            made = self._made.get((language, may))
            fresh_until_s = self._clock.boot() - PUSH_INTERVAL_MACHINE_S * self._clock.speed
            if made is None or made[0] <= fresh_until_s:
                made = (self._clock.boot(), self.render(language, may))
                self._made[language, may] = made
            return made[1]

    def expire(self) -> None:
        """What was rendered is old: something was decided. That is told first, the plan with the next push."""
        with self._lock:
            self._made.clear()
            self._plan_from_s = self._clock.boot() + PUSH_INTERVAL_MACHINE_S * self._clock.speed

    def changes(self, language: Language, sent: dict[str, str], may: frozenset[Scope] = NOBODY) -> str:
        """The parts that differ from what was sent; ``sent`` is brought up to date."""
        parts = {name: html for name, html in self.recent(language, may).items() if sent.get(name) != html}
        sent.update(parts)
        return "\n".join(parts.values())

    def _plan_of(self, house: House) -> Planned | None:
        """The plan of the coming hours; None where nobody can tell, or it rests on what is old.

        It is made anew with every decision, and every minute for a forecast that has come since.
        """
        latest = (house.latest(load) for load in house.load_ids)
        key = (*(decided.id for decided in latest if decided is not None), house.now_s // PLAN_EVERY_S)
        planned = self._planned
        is_told = self._clock.boot() >= self._plan_from_s
        if planned is None or (planned[0] != key and is_told):
            planned = self._planned = key, self._plan()
        return planned[1]

    def _plan(self) -> Planned | None:
        try:
            plan = self._hypotheses.plan()
        except Refusal:
            return None
        return None if plan.is_old else plan.loads


class Sockets:
    """The WebSocket endpoint. Every open socket holds a thread, so their number is bounded.

    What changes by itself is sent twice a second of the machine, a decision at once.
    """

    def __init__(
        self,
        fragments: Fragments,
        clock: Clock,
        stopping: threading.Event,
        language: Callable[[], Language],
        scopes: Callable[[], frozenset[Scope]] = frozenset,
    ) -> None:
        self._fragments, self._clock, self._stopping = fragments, clock, stopping
        self._language, self._scopes = language, scopes
        self._places = threading.BoundedSemaphore(MAX_SOCKETS)
        self._news: set[threading.Event] = set()

    def register(self, app: Flask) -> None:
        """Serve ``/ws``."""
        app.config["SOCK_SERVER_OPTIONS"] = {"max_message_size": MAX_MESSAGE_BYTES}
        Sock(app).route("/ws")(self._serve)

    def wake(self) -> None:
        """Something was decided: tell it to everybody now."""
        for news in tuple(self._news):
            news.set()

    def _serve(self, ws: Any) -> None:  # noqa: ANN401  simple-websocket is untyped
        if not self._places.acquire(blocking=False):
            ws.close(TRY_AGAIN_LATER, "too many pages are open; this one asks every few seconds instead")
            return
        news = threading.Event()
        self._news.add(news)
        try:
            # A client that vanished without a word is noticed by the system, and its thread comes free.
            ws.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, DEAD_CLIENT_MS)
            with contextlib.suppress(OSError):
                self._push(ws, self._language(), self._scopes(), news)
        finally:
            self._news.discard(news)
            self._places.release()

    def _push(
        self,
        ws: Any,  # noqa: ANN401  simple-websocket is untyped
        language: Language,
        may: frozenset[Scope],
        news: threading.Event,
    ) -> None:
        sent: dict[str, str] = {}
        for _ in range(SOCKET_PUSHES):
            html = self._fragments.changes(language, sent, may)
            if html:
                ws.send(html)
            self._clock.wait(news, PUSH_INTERVAL_MACHINE_S * self._clock.speed)
            news.clear()
            if self._stopping.is_set():
                ws.close(SERVICE_RESTART, "BitGrid's page is restarting")
                return
            if ws.receive(timeout=0) is not None:
                return  # the page has nothing to say here; whoever does is not the page
        ws.close(SERVICE_RESTART, "connect again")
