"""A heating rod beside a miner: nothing but a relay, yet a load like any other; the whole house in one process."""

from __future__ import annotations

import datetime as dt
import json
import re
from pathlib import Path
from typing import Any

import pytest

from bitgrid.bus import EnergyStateMessage, LoadState, OverrideRequest, decode
from bitgrid.config.loading import load_plant
from bitgrid.plant.faults import Fault
from bitgrid.web import Asker, HouseView, create_app
from whole_house import CONFIG_DIRECTORY, WholeHouse, with_loads

MORNING_S = dt.datetime(2025, 5, 14, 8, 30, tzinfo=dt.UTC).timestamp()
ROD: dict[str, Any] = {
    "id": "rod",
    "priority": 1,
    "relay": {"kind": "shelly_gen1", "host": "127.0.0.1", "port": 18091},
    "levels": [{"name": "on", "power_w": 1000, "min_surplus_w": 1000}],
    "cooldown_s": 0,
    "ramp_s": 0,
    "boot_grace_s": 0,
}
MINER: dict[str, Any] = {
    "id": "miner",
    "priority": 2,
    "miner": {"driver": "avalon", "host": "127.0.0.1", "port": 14028},
    "relay": {"host": "127.0.0.1", "port": 18081},
    "levels": [
        {"name": "eco", "power_w": 800, "min_surplus_w": 800},
        {"name": "full", "power_w": 1674, "min_surplus_w": 1500},
    ],
    "joules_per_terahash": 18.6,
}


class Sun:
    """As much of it as a test wants. It flickers: a figure that never moves is a device that hangs."""

    def __init__(self, pv_w: int, house_w: int = 400) -> None:
        self.pv_w, self.house_w = pv_w, house_w

    def at(self, epoch_s: float) -> tuple[int, int]:
        return self.pv_w + int(epoch_s) // 30 % 5, self.house_w


def house_with(directory: Path, pv_w: int, *loads: dict[str, Any]) -> WholeHouse:
    return WholeHouse(directory, MORNING_S, with_loads(*loads), load_plant(CONFIG_DIRECTORY), source=Sun(pv_w))


def powers_w(house: WholeHouse) -> dict[str, int]:
    return {name: load.power_w for name, load in house.house.drawing.items()}


@pytest.fixture
def both(tmp_path: Path) -> WholeHouse:
    """Sun enough for both; both run."""
    house = house_with(tmp_path, 6000, ROD, MINER)
    house.live(1500)
    assert powers_w(house) == {"rod": 1000, "miner": 1674}
    return house


def test_both_run_where_the_sun_carries_both_and_are_served_by_priority(both: WholeHouse) -> None:
    started = [record["load"] for record in both.decisions if record["action"] == "START"]
    assert started == ["rod", "miner"]
    for _ in range(600):
        both.live(1)
        assert powers_w(both)["rod"] == 1000
    assert all(agent.problem == "" for agent in both.agents.values())


@pytest.mark.parametrize(
    ("rod_first", "running"), [(True, {"rod": 1000, "miner": 0}), (False, {"rod": 0, "miner": 800})]
)
def test_where_it_carries_one_the_first_is_served(
    tmp_path: Path, rod_first: bool, running: dict[str, int]
) -> None:
    priorities = (1, 2) if rod_first else (2, 1)
    loads = [load | {"priority": at} for load, at in zip((ROD, MINER), priorities, strict=True)]
    house = house_with(tmp_path, 1600, *loads)
    house.live(1500)
    assert powers_w(house) == running


def test_the_state_requires_nothing_of_it_that_is_not_measured(both: WholeHouse) -> None:
    rod = both.engine.loads["rod"]
    state = both.engine.standpoint.state_for(rod)
    assert [name for name in state.signals if name.startswith("rod.")] == ["rod.power_w", "rod.on_for_s"]
    assert state.good("rod.power_w") == 1000
    assert not state.degraded


def test_it_goes_off_at_once_when_the_rules_say_so(both: WholeHouse) -> None:
    stop = OverrideRequest(request_id="1", load="rod", action="stop", actor="test")
    both.bus.publish(both.topics.override, stop)
    both.live(3)
    assert powers_w(both) == {"rod": 0, "miner": 1674}
    assert [row for row in both.ledger.events(limit=5) if row.kind == "safety"] == []


def test_without_the_guard_loads_opens_its_relay(both: WholeHouse) -> None:
    both.kill("guard")
    both.live(50)
    assert powers_w(both)["rod"] == 0


def test_without_loads_the_guard_does(both: WholeHouse) -> None:
    both.kill("loads")
    both.live(50)
    assert powers_w(both)["rod"] == 0


def test_with_the_whole_appliance_dead_its_relays_own_timer_does(both: WholeHouse) -> None:
    both.kill("rules", "loads", "guard", "poller")
    both.live(121)
    assert powers_w(both)["rod"] == 0


def test_a_silent_relay_ends_its_lease(both: WholeHouse) -> None:
    both.house.faults.add(Fault.RELAY_SILENT)
    both.live(121)
    assert powers_w(both)["rod"] == 0
    causes = {json.loads(row.record)["load"] for row in both.ledger.events(limit=9) if row.kind == "safety"}
    assert "rod" in causes


def test_a_restarted_rule_daemon_takes_it_over(both: WholeHouse) -> None:
    both.start_rules()
    for _ in range(120):
        both.live(1)
        assert powers_w(both)["rod"] == 1000


def test_the_bus_tells_of_it_what_there_is(both: WholeHouse) -> None:
    told: dict[str, Any] = {}
    both.bus.subscribe(both.topics.load_state("rod"), lambda at: told.update(load=decode(LoadState, at.payload)))
    both.bus.subscribe(both.topics.energy, lambda at: told.update(house=decode(EnergyStateMessage, at.payload)))
    both.live(10)
    assert (told["load"].level, told["load"].power_w) == ("on", 1000)
    assert told["house"].signals["rod.power_w"].value == 1000
    assert "rod.temp_c" not in told["house"].signals


def test_behind_a_relay_without_a_meter_it_counts_by_site_yaml_and_says_so(tmp_path: Path) -> None:
    house = house_with(tmp_path, 6000, ROD)
    house.house.relays["rod"].has_meter = False
    house.live(1500)
    signal = house.engine.standpoint.state_for(house.engine.loads["rod"]).signals["rod.power_w"]
    assert (signal.value, signal.source) == (1000, "site.yaml")
    assert house.agents["rod"].problem == ""
    stop = OverrideRequest(request_id="1", load="rod", action="stop", actor="test")
    house.bus.publish(house.topics.override, stop)
    house.live(8)
    assert house.agents["rod"].is_confirmed_off
    signal = house.engine.standpoint.state_for(house.engine.loads["rod"]).signals["rod.power_w"]
    assert (signal.value, signal.source) == (0, "rod")


def test_the_page_shows_it_beside_the_miner(both: WholeHouse) -> None:
    view = HouseView(both.config, both.bus, both.clock)
    app = create_app(both.config, view, Asker(both.config.site.site, both.bus, both.clock), both.clock)
    app.testing = True
    both.live(10)
    page = app.test_client().get("/?lang=en").get_data(as_text=True).replace("\u00a0", " ")
    words = " ".join(re.sub(r"<[^>]+>", " ", page).split())
    assert re.search(r"rod Runs: level on 1\.0 kW \d+ s ago Since 10:30 \(25 min\) Set to 1,000 W", words)
    assert words.count("Hottest chip") == 1, "the miner has one, the rod none"
