"""Which driver a device or load of site.yaml gets, over real sockets or over transports that are handed in."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from bitgrid.clock import Clock
from bitgrid.config import DeviceConfig, LoadConfig
from bitgrid.devices.miners.avalon import AvalonMiner
from bitgrid.devices.miners.axeos import AxeosMiner
from bitgrid.devices.ports import MinerDriver, RelayDriver
from bitgrid.devices.relays.shelly_gen2 import ShellyGen2Relay
from bitgrid.devices.sockets import http_exchange, tcp_exchange
from bitgrid.devices.transport import ByteExchange, HttpExchange, RegisterReader

EXCHANGE_S = 3.0
"""How long a device may take to answer, seconds of the house; never less than half a second of the machine."""
_MIN_MACHINE_S = 0.5


def _modbus(host: str, port: int, timeout_s: float) -> Callable[[int], RegisterReader]:
    # Only who reads meters pays for pymodbus: the guard and the loads do without.
    from bitgrid.devices.modbus.connection import ModbusConnection  # noqa: PLC0415  see above

    return ModbusConnection(host, port, timeout_s).reader


@dataclass(frozen=True)
class Transports:
    """How devices are reached: each takes host, port and a time-out in machine seconds.

    Args:
        tcp: the cgminer API.
        http: AxeOS and relays.
        modbus: a shared connection, which then gives a reader by unit id.
    """

    tcp: Callable[[str, int, float], ByteExchange] = tcp_exchange
    http: Callable[[str, int, float], HttpExchange] = http_exchange
    modbus: Callable[[str, int, float], Callable[[int], RegisterReader]] = _modbus


SOCKETS = Transports()


def timeout_s(clock: Clock) -> float:
    """How long an exchange may take, machine seconds."""
    return max(_MIN_MACHINE_S, EXCHANGE_S / clock.speed)


def build_miner(load: LoadConfig, clock: Clock, transports: Transports = SOCKETS) -> MinerDriver:
    """The driver of a load's miner."""
    host, port = load.miner.host, load.miner.port
    device = f"{load.id} (miner at {host}:{port})"
    if load.miner.driver == "axeos":
        return AxeosMiner(device, transports.http(host, port, timeout_s(clock)))
    return AvalonMiner(device, transports.tcp(host, port, timeout_s(clock)), load.levels, clock)


def build_relay(load: LoadConfig, clock: Clock, transports: Transports = SOCKETS) -> RelayDriver | None:
    """The driver of a load's relay; None when it has none."""
    if load.relay is None:
        return None
    host, port = load.relay.host, load.relay.port
    return ShellyGen2Relay(f"{load.id} (relay at {host}:{port})", transports.http(host, port, timeout_s(clock)))


def build_readers(
    devices: Iterable[DeviceConfig], clock: Clock, transports: Transports = SOCKETS
) -> dict[str, RegisterReader]:
    """A register reader by device id; devices at one host and port share a connection."""
    readers: dict[str, RegisterReader] = {}
    connections: dict[tuple[str, int], Callable[[int], RegisterReader]] = {}
    for device in devices:
        place = (device.host, device.port)
        if place not in connections:
            connections[place] = transports.modbus(*place, timeout_s(clock))
        readers[device.id] = connections[place](device.unit_id)
    return readers
