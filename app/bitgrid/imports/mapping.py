"""MAP.yaml: which figure of a file is which signal. Strict: an unknown key is an error with its line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator, model_validator

from bitgrid.config import ConfigError
from bitgrid.config.files import load_file
from bitgrid.config.house import Location
from bitgrid.config.schema import Model, Versioned
from bitgrid.imports.errors import Unmapped
from bitgrid.imports.quantities import MOST_POWER_W, Kind, Signal, units

M = TypeVar("M", bound=Versioned)
Name = Annotated[str, Field(min_length=1, max_length=255)]


class Part(Model):
    """One figure that makes up a signal; several are added up."""

    kind: Kind = Field(description="power, energy of each row's interval, counter reading, or level (%, price).")
    unit: Name = Field(description="W, kW, Wh, kWh, MJ, %, ct/kWh, EUR/kWh or EUR/MWh.")
    invert_sign: bool = Field(
        default=False, description="For what counts the other way: feed-in, discharging, a turned meter."
    )


class Column(Part):
    """A column of a CSV file."""

    column: Name = Field(description="Its heading.")
    empty: Literal["missing", "zero_at_night"] = Field(
        default="missing", description="What an empty cell means; zero_at_night needs location."
    )


class Entity(Part):
    """An entity, or a long-term statistic, of Home Assistant."""

    entity: Name = Field(description="Its entity_id, such as sensor.pv_power.")


class _Mapping(Versioned):
    """What both kinds of mapping hold."""

    max_power_w: Annotated[float, Field(gt=0, le=1_000_000)] = Field(
        default=MOST_POWER_W, description="A greater power than this is taken for an error and left out."
    )


def _problem(parts: dict[Signal, list[Column]] | dict[Signal, list[Entity]]) -> str | None:
    """What is wrong with the signals of a mapping; None where nothing is."""
    if "pv_power_w" not in parts or not {"house_load_w", "grid_power_w"} & set(parts):
        return "pv_power_w is needed, and house_load_w or grid_power_w (and battery_power_w, with a battery)"
    for signal, several in parts.items():
        for part in several:
            known = units(signal, part.kind)
            if not known:
                return f"{signal} cannot be told as {part.kind}"
            if part.unit not in known:
                return f"{signal}: {part.unit} is no unit of a {part.kind}; known: {', '.join(known)}"
        if len(several) > 1 and not signal.endswith("_w"):
            return f"{signal}: only powers can be added up; name one"
    return None


class TimeColumn(Model):
    """How a CSV file tells time."""

    columns: Annotated[list[Name], Field(min_length=1, max_length=2)] = Field(
        description="Heading of the time's column, or of those of date and time."
    )
    format: Name = Field(description="iso, unix_s, unix_ms, or as Python's strptime has it: %d.%m.%Y %H:%M.")
    timezone: Name = Field(
        description="IANA name; UTC, Europe/Berlin. Not asked where a time tells its own offset."
    )
    interval_s: Annotated[int, Field(ge=1, le=86_400)] = Field(description="How far rows are apart, s.")
    marks: Literal["start", "end"] = Field(
        default="start", description="Whether a row's time is where its interval begins, or where it ends."
    )
    longest_gap_s: Annotated[int, Field(ge=1, le=31 * 86_400)] | None = Field(
        default=None, description="Rows further apart have a gap between them; twice interval_s when left out."
    )
    repeated_hour: Literal["in_order", "refuse"] = Field(
        default="refuse",
        description="The hour that comes twice when summer time ends: by the order of the rows, or not at all.",
    )

    @field_validator("timezone")
    @classmethod
    def _known(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError("unknown time zone; use a name such as Europe/Berlin or UTC") from None
        return name

    @property
    def gap_s(self) -> int:
        """Rows further apart than this have a gap between them, s."""
        return 2 * self.interval_s if self.longest_gap_s is None else self.longest_gap_s


class CsvMap(_Mapping):
    """The mapping of a CSV file."""

    source: Literal["csv"]
    separator: Literal[",", ";", "\t", "|"] = Field(default=",", description="Between columns.")
    decimal: Literal[".", ","] = Field(default=".", description="Decimal sign.")
    thousands: Literal["", ".", ",", " ", "'"] = Field(default="", description="Between thousands, if anything.")
    encoding: Literal["utf-8", "utf-16", "iso-8859-1", "cp1252"] = Field(
        default="utf-8", description="Of the text."
    )
    skip_lines: Annotated[int, Field(ge=0, le=1000)] = Field(default=0, description="Lines before the headings.")
    time: TimeColumn
    location: Location | None = Field(default=None, description="Where the house stands, for zero_at_night.")
    signals: dict[Signal, Annotated[list[Column], Field(min_length=1)]]

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        problem = _problem(self.signals)
        if self.decimal == self.thousands:
            problem = "decimal and thousands cannot be the same sign"
        nightly = any(part.empty == "zero_at_night" for parts in self.signals.values() for part in parts)
        if nightly and self.location is None:
            problem = "empty: zero_at_night needs location, to know when it is night"
        if problem:
            raise ValueError(problem)
        return self


class HomeAssistantMap(_Mapping):
    """The mapping of a Home Assistant database."""

    source: Literal["home-assistant"]
    signals: dict[Signal, Annotated[list[Entity], Field(min_length=1)]]

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        problem = _problem(self.signals)
        if any(part.kind == "energy" for parts in self.signals.values() for part in parts):
            problem = "an energy sensor of Home Assistant counts; write kind: counter"
        if problem:
            raise ValueError(problem)
        return self


def read_mapping(path: Path, model: type[M]) -> M:
    """Read a mapping file.

    Raises:
        Unmapped: with every problem and its line.
    """
    try:
        return load_file(path, model)
    except ConfigError as error:
        raise Unmapped(f"the mapping cannot be used; docs/import.md explains its keys.\n{error}") from None
