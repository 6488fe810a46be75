"""What Prometheus is told: what is live, in its own words, and only to who may know."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask.testing import FlaskClient
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families

from bitgrid.bus import HealthStatus
from bitgrid.bus.memory import MemoryBus
from bitgrid.clock import HeldClock
from web.talk import PRICES, SUNNY, Talk

DOCS = Path(__file__).parents[2] / "docs" / "api.md"
Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def scrape(client: FlaskClient) -> Samples:
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer.content_type.startswith("text/plain")
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.get_data(as_text=True))
        for sample in family.samples
    }


def test_a_live_house_is_told_with_units_in_the_names(client: FlaskClient, talk: Talk) -> None:
    talk.all_well()
    talk.energy({**SUNNY, **PRICES, "pv_forecast_w": [1.0]}, autonomy=2)
    told = scrape(client)
    miner = (("load", "miner"),)
    assert told["bitgrid_pv_power_watts", ()] == 4210
    assert told["bitgrid_battery_soc_percent", ()] == 72.5
    assert told["bitgrid_import_price_ct_per_kwh", ()] == 31.2
    assert told["bitgrid_load_temp_celsius", miner] == 61.5
    assert told["bitgrid_surplus_watts", ()] == 3612
    assert told["bitgrid_load_target_watts", miner] == 1674
    assert told["bitgrid_load_lease_seconds", miner] == 38
    assert told["bitgrid_autonomy", ()] == 2
    assert told["bitgrid_broker_connected", ()] == 1
    assert not any("forecast" in name for name, _labels in told)


def test_what_is_old_is_not_there_at_all(client: FlaskClient, talk: Talk, clock: HeldClock) -> None:
    talk.all_well()
    clock.advance(61)
    names = {name for name, _labels in scrape(client)}
    assert names == {
        "bitgrid_broker_connected",
        "bitgrid_info",
        "bitgrid_decision_timestamp_seconds",
        "bitgrid_component_status",
    }


def test_a_component_has_one_status(client: FlaskClient, talk: Talk) -> None:
    talk.health("feeds", HealthStatus.WARN, "no price yet")
    told = scrape(client)
    feeds = {
        dict(labels)["status"]: value
        for (name, labels), value in told.items()
        if name == "bitgrid_component_status" and dict(labels)["component"] == "feeds"
    }
    assert feeds == {"ok": 0, "warn": 1, "silent": 0, "error": 0}


def test_the_last_decision_is_told_with_its_reason(client: FlaskClient, talk: Talk) -> None:
    record = talk.decision()
    (labels,) = [dict(labels) for name, labels in scrape(client) if name == "bitgrid_decision_timestamp_seconds"]
    assert (labels["load"], labels["action"], labels["code"]) == ("miner", record["action"], record["code"])


def test_without_the_broker_it_says_so(client: FlaskClient, talk: Talk, bus: MemoryBus) -> None:
    talk.all_well()
    bus.is_connected = False
    told = scrape(client)
    assert told["bitgrid_broker_connected", ()] == 0
    assert not any(name == "bitgrid_pv_power_watts" for name, _labels in told)


def test_openmetrics_is_spoken_to_who_asks_for_it(client: FlaskClient, talk: Talk) -> None:
    talk.all_well()
    answer = client.get("/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})
    assert answer.content_type.startswith("application/openmetrics-text")
    families = {family.name for family in parse_openmetrics(answer.get_data(as_text=True))}
    assert "bitgrid_pv_power_watts" in families


@pytest.mark.parametrize("name", ["bitgrid_pv_power_watts", "bitgrid_component_status", "bitgrid_surplus_watts"])
def test_the_names_are_written_down(name: str) -> None:
    assert f"`{name}" in DOCS.read_text(encoding="utf-8")
