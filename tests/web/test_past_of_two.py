"""Timeline and plan of a house with two loads: each has its own band, its own lines and its own question."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from bitgrid.config import Config
from web.past import get, past
from web.records import DAY, Recorded, record


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory, shipped: Config) -> Recorded:
    first = shipped.site.loads[0]
    miner = None if first.miner is None else first.miner.model_copy(update={"port": 14029})
    relay = None if first.relay is None else first.relay.model_copy(update={"port": 18082})
    second = first.model_copy(update={"id": "heater", "priority": 2, "miner": miner, "relay": relay})
    site = shipped.site.model_copy(update={"loads": [second, *shipped.site.loads]})
    return record(tmp_path_factory.mktemp("data"), replace(shipped, site=site), 40)


@pytest.fixture(scope="module")
def client(recorded: Recorded) -> FlaskClient:
    return past(recorded, recorded.config)[0].test_client()


@pytest.mark.parametrize("load", ["miner", "heater"])
def test_each_load_has_its_band(client: FlaskClient, recorded: Recorded, load: str) -> None:
    shown = get(client, f"/timeline?lang=en&day={DAY}&load={load}")
    assert re.findall(r'data-at="([^"]+)"', shown.html) == [row.id for row in recorded.rows if row.load == load]


def test_a_decision_brings_the_band_of_its_load(client: FlaskClient, recorded: Recorded) -> None:
    row = next(row for row in recorded.rows if row.load == "heater")
    shown = get(client, f"/timeline?lang=en&at={row.id}&load=miner")
    assert f'data-at="{row.id}"' in shown.html
    assert 'value="heater" selected' in shown.html


def test_each_load_has_its_plan_and_is_asked_for_by_itself(client: FlaskClient) -> None:
    shown = get(client, "/plan?lang=en&load=heater")
    assert re.findall(r"<h3>(.*?)</h3>", shown.html) == ["miner", "heater"], "in order of priority"
    assert 'name="load" value="heater"' in shown.html
    assert re.search(r'load=heater#whatif" aria-current="true"', shown.html)


def test_what_the_first_takes_is_not_there_for_the_second(client: FlaskClient) -> None:
    """More sun moves what is left over for the second, too; it does not double it."""
    told = get(client, "/plan?lang=en&load=heater&pv_power_w=9900&pv_power_w.was=1").part("whatif-answer")
    assert "Hypothetical" in told
    surplus_w = [int(text.replace(",", "")) for text in re.findall(r"([\d,]+) W against", told)]
    assert surplus_w
    assert max(surplus_w) < 9900 - 1674
