"""site.yaml: the house, what is measured in it, and what may be switched."""

from __future__ import annotations

import ipaddress
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator, model_validator

from bitgrid.config.schema import Host, Identifier, Model, Port, PriceCtKwh, Versioned, Watts

SignalName = Literal["grid_power_w", "pv_power_w", "house_load_w", "battery_power_w", "battery_soc_pct"]
ADDED_UP = frozenset({"pv_power_w", "battery_power_w"})
"""Signals that several devices may measure; they are added up."""
NO_RELAY_SENTENCE = "I accept that this load keeps its power when the whole appliance fails"


class Location(Model):
    """Where the house stands; for the sun and for local time."""

    latitude: Annotated[float, Field(ge=-90, le=90)]
    longitude: Annotated[float, Field(ge=-180, le=180)]
    timezone: str = "Europe/Berlin"

    @field_validator("timezone")
    @classmethod
    def _known_timezone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError("unknown time zone; use a name such as Europe/Berlin") from None
        return name


class PvPlane(Model):
    """One roof plane of the PV system."""

    peak_w: Annotated[int, Field(gt=0, le=1_000_000, description="Peak power under standard conditions, W.")]
    tilt_deg: Annotated[float, Field(ge=0, le=90)] = 30.0
    azimuth_deg: Annotated[float, Field(ge=0, lt=360, description="180 is south.")] = 180.0


class Broker(Model):
    """The MQTT broker."""

    host: Host = "127.0.0.1"
    port: Port = 1883


class WebServer(Model):
    """Where the pages are served."""

    host: Host = "127.0.0.1"
    port: Port = 8080


class DeviceConfig(Model):
    """A device that is read: inverter, battery or meter."""

    id: Identifier
    kind: Literal["sunspec"] = Field(description="How it is read; `sunspec` is SunSpec over Modbus/TCP.")
    host: Host
    port: Port = 502
    unit_id: Annotated[int, Field(ge=0, le=247)] = 1
    signals: Annotated[list[SignalName], Field(min_length=1)]
    invert_sign: list[SignalName] = Field(
        default=[], description="Signals whose sign this device reports the other way round."
    )
    poll_interval_s: Annotated[int, Field(ge=1, le=60)] = 10


class LevelConfig(Model):
    """A level at which a load can run."""

    name: Identifier
    power_w: Annotated[int, Field(gt=0, le=100_000)]
    min_surplus_w: Watts = Field(description="Surplus from which this level is proposed (R1).")


class MinerConfig(Model):
    """The miner behind a load and how to reach it."""

    driver: Literal["avalon", "axeos"]
    host: Host
    port: Port


class RelayConfig(Model):
    """The relay that cuts a load's power."""

    kind: Literal["shelly_gen2"] = "shelly_gen2"
    host: Host
    port: Port = 80
    auto_off_s: Annotated[int, Field(ge=60, le=600)] = 120


class LoadConfig(Model):
    """A load that may be switched. Exactly one of a relay or the owner's acceptance to go without."""

    id: Identifier
    priority: Annotated[int, Field(ge=1, le=99, description="1 is served first.")] = 1
    miner: MinerConfig
    relay: RelayConfig | None = None
    accept_no_relay: Literal["I accept that this load keeps its power when the whole appliance fails"] | None = (
        None
    )
    levels: Annotated[list[LevelConfig], Field(min_length=1, description="Lowest first.")]
    joules_per_terahash: Annotated[float, Field(gt=0, le=1000)]
    ramp_s: Annotated[int, Field(ge=0, le=1800)] = 180
    boot_grace_s: Annotated[int, Field(ge=0, le=600)] = 180
    off_below_w: Annotated[int, Field(ge=1, le=500, description="Measured power below this is off.")] = 50
    cooldown_s: Annotated[int, Field(ge=0, le=300, description="Fans run on before power is cut.")] = 30

    @model_validator(mode="after")
    def _levels_rise(self) -> Self:
        for lower, higher in zip(self.levels, self.levels[1:], strict=False):
            if higher.power_w <= lower.power_w or higher.min_surplus_w <= lower.min_surplus_w:
                raise ValueError(
                    f"levels must rise: {higher.name} needs more power_w and min_surplus_w than {lower.name}"
                )
        names = [level.name for level in self.levels]
        if "off" in names or len(set(names)) != len(names):
            raise ValueError("level names must differ, and none may be called off")
        return self

    @model_validator(mode="after")
    def _relay_or_accepted(self) -> Self:
        if (self.relay is None) == (self.accept_no_relay is None):
            raise ValueError(f'give a relay, or accept_no_relay: "{NO_RELAY_SENTENCE}"; one of the two')
        return self


class Battery(Model):
    """The home's battery; what no device tells."""

    capacity_wh: Annotated[int, Field(gt=0, le=1_000_000)]
    claim_w: Watts = Field(default=0, description="Share of the surplus promised to the battery first.")


class Tariff(Model):
    """A fixed tariff, gross."""

    import_ct_kwh: PriceCtKwh
    export_ct_kwh: PriceCtKwh


class Site(Versioned):
    """The whole of site.yaml."""

    site: Identifier = Field(description="Short name, used in MQTT topics.")
    name: Annotated[str, Field(min_length=1, max_length=80)]
    language: Literal["de", "en"] = "de"
    location: Location
    pv: list[PvPlane] = Field(default=[])
    broker: Broker = Broker()
    web: WebServer = WebServer()
    devices: Annotated[list[DeviceConfig], Field(min_length=1)]
    loads: Annotated[list[LoadConfig], Field(min_length=1)]
    battery: Battery | None = None
    tariff: Tariff
    balance_tolerance_w: Watts = 300

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

    @property
    def measured(self) -> frozenset[SignalName]:
        """Names of the signals that some device measures: what the rules require."""
        return frozenset(signal for device in self.devices for signal in device.signals)

    @property
    def is_loopback_only(self) -> bool:
        """Whether every device and load lives on this machine; anything else forces real time."""
        hosts = [device.host for device in self.devices]
        hosts += [load.miner.host for load in self.loads]
        hosts += [load.relay.host for load in self.loads if load.relay]
        return all(is_loopback(host) for host in hosts)


def is_loopback(host: str) -> bool:
    """Whether a host is this machine, told without asking a name server."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
