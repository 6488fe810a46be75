"""A web application over a bus in memory and a clock in the hand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from argon2.profiles import CHEAPEST
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import ConsoleMessage, Page

from bitgrid.bus import Topics
from bitgrid.bus.memory import MemoryBus
from bitgrid.clock import HeldClock
from bitgrid.config import Config, load_config
from bitgrid.web import Asker, HouseView, accounts, create_app
from web.site import CHROMIUM, Site
from web.talk import NOON_S, REPOSITORY, Talk


@pytest.fixture(autouse=True)
def _cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashes that take no time; test_accounts shows what they are in life."""
    monkeypatch.setattr(accounts, "PROFILE", CHEAPEST)


@pytest.fixture(scope="session")
def shipped() -> Config:
    return load_config(REPOSITORY / "config")


@pytest.fixture
def config() -> Config:
    return load_config(REPOSITORY / "config")


@pytest.fixture
def clock() -> HeldClock:
    return HeldClock(wall_s=float(NOON_S + 130))


@pytest.fixture
def bus() -> MemoryBus:
    return MemoryBus()


@pytest.fixture
def talk(bus: MemoryBus, clock: HeldClock, config: Config) -> Talk:
    return Talk(bus, clock, Topics(config.site.site))


@pytest.fixture
def view(config: Config, bus: MemoryBus, clock: HeldClock) -> HouseView:
    return HouseView(config, bus, clock)


@pytest.fixture
def app(config: Config, bus: MemoryBus, clock: HeldClock, view: HouseView) -> Flask:
    made = create_app(config, view, Asker(config.site.site, bus, clock), clock)
    made.testing = True
    return made


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    return {"executable_path": str(CHROMIUM), "args": ["--no-sandbox"]}


@pytest.fixture
def site(config: Config) -> Iterator[Site]:
    served = Site(config)
    yield served
    served.die()


@pytest.fixture
def complaints(page: Page) -> list[str]:
    """What the browser complains of: a violated policy, a script that failed, a file that is missing."""
    said: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            said.append(message.text)

    page.on("console", note)
    page.on("pageerror", lambda error: said.append(str(error)))
    return said
