"""plant.yaml: the simulated house of `make run` and the tests. An appliance in a real home has no such file."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from bitgrid.config.schema import Model, Percent, Versioned, Watts


class PlantBattery(Model):
    """The simulated battery's physics."""

    soc_start_pct: Percent = Field(default=60.0, description="Charge at the start.")
    soc_min_pct: Percent = Field(default=5.0, description="Charge at which it gives no more.")
    max_charge_w: Watts = Field(default=5000, description="Charging power at most.")
    max_discharge_w: Watts = Field(default=5000, description="Discharging power at most.")
    one_way_efficiency: Annotated[float, Field(gt=0.5, le=1)] = Field(
        default=0.95, description="Of charging, and again of discharging."
    )


class PlantMiner(Model):
    """The simulated miner's physics, the same for every load of the site."""

    standby_w: Watts = Field(default=12, description="Power of a miner that sleeps.")
    ramp_s: Annotated[int, Field(ge=0, le=1800)] = Field(
        default=120, description="Seconds from a level to the next."
    )
    boot_s: Annotated[int, Field(ge=0, le=600)] = Field(
        default=40, description="Seconds without an answer after power comes back."
    )
    starts_by_itself: bool = Field(
        default=True, description="Whether it hashes as soon as it has booted, as an Avalon Q does."
    )
    ambient_c: Annotated[float, Field(ge=-20, le=60)] = Field(default=22.0, description="Temperature of the room.")
    kelvin_per_watt: Annotated[float, Field(ge=0, le=1)] = Field(
        default=0.029, description="How much hotter the chips get per watt."
    )
    thermal_time_constant_s: Annotated[int, Field(ge=1, le=7200)] = Field(
        default=300, description="Seconds in which two thirds of a change of temperature are done."
    )


class PlantConfig(Versioned):
    """The whole of plant.yaml."""

    seed: int = Field(default=1, description="Another number, another weather.")
    cloudiness: Annotated[float, Field(ge=0, le=1)] = Field(
        default=0.4, description="0: never a cloud; 1: hardly ever sun."
    )
    house_base_w: Watts = Field(default=250, description="What the household always draws.")
    house_peak_w: Watts = Field(default=2200, description="What it draws at most.")
    battery: PlantBattery = Field(default=PlantBattery(), description="Physics of the battery.")
    miner: PlantMiner = Field(default=PlantMiner(), description="Physics of the miner, the same for every load.")
