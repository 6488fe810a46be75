"""The house on sockets: every face at its address in site.yaml, loopback alone, and the time that moves it.

Every request first lets the house live up to the present moment, so that answers are never older than they seem.
Time is counted on the boot clock from the moment of the start: a step of the wall clock does not shake the house.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import ParamSpec, TypeVar

from bitgrid.clock import Clock
from bitgrid.config import Site
from bitgrid.config.network import is_loopback
from bitgrid.config.profiles import DeviceProfile
from bitgrid.plant.desk import Desk
from bitgrid.plant.errors import PlantError
from bitgrid.plant.faces import Faces, MinerFace
from bitgrid.plant.faces.axeos import AxeOsFace
from bitgrid.plant.faces.braiins import BraiinsFace
from bitgrid.plant.faces.house import NO_PROFILES, RegistersFace
from bitgrid.plant.listeners import Listener, bytes_listener, control_listener, http_listener
from bitgrid.plant.modbus_server import Address, ModbusServers
from bitgrid.plant.model import House
from bitgrid.plant.telling import Broker, Telling
from bitgrid.plant.wire import Spoil, Wire, honest
from bitgrid.plant.wire_faults import OF_MODBUS, WireFault
from bitgrid.plant.wire_modbus import ModbusSpoil

P = ParamSpec("P")
R = TypeVar("R")
_ANY_PORT = ("127.0.0.1", 0)
_OF_ANY_PROTOCOL = frozenset(WireFault) - OF_MODBUS


class PlantServer:
    """A simulated house that can be reached.

    Args:
        house: the house; from now on only the server steps it.
        clock: whose boot time moves it.
        control_socket: where faults are asked for.
        profiles: what the devices read by a profile are like, by its name.

    Raises:
        PlantError: an address in site.yaml is not this machine, or something cannot be simulated.
    """

    def __init__(
        self,
        house: House,
        clock: Clock,
        control_socket: Path,
        profiles: Mapping[str, DeviceProfile] = NO_PROFILES,
    ) -> None:
        refuse_foreign_addresses(house.site)
        self._house, self._clock, self._control_socket = house, clock, control_socket
        self._origin_boot_s, self._origin_s = clock.boot(), house.now_s
        self._lock = threading.Lock()
        self._faces = Faces(house, profiles)
        self._listeners: list[Listener | Wire] = []
        self._broker: Broker | None = None
        self._telling: Telling | None = None
        self._modbus = ModbusServers(self._modbus_faces(), self.now)

    def start(self) -> None:
        """Listen everywhere.

        Raises:
            PlantError: an address is taken; nothing is left listening.
        """
        try:
            for load in self._house.site.loads:
                if load.miner:
                    at = self._listen(self._faces.miner(load.id))
                    self._wire([load.id], (load.miner.host, load.miner.port), at)
                if load.relay:
                    at = self._opened(http_listener(*_ANY_PORT, self.now(self._faces.relay(load.id))))
                    self._wire([f"{load.id}.relay"], (load.relay.host, load.relay.port), at)
            for device in self._house.site.devices:
                if device.id in self._faces.http_devices:
                    face = self._faces.http(device.id)
                    at = self._opened(http_listener(*_ANY_PORT, self.now(face)))
                    self._wire([device.id], device.place, at)
            self._listeners.append(control_listener(self._control_socket, self.now(Desk(self._house).answer)))
            self._start_modbus()
            self._start_telling()
        except PlantError:
            self.stop()
            raise

    def step(self) -> None:
        """Let the house live up to now."""
        with self._lock:
            self._house.step(self._origin_s + self._clock.boot() - self._origin_boot_s)
            if self._telling is not None:
                self._telling.step()

    def stop(self) -> None:
        """Close everything."""
        if self._broker is not None:
            self._broker.stop()
            self._broker = self._telling = None
        self._modbus.stop()
        for listener in self._listeners:
            listener.stop()
        self._listeners.clear()

    def now(self, face: Callable[P, R]) -> Callable[P, R]:
        """A face that answers from the present moment, one request at a time."""

        def answer(*args: P.args, **kwargs: P.kwargs) -> R:
            self.step()
            with self._lock:
                return face(*args, **kwargs)

        return answer

    def _listen(self, face: MinerFace) -> int:
        if isinstance(face, AxeOsFace | BraiinsFace):
            return self._opened(http_listener(*_ANY_PORT, self.now(face)))
        return self._opened(bytes_listener(*_ANY_PORT, self.now(face)))

    def _opened(self, listener: Listener) -> int:
        """Remember a listener; its port."""
        self._listeners.append(listener)
        return listener.port

    def _wire(
        self,
        names: list[str],
        place: tuple[str, int],
        port: int,
        can: frozenset[WireFault] = _OF_ANY_PROTOCOL,
        spoil: Spoil = honest,
    ) -> None:
        """Lead a wire from a place in site.yaml to a listener's port."""
        wrong = self._house.wiring.add(names, can)
        self._listeners.append(Wire(place, (_ANY_PORT[0], port), wrong, spoil))

    def _start_modbus(self) -> None:
        self._modbus.start()
        speaking = self._faces.modbus_devices
        for place, port in self._modbus.ports.items():
            names = [one.id for one in self._house.site.devices if one.id in speaking and one.place == place]
            self._wire(names, place, port, frozenset(WireFault), ModbusSpoil())

    def _start_telling(self) -> None:
        """Where devices tell by MQTT, connect them to the site's broker."""
        if self._faces.telling:
            broker = self._house.site.broker
            self._broker = Broker(broker.host, broker.port)
            self._broker.start()
            self._telling = Telling(self._faces.telling, self._broker.say, self._clock)

    def _modbus_faces(self) -> dict[Address, dict[int, RegistersFace]]:
        faces: dict[Address, dict[int, RegistersFace]] = {}
        speaking = self._faces.modbus_devices
        for device in (one for one in self._house.site.devices if one.id in speaking):
            host, port = device.place
            units, unit_id = faces.setdefault((host, port), {}), device.unit_id or 0
            if unit_id in units:
                raise PlantError(
                    f"device {device.id}: unit {unit_id} at {host}:{port} is taken; "
                    "give it a unit_id or a port of its own"
                )
            units[unit_id] = self._faces.registers(device.id)
        return faces


def refuse_foreign_addresses(site: Site) -> None:
    """Raise `PlantError` unless every device and load is on this machine."""
    places = {
        device.id: device.host or site.broker.host for device in site.devices if device.host or device.profile
    }
    places |= {f"the miner of {load.id}": load.miner.host for load in site.loads if load.miner}
    places |= {f"the relay of {load.id}": load.relay.host for load in site.loads if load.relay}
    foreign = [f"{name} at {host}" for name, host in places.items() if not is_loopback(host)]
    if foreign:
        raise PlantError(
            f"site.yaml describes a real home ({', '.join(foreign)}): a simulated house listens on this machine "
            "alone; give loopback addresses such as 127.0.0.1, or do not start the plant"
        )
