"""bitgrid_rules.yaml: the thresholds of R1–R5."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from bitgrid.config.schema import Model, Percent, PriceCtKwh, Versioned, Watts

BUILT_IN_MAX_TEMP_C = 95.0
BUILT_IN_COMM_TIMEOUT_S = 300
Blocks = Annotated[int, Field(ge=0, le=144)]


class Surplus(Model):
    """R1: when there is enough to run."""

    hysteresis_w: Watts = Field(
        default=200, description="W by which the surplus may fall below a reached level before it is left."
    )
    max_import_price_ct_kwh: PriceCtKwh = Field(
        default=25.0, description="Dearer than this, nothing starts and a running load stops."
    )


class Autarky(Model):
    """R2: what is kept for the house."""

    soc_hard_min_pct: Percent = Field(
        default=50.0, description="Battery charge at which every load stops at once, whatever R5 says."
    )
    soc_soft_min_pct: Percent = Field(
        default=58.0, description="Battery charge at which nothing starts any more; what runs may run on."
    )
    max_grid_import_w: Watts = Field(
        default=500, description="Net import (mean of 60 s) above which a load stops."
    )
    max_grid_import_hold_w: Watts = Field(default=2000, description="The same while R5 holds a load on.")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.soc_soft_min_pct < self.soc_hard_min_pct:
            raise ValueError("soc_soft_min_pct must not be below soc_hard_min_pct")
        if self.max_grid_import_hold_w < self.max_grid_import_w:
            raise ValueError("max_grid_import_hold_w must not be below max_grid_import_w")
        return self


class Safety(Model):
    """R3: limits that may be tightened, never widened past the built-in ones, and never switched off."""

    max_temp_c: Annotated[float, Field(gt=0, le=BUILT_IN_MAX_TEMP_C)] = Field(
        default=85.0, description="Hottest chip above this: stop at once. May be tightened only."
    )
    resume_temp_c: Annotated[float, Field(gt=0, le=BUILT_IN_MAX_TEMP_C)] = Field(
        default=75.0, description="After a stop by heat, no start until the chip is colder than this."
    )
    max_room_temp_c: Annotated[float, Field(gt=0, le=60)] = Field(
        default=40.0, description="Room temperature above this: stop at once."
    )
    comm_timeout_s: Annotated[int, Field(ge=5, le=BUILT_IN_COMM_TIMEOUT_S)] = Field(
        default=60,
        description="Silence of a running load or required meter, s, that stops it. May be tightened only.",
    )
    safety_lockout_min: Annotated[int, Field(ge=1, le=1440)] = Field(
        default=60, description="Minutes without a start after a stop by heat or emergency."
    )

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.resume_temp_c >= self.max_temp_c:
            raise ValueError("resume_temp_c must be below max_temp_c")
        return self


class Forecast(Model):
    """R4: what the coming hours say."""

    price_spike_ct_kwh: PriceCtKwh = Field(
        default=30.0, description="A price above this in the coming minimum runtime, not covered by sun: no start."
    )
    value_margin_ct_kwh: Annotated[float, Field(ge=0, le=1000)] = Field(
        default=0.0, description="By how much mining must be worth more than what it displaces."
    )
    spill_hysteresis_wh: Annotated[int, Field(ge=0, le=100_000)] = Field(
        default=300, description="Energy the battery must be going to spill before a start counts it as spare."
    )


class Stability(Model):
    """R5: no flapping."""

    min_runtime_blocks: Blocks = Field(default=3, description="After a start, no stop for so many blocks.")
    min_pause_blocks: Blocks = Field(default=2, description="After a stop, no start for so many blocks.")
    deadband_blocks: Blocks = Field(default=2, description="After any switch, no other for so many blocks.")
    max_starts_per_day: Annotated[int, Field(ge=1, le=144)] = Field(
        default=6, description="Starts of a load in a local day."
    )


class OverrideLimits(Model):
    """The user's own word."""

    default_min: Annotated[int, Field(ge=1, le=1440)] = Field(
        default=60, description="Minutes an override lasts when nobody says how long."
    )
    max_h: Annotated[int, Field(ge=1, le=24)] = Field(
        default=24, description="Hours an override may last at most."
    )
    may_use_reserve: bool = Field(default=False, description="Whether an override may go below R2's hard reserve.")


class ClockLimits(Model):
    """Steps of the wall clock."""

    max_step_s: Annotated[int, Field(ge=1, le=3600)] = Field(
        default=120, description="A step of the wall clock larger than this holds one block before deciding again."
    )


class Rules(Versioned):
    """The whole of bitgrid_rules.yaml."""

    block_s: Annotated[int, Field(ge=60, le=3600)] = Field(
        default=600, description="Length of a decision block, seconds."
    )
    r1: Surplus = Surplus()
    r2: Autarky = Autarky()
    r3: Safety = Safety()
    r4: Forecast = Forecast()
    r5: Stability = Stability()
    override: OverrideLimits = OverrideLimits()
    clock: ClockLimits = ClockLimits()
