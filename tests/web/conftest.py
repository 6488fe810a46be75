"""A web application over a bus in memory and a clock in the hand."""

from __future__ import annotations

import pytest
from argon2.profiles import CHEAPEST
from flask import Flask
from flask.testing import FlaskClient

from bitgrid.bus import Topics
from bitgrid.bus.memory import MemoryBus
from bitgrid.clock import HeldClock
from bitgrid.config import Config, load_config
from bitgrid.web import Asker, HouseView, accounts, create_app
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
