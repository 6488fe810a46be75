"""The agent of a load without a miner: its relay is all there is to read, and all there is to stop it with."""

from __future__ import annotations

import pytest

from bitgrid.bus import LoadCommand, Received, Telemetry, Topics, decode
from bitgrid.bus.memory import MemoryBus
from bitgrid.clock import HeldClock
from bitgrid.config import LoadConfig
from bitgrid.devices.load_agent import SAFETY, LoadAgent
from bitgrid.devices.load_watch import BY_SITE
from bitgrid.devices.miners.none import NoMiner
from devices.load_bench import FakeRelay

ROD = LoadConfig.model_validate(
    {
        "id": "rod",
        "relay": {"host": "127.0.0.1"},
        "levels": [{"name": "on", "power_w": 2000, "min_surplus_w": 2000}],
        "cooldown_s": 0,
        "ramp_s": 0,
        "boot_grace_s": 0,
    }
)
TOPICS = Topics("home")


class Rod:
    """A heating rod, its agent, and somebody who plays `rules` and `guard`."""

    def __init__(self, *, has_meter: bool = True, load: LoadConfig = ROD) -> None:
        self.clock, self.bus = HeldClock(), MemoryBus()
        self.relay = FakeRelay(self.clock, has_meter=has_meter, is_closed=False)
        self.relay.drawn_w = lambda: 2000.0 if self.relay.is_closed and self.thermostat_is_closed else 0.0
        self.thermostat_is_closed = True
        self.told: list[tuple[str, Telemetry]] = []
        self.bus.subscribe(TOPICS.telemetry("rod", "+"), self._hear)
        self.agent = LoadAgent(load, NoMiner(), self.relay, self.bus, TOPICS, self.clock)
        self.bus.subscribe(TOPICS.command("rod"), self.agent.on_command)
        self.live(5)

    def send(self, level: str) -> None:
        told = {"load": "rod", "level": level, "power_w": 0, "lease_id": "a", "decision_id": "1", "reason": "test"}
        command = LoadCommand(command_id=str(self.clock.boot()), expires_boot_s=self.clock.boot() + 45, **told)
        self.bus.publish(TOPICS.command("rod"), command)

    def live(self, seconds: int) -> None:
        for _ in range(seconds):
            self.agent.step()
            self.clock.advance(1)

    def run(self, seconds: int) -> None:
        for _ in range(seconds // 15):
            self.relay.is_closed = True
            self.send("on")
            self.live(15)

    def _hear(self, received: Received) -> None:
        told = decode(Telemetry, received.payload)
        assert told is not None
        self.told.append((TOPICS.last_part(received.topic), told))


@pytest.fixture
def rod() -> Rod:
    return Rod()


def test_behind_an_open_relay_it_is_off_from_the_first_reading_on(rod: Rod) -> None:
    assert rod.agent.is_confirmed_off
    assert rod.agent.problem == ""


def test_only_its_power_is_published(rod: Rod) -> None:
    rod.run(60)
    assert {signal for signal, _ in rod.told} == {"power_w"}
    assert rod.told[-1][1].value == 2000
    assert rod.agent.problem == ""


def test_told_to_be_off_its_relay_is_opened_at_once_and_that_is_no_event(rod: Rod) -> None:
    rod.run(60)
    rod.send("off")
    rod.live(2)
    assert not rod.relay.is_closed
    assert rod.agent.is_confirmed_off
    assert SAFETY not in rod.agent.details()


def test_its_lease_run_out_opens_its_relay(rod: Rod) -> None:
    rod.run(60)
    rod.live(34)
    assert not rod.relay.is_closed


def test_a_cool_down_is_waited_for() -> None:
    load = ROD.model_copy(update={"cooldown_s": 20})
    rod = Rod(load=load)
    rod.run(30)
    rod.send("off")
    rod.live(19)
    assert rod.relay.is_closed
    rod.live(3)
    assert not rod.relay.is_closed


def test_a_thermostat_that_has_opened_is_neither_off_nor_a_problem(rod: Rod) -> None:
    rod.run(60)
    rod.thermostat_is_closed = False
    rod.run(300)
    assert rod.agent.problem == ""
    assert rod.told[-1][1].value == 0
    rod.send("off")
    rod.agent.step()
    assert not rod.relay.is_closed, "it draws nothing now, but its thermostat may close at any time"


def test_without_a_meter_site_yaml_says_what_it_draws_and_the_source_says_so() -> None:
    rod = Rod(has_meter=False)
    assert (rod.told[-1][1].value, rod.told[-1][1].source) == (0, "rod")
    rod.run(60)
    assert (rod.told[-1][1].value, rod.told[-1][1].source) == (2000, BY_SITE)
    assert rod.agent.problem == ""


def test_a_relay_that_does_not_open_is_told(rod: Rod) -> None:
    rod.run(60)
    rod.relay.is_stuck = True
    rod.send("off")
    rod.live(60)
    assert len([what for what, _ in rod.relay.asked if what == "open"]) >= 5
    assert "rod is not proven to be off: it draws 2000 W" in rod.agent.problem
