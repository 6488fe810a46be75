"""The whole house in one process, with its clock in the hand: the same objects that the services step, no sockets.

The plant's faces are the transports of the drivers; the bus is in memory; the guard does its jobs inline.
What runs in `make run` as ten processes runs here as one loop, a simulated day in seconds.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bitgrid.bus import DecisionEvent, Health, HealthStatus, Received, Telemetry, Topics, decode
from bitgrid.bus.memory import MemoryBus
from bitgrid.clock import HeldClock
from bitgrid.config import Config, PlantConfig, Site, load_config
from bitgrid.config.loading import load_plant
from bitgrid.config.secrets import Credentials, credentials
from bitgrid.control.engine import Engine
from bitgrid.control.power_cut import PowerCut
from bitgrid.control.requests import Requests
from bitgrid.devices.load_agent import LoadAgent
from bitgrid.devices.poller import DevicePoller
from bitgrid.devices.registry import Transports, build_miner, build_relay, build_sources
from bitgrid.feeds.errands import Errands
from bitgrid.feeds.house_feeds import house_feeds
from bitgrid.feeds.means import Means
from bitgrid.feeds.publisher import FeedsPublisher
from bitgrid.feeds.web import Fetch
from bitgrid.guard.core import Guard
from bitgrid.guard.link import Request, encode
from bitgrid.plant.faces import Faces
from bitgrid.plant.model import House
from bitgrid.plant.source import SimulatedHome, Source
from bitgrid.plant.telling import Telling
from bitgrid.store import Ledger
from bitgrid.store.feeds import FeedsStore
from feeds.now import AtOnce

CONFIG_DIRECTORY = Path(__file__).parents[1] / "config"


@dataclass(frozen=True)
class AsTold:
    """A message of a device, which knows nothing of the house's own schemas."""

    payload: bytes

    def encode(self) -> bytes:
        return self.payload


@dataclass
class InProcessGuard:
    """The way from the rules to a guard in the same process."""

    guard: Guard | None = None

    def send(self, request: Request) -> None:
        if self.guard is not None:
            self.guard.on_datagram(encode(request), os.geteuid())


@dataclass
class Moment:
    """What the house truly was at a moment, whatever anybody said."""

    at_s: float
    miner_w: int
    soc_pct: float
    level: str


@dataclass
class WholeHouse:
    """Everything; `live` lets it live."""

    directory: Path
    start_s: float
    config: Config = field(default_factory=lambda: load_config(CONFIG_DIRECTORY))
    plant: PlantConfig = field(default_factory=lambda: load_plant(CONFIG_DIRECTORY))
    source: Source | None = None
    secret: Callable[[str], Credentials] = credentials
    fetch: Fetch | None = None
    """The way to servers; given one, the house has feeds."""

    def __post_init__(self) -> None:
        self.clock = HeldClock(wall_s=self.start_s)
        self.bus, self.topics = MemoryBus(), Topics(self.config.site.site)
        source = self.source or SimulatedHome(self.config.site, self.plant)
        self.house = House(self.config.site, self.plant, source, self.start_s)
        faces = Faces(self.house, self.config.profiles, self.secret)
        self.transports = _transports(self.config, faces, self.secret)
        self.telling = Telling(
            faces.telling,
            lambda topic, payload: self.bus.publish(topic, AsTold(payload)),
            self.clock,  # type: ignore[arg-type]
        )
        self.decisions: list[dict[str, Any]] = []
        self.moments: list[Moment] = []
        self.way = InProcessGuard()
        self.dead: set[str] = set()
        self.bus.subscribe(self.topics.decision, self._on_decision)
        self.ledger = Ledger(self.directory / "ledger")
        self._next_heartbeat_s = self._next_feeds_s = 0.0
        self._generation = 0
        self.start_guard()
        self.start_loads()
        self.start_poller()
        self.start_rules()
        self.feeds: FeedsPublisher | None = None
        if self.fetch is not None:
            self.start_feeds(self.fetch)

    # -- processes ----------------------------------------------------------------------------------------

    def start_guard(self) -> None:
        """A fresh guard."""
        loads = self.config.site.loads
        relays = {load.id: build_relay(load, self.clock, self.transports) for load in loads}
        self.guard = Guard(
            self.config,
            {load.id: build_miner(load, self.clock, self.transports) for load in loads},
            {name: relay for name, relay in relays.items() if relay is not None},
            self.clock,
            self._instance(),
            tell=lambda report: self.engine.on_guard_report(report) if "rules" not in self.dead else None,
        )
        self.way.guard = self.guard
        self.dead.discard("guard")

    def start_loads(self) -> None:
        """A fresh `loads`."""
        self.loads_instance = self._instance()
        self.agents = {
            load.id: LoadAgent(
                load,
                build_miner(load, self.clock, self.transports),
                build_relay(load, self.clock, self.transports),
                self.bus,
                self.topics,
                self.clock,
            )
            for load in self.config.site.loads
        }
        agents = self.agents
        for name, agent in agents.items():

            def hear(received: Received, agent: LoadAgent = agent) -> None:
                if self.agents is agents and "loads" not in self.dead:
                    agent.on_command(received)

            self.bus.subscribe(self.topics.command(name), hear)
        self.dead.discard("loads")

    def start_poller(self) -> None:
        """A fresh poller."""
        sources = build_sources(self.config, self.clock, self.transports, listen=self.bus.subscribe)
        self.pollers = [
            DevicePoller(
                device,
                sources[device.id],
                self.bus,
                self.topics,
                self.clock,
                random.Random(1),
            )
            for device in self.config.site.devices
        ]
        self.dead.discard("poller")

    def start_feeds(self, fetch: Fetch) -> None:
        """Fresh `feeds` on the same memory."""
        store, self.errands = FeedsStore(self.directory / "feeds.sqlite"), Errands(AtOnce())
        house = house_feeds(self.config, Means(self.clock, store, self.errands, fetch))
        self.bus.subscribe(self.topics.decision, house.on_decision)
        block_s = self.config.rules.block_s
        self.feeds = FeedsPublisher(house.feeds, self.bus, self.topics, self.clock, block_s)
        self.feeds_store = store

    def start_rules(self) -> None:
        """A fresh rule daemon on the same ledger."""
        engine = self.engine = Engine(self.config, self.ledger, self.bus, self.clock, self.way)
        requests = Requests(engine, self.bus)

        def hear(pattern: str, handler: Callable[[Received], None]) -> None:
            def unless_gone(received: Received) -> None:
                if self.engine is engine and "rules" not in self.dead:
                    handler(received)

            self.bus.subscribe(pattern, unless_gone)

        hear(self.topics.telemetry("+", "+"), engine.on_telemetry)
        hear(self.topics.health("loads"), engine.on_loads_health)
        hear(self.topics.override, requests.on_override)
        hear(self.topics.estop, requests.on_estop)
        self.power_cut = PowerCut(engine, self.bus)
        hear(self.topics.ups, self.power_cut.on_report)
        self.dead.discard("rules")

    def kill(self, *names: str) -> None:
        """These processes do nothing from now on."""
        self.dead.update(names)
        if "guard" in names:
            self.way.guard = None

    # -- life ---------------------------------------------------------------------------------------------

    def live(self, seconds: float, step_s: float = 1.0) -> None:
        """Let the house live on."""
        for _ in range(round(seconds / step_s)):
            self.clock.advance(step_s)
            self.house.step(self.clock.now())
            self.telling.step()
            self._step_processes()
            self._look()

    def hear_devices(self, seconds: float) -> dict[str, Telemetry]:
        """Live on, and tell what the devices told meanwhile: the last of each signal."""
        heard: dict[str, Telemetry] = {}

        def hear(received: Received) -> None:
            told = decode(Telemetry, received.payload)
            assert told is not None
            heard[received.topic.rsplit("/", 1)[1]] = told

        for device in self.config.site.devices:
            self.bus.subscribe(self.topics.telemetry(device.id, "+"), hear)
        self.live(seconds)
        return heard

    @property
    def miner_w(self) -> int:
        """What the miner truly draws."""
        return self.house.drawing["miner"].power_w if "miner" in self.house.drawing else 0

    @property
    def switches(self) -> list[tuple[str, str]]:
        """Action and code of every decision that switched."""
        return [(record["action"], record["code"]) for record in self.decisions if record["action"] != "HOLD"]

    def _step_processes(self) -> None:
        if "poller" not in self.dead:
            for poller in self.pollers:
                poller.step()
        if "loads" not in self.dead:
            for agent in self.agents.values():
                agent.step()
            self._heartbeat()
        if "guard" not in self.dead:
            self.guard.step()
        if "rules" not in self.dead:
            self.engine.step()
            self.power_cut.step()
        if self.feeds is not None and "feeds" not in self.dead and self.clock.boot() >= self._next_feeds_s:
            self._next_feeds_s = self.clock.boot() + 5
            self.errands.step()
            self.feeds.step()

    def _heartbeat(self) -> None:
        if self.clock.boot() >= self._next_heartbeat_s:
            self._next_heartbeat_s = self.clock.boot() + 5
            details = {name: agent.details() for name, agent in self.agents.items()}
            health = Health(status=HealthStatus.OK, reason="", instance=self.loads_instance, details=details)
            self.bus.publish(self.topics.health("loads"), health, retain=True)

    def _look(self) -> None:
        level = next(iter(self.engine.loads.values())).memory.level
        self.moments.append(Moment(self.clock.now(), self.miner_w, self.house.soc_pct or 0.0, level))

    def _on_decision(self, received: Received) -> None:
        event = decode(DecisionEvent, received.payload)
        assert event is not None
        self.decisions.append(event.record)

    def _instance(self) -> str:
        self._generation += 1
        return f"instance-{self._generation}"


def with_loads(*loads: dict[str, Any]) -> Config:
    """The project's own configuration with other loads: as site.yaml would have them, checked as it is."""
    config = load_config(CONFIG_DIRECTORY)
    data = config.site.model_dump(mode="json", by_alias=True, exclude_unset=True) | {"loads": list(loads)}
    return Config(Site.model_validate(data), config.rules, config.flags, config.policies)


def _transports(config: Config, faces: Faces, secret: Callable[[str], Credentials]) -> Transports:
    """The plant's faces by host and port, as the drivers ask for them."""
    miners = {(load.miner.host, load.miner.port): faces.miner(load.id) for load in config.site.loads if load.miner}
    relays = {(load.relay.host, load.relay.port): faces.relay(load.id) for load in config.site.loads if load.relay}
    registers = {
        (*device.place, device.unit_id): faces.registers(device.id)
        for device in config.site.devices
        if device.id in faces.modbus_devices
    }
    devices = {
        device.place: faces.http(device.id) for device in config.site.devices if device.id in faces.http_devices
    }
    http = miners | relays | devices
    return Transports(
        tcp=lambda host, port, _timeout_s: miners[host, port],
        http=lambda host, port, _timeout_s: http[host, port],
        modbus=lambda host, port, _timeout_s, _pacing: lambda unit: registers[host, port, unit],
        secret=secret,
    )
