"""The real hands of `bitgrid doctor`: the same drivers as the house's, over connections of their own.

An inverter that bears one connection only may refuse this one while the house is running.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from bitgrid.bus import Health, HealthStatus
from bitgrid.bus.client import MqttBus
from bitgrid.clock import Clock
from bitgrid.config import Config, DeviceConfig, LoadConfig
from bitgrid.config.errors import ConfigError
from bitgrid.devices.errors import DeviceError, DeviceNonsense, DeviceRefused
from bitgrid.devices.ports import About, MinerReading, RelayReading, RelaySettings, figure
from bitgrid.devices.registry import ask_about, build_miner, build_relay, build_sources
from bitgrid.ops.readiness import broker_problem

MQTT_WITHIN_S = 3.0


class RealHands:
    """Reaches broker and devices of a configuration; ``machine`` is the machine's own clock."""

    def __init__(self, config: Config, machine: Clock) -> None:
        self._config, self._machine = config, machine

    def broker(self, host: str, port: int) -> str | None:
        """What is wrong with the broker; None when it takes an MQTT connection."""
        if broker_problem(host, port):
            return "takes no connection"
        name, never = f"doctor-{uuid.uuid4().hex[:8]}", threading.Event()
        will = Health(status=HealthStatus.OK, reason="", instance=name)
        bus = MqttBus(name, host, port, will_topic=f"bitgrid/{name}", will=will)
        bus.start()
        deadline_s = self._machine.boot() + MQTT_WITHIN_S
        while not bus.is_connected and self._machine.boot() < deadline_s:
            self._machine.wait(never, 0.05)
        is_connected = bus.is_connected
        bus.stop()
        return None if is_connected else "takes a connection but does not let this user in"

    def device(self, device: DeviceConfig) -> Mapping[str, float]:
        """A reading of every signal."""
        told = build_sources(self._config, self._machine, only=[device])[device.id].read()
        read = {name: figure(one) for name, one in told.items()}
        missing = [name for name, value in read.items() if value is None]
        if missing:
            raise DeviceNonsense(f"{device.id} answers, but does not tell {', '.join(missing)}")
        return {name: value for name, value in read.items() if value is not None}

    def about(self, device: DeviceConfig) -> About | None:
        """What a device says of itself; nothing where it will not, which is no fault of a device that measures."""
        try:
            return ask_about(device, self._machine)
        except DeviceError:
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
def _credentials_asked() -> Iterator[None]:
    """A file of credentials that cannot be used is a finding about its device, like any refusal."""
    try:
        yield
    except ConfigError as error:
        raise DeviceRefused(str(error)) from error
