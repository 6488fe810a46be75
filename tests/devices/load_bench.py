"""A load on a bench: its agent, a miner and a relay that are honest until told otherwise, and a held clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bitgrid.bus import LoadCommand, Received, Telemetry, Topics, decode
from bitgrid.bus.memory import MemoryBus
from bitgrid.clock import HeldClock
from bitgrid.config import LevelConfig, load_config
from bitgrid.devices.errors import DeviceRefused, DeviceSilent
from bitgrid.devices.load_agent import LoadAgent
from bitgrid.devices.ports import MinerReading, RelayReading, RelaySettings

TOPICS = Topics("home")
LOAD = load_config(Path(__file__).parents[2] / "config").site.loads[0]
STANDBY_W, TEMP_C, HASHRATE_THS = 12.0, 61.5, 88.8
Hook = Callable[[], object]


@dataclass
class FakeRelay:
    """A relay with a meter."""

    clock: HeldClock
    is_closed: bool = True
    is_silent: bool = False
    is_stuck: bool = False
    has_meter: bool = True
    meter_sign: int = 1
    drawn_w: Callable[[], float] = lambda: 0.0
    asked: list[tuple[str, float]] = field(default_factory=list)

    def read(self) -> RelayReading:
        self._ask("read")
        return RelayReading(self.is_closed, self.meter_sign * self.drawn_w() if self.has_meter else None)

    def read_settings(self) -> RelaySettings:
        raise AssertionError("loads never asks a relay for its settings")

    def close_for(self, seconds: int) -> None:
        raise AssertionError(f"loads never closes a relay, not for {seconds} s either")

    def open(self) -> None:
        self._ask("open")
        if not self.is_stuck:
            self.is_closed = False

    def _ask(self, what: str) -> None:
        self.asked.append((what, self.clock.boot()))
        if self.is_silent:
            raise DeviceSilent("relay 192.0.2.2: no answer")


@dataclass
class FakeMiner:
    """A miner that draws what its level says, at once."""

    clock: HeldClock
    relay: FakeRelay | None
    level: LevelConfig | None = None
    is_silent: bool = False
    obeys: bool = True
    refuses: bool = False
    draws_w: float | None = None
    before_answer: Hook = lambda: None
    asked: list[tuple[str, float]] = field(default_factory=list)

    @property
    def drawn_w(self) -> float:
        """What it really draws."""
        if self.relay is not None and not self.relay.is_closed:
            return 0.0
        if self.draws_w is not None:
            return self.draws_w
        return self.level.power_w if self.level else STANDBY_W

    def read(self) -> MinerReading:
        self._ask("read")
        return MinerReading(self.drawn_w, TEMP_C, HASHRATE_THS if self.level else 0.0, self.level is None)

    def set_level(self, level: LevelConfig) -> None:
        self._ask(level.name)
        if self.obeys:
            self.level = level

    def stop(self) -> None:
        self._ask("stop")
        if self.obeys:
            self.level = None

    def _ask(self, what: str) -> None:
        self.asked.append((what, self.clock.boot()))
        self.before_answer()
        if self.is_silent or (self.relay is not None and not self.relay.is_closed):
            raise DeviceSilent("miner 192.0.2.1: no answer")
        if self.refuses and what != "read":
            raise DeviceRefused(f"miner 192.0.2.1: refuses {what}")


class Bench:
    """A load, its agent, and somebody who speaks for the rules."""

    def __init__(self, *, with_relay: bool = True, **relay: Any) -> None:
        self.clock, self.bus = HeldClock(), MemoryBus()
        self.relay = FakeRelay(self.clock, **relay)
        self.miner = FakeMiner(self.clock, self.relay if with_relay else None)
        self.relay.drawn_w = lambda: self.miner.drawn_w
        self.commands = 0
        self.told: list[tuple[str, Telemetry]] = []
        self.bus.subscribe(TOPICS.telemetry(LOAD.id, "+"), self._hear)
        self.agent = LoadAgent(LOAD, self.miner, self.miner.relay, self.bus, TOPICS, self.clock)
        self.bus.subscribe(TOPICS.command(LOAD.id), self.agent.on_command)

    def command(
        self, level: str = "full", lease_s: float = 45.0, lease_id: str = "lease-1", **changed: Any
    ) -> LoadCommand:
        """A command as `rules` sends it."""
        self.commands += 1
        told = {
            "command_id": f"command-{self.commands}",
            "load": LOAD.id,
            "level": level,
            "power_w": 0,
            "lease_id": lease_id,
            "expires_boot_s": self.clock.boot() + lease_s,
            "decision_id": "1:1:miner",
            "reason": "R1_SURPLUS_OK",
        }
        return LoadCommand(**(told | changed))

    def send(self, level: str = "full", lease_s: float = 45.0, **changed: Any) -> None:
        self.bus.publish(TOPICS.command(LOAD.id), self.command(level, lease_s, **changed))

    def live(self, seconds: float, each: Hook = lambda: None) -> None:
        """Let time pass, the agent stepping once a second."""
        for _ in range(round(seconds)):
            self.agent.step()
            each()
            self.clock.advance(1)

    def run(self, level: str = "full", seconds: float = 60.0) -> None:
        """Have it run on a lease that is renewed every 15 s."""
        for _ in range(round(seconds / 15)):
            self.send(level)
            self.live(15)
        assert self.miner.level is not None

    def off(self) -> None:
        """Have it confirmed off, as before any start."""
        self.live(5)
        assert self.agent.is_confirmed_off

    def when(self, what: str, since: float = 0.0) -> list[float]:
        """When the miner was asked for something."""
        return [at for asked, at in self.miner.asked if asked == what and at >= since]

    def newest(self, signal: str) -> Telemetry:
        return next(told for name, told in reversed(self.told) if name == signal)

    def _hear(self, received: Received) -> None:
        told = decode(Telemetry, received.payload)
        assert told is not None
        self.told.append((TOPICS.last_part(received.topic), told))
