"""Every face of one house, by the ids of site.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from bitgrid.config import LoadConfig
from bitgrid.plant.errors import PlantError
from bitgrid.plant.faces.avalon import AvalonFace
from bitgrid.plant.faces.axeos import AxeOsFace
from bitgrid.plant.faces.shelly import ShellyFace
from bitgrid.plant.faces.sunspec import SunSpecFace
from bitgrid.plant.model import House

MinerFace = AvalonFace | AxeOsFace
F = TypeVar("F")


class Faces:
    """The faces of a house.

    Args:
        house: the house behind them; whoever uses them steps it.

    Raises:
        PlantError: site.yaml names something that cannot be simulated.
    """

    def __init__(self, house: House) -> None:
        self._devices = {device.id: SunSpecFace(house, device) for device in house.site.devices}
        self._miners = {load.id: _miner_face(house, load) for load in house.site.loads}
        self._relays = {name: ShellyFace(house, name) for name in house.relays}

    def registers(self, device: str) -> SunSpecFace:
        """The holding registers of a device."""
        return _find(self._devices, device, "device")

    def miner(self, load: str) -> MinerFace:
        """The API of a load's miner."""
        return _find(self._miners, load, "load")

    def relay(self, load: str) -> ShellyFace:
        """The API of a load's relay."""
        return _find(self._relays, load, "load with a relay")


def _miner_face(house: House, load: LoadConfig) -> MinerFace:
    return AvalonFace(house, load) if load.miner.driver == "avalon" else AxeOsFace(house, load)


def _find(faces: Mapping[str, F], name: str, what: str) -> F:
    if name not in faces:
        raise PlantError(f"the simulated house has no {what} {name}; it has {', '.join(faces) or 'none'}")
    return faces[name]
