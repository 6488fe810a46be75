"""Every face of one house, by the ids of site.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from bitgrid.config import LoadConfig
from bitgrid.config.site import MinerConfig
from bitgrid.plant.errors import PlantError
from bitgrid.plant.faces.avalon import AvalonFace
from bitgrid.plant.faces.axeos import AxeOsFace
from bitgrid.plant.faces.shelly import ShellyFace
from bitgrid.plant.faces.sunspec import SunSpecFace
from bitgrid.plant.model import House

MinerFace = AvalonFace | AxeOsFace
_MINERS: dict[str, type[AvalonFace | AxeOsFace]] = {"avalon": AvalonFace, "axeos": AxeOsFace}
F = TypeVar("F")


class Faces:
    """The faces of a house.

    Args:
        house: the house behind them; whoever uses them steps it.

    Raises:
        PlantError: site.yaml names something that cannot be simulated.
    """

    def __init__(self, house: House) -> None:
        self._devices = {
            device.id: SunSpecFace(house, device) for device in house.site.devices if device.kind == "sunspec"
        }
        self._miners = {load.id: _miner_face(house, load, load.miner) for load in house.site.loads if load.miner}
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
