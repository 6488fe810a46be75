"""Every face of one house, by the ids of site.yaml."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import TypeVar

from bitgrid.config import DeviceConfig, LoadConfig
from bitgrid.config.load import MinerConfig, RelayConfig
from bitgrid.config.profiles import DeviceProfile, JsonProfile, RegisterProfile, TopicProfile
from bitgrid.config.secrets import Credentials, credentials
from bitgrid.devices.transport import HttpExchange
from bitgrid.plant.errors import PlantError
from bitgrid.plant.faces.avalon import AvalonFace
from bitgrid.plant.faces.axeos import AxeOsFace
from bitgrid.plant.faces.braiins import BraiinsFace
from bitgrid.plant.faces.guarded import GuardedFace, Scheme
from bitgrid.plant.faces.json_device import JsonFace
from bitgrid.plant.faces.luxos import LuxosFace
from bitgrid.plant.faces.registers import RegisterMapFace
from bitgrid.plant.faces.shelly import ShellyFace
from bitgrid.plant.faces.shelly_gen1 import ShellyGen1Face
from bitgrid.plant.faces.sunspec import SunSpecFace
from bitgrid.plant.faces.tasmota import TasmotaFace
from bitgrid.plant.faces.topics import TopicFace
from bitgrid.plant.model import House

RegistersFace = SunSpecFace | RegisterMapFace
NO_PROFILES: Mapping[str, DeviceProfile] = MappingProxyType({})
MinerFace = AvalonFace | AxeOsFace | BraiinsFace | LuxosFace
Secret = Callable[[str], Credentials]
_MINERS: dict[str, Callable[[House, LoadConfig, Credentials | None], MinerFace]] = {
    "avalon": lambda house, load, _who: AvalonFace(house, load),
    "axeos": lambda house, load, _who: AxeOsFace(house, load),
    "braiins": BraiinsFace,
    "luxos": lambda house, load, _who: LuxosFace(house, load),
}
_RELAYS: dict[str, tuple[Callable[[House, str, int], HttpExchange], Scheme]] = {
    "shelly_gen1": (ShellyGen1Face, "basic"),
    "shelly_gen2": (ShellyFace, "digest"),
    "tasmota": (TasmotaFace, "basic"),
}
F = TypeVar("F")


class Faces:
    """The faces of a house; ``telling`` are the devices that tell by themselves.

    Args:
        house: the house behind them; whoever uses them steps it.
        profiles: what the devices read by a profile are like, by its name.
        secret: the passwords of its devices, by their names in site.yaml.

    Raises:
        PlantError: site.yaml names something that cannot be simulated.
    """

    def __init__(
        self, house: House, profiles: Mapping[str, DeviceProfile] = NO_PROFILES, secret: Secret = credentials
    ) -> None:
        faces = {device.id: _registers_face(house, device, profiles) for device in house.site.devices}
        self._devices = {name: face for name, face in faces.items() if face is not None}
        self._http = dict(_json_faces(house, profiles, secret))
        self.telling: list[TopicFace] = list(_topic_faces(house, profiles))
        loads = house.site.loads
        self._miners = {load.id: _miner_face(house, load, load.miner, secret) for load in loads if load.miner}
        self._relays = {load.id: _relay_face(house, load.id, load.relay, secret) for load in loads if load.relay}

    @property
    def modbus_devices(self) -> list[str]:
        """The devices that speak Modbus, by id."""
        return list(self._devices)

    def registers(self, device: str) -> RegistersFace:
        """The registers of a device."""
        return _find(self._devices, device, "device")

    @property
    def http_devices(self) -> list[str]:
        """The devices that answer HTTP, by id."""
        return list(self._http)

    def http(self, device: str) -> HttpExchange:
        """The answers of a device by HTTP."""
        return _find(self._http, device, "device that answers HTTP")

    def miner(self, load: str) -> MinerFace:
        """The API of a load's miner."""
        return _find(self._miners, load, "load")

    def relay(self, load: str) -> HttpExchange:
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


def _json_faces(
    house: House, profiles: Mapping[str, DeviceProfile], secret: Secret
) -> Iterator[tuple[str, HttpExchange]]:
    """The devices that answer HTTP; one that is told the password at once does not ask for it by digest."""
    for device in house.site.devices:
        profile = profiles.get(device.profile or "")
        if isinstance(profile, JsonProfile):
            face: HttpExchange = JsonFace(house, device, profile)
            if device.secret is not None:
                scheme: Scheme = "basic" if profile.authentication == "told" else "digest"
                face = GuardedFace(face, secret(device.secret), scheme, lambda: house.now_s)
            yield device.id, face


def _topic_faces(house: House, profiles: Mapping[str, DeviceProfile]) -> Iterator[TopicFace]:
    """The devices that tell by MQTT."""
    for device in house.site.devices:
        profile = profiles.get(device.profile or "")
        if isinstance(profile, TopicProfile):
            yield TopicFace(house, device, profile)


def _miner_face(house: House, load: LoadConfig, miner: MinerConfig, secret: Secret) -> MinerFace:
    if miner.driver not in _MINERS:
        raise PlantError(
            f"the simulated house has no miner that speaks {miner.driver}; it has {', '.join(_MINERS)}"
        )
    return _MINERS[miner.driver](house, load, None if miner.secret is None else secret(miner.secret))


def _relay_face(house: House, load: str, relay: RelayConfig, secret: Secret) -> HttpExchange:
    kind, scheme = _RELAYS[relay.kind]
    face = kind(house, load, relay.channel)
    if relay.secret is None:
        return face
    return GuardedFace(face, secret(relay.secret), scheme, lambda: house.now_s)


def _find(faces: Mapping[str, F], name: str, what: str) -> F:
    if name not in faces:
        raise PlantError(f"the simulated house has no {what} {name}; it has {', '.join(faces) or 'none'}")
    return faces[name]
