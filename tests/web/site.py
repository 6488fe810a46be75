"""The application, served over a real socket on this machine, in a house that is told over a bus in memory."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from bitgrid.bus import Bus, Topics
from bitgrid.bus.memory import MemoryBus
from bitgrid.clock import Clock, simulated
from bitgrid.config import Config
from bitgrid.config.network import WebServer
from bitgrid.web import Asker, HouseView, Places, create_app
from bitgrid.web.app import KEYS
from web.talk import NOON_S, SUNNY, Talk, decide_on

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

CHROMIUM = Path("/usr/bin/chromium")
BROWSER = [
    pytest.mark.browser,
    # pytest-base-url, which pytest-playwright brings, is not ready for pytest 10.
    pytest.mark.filterwarnings("ignore:Session-scoped fixtures defined as instance methods"),
    pytest.mark.skipif(
        not CHROMIUM.exists() and "CI" not in os.environ, reason="no Chromium: apt install chromium"
    ),
]
"""``pytestmark`` of a module that drives Chromium; conftest.py has the fixtures ``site`` and ``complaints``."""


def closing(app: WSGIApplication) -> WSGIApplication:
    """The application; what it answers is closed even where the browser has gone and Werkzeug forgets to."""

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
        with contextlib.ExitStack() as stack:
            found = app(environ, start_response)
            if hasattr(found, "close"):
                stack.callback(found.close)
            yield from found

    return answer


class Quiet(WSGIRequestHandler):
    def log_request(self, *_: object) -> None:
        pass


class Site:
    """The application, served.

    Args:
        config: the configuration.
        keys: the directory of accounts of a house with a log-in; None: a house without one.
        places: the house's data and configuration, for rooms that read them.
        bus: another bus than one of its own, of a house that lives.
        clock: another clock than one that goes from noon on.
    """

    def __init__(
        self,
        config: Config,
        keys: Path | None = None,
        places: Places | None = None,
        bus: Bus | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.clock: Clock = clock or dataclasses.replace(
            simulated(1, float(NOON_S + 130)), wall_origin_s=float(NOON_S + 130)
        )
        self.bus = bus or MemoryBus()
        if keys is not None:
            server = WebServer.model_validate({"login": "required"})
            config = dataclasses.replace(config, site=config.site.model_copy(update={"web": server}))
        self.talk = Talk(self.bus, self.clock, Topics(config.site.site))
        self._stopping = threading.Event()
        view = HouseView(config, self.bus, self.clock)
        asker = Asker(config.site.site, self.bus, self.clock)
        self.app = create_app(config, view, asker, self.clock, self._stopping, keys=keys or KEYS, places=places)
        self._server: BaseWSGIServer = make_server(
            "127.0.0.1", 0, closing(self.app), threaded=True, request_handler=Quiet
        )
        self._server.daemon_threads = True  # type: ignore[attr-defined]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.port}"

    def tell_a_day(self) -> None:
        """A house at noon with a morning behind it."""
        block = NOON_S // 600
        for minutes, signals, memory in (
            (90, {**SUNNY, "battery_power_w": 300.0}, {}),
            (60, {**SUNNY, "battery_power_w": 600.0}, {}),
            (
                50,
                {**SUNNY, "battery_power_w": -700.0},
                {"level": "eco", "last_start_block": block - 6, "last_change_block": block - 6},
            ),
            (
                30,
                {**SUNNY, "battery_power_w": -700.0},
                {"level": "eco", "last_start_block": block - 9, "last_change_block": block - 9},
            ),
            (20, {**SUNNY, "battery_soc_pct": 57.0}, {}),
            (0, {**SUNNY, "battery_power_w": 3302.0}, {}),
        ):
            self.talk.event(decide_on(NOON_S - minutes * 60, signals, **memory))
        for component in ("poller", "loads", "guard", "rules", "recorder", "feeds", "explain", "web"):
            self.talk.health(component)
        self.talk.energy()
        self.talk.load(since_s=NOON_S + 4, hold_until_s=NOON_S + 1800)

    def die(self) -> None:
        if self._thread.is_alive():
            self._stopping.set()
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()
