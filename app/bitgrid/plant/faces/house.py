"""Every face of one house, by the ids of site.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TypeVar

from bitgrid.config import DeviceConfig, LoadConfig
from bitgrid.config.profiles import DeviceProfile, RegisterProfile
from bitgrid.config.site import MinerConfig
from bitgrid.plant.errors import PlantError
from bitgrid.plant.faces.avalon import AvalonFace
from bitgrid.plant.faces.axeos import AxeOsFace
from bitgrid.plant.faces.registers import RegisterMapFace
from bitgrid.plant.faces.shelly import ShellyFace
from bitgrid.plant.faces.sunspec import SunSpecFace
from bitgrid.plant.model import House

MinerFace = AvalonFace | AxeOsFace
RegistersFace = SunSpecFace | RegisterMapFace
_MINERS: dict[str, type[AvalonFace | AxeOsFace]] = {"avalon": AvalonFace, "axeos": AxeOsFace}
NO_PROFILES: Mapping[str, DeviceProfile] = MappingProxyType({})
F = TypeVar("F")


class Faces:
    """The faces of a house.

    Args:
        house: the house behind them; whoever uses them steps it.
        profiles: what the devices read by a profile are like, by its name.

    Raises:
        PlantError: site.yaml names something that cannot be simulated.
    """

    def __init__(self, house: House, profiles: Mapping[str, DeviceProfile] = NO_PROFILES) -> None:
        faces = {device.id: _registers_face(house, device, profiles) for device in house.site.devices}
        self._devices = {name: face for name, face in faces.items() if face is not None}
        self._miners = {load.id: _miner_face(house, load, load.miner) for load in house.site.loads if load.miner}
        self._relays = {name: ShellyFace(house, name) for name in house.relays}

    @property
    def modbus_devices(self) -> list[str]:
        """The devices that speak Modbus, by id."""
        return list(self._devices)

    def registers(self, device: str) -> RegistersFace:
        """The registers of a device."""
        return _find(self._devices, device, "device")

    def miner(self, load: str) -> MinerFace:
        """The API of a load's miner."""
        return _find(self._miners, load, "load")

    def relay(self, load: str) -> ShellyFace:
        """The API of a load's relay."""
        return _find(self._relays, load, "load with a relay")


def _registers_face(
    house: House, device: DeviceConfig, profiles: Mapping[str, DeviceProfile]
) -> RegistersFace | None:
    """The registers of a device that speaks Modbus."""
    if device.kind == "sunspec":
        return SunSpecFace(house, device)
    profile = profiles.get(device.profile or "")
    return RegisterMapFace(house, device, profile) if isinstance(profile, RegisterProfile) else None


def _miner_face(house: House, load: LoadConfig, miner: MinerConfig) -> MinerFace:
    if miner.driver not in _MINERS:
        raise PlantError(
            f"the simulated house has no miner that speaks {miner.driver}; it has {', '.join(_MINERS)}"
        )
    return _MINERS[miner.driver](house, load)


def _find(faces: Mapping[str, F], name: str, what: str) -> F:
    if name not in faces:
        raise PlantError(f"the simulated house has no {what} {name}; it has {', '.join(faces) or 'none'}")
    return faces[name]
