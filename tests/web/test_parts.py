"""Which parts of the house are told of: every process, and the bridge to Home Assistant where there is one."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from bitgrid.bus import HealthStatus, Topics
from bitgrid.bus.memory import MemoryBus
from bitgrid.clock import HeldClock
from bitgrid.config import Config
from bitgrid.web import Asker, HouseView, create_app
from ha.house import with_home_assistant
from web.talk import Talk

PROCESSES = {"poller", "loads", "guard", "rules", "recorder", "feeds", "explain", "web"}


@pytest.fixture
def config() -> Config:
    return with_home_assistant()


@pytest.fixture
def client(config: Config, view: HouseView, bus: MemoryBus, clock: HeldClock) -> FlaskClient:
    made = create_app(config, view, Asker(config.site.site, bus, clock), clock)
    made.testing = True
    return made.test_client()


@pytest.fixture
def talk(bus: MemoryBus, clock: HeldClock, config: Config, view: HouseView) -> Talk:
    talk = Talk(bus, clock, Topics(config.site.site))
    assert view.snapshot().health == {}
    talk.all_well()
    return talk


def scraped(client: FlaskClient) -> set[str]:
    families = text_string_to_metric_families(client.get("/metrics").get_data(as_text=True))
    found = [family for family in families if family.name == "bitgrid_component_status"]
    return {sample.labels["component"] for family in found for sample in family.samples}


def test_the_bridge_is_one_of_them_where_home_assistant_is_on(client: FlaskClient, talk: Talk) -> None:
    talk.health("bridge", HealthStatus.WARN, "no discovery yet")
    told = client.get("/api/v1/health").get_json()
    assert set(told["components"]) == scraped(client) == PROCESSES | {"bridge"}
    assert told["components"]["bridge"] == {"status": "warn", "reason": "no discovery yet"}
    assert told["status"] == "warn"
    for page in ("/?lang=en", "/system?lang=en"):
        assert "no discovery yet" in client.get(page).get_data(as_text=True), page


def test_a_bridge_that_nobody_hears_is_silence(client: FlaskClient, talk: Talk, clock: HeldClock) -> None:
    assert client.get("/api/v1/health").get_json()["status"] == "silent", "everybody else is well"
    talk.health("bridge")
    assert client.get("/api/v1/health").get_json()["status"] == "ok"
    clock.advance(61)
    assert client.get("/api/v1/health").get_json()["components"]["bridge"]["status"] == "silent"


def test_without_home_assistant_there_is_none(shipped: Config, bus: MemoryBus, clock: HeldClock) -> None:
    assert not shipped.site.home_assistant.enabled
    view = HouseView(shipped, bus, clock)
    Talk(bus, clock, Topics(shipped.site.site)).all_well()
    client = create_app(shipped, view, Asker(shipped.site.site, bus, clock), clock).test_client()
    told = client.get("/api/v1/health").get_json()
    assert (set(told["components"]), told["status"]) == (PROCESSES, "ok")
    assert scraped(client) == PROCESSES
