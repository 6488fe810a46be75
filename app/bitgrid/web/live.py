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
from bitgrid.web.page import Pages
from bitgrid.web.view import HouseView
from bitgrid.web.words import Words

NAMES = ("pulse", "alerts", "now", "why", "next", "flow", "controls", "ahead", "log", "health")
PUSH_INTERVAL_MACHINE_S = 0.5
MAX_SOCKETS = 20
DEAD_CLIENT_MS = 20_000
SERVICE_RESTART = 1012
TRY_AGAIN_LATER = 1013
MAX_MESSAGE_BYTES = 1024


class Fragments:
    """The parts of the page by language, rendered at most twice a second of the machine however many watch."""

    def __init__(
        self, jinja: Environment, config: Config, view: HouseView, words: dict[Language, Words], clock: Clock
    ) -> None:
        self._config, self._view, self._words, self._clock = config, view, words, clock
        self._templates = {name: jinja.get_template(f"parts/{name}.html") for name in NAMES}
        self._lock = threading.Lock()
        self._made: dict[Language, tuple[float, dict[str, str]]] = {}

    def render(self, language: Language) -> dict[str, str]:
        """The parts of this moment, by name."""
        words = self._words[language]
        page = Pages(self._config, self._view.snapshot(), words)
        return {name: part.render(page=page, t=words.t) for name, part in self._templates.items()}

    def recent(self, language: Language) -> dict[str, str]:
        """The parts as of less than half a second of the machine ago."""
        with self._lock:
            made = self._made.get(language)
            fresh_until_s = self._clock.boot() - PUSH_INTERVAL_MACHINE_S * self._clock.speed
            if made is None or made[0] <= fresh_until_s:
                made = (self._clock.boot(), self.render(language))
                self._made[language] = made
            return made[1]

    def expire(self) -> None:
        """What has been rendered is old: something was decided."""
        with self._lock:
            self._made.clear()

    def changes(self, language: Language, sent: dict[str, str]) -> str:
        """The parts that differ from what was sent; ``sent`` is brought up to date."""
        parts = {name: html for name, html in self.recent(language).items() if sent.get(name) != html}
        sent.update(parts)
        return "\n".join(parts.values())


class Sockets:
    """The WebSocket endpoint. Every open socket holds a thread, so their number is bounded.

    What changes by itself is sent twice a second of the machine, a decision at once.
    """

    def __init__(
        self, fragments: Fragments, clock: Clock, stopping: threading.Event, language: Callable[[], Language]
    ) -> None:
        self._fragments, self._clock, self._stopping, self._language = fragments, clock, stopping, language
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
                self._push(ws, self._language(), news)
        finally:
            self._news.discard(news)
            self._places.release()

    def _push(self, ws: Any, language: Language, news: threading.Event) -> None:  # noqa: ANN401  simple-websocket is untyped
        sent: dict[str, str] = {}
        while True:
            html = self._fragments.changes(language, sent)
            if html:
                ws.send(html)
            self._clock.wait(news, PUSH_INTERVAL_MACHINE_S * self._clock.speed)
            news.clear()
            if self._stopping.is_set():
                ws.close(SERVICE_RESTART, "BitGrid's page is restarting")
                return
            if ws.receive(timeout=0) is not None:
                return  # the page has nothing to say here; whoever does is not the page
