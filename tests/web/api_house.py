"""A house that runs, with its pages in front: real rules, ledger, devices and log-in, the clock in the hand."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

from flask import Flask

from bitgrid.config import load_config
from bitgrid.control.modes import Modes
from bitgrid.control.reload import Reloader
from bitgrid.control.research import Research
from bitgrid.web import Asker, HouseView, Places, create_app
from bitgrid.web.accounts import Accounts, Role
from bitgrid.web.entry import ACCOUNTS
from bitgrid.web.kpis import KpiDesk
from web.talk import REPOSITORY
from whole_house import WholeHouse

NOON_S = 1_747_303_200
"""2025-05-15 12:00 in Berlin, the start of a block."""
PASSWORD = "the sun is free"  # noqa: S105  of a house that lives for one test
HALF_AN_HOUR_S = 1800


class ApiHouse:
    """A house that has lived for half an hour.

    Args:
        directory: an empty one, for its data, configuration and accounts.
    """

    def __init__(self, directory: Path) -> None:
        self.places = Places(directory / "data", directory / "config")
        shutil.copytree(REPOSITORY / "config", self.places.config)
        _ask_who_comes(self.places.config / "site.yaml")
        self.config = load_config(self.places.config)
        self.house = WholeHouse(self.places.data, NOON_S, self.config)
        self._hear_the_rest()
        view = HouseView(self.config, self.house.bus, self.house.clock)
        self.keys = directory / "web"
        self.accounts = Accounts(self.keys / ACCOUNTS)
        self.accounts.set_user("anna", PASSWORD, Role.OPERATOR)
        self.house.live(HALF_AN_HOUR_S)
        self.app = self._app(view)

    def live(self, seconds: float) -> None:
        """Let the house live on."""
        self.house.live(seconds)

    def session(self) -> str:
        """The cookie of somebody who has logged in: an operator."""
        client = self.app.test_client()
        told = {"name": "anna", "password": PASSWORD}
        client.get("/login")
        client.post("/login", data=told, headers={"Origin": "http://localhost"})
        cookie = client.get_cookie(self.app.config["SESSION_COOKIE_NAME"])
        assert cookie is not None
        return cookie.value

    def _app(self, view: HouseView) -> Flask:
        house = self.house
        kpis = KpiDesk(self.places.data, self.places.config, self.config.rules.block_s, house.clock, _kept_child)
        asker = Asker(self.config.site.site, house.bus, house.clock)
        app = create_app(self.config, view, asker, house.clock, keys=self.keys, kpis=kpis, places=self.places)
        app.testing = True
        return app

    def _hear_the_rest(self) -> None:
        """What else the process `rules` hears beside overrides and the emergency stop."""
        engine, bus, topics = self.house.engine, self.house.bus, self.house.topics
        modes = Modes(engine, bus)
        bus.subscribe(topics.autonomy, modes.on_autonomy)
        bus.subscribe(topics.confirm, modes.on_confirm)
        bus.subscribe(topics.reload, Reloader(engine, bus, self.places.config).on_request)
        bus.subscribe(topics.export, Research(engine, bus).on_request)


_told: dict[str, str] = {}


def _kept_child(command: list[str]) -> subprocess.CompletedProcess[str]:
    """The real child for a first period, and its answer again for every other: each takes a second."""
    kind = json.dumps(command[-5])  # the language
    if kind not in _told:
        done = subprocess.run([sys.executable, *command[1:]], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        _told[kind] = done.stdout
    return subprocess.CompletedProcess(command, 0, _told[kind], "")


def _ask_who_comes(site: Path) -> None:
    text = site.read_text(encoding="utf-8")
    asks = text.replace(
        "web: {host: 127.0.0.1, port: 8080}", "web: {host: 127.0.0.1, port: 8080, login: required}"
    )
    assert asks != text
    site.write_text(asks, encoding="utf-8")
