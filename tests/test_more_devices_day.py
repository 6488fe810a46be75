"""A day of a house with a LuxOS miner on a Shelly Gen1 and a Braiins miner on a Tasmota, all behind passwords."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from bitgrid.config import load_config
from bitgrid.config.secrets import Credentials
from bitgrid.config.yaml_source import read_yaml
from bitgrid.plant.faults import Fault
from whole_house import CONFIG_DIRECTORY, WholeHouse

MORNING_S = dt.datetime(2025, 5, 14, 4, tzinfo=dt.UTC).timestamp()
NOON_S = dt.datetime(2025, 5, 14, 10, tzinfo=dt.UTC).timestamp()
WHO = Credentials("admin", "geheim")
LUXOS: dict[str, Any] = {
    "id": "miner",
    "priority": 1,
    "miner": {"driver": "luxos", "host": "127.0.0.1", "port": 14028},
    "relay": {"kind": "shelly_gen1", "host": "127.0.0.1", "port": 18081, "secret": "relay"},
    "levels": [
        {"name": "low", "power_w": 900, "min_surplus_w": 900, "profile": "190MHz"},
        {"name": "high", "power_w": 1600, "min_surplus_w": 1500, "profile": "default"},
    ],
    "joules_per_terahash": 25,
}
BRAIINS: dict[str, Any] = {
    "id": "second",
    "priority": 2,
    "miner": {"driver": "braiins", "host": "127.0.0.1", "port": 18082, "secret": "miner"},
    "relay": {"kind": "tasmota", "host": "127.0.0.1", "port": 18083, "channel": 1, "secret": "relay"},
    "power_range": {"min_w": 800, "max_w": 1400, "step_w": 200},
    "joules_per_terahash": 25,
}


def build(directory: Path, start_s: float) -> WholeHouse:
    data = read_yaml(CONFIG_DIRECTORY / "site.yaml").data | {"loads": [LUXOS, BRAIINS]}
    shutil.copytree(CONFIG_DIRECTORY, directory / "config")
    (directory / "config" / "site.yaml").write_text(json.dumps(data), encoding="utf-8")
    return WholeHouse(directory, start_s, config=load_config(directory / "config"), secret=lambda _name: WHO)


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[tuple[float, int, str]]]:
    """What each load drew, and the level it was leased at, every five seconds of a day."""
    house = build(tmp_path_factory.mktemp("house"), MORNING_S)
    seen: dict[str, list[tuple[float, int, str]]] = {"miner": [], "second": []}
    for _ in range(86_400 // 5):
        house.live(5, step_s=5)
        for name, rows in seen.items():
            power_w = house.house.miners[name].power_w
            rows.append((house.clock.now(), power_w, house.engine.loads[name].memory.level))
    assert house.ledger.events(limit=10) == []
    return seen


@pytest.mark.parametrize("name", ["miner", "second"])
def test_both_ran_on_the_sun_and_slept_at_night(lived: dict[str, list[tuple[float, int, str]]], name: str) -> None:
    ran = [at_s for at_s, power_w, _ in lived[name] if power_w > 700]
    assert len(ran) * 5 > 3600
    assert {dt.datetime.fromtimestamp(at_s, dt.UTC).hour for at_s in ran} <= set(range(5, 20))


@pytest.mark.parametrize("name", ["miner", "second"])
def test_neither_drew_power_without_a_lease(lived: dict[str, list[tuple[float, int, str]]], name: str) -> None:
    off_since_s = MORNING_S
    for at_s, power_w, level in lived[name]:
        if level != "off":
            off_since_s = at_s
        assert power_w < 50 or at_s - off_since_s <= 60


def test_the_levels_that_were_decided_were_reached(lived: dict[str, list[tuple[float, int, str]]]) -> None:
    watts = {"low": 900, "high": 1600} | {f"w{power_w}": power_w for power_w in range(800, 1401, 200)}
    for name in ("miner", "second"):
        reached = {level for _, power_w, level in lived[name] if power_w == watts.get(level)}
        assert reached, name


def test_miners_that_ignore_their_stop_are_cut_by_their_relays(tmp_path: Path) -> None:
    house = build(tmp_path, NOON_S)
    house.live(3600)
    drew = {name: miner.power_w for name, miner in house.house.miners.items()}
    assert max(drew.values()) > 700
    house.house.faults.add(Fault.MINER_IGNORES_STOP)
    house.kill("rules")
    house.live(180)
    assert [miner.power_w for miner in house.house.miners.values()] == [0, 0]
    assert not any(relay.is_contact_closed for relay in house.house.relays.values())


def test_relays_open_by_themselves_when_everything_is_dead(tmp_path: Path) -> None:
    house = build(tmp_path, NOON_S)
    house.live(3600)
    assert any(relay.is_contact_closed for relay in house.house.relays.values())
    house.kill("rules", "guard", "loads", "poller")
    house.live(121)
    assert [miner.power_w for miner in house.house.miners.values()] == [0, 0]
