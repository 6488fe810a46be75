"""plant.yaml: the simulated house of `make run` and the tests. An appliance in a real home has no such file."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from bitgrid.config.schema import Model, Percent, Versioned, Watts


class PlantBattery(Model):
    """The simulated battery's physics."""

    soc_start_pct: Percent = 60.0
    soc_min_pct: Percent = 5.0
    max_charge_w: Watts = 5000
    max_discharge_w: Watts = 5000
    one_way_efficiency: Annotated[float, Field(gt=0.5, le=1)] = 0.95


class PlantMiner(Model):
    """The simulated miner's physics, the same for every load of the site."""

    standby_w: Watts = 12
    ramp_s: Annotated[int, Field(ge=0, le=1800)] = 120
    boot_s: Annotated[int, Field(ge=0, le=600)] = 40
    starts_by_itself: bool = Field(
        default=True, description="Whether it hashes as soon as it has booted, as an Avalon Q does."
    )
    ambient_c: Annotated[float, Field(ge=-20, le=60)] = 22.0
    kelvin_per_watt: Annotated[float, Field(ge=0, le=1)] = 0.029
    thermal_time_constant_s: Annotated[int, Field(ge=1, le=7200)] = 300


class PlantConfig(Versioned):
    """The whole of plant.yaml."""

    seed: int = 1
    cloudiness: Annotated[float, Field(ge=0, le=1)] = 0.4
    house_base_w: Watts = 250
    house_peak_w: Watts = 2200
    battery: PlantBattery = PlantBattery()
    miner: PlantMiner = PlantMiner()
