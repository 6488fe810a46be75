"""What the API takes: parameters and bodies, unknown keys refused, values never bent into shape."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, RootModel


def _whole(told: object) -> object:
    """JSON has one kind of number: 2.0 is as good as 2."""
    return int(told) if isinstance(told, float) and told.is_integer() else told


_WHOLE = BeforeValidator(_whole)
LoadName = Annotated[str, Field(min_length=1, max_length=31, examples=["miner"])]
LevelName = Annotated[str, Field(min_length=1, max_length=31, examples=["eco"])]
DurationS = Annotated[
    int, Field(ge=60, le=86_400, description="For how long; else as bitgrid_rules.yaml says."), _WHOLE
]
Day = Annotated[
    str, Field(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$", examples=["2025-05-01"])
]
Kind = Literal["telemetry", "states", "decisions", "energy_to_value", "events", "explain_sessions"]
MOST_ENTRIES, USUAL_ENTRIES = 300, 150


class Given(BaseModel):
    """Base of all that is given in a path or as parameters."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Body(Given):
    """Base of all bodies."""

    model_config = ConfigDict(strict=True, allow_inf_nan=False)


class Nothing(Given):
    """Nothing is asked for in particular."""


class KpiQuery(Given):
    """A period of whole local days."""

    from_: Day = Field(alias="from", description="The first day, local.")
    to: Day = Field(description="The day after the last.")
    lang: Literal["de", "en"] | None = Field(default=None, description="Of the reasons; else the browser's.")


class TimelineQuery(Given):
    """Which decisions."""

    from_: Day | None = Field(default=None, alias="from", description="The first day, local; today when left out.")
    to: Day | None = Field(default=None, description="The day after the last; one day when left out.")
    load: LoadName | None = Field(default=None, description="Of this load alone.")
    after: Annotated[int, Field(ge=0, le=2**53)] = Field(default=0, description="``next`` of the answer before.")
    limit: Annotated[int, Field(ge=1, le=MOST_ENTRIES)] = USUAL_ENTRIES


class PlanQuery(Given):
    """How far to plan."""

    hours: Annotated[int, Field(ge=1, le=48)] = 24


class WhatIfBody(Body):
    """Other values for the last decision on a load, by signal name and in its unit."""

    load: LoadName
    set: Annotated[
        dict[Annotated[str, Field(pattern=r"^[a-z0-9_.]{1,64}$")], float],
        Field(max_length=32, examples=[{"pv_power_w": 5000, "battery_soc_pct": 80}]),
    ]


class DecisionName(Given):
    """Names a decision."""

    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,100}$")]


class _Wish(Body):
    load: LoadName


class StartWish(_Wish):
    """Start a load at its lowest level."""

    action: Literal["start"]
    duration_s: DurationS | None = None


class StopWish(_Wish):
    """Stop a load."""

    action: Literal["stop"]
    duration_s: DurationS | None = None


class LevelWish(_Wish):
    """Run a load at a level."""

    action: Literal["level"]
    level: LevelName
    duration_s: DurationS | None = None


class EndWish(_Wish):
    """Take a running wish back; the rules go on."""

    action: Literal["end"]


class OverrideBody(
    RootModel[Annotated[StartWish | StopWish | LevelWish | EndWish, Field(discriminator="action")]]
):
    """A wish for a load. The rules may refuse it, and end it early; they say why."""

    model_config = ConfigDict(strict=True, frozen=True)


class EstopBody(Body):
    """Engage the emergency stop, or acknowledge what was engaged."""

    engage: bool


class AutonomyBody(Body):
    """How much the rules may do by themselves."""

    autonomy: Annotated[int, Field(ge=0, le=3, description="0 manual, 1 assisted, 2 semi, 3 full."), _WHOLE]


class ConfirmBody(Body):
    """A yes to what the last decision suggests."""

    load: LoadName
    level: LevelName


class ExportBody(Body):
    """What a research bundle is to hold."""

    from_: Day = Field(alias="from", description="The first day, local.")
    to: Day = Field(description="The day after the last.")
    kinds: Annotated[list[Kind], Field(min_length=1, max_length=6)] = [
        "states",
        "decisions",
        "energy_to_value",
        "events",
    ]


class EmptyBody(Body):
    """Nothing more is to be said; an empty object."""
