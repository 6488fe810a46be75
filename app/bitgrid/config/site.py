"""site.yaml: the house, what is measured in it, and what may be switched."""

from __future__ import annotations

import ipaddress
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator, model_validator

from bitgrid.config.schema import Host, Identifier, Model, Port, PriceCtKwh, Versioned, Watts
from bitgrid.config.signals import ADDED_UP, SignalName
from bitgrid.config.site_sense import nonsense

MAX_LEVELS = 40
MODBUS_PORT = 502
LEASE_S = 45
"""How long a lease lasts; a relay's own timer is armed anew within it."""
NO_RELAY_SENTENCE = "I accept that this load keeps its power when the whole appliance fails"


class Location(Model):
    """Where the house stands; for the sun and for local time."""

    latitude: Annotated[float, Field(ge=-90, le=90)] = Field(description="Degrees, north positive.")
    longitude: Annotated[float, Field(ge=-180, le=180)] = Field(description="Degrees, east positive.")
    timezone: str = Field(default="Europe/Berlin", description="Name in the IANA list.")

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
    tilt_deg: Annotated[float, Field(ge=0, le=90)] = Field(
        default=30.0, description="0 lies flat, 90 hangs on a wall."
    )
    azimuth_deg: Annotated[float, Field(ge=0, lt=360, description="180 is south.")] = 180.0


class Broker(Model):
    """The MQTT broker."""

    host: Host = Field(default="127.0.0.1", description="Its address.")
    port: Port = Field(default=1883, description="Its port.")


class WebServer(Model):
    """Where the pages are served."""

    host: Host = Field(default="127.0.0.1", description="Address to listen on.")
    port: Port = Field(default=8080, description="Port to listen on.")


class GpioPin(Model):
    """An input of this computer, and what it says of a signal."""

    chip: Annotated[str, Field(pattern=r"^/dev/gpiochip\d+$")] = Field(
        default="/dev/gpiochip0", description="Its character device."
    )
    line: Annotated[int, Field(ge=0, le=63)] = Field(description="Its line; on a Raspberry Pi the GPIO number.")
    active_low: bool = Field(
        default=True, description="Whether a contact to ground means on; the line is pulled up then."
    )
    on_value: Annotated[float, Field(ge=0, le=200_000)] = Field(
        default=1.0, description="The signal's value while it is on; for `grid_limit_w` the watts still allowed."
    )
    off_value: Annotated[float, Field(ge=0, le=200_000)] = Field(
        default=0.0, description="Its value while it is off; for `grid_limit_w` more than the loads ever draw."
    )


class DeviceConfig(Model):
    """A device that is read: inverter, battery, meter, or a contact."""

    id: Identifier = Field(description="Its name, on the bus and in sentences.")
    kind: Literal["sunspec", "profile", "gpio"] = Field(
        description="How it is read: SunSpec over Modbus/TCP, by a profile of `devices/`, or an input of this "
        "computer."
    )
    profile: Identifier | None = Field(default=None, description="The profile's file name, without `.yaml`.")
    host: Host | None = Field(default=None, description="Its address.")
    port: Port | None = Field(default=None, description="Its port; by default its profile's, or 502.")
    unit_id: Annotated[int, Field(ge=0, le=255)] | None = Field(
        default=None, description="Modbus unit behind that address; by default its profile's, or 1."
    )
    topic: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^#+{}]+$")] | None = Field(
        default=None, description="What stands for `{topic}` in a profile that tells by MQTT."
    )
    gpio: GpioPin | None = None
    secret: Identifier | None = Field(
        default=None, description="File in the secrets' directory with `user:password`, where it asks for one."
    )
    signals: Annotated[list[SignalName], Field(min_length=1)] = Field(description="What it measures.")
    invert_sign: list[SignalName] = Field(
        default=[], description="Signals whose sign this device reports the other way round."
    )
    poll_interval_s: Annotated[int, Field(ge=1, le=60)] = Field(
        default=10, description="Seconds from one reading to the next."
    )
    frozen_after_s: Annotated[int, Field(ge=60, le=86_400)] = Field(
        default=900, description="Seconds of exactly the same answer, with power flowing, that make it frozen."
    )

    @model_validator(mode="after")
    def _has_what_its_kind_needs(self) -> Self:
        needed = {"sunspec": "host", "profile": "profile", "gpio": "gpio"}[self.kind]
        if getattr(self, needed) is None:
            raise ValueError(f"a device of kind {self.kind} needs {needed}")
        if self.kind != "profile" and self.profile is not None:
            raise ValueError(f"a device of kind {self.kind} has no profile")
        return self

    @property
    def place(self) -> tuple[str, int]:
        """Host and port of a device that has an address.

        Raises:
            ValueError: it has none, because it tells by MQTT or is an input of this computer.
        """
        if self.host is None:
            raise ValueError(f"{self.id} has no address")
        return self.host, self.port or MODBUS_PORT


class LevelConfig(Model):
    """A level at which a load can run."""

    name: Identifier = Field(description="The level's name.")
    power_w: Annotated[int, Field(gt=0, le=100_000)] = Field(description="What the load draws at this level, W.")
    min_surplus_w: Watts = Field(description="Surplus from which this level is proposed (R1).")
    profile: Annotated[str, Field(min_length=1, max_length=60)] | None = Field(
        default=None, description="The miner's own name for it, where it has profiles (LuxOS)."
    )


class PowerRange(Model):
    """A load with a power target: its levels are every step of a range, each for its own surplus."""

    min_w: Annotated[int, Field(gt=0, le=100_000)] = Field(description="The lowest power.")
    max_w: Annotated[int, Field(gt=0, le=100_000)] = Field(description="The highest power.")
    step_w: Annotated[int, Field(ge=50, le=100_000)] = Field(
        default=200, description="From one level to the next."
    )

    @model_validator(mode="after")
    def _rises(self) -> Self:
        if self.max_w <= self.min_w:
            raise ValueError("max_w must be above min_w")
        if (self.max_w - self.min_w) // self.step_w > MAX_LEVELS:
            raise ValueError(f"more than {MAX_LEVELS} levels; take a larger step_w")
        return self

    def levels(self) -> list[dict[str, str | int]]:
        """As they would stand under ``levels``."""
        watts = [*range(self.min_w, self.max_w, self.step_w), self.max_w]
        return [{"name": f"w{power_w}", "power_w": power_w, "min_surplus_w": power_w} for power_w in watts]


class MinerConfig(Model):
    """The miner behind a load and how to reach it."""

    driver: Literal["avalon", "axeos", "luxos", "braiins", "pyasic"] = Field(description="The API it speaks.")
    host: Host = Field(description="Its address.")
    port: Port = Field(description="Its API's port.")
    secret: Identifier | None = Field(
        default=None, description="File in the secrets' directory with `user:password`, where it asks for one."
    )


class RelayConfig(Model):
    """The relay that cuts a load's power."""

    kind: Literal["shelly_gen2", "shelly_gen1", "tasmota"] = Field(
        default="shelly_gen2", description="The API it speaks."
    )
    host: Host = Field(description="Its address.")
    port: Port = Field(default=80, description="Its port.")
    channel: Annotated[int, Field(ge=0, le=7)] = Field(default=0, description="Which of its outputs, from 0.")
    secret: Identifier | None = Field(
        default=None, description="File in the secrets' directory with `user:password`, where it asks for one."
    )
    auto_off_s: Annotated[int, Field(ge=60, le=600)] = Field(
        default=120,
        description="Seconds after which the relay opens by itself when nobody renews; set in the relay too.",
    )


class LoadConfig(Model):
    """A load that may be switched. Exactly one of a relay or the owner's acceptance to go without."""

    id: Identifier = Field(description="Its name, on the bus and in sentences.")
    priority: Annotated[int, Field(ge=1, le=99, description="1 is served first.")] = 1
    miner: MinerConfig | None = Field(
        default=None, description="Without one the load is whatever hangs on the relay: a heating rod, a boiler."
    )
    relay: RelayConfig | None = None
    accept_no_relay: Literal["I accept that this load keeps its power when the whole appliance fails"] | None = (
        Field(default=None, description="In place of a relay: the owner's own words.")
    )
    levels: Annotated[list[LevelConfig], Field(min_length=1, description="Lowest first.")]
    power_range: PowerRange | None = Field(default=None, description="In place of levels: every step of a range.")
    joules_per_terahash: Annotated[float, Field(gt=0, le=1000)] | None = Field(
        default=None, description="What a terahash costs a miner, J; 5 % more is told."
    )
    ramp_s: Annotated[int, Field(ge=0, le=1800)] = Field(
        default=180, description="Seconds from one level to the next."
    )
    boot_grace_s: Annotated[int, Field(ge=0, le=600)] = Field(
        default=180, description="Seconds after a start in which it may be silent."
    )
    off_below_w: Annotated[int, Field(ge=1, le=500, description="Measured power below this is off.")] = 50
    cooldown_s: Annotated[int, Field(ge=0, le=300, description="Fans run on before power is cut.")] = 30

    @model_validator(mode="before")
    @classmethod
    def _levels_of_range(cls, given: object) -> object:
        """Where a power range stands in place of levels, its steps are the levels."""
        if not isinstance(given, dict) or "levels" in given or "power_range" not in given:
            return given
        power_range = PowerRange.model_validate(given["power_range"])
        return {**given, "levels": power_range.levels()}

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
    def _running_is_not_off(self) -> Self:
        lowest_w = self.levels[0].power_w
        if self.off_below_w >= lowest_w:
            raise ValueError(
                f"off_below_w must be below the lowest level's {lowest_w} W, or running passes for off"
            )
        return self

    @model_validator(mode="after")
    def _driver_can_do_it(self) -> Self:
        if self.miner is not None:
            if self.miner.driver in {"axeos", "pyasic"} and len(self.levels) > 1:
                name = {"axeos": "an AxeOS miner", "pyasic": "a miner through pyasic"}[self.miner.driver]
                raise ValueError(f"{name} can only pause and resume: give it one level")
            if (
                self.miner.driver == "luxos"
                and len(self.levels) > 1
                and None in [level.profile for level in self.levels]
            ):
                raise ValueError("a LuxOS miner is set by its profiles: give each of its levels a profile")
            if self.joules_per_terahash is None:
                raise ValueError("a miner needs joules_per_terahash; its data sheet says it as J/TH")
        elif self.relay is None:
            raise ValueError("a load needs a miner, a relay, or both")
        elif len(self.levels) > 1:
            raise ValueError("a relay can only switch on and off: give a load without a miner one level")
        return self

    @model_validator(mode="after")
    def _cools_down_before_the_relay_opens(self) -> Self:
        if self.relay is not None and self.cooldown_s + LEASE_S > self.relay.auto_off_s:
            raise ValueError(
                f"relay.auto_off_s must be at least cooldown_s + {LEASE_S}, or the relay cuts the fans off early"
            )
        return self

    @model_validator(mode="after")
    def _relay_or_accepted(self) -> Self:
        if (self.relay is None) == (self.accept_no_relay is None):
            raise ValueError(f'give a relay, or accept_no_relay: "{NO_RELAY_SENTENCE}"; one of the two')
        return self


class Battery(Model):
    """The home's battery; what no device tells."""

    capacity_wh: Annotated[int, Field(gt=0, le=1_000_000)] = Field(description="What it holds, Wh.")
    claim_w: Watts = Field(default=0, description="Share of the surplus promised to the battery first.")
    max_charge_w: Watts = Field(default=5000, description="The most it takes in.")
    max_discharge_w: Watts = Field(default=5000, description="The most it gives.")
    round_trip_efficiency_pct: Annotated[float, Field(ge=50, le=100)] = Field(
        default=90.0, description="Of a kWh put in, what comes out again."
    )
    empty_soc_pct: Annotated[float, Field(ge=0, le=50)] = Field(
        default=5.0, description="Charge at which it gives nothing any more."
    )


class Tariff(Model):
    """A fixed tariff, gross."""

    import_ct_kwh: PriceCtKwh = Field(description="What a kWh from the grid costs.")
    export_ct_kwh: PriceCtKwh = Field(description="What a kWh sold earns.")


class Site(Versioned):
    """The whole of site.yaml."""

    site: Identifier = Field(description="Short name, used in MQTT topics.")
    name: Annotated[str, Field(min_length=1, max_length=80)] = Field(
        description="The house's name, as people read it."
    )
    language: Literal["de", "en"] = Field(default="de", description="Of pages and sentences.")
    location: Location
    pv: list[PvPlane] = Field(default=[])
    broker: Broker = Broker()
    web: WebServer = WebServer()
    devices: Annotated[list[DeviceConfig], Field(min_length=1)]
    loads: Annotated[list[LoadConfig], Field(min_length=1)]
    battery: Battery | None = None
    tariff: Tariff
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


def is_loopback(host: str) -> bool:
    """Whether a host is this machine, told without asking a name server."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
