"""What is recorded of a state can be read again, and is the same state."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from bitgrid.kernel import (
    EnergyState,
    Forecast,
    Quality,
    Signal,
    canonical_json,
    forecast_from_record,
    forecast_hash,
    forecast_record,
    outlook,
    state_from_record,
    state_record,
)
from bitgrid.kernel.outlook import Battery
from kernel.houses import ahead, house

BARE = house()
SIGNALS = house(
    required=("grid_power_w",),
    grid_power_w=-3000,
    miner__temp_c=45.5,
    import_price_ct_kwh=12.34,
    pv_power_w=Signal(None, None, Quality.MISSING),
)
LOOKING = ahead(house(battery_soc_pct=60, house_load_w=500), pv_w=(4500,) * 40 + (0,) * 60, import_prices=(1000,))
WHOLE = replace(
    LOOKING,
    outlook=outlook(LOOKING, Battery(10_000)),
    autonomy=1,
    confirmation="eco",
    surplus_left_w=7,
    config_hash="c",
)


def through_json(record: dict[str, Any]) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(canonical_json(record))
    return read


@pytest.mark.parametrize("state", [BARE, SIGNALS, WHOLE], ids=["nothing", "signals", "everything"])
def test_a_state_comes_back_as_it_was(state: EnergyState) -> None:
    assert state_from_record(through_json(state_record(state)), state.forecast) == state


def test_a_forecast_comes_back_under_the_same_name() -> None:
    forecast = Forecast(7, pv_w=(1, 2), load_w=(3,), import_prices=(4,))
    again = forecast_from_record(through_json(forecast_record(forecast)))
    assert again == forecast
    assert forecast_hash(again) == forecast_hash(forecast)
    assert forecast_hash(replace(forecast, first_block=8)) != forecast_hash(forecast)
