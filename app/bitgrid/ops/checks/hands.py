"""The real hands of `bitgrid doctor`: the same drivers as the house's, over connections of their own.

An inverter that bears one connection only may refuse this one while the house is running.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace

from bitgrid.bus.client import MqttBus
from bitgrid.clock import Clock
from bitgrid.config import Config, DeviceConfig, LoadConfig
from bitgrid.config.errors import ConfigError
from bitgrid.config.signals import SignalName
from bitgrid.devices.errors import DeviceError, DeviceNonsense, DeviceRefused, DeviceSilent
from bitgrid.devices.ports import About, MinerReading, RelayReading, RelaySettings, SignalSource, Told, figure
from bitgrid.devices.registry import (
    SOCKETS,
    Transports,
    ask_about,
    build_miner,
    build_relay,
    build_sources,
    no_bus,
)
from bitgrid.devices.transport import Pacing, RegisterReader
from bitgrid.ops.broker_access import access_for
from bitgrid.ops.readiness import broker_problem

MQTT_WITHIN_S = 3.0
HEARD_WITHIN_S = 15.0
"""Most devices that tell by MQTT do so every ten seconds or oftener."""


class RealHands:
    """Reaches broker and devices of a configuration; ``machine`` is the machine's own clock."""

    def __init__(self, config: Config, machine: Clock) -> None:
        self._config, self._machine = config, machine

    def broker(self, host: str, port: int) -> str | None:
        """What is wrong with the broker; None when it takes an MQTT connection."""
        if broker_problem(host, port):
            return "takes no connection"
        try:
            access_for(self._config.site.broker, "doctor")
        except ConfigError as error:
            return f"takes a connection, but there is nothing to show to it: {error}"
        with self._bus(host, port) as bus:
            return None if bus.is_connected else "takes a connection but does not let this user in"

    @contextmanager
    def source(self, device: DeviceConfig) -> Iterator[SignalSource]:
        """What reads a device; one that tells by MQTT is listened to as long as this lasts."""
        if device.host is not None:
            with _transports() as ways:
                yield build_sources(self._config, self._machine, ways, listen=no_bus, only=[device])[device.id]
            return
        broker = self._config.site.broker
        with self._bus(broker.host, broker.port) as bus:
            yield build_sources(self._config, self._machine, listen=bus.subscribe, only=[device])[device.id]

    def device(self, device: DeviceConfig) -> Mapping[str, float]:
        """A reading of every signal; of a device that tells by itself, what it tells within some seconds."""
        with self.source(device) as source:
            told = source.read() if device.host is not None else self.heard(source)
        read = {name: figure(one) for name, one in told.items()}
        missing = [name for name, value in read.items() if value is None]
        if missing:
            raise DeviceNonsense(f"{device.id} answers, but does not tell {', '.join(missing)}")
        return {name: value for name, value in read.items() if value is not None}

    @contextmanager
    def _bus(self, host: str, port: int) -> Iterator[MqttBus]:
        """The broker; connected, or tried for some seconds."""
        name, deadline_s = f"doctor-{uuid.uuid4().hex[:8]}", self._machine.boot() + MQTT_WITHIN_S
        bus = MqttBus(name, host, port, access=access_for(self._config.site.broker, "doctor"))
        bus.start()
        while not bus.is_connected and self._machine.boot() < deadline_s:
            self._machine.wait(threading.Event(), 0.05)
        try:
            yield bus
        finally:
            bus.stop()

    def heard(self, source: SignalSource) -> Mapping[SignalName, Told]:
        """What a device tells by itself, waited for."""
        deadline_s = self._machine.boot() + HEARD_WITHIN_S
        while True:
            try:
                return source.read()
            except DeviceSilent:
                if self._machine.boot() >= deadline_s:
                    raise
            self._machine.wait(threading.Event(), 0.1)

    def about(self, device: DeviceConfig) -> About | None:
        """What a device says of itself; nothing where it will not, which is no fault of a device that measures."""
        with _transports() as ways, suppress(DeviceError):
            return ask_about(device, self._machine, ways)
        return None

    def miner(self, load: LoadConfig) -> MinerReading:
        """A reading of the miner."""
        with _credentials_asked():
            miner = build_miner(load, self._machine)
        return miner.read()

    def relay(self, load: LoadConfig) -> tuple[RelayReading, RelaySettings]:
        """The relay's state and settings."""
        with _credentials_asked():
            relay = build_relay(load, self._machine)
        if relay is None:
            raise ValueError(f"{load.id} has no relay")
        return relay.read(), relay.read_settings()


@contextmanager
def _transports() -> Iterator[Transports]:
    """Real sockets; a Modbus connection is closed at the end, for an inverter that bears one alone."""
    from bitgrid.devices.modbus.connection import ModbusConnection  # noqa: PLC0415  only who reads meters pays for it

    opened: list[ModbusConnection] = []

    def modbus(host: str, port: int, timeout_s: float, pacing: Pacing) -> Callable[[int], RegisterReader]:
        opened.append(ModbusConnection(host, port, timeout_s, pacing))
        return opened[-1].reader

    try:
        yield replace(SOCKETS, modbus=modbus)
    finally:
        for connection in opened:
            connection.close()


@contextmanager
def _credentials_asked() -> Iterator[None]:
    """A file of credentials that cannot be used is a finding about its device, like any refusal."""
    try:
        yield
    except ConfigError as error:
        raise DeviceRefused(str(error)) from error
