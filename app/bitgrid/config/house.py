"""The house in site.yaml: where it stands, its roof and its battery."""

from __future__ import annotations

from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator

from bitgrid.config.schema import Model, Watts


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
