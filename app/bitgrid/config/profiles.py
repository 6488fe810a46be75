"""config/devices/*.yaml: how a make of device tells its signals, by Modbus registers, HTTP and JSON, or MQTT.

A profile holds what is true of every device of its make; address, unit id and one's own signs stand in site.yaml.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from bitgrid.config.schema import Model, Port, Versioned
from bitgrid.config.signals import SignalName

RegisterType = Literal["int16", "uint16", "int32", "uint32", "int64", "uint64", "float32"]
REGISTERS_OF: dict[RegisterType, int] = {
    "int16": 1, "uint16": 1, "int32": 2, "uint32": 2, "int64": 4, "uint64": 4, "float32": 2,
}  # fmt: skip
"""How many 16-bit registers a value takes."""
MAX_READ = 125
_REGISTERS = 65_536
JsonPointer = Annotated[str, Field(pattern=r"^(/([^~/]|~[01])*)*$", max_length=200)]
"""A place in a JSON document, by RFC 6901; empty: the whole document."""


class Point(Model):
    """A figure that a device tells; its value is ``raw × scale + offset``, in the unit of the signal's name."""

    scale: Annotated[float, Field(gt=-1e6, lt=1e6)] = Field(
        default=1.0, description="Factor from the raw figure to the signal's unit, its sign included."
    )
    offset: float = Field(default=0.0, description="Added after scaling.")
    unit: Annotated[str, Field(min_length=1, max_length=16)] = Field(
        description="The raw figure's unit, as the source gives it."
    )

    @field_validator("scale")
    @classmethod
    def _tells_something(cls, scale: float) -> float:
        if scale == 0:
            raise ValueError("must not be 0: every figure would be told as the offset, measured or not")
        return scale


class RegisterPoint(Point):
    """A figure in Modbus registers."""

    function: Literal["holding", "input"] = Field(default="holding", description="Modbus function 3 or 4.")
    address: Annotated[int, Field(ge=0, le=65_535)] = Field(description="First register, counted from 0.")
    type: RegisterType = Field(description="What the registers hold.")
    word_order: Literal["high_first", "low_first"] = Field(
        default="high_first", description="Which word of a figure of several registers comes first."
    )
    not_told: list[int] = Field(
        default=[], description="Raw figures, unsigned, that mean: not measured. Never taken for a value."
    )
    optional: bool = Field(
        default=False, description="Left out of the sum while it is not told: an input that a model may lack."
    )

    @model_validator(mode="after")
    def _fits_its_registers(self) -> Self:
        registers = REGISTERS_OF[self.type]
        if self.address + registers > _REGISTERS:
            raise ValueError(f"{self.type} at {self.address} reaches beyond the last register, {_REGISTERS - 1}")
        beyond = [raw for raw in self.not_told if not 0 <= raw < 1 << 16 * registers]
        if beyond:
            raise ValueError(
                f"not_told holds {', '.join(map(str, beyond))}, which {self.type} never is read as; it is told "
                f"unsigned, 0 to {(1 << 16 * registers) - 1}"
            )
        return self


class JsonPoint(Point):
    """A figure in a JSON document."""

    path: Annotated[str, Field(pattern=r"^/", max_length=200)] = Field(description="Path and query to ask for.")
    pointer: JsonPointer = Field(description="Where the figure stands in the answer, by RFC 6901.")
    null_means: float | None = Field(
        default=None,
        description="What a JSON null there stands for, where the source says so; else: not measured.",
    )
    valid_pointer: JsonPointer | None = Field(
        default=None,
        description="Where the answer says whether the figure counts; anything but true: not measured.",
    )


class TopicPoint(Point):
    """A figure in an MQTT message."""

    topic: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^#+]+$")] = Field(
        description="The topic; `{topic}` stands for the device's own, from site.yaml."
    )
    pointer: JsonPointer = Field(
        default="", description="Where the figure stands in a JSON message; empty: alone."
    )


class RegisterSignal(Model):
    """A signal out of registers: the sum of its points."""

    points: Annotated[list[RegisterPoint], Field(min_length=1)]
    group: Literal["fast", "slow"] = Field(
        default="fast", description="`slow` is read every 10 s at most: what hardly changes."
    )


class JsonSignal(Model):
    """A signal out of JSON: the sum of its points."""

    points: Annotated[list[JsonPoint], Field(min_length=1)]


class TopicSignal(Model):
    """A signal out of MQTT messages: the sum of its points."""

    points: Annotated[list[TopicPoint], Field(min_length=1)]
    time_pointer: JsonPointer | None = Field(
        default=None, description="Where the message says when it was measured (ISO 8601 or epoch seconds)."
    )


class Quirks(Model):
    """What a device wants to be treated like."""

    connect_delay_s: Annotated[float, Field(ge=0, le=10)] = Field(
        default=0.0, description="Pause between connecting and the first request."
    )
    pause_s: Annotated[float, Field(ge=0, le=5)] = Field(default=0.0, description="Pause between two requests.")
    max_registers: Annotated[int, Field(ge=1, le=MAX_READ)] = Field(
        default=100, description="Registers it gives in one answer at most."
    )
    max_gap: Annotated[int, Field(ge=0, le=MAX_READ)] = Field(
        default=8, description="Registers read needlessly to spare a request; 0 where reading a hole is an error."
    )
    single_connection: bool = Field(
        default=False,
        description="It takes one client at a time; another program at it is named as the likely cause.",
    )


class _Profile(Versioned):
    """What every profile says of itself."""

    name: Annotated[str, Field(min_length=1, max_length=80)] = Field(description="Makes and models, for people.")
    source: Annotated[str, Field(min_length=10)] = Field(description="The document the figures come from.")
    checked: Literal["documentation", "hardware"] = Field(
        description="What it was tried against; `documentation` was never read from a real device by us."
    )
    notes: str = Field(default="", description="What an owner must switch on or know.")


class RegisterProfile(_Profile):
    """A make of device that is read by Modbus/TCP."""

    transport: Literal["modbus"]
    port: Port = Field(default=502, description="Where it listens.")
    unit_id: Annotated[int, Field(ge=0, le=255)] = Field(default=1, description="Its Modbus unit.")
    quirks: Quirks = Quirks()
    signals: Annotated[dict[SignalName, RegisterSignal], Field(min_length=1)]

    @model_validator(mode="after")
    def _fits_one_answer(self) -> Self:
        for name, signal in self.signals.items():
            for point in signal.points:
                if REGISTERS_OF[point.type] > self.quirks.max_registers:
                    raise ValueError(f"{name} at {point.address} is longer than quirks.max_registers")
        return self


class JsonProfile(_Profile):
    """A make of device that is asked by HTTP and answers JSON."""

    transport: Literal["http"]
    port: Port = Field(default=80, description="Where it listens.")
    authentication: Literal["asked", "told"] = Field(
        default="asked",
        description="When `secret` is used: `asked`, by basic or digest as the device asks; or `told` with every "
        "request, by basic, to one that refuses without asking.",
    )
    signals: Annotated[dict[SignalName, JsonSignal], Field(min_length=1)]


class TopicProfile(_Profile):
    """A make of device that tells by MQTT, at the house's own broker."""

    transport: Literal["mqtt"]
    signals: Annotated[dict[SignalName, TopicSignal], Field(min_length=1)]


DeviceProfile = RegisterProfile | JsonProfile | TopicProfile
PROFILES: dict[str, type[RegisterProfile | JsonProfile | TopicProfile]] = {
    "modbus": RegisterProfile,
    "http": JsonProfile,
    "mqtt": TopicProfile,
}
"""The shape of a profile, by its transport."""
