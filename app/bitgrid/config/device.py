"""A device in site.yaml: what is read, how it is reached, and which signals it tells."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from bitgrid.config.schema import Host, Identifier, Model, Port
from bitgrid.config.signals import SignalName

MODBUS_PORT = 502


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
