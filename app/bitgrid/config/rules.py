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

    hysteresis_w: Watts = 200
    max_import_price_ct_kwh: PriceCtKwh = 25.0


class Autarky(Model):
    """R2: what is kept for the house."""

    soc_hard_min_pct: Percent = 50.0
    soc_soft_min_pct: Percent = 58.0
    max_grid_import_w: Watts = 500
    max_grid_import_hold_w: Watts = 2000

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.soc_soft_min_pct < self.soc_hard_min_pct:
            raise ValueError("soc_soft_min_pct must not be below soc_hard_min_pct")
        if self.max_grid_import_hold_w < self.max_grid_import_w:
            raise ValueError("max_grid_import_hold_w must not be below max_grid_import_w")
        return self


class Safety(Model):
    """R3: limits that may be tightened, never widened past the built-in ones, and never switched off."""

    max_temp_c: Annotated[float, Field(gt=0, le=BUILT_IN_MAX_TEMP_C)] = 85.0
    resume_temp_c: Annotated[float, Field(gt=0, le=BUILT_IN_MAX_TEMP_C)] = 75.0
    max_room_temp_c: Annotated[float, Field(gt=0, le=60)] = 40.0
    comm_timeout_s: Annotated[int, Field(ge=5, le=BUILT_IN_COMM_TIMEOUT_S)] = 60
    safety_lockout_min: Annotated[int, Field(ge=1, le=1440)] = 60

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.resume_temp_c >= self.max_temp_c:
            raise ValueError("resume_temp_c must be below max_temp_c")
        return self


class Forecast(Model):
    """R4: what the coming hours say."""

    price_spike_ct_kwh: PriceCtKwh = 30.0


class Stability(Model):
    """R5: no flapping."""

    min_runtime_blocks: Blocks = 3
    min_pause_blocks: Blocks = 2
    deadband_blocks: Blocks = 2
    max_starts_per_day: Annotated[int, Field(ge=1, le=144)] = 6


class OverrideLimits(Model):
    """The user's own word."""

    default_min: Annotated[int, Field(ge=1, le=1440)] = 60
    max_h: Annotated[int, Field(ge=1, le=24)] = 24
    may_use_reserve: bool = False


class ClockLimits(Model):
    """Steps of the wall clock."""

    max_step_s: Annotated[int, Field(ge=1, le=3600)] = 120


class Rules(Versioned):
    """The whole of bitgrid_rules.yaml."""

    block_s: Annotated[int, Field(ge=60, le=3600)] = 600
    r1: Surplus = Surplus()
    r2: Autarky = Autarky()
    r3: Safety = Safety()
    r4: Forecast = Forecast()
    r5: Stability = Stability()
    override: OverrideLimits = OverrideLimits()
    clock: ClockLimits = ClockLimits()
