"""Every miner and every relay with a driver, in a whole house of its own: started, stopped, and gone wrong."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from bitgrid.bus import OverrideRequest
from bitgrid.config.loading import load_plant
from bitgrid.config.secrets import Credentials
from bitgrid.plant.faults import Fault
from whole_house import CONFIG_DIRECTORY, WholeHouse, with_loads

MORNING_S = dt.datetime(2025, 5, 14, 8, 30, tzinfo=dt.UTC).timestamp()
OFF_W = 50
ECO = {"name": "eco", "power_w": 800, "min_surplus_w": 800, "profile": "310MHz"}
FULL = {"name": "full", "power_w": 1674, "min_surplus_w": 1500, "profile": "default"}
ON = {"name": "on", "power_w": 1200, "min_surplus_w": 1200}
LEVELS = {"avalon": [ECO, FULL], "luxos": [ECO, FULL], "braiins": [ECO, FULL], "axeos": [ON]}
MINERS = sorted(LEVELS)
RELAYS = ["shelly_gen1", "shelly_gen2", "tasmota"]


def load(driver: str, relay: str = "shelly_gen2") -> dict[str, Any]:
    return {
        "id": "miner",
        "miner": {"driver": driver, "host": "127.0.0.1", "port": 14028, "secret": "miner"},
        "relay": {"kind": relay, "host": "127.0.0.1", "port": 18081, "channel": 1, "secret": "relay"},
        "levels": LEVELS[driver],
        "joules_per_terahash": 18.6,
    }


def running(directory: Path, driver: str, relay: str = "shelly_gen2") -> WholeHouse:
    """A sunny morning; the miner runs, warm and steady."""
    sunny = load_plant(CONFIG_DIRECTORY).model_copy(update={"cloudiness": 0.0})
    config = with_loads(load(driver, relay))
    house = WholeHouse(directory, MORNING_S, config, sunny, secret=lambda _name: Credentials("root", "made up"))
    house.live(1500)
    assert house.miner_w > 700
    return house


def stop(house: WholeHouse) -> None:
    request = OverrideRequest(request_id="1", load="miner", action="stop", actor="test")
    house.bus.publish(house.topics.override, request)


def seconds_to_off(house: WholeHouse, at_most: int = 300) -> int:
    for second in range(at_most):
        if house.miner_w < OFF_W:
            return second
        house.live(1)
    raise AssertionError(f"the miner still draws {house.miner_w} W after {at_most} s; {house.switches}")


def safety_events(house: WholeHouse) -> list[dict[str, Any]]:
    return [json.loads(row.record) for row in house.ledger.events(limit=20) if row.kind == "safety"]


@pytest.mark.parametrize("driver", MINERS)
def test_a_miner_runs_on_a_lease_at_its_level_and_sleeps_when_it_is_told_to(tmp_path: Path, driver: str) -> None:
    house = running(tmp_path, driver)
    level = house.engine.loads["miner"].memory.level
    assert house.miner_w == next(at["power_w"] for at in LEVELS[driver] if at["name"] == level)
    assert house.agents["miner"].problem == ""
    stop(house)
    assert seconds_to_off(house) <= 5
    assert house.house.relays["miner"].is_contact_closed, "it sleeps first, and loses its power when it has cooled"
    house.live(120)
    assert not house.house.relays["miner"].is_contact_closed
    assert safety_events(house) == []


@pytest.mark.parametrize("relay", RELAYS)
def test_a_relay_is_closed_only_on_a_lease_and_its_own_timer_outlives_the_appliance(
    tmp_path: Path, relay: str
) -> None:
    house = running(tmp_path, "avalon", relay)
    assert house.agents["miner"].details()["power_w"] == house.miner_w
    for _ in range(400):  # longer than its timer: it is armed anew in time, always
        house.live(1)
        assert house.house.relays["miner"].is_contact_closed
    house.kill("rules", "loads", "guard", "poller")
    assert 120 - 16 <= seconds_to_off(house) <= 121


@pytest.mark.parametrize("driver", MINERS)
@pytest.mark.parametrize("fault", [Fault.MINER_IGNORES_STOP, Fault.MINER_LIES_OFF])
def test_one_that_acknowledges_its_stop_and_draws_on_is_cut_off_and_told(
    tmp_path: Path, driver: str, fault: Fault
) -> None:
    house = running(tmp_path, driver)
    house.house.faults.add(fault)
    stop(house)
    assert seconds_to_off(house) <= 30 + 10 + 5
    house.live(60)
    [event] = safety_events(house)
    assert (event["load"], event["cause"]) == ("miner", "stop_ignored")
    assert "40 s after it was stopped it draws" in event["text"]


@pytest.mark.parametrize("driver", ["braiins", "luxos"])
def test_one_that_lets_nobody_in_any_more_is_cut_off_at_the_stop(tmp_path: Path, driver: str) -> None:
    house = running(tmp_path, driver)
    house.house.faults.add(Fault.MINER_DENIES)
    stop(house)
    assert seconds_to_off(house) <= 30 + 10 + 5


@pytest.mark.parametrize("driver", MINERS)
def test_a_silent_one_is_cut_off_by_the_guard(tmp_path: Path, driver: str) -> None:
    house = running(tmp_path, driver)
    house.house.faults.add(Fault.MINER_SILENT)
    assert seconds_to_off(house) <= 60 + 30


@pytest.mark.parametrize("relay", RELAYS)
@pytest.mark.parametrize("fault", [Fault.RELAY_SILENT, Fault.RELAY_DENIES])
def test_a_relay_that_can_no_longer_be_reached_ends_the_lease(tmp_path: Path, relay: str, fault: Fault) -> None:
    house = running(tmp_path, "avalon", relay)
    house.house.faults.add(fault)
    assert seconds_to_off(house) <= 120
    assert "relay_fault" in [event["cause"] for event in safety_events(house)]
