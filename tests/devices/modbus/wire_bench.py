"""A grid meter on a real socket, its wire, and the real poller that reads it; the clock is held."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bitgrid.bus import Quality, Received, Telemetry, Topics, decode
from bitgrid.bus.memory import MemoryBus
from bitgrid.clock import HeldClock
from bitgrid.config import Site
from bitgrid.config.loading import load_plant
from bitgrid.config.profiles import RegisterProfile
from bitgrid.config.profiling import load_profile
from bitgrid.config.signals import SignalName
from bitgrid.devices.modbus.connection import ModbusConnection
from bitgrid.devices.modbus.register_map import RegisterMapDevice
from bitgrid.devices.modbus.sunspec import SunSpecDevice
from bitgrid.devices.poller import DevicePoller
from bitgrid.devices.ports import SignalSource
from bitgrid.devices.transport import RegisterReader
from bitgrid.plant.model import House
from bitgrid.plant.server import PlantServer
from plant.house import CONFIG, NOON_S, site_data
from plant.test_server import free_ports

POLL_S = 10
TOPICS = Topics("home")
MAPS: dict[str, RegisterProfile] = {
    name: profile
    for name in ("eastron_sdm630", "huawei_sun2000")
    if isinstance(profile := load_profile(CONFIG / "devices" / f"{name}.yaml"), RegisterProfile)
}
KINDS = ("sunspec", *MAPS)
"""16 bits and a scale; a float in two registers; 32 bits in two registers."""
SIGNALS: tuple[SignalName, ...] = ("grid_power_w", "house_load_w", "pv_power_w")


class Restless:
    """A sunny noon in which no two polls see the same: an answer to an earlier question is always wrong."""

    def at(self, epoch_s: float) -> tuple[int, int]:
        return 5000 + 7 * (int(epoch_s) - NOON_S), 400


MakeReader = Callable[[int], tuple[RegisterReader, Callable[[], None]]]
"""From a port to a reader, and what closes its connection."""


@dataclass
class Meter:
    """One meter, and everything it was heard to tell."""

    kind: str
    port: int
    house: House
    clock: HeldClock
    reader: RegisterReader
    signal: SignalName
    live: Callable[[], None]
    heard: list[Telemetry] = field(default_factory=list)

    def __post_init__(self) -> None:
        bus, name = MemoryBus(), self.name
        device = next(one for one in self.house.site.devices if one.id == name)
        self.poller = DevicePoller(device, self._source(), bus, TOPICS, self.clock, random.Random(1))
        bus.subscribe(TOPICS.telemetry(name, "+"), self._hear)

    @property
    def name(self) -> str:
        return f"meter_{self.kind}"

    def _source(self) -> SignalSource:
        if self.kind == "sunspec":
            return SunSpecDevice(self.name, self.reader, [self.signal])
        return RegisterMapDevice(self.name, self.reader, MAPS[self.kind], [self.signal], self.clock)

    def _hear(self, received: Received) -> None:
        told = decode(Telemetry, received.payload)
        assert told is not None
        self.heard.append(told)

    def poll(self) -> Telemetry | None:
        """Let it be due, poll it, and say what it told; a good figure that is not the house's is an error."""
        self.heard.clear()
        self.clock.advance(2 * POLL_S)
        self.live()
        self.poller.step()
        told = self.heard[0] if self.heard else None
        if told is not None and told.quality is Quality.GOOD:
            house = self.house
            truth = {"grid_power_w": house.metered_w, "pv_power_w": house.pv_w, "house_load_w": house.house_w}
            assert told.value == truth[self.signal], f"{told.value} W told as good, it is {truth[self.signal]} W"
        return told

    def is_good(self) -> bool:
        """Poll it; whether it told the truth."""
        told = self.poll()
        return told is not None and told.quality is Quality.GOOD


def honest_reader(timeout_s: float) -> MakeReader:
    """What the house reads with."""

    def make(port: int) -> tuple[RegisterReader, Callable[[], None]]:
        connection = ModbusConnection("127.0.0.1", port, timeout_s)
        return connection.reader(1), connection.close

    return make


@contextmanager
def meters(directory: Path, make_reader: MakeReader, *kinds: str) -> Iterator[list[Meter]]:
    """A house with a meter of each kind; the first measures the grid."""
    data = site_data()
    miner, relay, *ports = free_ports(2 + len(kinds))
    data["loads"][0]["miner"]["port"], data["loads"][0]["relay"]["port"] = miner, relay
    devices = [_device(*one) for one in zip(kinds, ports, SIGNALS, strict=False)]
    site = Site.model_validate(data | {"devices": devices, "battery": None})
    clock = HeldClock()
    house = House(site, load_plant(CONFIG), Restless(), NOON_S)
    server = PlantServer(house, clock, directory / "plant.sock", MAPS)
    server.start()
    readers = [make_reader(port) for port in ports]
    try:
        yield [
            Meter(kind, port, house, clock, read, signal, server.step)
            for kind, port, signal, (read, _close) in zip(kinds, ports, SIGNALS, readers, strict=False)
        ]
    finally:
        server.stop()
        for _read, close in readers:
            close()


def _device(kind: str, port: int, signal: SignalName) -> dict[str, Any]:
    read_as = {"kind": "sunspec"} if kind == "sunspec" else {"kind": "profile", "profile": kind}
    place = {"host": "127.0.0.1", "port": port, "unit_id": 1}
    return {"id": f"meter_{kind}", "signals": [signal], "poll_interval_s": POLL_S} | place | read_as
