"""The agent and the real drivers over the simulated house; the parts of `rules` and `guard` are played."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby
from pathlib import Path

import pytest

from bitgrid.bus import LoadCommand, Topics
from bitgrid.bus.memory import MemoryBus
from bitgrid.clock import HeldClock
from bitgrid.config import load_config
from bitgrid.config.loading import load_plant
from bitgrid.devices.load_agent import LoadAgent
from bitgrid.devices.registry import Transports, build_miner, build_relay
from bitgrid.plant.faces import Faces
from bitgrid.plant.faults import Fault
from bitgrid.plant.model import House

CONFIG = Path(__file__).parents[2] / "config"
TOPICS = Topics("home")


class Still:
    """A sunny noon that does not end."""

    def at(self, _epoch_s: float) -> tuple[int, int]:
        return 5000, 400


class Home:
    """The simulated house, its load's agent, and somebody who plays `rules` and `guard`."""

    def __init__(self) -> None:
        self.clock = HeldClock(wall_s=1_750_161_600.0)
        site = load_config(CONFIG).site
        self.load = site.loads[0]
        self.house = House(site, load_plant(CONFIG), Still(), self.clock.now())
        faces = Faces(self.house)
        transports = Transports(tcp=lambda *_: faces.miner("miner"), http=lambda *_: faces.relay("miner"))  # type: ignore[arg-type,return-value]
        self.miner, self.relay = self.house.miners["miner"], build_relay(self.load, self.clock, transports)
        self.bus = MemoryBus()
        self.agent = LoadAgent(
            self.load, build_miner(self.load, self.clock, transports), self.relay, self.bus, TOPICS, self.clock
        )
        self.bus.subscribe(TOPICS.command("miner"), self.agent.on_command)
        self.sent = 0

    def send(self, level: str) -> None:
        self.sent += 1
        command = LoadCommand(
            command_id=str(self.sent),
            load="miner",
            level=level,
            power_w=0,
            lease_id="lease",
            expires_boot_s=self.clock.boot() + 45,
            decision_id="1",
            reason="test",
        )
        self.bus.publish(TOPICS.command("miner"), command)

    def live(self, seconds: int, each: Callable[[], object] = lambda: None) -> None:
        for _ in range(seconds):
            self.clock.advance(1)
            self.house.step(self.clock.now())
            each()
            self.agent.step()

    def lease(self, level: str, seconds: int) -> None:
        """What `rules` and `guard` do every 15 s."""
        assert self.relay is not None
        for _ in range(seconds // 15):
            self.relay.close_for(120)
            self.send(level)
            self.live(15)


@pytest.fixture
def home() -> Home:
    home = Home()
    home.live(10)
    assert home.agent.is_confirmed_off
    return home


@pytest.mark.parametrize(("level", "power_w"), [("eco", 800), ("full", 1674)])
def test_a_lease_brings_it_from_a_cut_wire_to_its_level(home: Home, level: str, power_w: int) -> None:
    home.lease(level, 300)
    assert home.miner.power_w == power_w
    assert home.agent.details()["power_w"] == power_w
    assert home.agent.problem == ""


def test_a_change_of_level_reaches_the_miner(home: Home) -> None:
    home.lease("full", 300)
    home.lease("eco", 150)
    assert home.miner.power_w == 800


def test_the_end_of_its_lease_sends_it_to_standby(home: Home) -> None:
    home.lease("full", 300)
    home.live(35)
    assert not home.miner.is_hashing
    assert home.agent.is_confirmed_off


def test_a_miner_that_wakes_by_itself_is_sent_back_to_sleep(home: Home) -> None:
    home.lease("full", 300)
    home.send("off")
    home.house.faults = {Fault.MINER_STARTS_ITSELF}
    hashing: list[bool] = []
    home.live(100, lambda: hashing.append(home.miner.is_hashing))
    times_awake_s = [len(list(span)) for is_awake, span in groupby(hashing[10:]) if is_awake]
    assert len(times_awake_s) >= 2
    assert max(times_awake_s) <= 10


def test_a_miner_that_ignores_its_stop_is_cut_off_by_its_relay(home: Home) -> None:
    home.lease("full", 300)
    home.house.faults = {Fault.MINER_IGNORES_STOP}
    home.send("off")
    home.live(50)
    assert home.miner.power_w == 0
    assert home.agent.is_confirmed_off


def test_a_miner_that_falls_silent_is_cut_off_when_its_lease_ends(home: Home) -> None:
    home.lease("full", 300)
    home.house.faults = {Fault.MINER_SILENT}
    home.send("off")
    home.live(45)
    assert home.miner.power_w == 0
