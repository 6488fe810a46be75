"""The whole house in one process, bridged: what Home Assistant asks reaches the miner, or a rule refuses it."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from bitgrid.bus import Received
from bitgrid.bus.memory import MemoryBus
from bitgrid.config.loading import load_plant
from bitgrid.ha.bridge import Bridge
from bitgrid.ha.commands import Commands
from bitgrid.ha.told import Told
from bitgrid.web import Asker, HouseView
from ha.house import phrases_of, with_home_assistant
from whole_house import CONFIG_DIRECTORY, WholeHouse

MORNING_S = dt.datetime(2025, 5, 14, 8, 30, tzinfo=dt.UTC).timestamp()


class Noon:
    """A source that stays at noon and flickers a little."""

    def at(self, epoch_s: float) -> tuple[int, int]:
        return 6000 + int(epoch_s) // 30 % 5, 300


class Bridged:
    """A whole house whose miner runs, and its bridge."""

    def __init__(self, directory: Path) -> None:
        config = with_home_assistant()
        self.house = WholeHouse(
            directory, MORNING_S, config=config, plant=load_plant(CONFIG_DIRECTORY), source=Noon()
        )
        house, self.outside, phrases = self.house, MemoryBus(), phrases_of(config)
        view = HouseView(config, house.bus, house.clock)
        self.bridge = Bridge(config, view, self.outside, house.clock, phrases)
        asker = Asker(config.site.site, house.bus, house.clock)
        self.commands = Commands(config, asker, phrases, None, self.bridge.answer)
        self.outside.subscribe(house.topics.ha("cmd", "+"), self.commands.take)
        self.heard: dict[str, list[dict[str, Any]]] = {}
        self.outside.subscribe(house.topics.ha("#"), self._note)
        self.live(1500)
        assert house.miner_w == 1674

    def live(self, seconds: int) -> None:
        for _ in range(seconds // 10):
            self.house.live(10)
            self.bridge.step()

    def ask(self, **wish: object) -> dict[str, Any]:
        """Ask for an override; the answer."""
        self.outside.publish(self.house.topics.ha("cmd", "override"), Told({"load": "miner", **wish}))
        return self.heard[self.house.topics.ha("answer")][-1]

    def told(self, *parts: str) -> list[dict[str, Any]]:
        return self.heard[self.house.topics.ha(*parts)]

    def _note(self, received: Received) -> None:
        if received.payload.startswith(b"{"):
            self.heard.setdefault(received.topic, []).append(json.loads(received.payload))


@pytest.fixture
def bridged(tmp_path: Path) -> Bridged:
    return Bridged(tmp_path)


def test_the_start_was_told_with_its_rule_and_its_reason(bridged: Bridged) -> None:
    event = bridged.told("decision", "miner")[-1]
    start = next(one for one in bridged.told("decision", "miner") if one["event_type"] == "start")
    assert (start["rule"], start["level"]) == ("R1", "full")
    assert event["event_type"] == "hold"
    load = bridged.told("load", "miner")[-1]
    assert (load["power_w"], load["level_details"]["level"]) == (1674, "full")


def test_stop_stops_the_miner_and_says_until_when(bridged: Bridged) -> None:
    answer = bridged.ask(action="stop", duration_min=30)
    assert answer["event_type"] == "accepted"
    assert (
        answer["ends_at"] == dt.datetime.fromtimestamp(int(bridged.house.clock.now()) + 1800, dt.UTC).isoformat()
    )
    bridged.live(60)
    assert bridged.house.miner_w < 50
    event = bridged.told("decision", "miner")[-1]
    assert (event["event_type"], event["rule"], event["trigger"]) == ("stop", "USER", "user")


def test_what_a_rule_forbids_no_wish_starts(bridged: Bridged) -> None:
    bridged.ask(action="stop", duration_min=120)
    bridged.live(60)
    assert bridged.house.house.battery is not None
    bridged.house.house.battery.set_soc(40.0)
    bridged.live(60)
    answer = bridged.ask(action="level", level="full")
    assert (answer["event_type"], answer["code"]) == ("refused", "R2_HARD_RESERVE")
    bridged.live(120)
    assert bridged.house.miner_w < 50
