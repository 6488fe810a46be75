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

P = ParamSpec("P")
R = TypeVar("R")


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
        self._listeners: list[Listener] = []
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
                    self._listen(load.miner.host, load.miner.port, self._faces.miner(load.id))
                if load.relay:
                    relay = self._faces.relay(load.id)
                    self._listeners.append(http_listener(load.relay.host, load.relay.port, self.now(relay)))
            for device in self._house.site.devices:
                if device.id in self._faces.http_devices:
                    face = self._faces.http(device.id)
                    self._listeners.append(http_listener(*device.place, self.now(face)))
            self._listeners.append(control_listener(self._control_socket, self.now(Desk(self._house).answer)))
            self._modbus.start()
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

    def _listen(self, host: str, port: int, face: MinerFace) -> None:
        if isinstance(face, AxeOsFace | BraiinsFace):
            self._listeners.append(http_listener(host, port, self.now(face)))
        else:
            self._listeners.append(bytes_listener(host, port, self.now(face)))

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
