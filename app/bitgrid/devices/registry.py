"""Which driver a device or load of site.yaml gets, over real sockets or over transports that are handed in.

A new kind is a module of its own, one value in `config.load` or `config.device`, and one entry in a table here.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from bitgrid.clock import Clock
from bitgrid.config import Config, DeviceConfig, LoadConfig
from bitgrid.config.device import GpioPin
from bitgrid.config.load import MinerConfig
from bitgrid.config.profiles import DeviceProfile, JsonProfile, Quirks, RegisterProfile, TopicProfile
from bitgrid.config.secrets import Credentials, credentials
from bitgrid.devices.authentication import authenticated, with_basic
from bitgrid.devices.miners.avalon import AvalonMiner
from bitgrid.devices.miners.axeos import AxeosMiner
from bitgrid.devices.miners.braiins import BraiinsMiner
from bitgrid.devices.miners.luxos import LuxosMiner
from bitgrid.devices.miners.none import NoMiner
from bitgrid.devices.miners.pyasic import PyasicMiner
from bitgrid.devices.ports import About, Listen, MinerDriver, RelayDriver, SignalSource
from bitgrid.devices.relays.shelly_gen1 import ShellyGen1Relay
from bitgrid.devices.relays.shelly_gen2 import ShellyGen2Relay
from bitgrid.devices.relays.tasmota import TasmotaRelay
from bitgrid.devices.sockets import http_exchange, tcp_exchange
from bitgrid.devices.transport import PROMPT, ByteExchange, HttpExchange, Pacing, RegisterReader

EXCHANGE_S = 3.0
"""How long a device may take to answer, seconds of the house; never less than half a second of the machine."""
_MIN_MACHINE_S = 0.5


def _gpio(device: str, pin: GpioPin) -> Callable[[], bool]:
    from bitgrid.devices.gpio.lines import GpioLine  # noqa: PLC0415  only the poller has contacts

    return GpioLine(device, pin).is_on


def _modbus(host: str, port: int, timeout_s: float, pacing: Pacing) -> Callable[[int], RegisterReader]:
    # Only who reads meters pays for pymodbus: the guard and the loads do without.
    from bitgrid.devices.modbus.connection import ModbusConnection  # noqa: PLC0415  see above

    return ModbusConnection(host, port, timeout_s, pacing).reader


@dataclass(frozen=True)
class Transports:
    """How devices are reached: each takes host, port and a time-out in machine seconds.

    Args:
        tcp: the cgminer API.
        http: AxeOS and relays.
        modbus: a shared connection, paced as its devices want, which then gives a reader by unit id.
        gpio: not over the network: a pin of this computer, by the device's name; says whether it is on.
        secret: not a way to a device, but what it may ask for: credentials by their name in site.yaml.
    """

    tcp: Callable[[str, int, float], ByteExchange] = tcp_exchange
    http: Callable[[str, int, float], HttpExchange] = http_exchange
    modbus: Callable[[str, int, float, Pacing], Callable[[int], RegisterReader]] = _modbus
    secret: Callable[[str], Credentials] = credentials
    gpio: Callable[[str, GpioPin], Callable[[], bool]] = _gpio


SOCKETS = Transports()


def timeout_s(clock: Clock) -> float:
    """How long an exchange may take, machine seconds."""
    return max(_MIN_MACHINE_S, EXCHANGE_S / clock.speed)


def no_bus(_topic: str, _handler: object) -> None:
    """The bus of devices that are asked: they need none."""


def build_miner(load: LoadConfig, clock: Clock, transports: Transports = SOCKETS) -> MinerDriver:
    """The driver of a load's miner; of a load without one, a driver that leaves everything to the relay."""
    if load.miner is None:
        return NoMiner()
    device = f"{load.id} (miner at {load.miner.host}:{load.miner.port})"
    return _MINERS[load.miner.driver](_MinerSite(load, load.miner, device, clock, transports))


def build_relay(load: LoadConfig, clock: Clock, transports: Transports = SOCKETS) -> RelayDriver | None:
    """The driver of a load's relay; None when it has none."""
    if load.relay is None:
        return None
    relay = load.relay
    exchange = transports.http(relay.host, relay.port, timeout_s(clock))
    driver, authenticate = _RELAYS[relay.kind]
    if relay.secret is not None:
        exchange = authenticate(exchange, transports.secret(relay.secret))
    return driver(f"{load.id} (relay at {relay.host}:{relay.port})", exchange, relay.channel)


def build_sources(
    config: Config,
    clock: Clock,
    transports: Transports = SOCKETS,
    *,
    listen: Listen,
    only: Iterable[DeviceConfig] | None = None,
) -> dict[str, SignalSource]:
    """What reads each device of the site, by id; devices at one address share a connection.

    Args:
        config: the house.
        clock: the house's.
        transports: how devices are reached.
        listen: how those that tell by MQTT are heard: `Bus.subscribe`.
        only: these devices of the site; None: all.
    """
    devices = config.site.devices if only is None else list(only)
    ways = _Ways(clock, transports, listen, _pacings(devices, config.profiles, clock))
    sites = [
        _DeviceSite(device, config.profiles.get(device.profile or ""), ways, clock, transports)
        for device in devices
    ]
    return {site.device.id: _SOURCES[site.kind](site) for site in sites}


def ask_about(device: DeviceConfig, clock: Clock, transports: Transports = SOCKETS) -> About | None:
    """What a device says of itself; None for one that does not speak SunSpec. May raise `DeviceError`."""
    if device.kind != "sunspec":
        return None
    from bitgrid.devices.modbus.sunspec_about import about  # noqa: PLC0415  as for the sources below

    site = _DeviceSite(device, None, _Ways(clock, transports, no_bus, {}), clock, transports)
    return about(site.ways.registers(device), site.name)


@dataclass(frozen=True)
class _MinerSite:
    """What a miner's driver is made of."""

    load: LoadConfig
    miner: MinerConfig
    device: str
    clock: Clock
    transports: Transports

    def tcp(self) -> ByteExchange:
        return self.transports.tcp(self.miner.host, self.miner.port, timeout_s(self.clock))

    def http(self) -> HttpExchange:
        return self.transports.http(self.miner.host, self.miner.port, timeout_s(self.clock))

    def credentials(self) -> Credentials | None:
        return None if self.miner.secret is None else self.transports.secret(self.miner.secret)


_MINERS: dict[str, Callable[[_MinerSite], MinerDriver]] = {
    "avalon": lambda at: AvalonMiner(at.device, at.tcp(), at.load.levels, at.clock),
    "axeos": lambda at: AxeosMiner(at.device, at.http()),
    "braiins": lambda at: BraiinsMiner(at.device, at.http(), at.credentials()),
    "luxos": lambda at: LuxosMiner(at.device, at.tcp()),
    "pyasic": lambda at: PyasicMiner(at.device, at.miner.host, timeout_s(at.clock)),
}
_RelayWays = tuple[
    Callable[[str, HttpExchange, int], RelayDriver], Callable[[HttpExchange, Credentials], HttpExchange]
]
_RELAYS: dict[str, _RelayWays] = {
    "shelly_gen1": (ShellyGen1Relay, authenticated),
    "shelly_gen2": (ShellyGen2Relay, authenticated),
    "tasmota": (TasmotaRelay, with_basic),
}


class _Ways:
    """Connections, one a host and port, made when first asked for."""

    def __init__(
        self,
        clock: Clock,
        transports: Transports,
        listen: Listen,
        pacings: Mapping[tuple[str, int], Pacing],
    ) -> None:
        self.listen = listen
        self._clock, self._transports, self._pacings = clock, transports, pacings
        self._connections: dict[tuple[str, int], Callable[[int], RegisterReader]] = {}

    def registers(self, device: DeviceConfig) -> RegisterReader:
        """A reader of the device's unit."""
        place = device.place
        if place not in self._connections:
            pacing = self._pacings.get(place, PROMPT)
            self._connections[place] = self._transports.modbus(*place, timeout_s(self._clock), pacing)
        return self._connections[place](1 if device.unit_id is None else device.unit_id)

    def http(self, device: DeviceConfig) -> HttpExchange:
        """Requests to the device."""
        return self._transports.http(*device.place, timeout_s(self._clock))

    def secret(self, name: str) -> Credentials:
        """The credentials that site.yaml names; may raise `ConfigError`."""
        return self._transports.secret(name)


def _pacings(
    devices: Iterable[DeviceConfig], profiles: Mapping[str, DeviceProfile], clock: Clock
) -> dict[tuple[str, int], Pacing]:
    """The pauses on each connection: the longest that any device behind it wants."""
    wanted: dict[tuple[str, int], list[Quirks]] = {}
    for device in devices:
        profile = profiles.get(device.profile or "")
        if isinstance(profile, RegisterProfile):
            wanted.setdefault(device.place, []).append(profile.quirks)

    def wait(seconds: float) -> None:
        clock.wait(threading.Event(), seconds)

    return {
        place: Pacing(max(one.connect_delay_s for one in quirks), max(one.pause_s for one in quirks), wait)
        for place, quirks in wanted.items()
    }


@dataclass(frozen=True)
class _DeviceSite:
    """What a device's source is made of."""

    device: DeviceConfig
    profile: DeviceProfile | None
    ways: _Ways
    clock: Clock
    transports: Transports

    @property
    def kind(self) -> str:
        """Which entry of the table makes its source: its own kind, or how its profile is transported."""
        return self.profile.transport if self.profile else self.device.kind

    @property
    def name(self) -> str:
        """Its name for people, with its address."""
        host, port = self.device.place
        return f"{self.device.id} ({host}:{port} unit {self.device.unit_id})"


# Only who reads meters pays for pymodbus and pysunspec2: the guard and the loads do without.
def _sunspec(site: _DeviceSite) -> SignalSource:
    from bitgrid.devices.modbus.sunspec import SunSpecDevice  # noqa: PLC0415  see above

    return SunSpecDevice(site.name, site.ways.registers(site.device), site.device.signals)


def _register_map(site: _DeviceSite) -> SignalSource:
    from bitgrid.devices.modbus.register_map import RegisterMapDevice  # noqa: PLC0415  see above

    if not isinstance(site.profile, RegisterProfile):
        raise TypeError(f"{site.device.id} has no register map")
    reader = site.ways.registers(site.device)
    return RegisterMapDevice(site.name, reader, site.profile, site.device.signals, site.clock)


def _json(site: _DeviceSite) -> SignalSource:
    from bitgrid.devices.http_json.source import JsonDevice  # noqa: PLC0415  see above

    if not isinstance(site.profile, JsonProfile):
        raise TypeError(f"{site.device.id} is not read by HTTP")
    from bitgrid.devices.http_json.password import behind_password  # noqa: PLC0415  as above

    (host, port), secret = site.device.place, site.device.secret
    name, exchange = f"{site.device.id} ({host}:{port})", site.ways.http(site.device)
    if secret is not None:
        way = site.profile.authentication
        exchange = behind_password(exchange, way, lambda: site.ways.secret(secret), name)
    return JsonDevice(name, exchange, site.profile, site.device.signals)


def _topics(site: _DeviceSite) -> SignalSource:
    from bitgrid.devices.mqtt.source import TopicDevice  # noqa: PLC0415  see above

    if not isinstance(site.profile, TopicProfile):
        raise TypeError(f"{site.device.id} does not tell by MQTT")
    device = site.device
    return TopicDevice(device.id, site.ways.listen, site.profile, device.topic, device.signals, site.clock)


def _contact(site: _DeviceSite) -> SignalSource:
    from bitgrid.devices.gpio.contact import Contact  # noqa: PLC0415  as for the pin itself

    pin = site.device.gpio
    if pin is None:
        raise TypeError(f"{site.device.id} has no pin")
    return Contact(pin, site.device.signals, site.transports.gpio(site.device.id, pin))


_SOURCES: dict[str, Callable[[_DeviceSite], SignalSource]] = {
    "sunspec": _sunspec,
    "modbus": _register_map,
    "http": _json,
    "mqtt": _topics,
    "gpio": _contact,
}
