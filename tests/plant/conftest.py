"""A house to try things in: the repository's own site.yaml and plant.yaml, changed where a test says so."""

from __future__ import annotations

from typing import Any

import pytest

from bitgrid.config import PlantConfig, Site
from bitgrid.config.loading import load_plant
from bitgrid.plant.model import House
from plant.house import CONFIG, NOON_S, MakeHouse, MakeSite, Still, site_data


@pytest.fixture
def plant_config() -> PlantConfig:
    return load_plant(CONFIG)


@pytest.fixture
def make_site() -> MakeSite:
    def make(**changes: Any) -> Site:
        return Site.model_validate(site_data() | changes)

    return make


@pytest.fixture
def make_house(make_site: MakeSite, plant_config: PlantConfig) -> MakeHouse:
    def make(pv_w: int = 0, house_w: int = 0, *, miner: dict[str, Any] | None = None, **site: Any) -> House:
        physics = plant_config.miner.model_copy(update=miner or {})
        plant = plant_config.model_copy(update={"miner": physics})
        return House(make_site(**site), plant, Still(pv_w, house_w), NOON_S)

    return make


@pytest.fixture
def house(make_house: MakeHouse) -> House:
    """3 kW of sun, 500 W of household, a miner behind an open relay, a battery at 60 %."""
    return make_house(3000, 500)
