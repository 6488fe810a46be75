"""Every face of one house, by the ids of site.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from bitgrid.config import LoadConfig
from bitgrid.config.site import MinerConfig
from bitgrid.plant.errors import PlantError
from bitgrid.plant.faces.avalon import AvalonFace
from bitgrid.plant.faces.axeos import AxeOsFace
from bitgrid.plant.faces.braiins import BraiinsFace
from bitgrid.plant.faces.luxos import LuxosFace
from bitgrid.plant.faces.shelly import ShellyFace
from bitgrid.plant.faces.shelly_gen1 import ShellyGen1Face
from bitgrid.plant.faces.sunspec import SunSpecFace
from bitgrid.plant.faces.tasmota import TasmotaFace
from bitgrid.plant.model import House

MinerFace = AvalonFace | AxeOsFace | BraiinsFace | LuxosFace
_MINERS: dict[str, type[MinerFace]] = {
    "avalon": AvalonFace,
    "axeos": AxeOsFace,
    "braiins": BraiinsFace,
    "luxos": LuxosFace,
}
RelayFace = ShellyFace | ShellyGen1Face | TasmotaFace
_RELAYS: dict[str, type[RelayFace]] = {
    "shelly_gen1": ShellyGen1Face,
    "shelly_gen2": ShellyFace,
    "tasmota": TasmotaFace,
}
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
        self._relays = {
            load.id: _RELAYS[load.relay.kind](house, load.id, load.relay.channel)
            for load in house.site.loads
            if load.relay
        }

    def registers(self, device: str) -> SunSpecFace:
        """The holding registers of a device."""
        return _find(self._devices, device, "device")

    def miner(self, load: str) -> MinerFace:
        """The API of a load's miner."""
        return _find(self._miners, load, "load")

    def relay(self, load: str) -> RelayFace:
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
