"""site.yaml: the house, what is measured in it, and what may be switched."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from bitgrid.config.archive import ArchiveConfig
from bitgrid.config.bitcoin import Bitcoin
from bitgrid.config.device import DeviceConfig
from bitgrid.config.forecast import PvForecastConfig
from bitgrid.config.home_assistant import HomeAssistant
from bitgrid.config.house import Battery, Location, PvPlane
from bitgrid.config.load import LoadConfig
from bitgrid.config.mirror import Mirror
from bitgrid.config.network import Broker, Gateway, WebServer, is_loopback
from bitgrid.config.schema import Identifier, Versioned, Watts
from bitgrid.config.signals import ADDED_UP, SignalName
from bitgrid.config.site_sense import nonsense
from bitgrid.config.tariff import Tariff


class Site(Versioned):
    """The whole of site.yaml."""

    site: Identifier = Field(description="Short name, used in MQTT topics.")
    name: Annotated[str, Field(min_length=1, max_length=80)] = Field(
        description="The house's name, as people read it."
    )
    language: Literal["de", "en"] = Field(default="de", description="Of pages and sentences.")
    location: Location
    pv: list[PvPlane] = Field(default=[])
    pv_forecast: PvForecastConfig = PvForecastConfig()
    broker: Broker = Broker()
    web: WebServer = WebServer()
    devices: Annotated[list[DeviceConfig], Field(min_length=1)]
    loads: Annotated[list[LoadConfig], Field(min_length=1)]
    battery: Battery | None = None
    tariff: Tariff
    bitcoin: Bitcoin | None = None
    archive: ArchiveConfig = ArchiveConfig()
    mirror: Mirror | None = None
    gateway: Gateway | None = None
    home_assistant: HomeAssistant = HomeAssistant()
    balance_tolerance_w: Watts = Field(
        default=300, description="Two ways to reckon the surplus may differ by this much."
    )

    @model_validator(mode="after")
    def _ids_differ(self) -> Self:
        ids = [device.id for device in self.devices] + [load.id for load in self.loads]
        doubled = sorted({name for name in ids if ids.count(name) > 1})
        if doubled:
            raise ValueError(f"every device and load needs an id of its own; used twice: {', '.join(doubled)}")
        priorities = [load.priority for load in self.loads]
        if len(set(priorities)) != len(priorities):
            raise ValueError("every load needs a priority of its own")
        return self

    @model_validator(mode="after")
    def _measured_once(self) -> Self:
        names = [signal for device in self.devices for signal in device.signals]
        doubled = sorted({name for name in names if names.count(name) > 1} - ADDED_UP)
        if doubled:
            raise ValueError(f"measured by more than one device: {', '.join(doubled)}; name it once")
        return self

    @model_validator(mode="after")
    def _surplus_can_be_known(self) -> Self:
        names = self.measured
        if "grid_power_w" not in names and not {"pv_power_w", "house_load_w"} <= names:
            raise ValueError(
                "the surplus cannot be known: name a device that measures grid_power_w, "
                "or devices for pv_power_w and house_load_w"
            )
        return self

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        problems = list(nonsense(self))
        if problems:
            raise ValueError("; ".join(problems))
        return self

    @property
    def measured(self) -> frozenset[SignalName]:
        """Names of the signals that some device measures: what the rules require."""
        return frozenset(signal for device in self.devices for signal in device.signals)

    @property
    def is_loopback_only(self) -> bool:
        """Whether every device and load lives on this machine; anything else forces real time.

        A device that tells by MQTT lives where the broker is.
        """
        hosts = [device.host or self.broker.host for device in self.devices if device.host or device.profile]
        hosts += [load.miner.host for load in self.loads if load.miner]
        hosts += [load.relay.host for load in self.loads if load.relay]
        return all(is_loopback(host) for host in hosts)
