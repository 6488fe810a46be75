"""A wrong sign is told in the health of `rules`, with the line of site.yaml that mends it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from bitgrid.config import Config, Site, load_config
from bitgrid.config.signs import turns
from bitgrid.control.signs import contradiction
from bitgrid.kernel import EnergyState, Signal
from bitgrid.plant.faults import Fault
from plant.house import site_data
from whole_house import CONFIG_DIRECTORY, WholeHouse

MAY_MORNING_S = dt.datetime(2025, 5, 14, 4, tzinfo=dt.UTC).timestamp()


@pytest.fixture(scope="module")
def config() -> Config:
    return load_config(CONFIG_DIRECTORY)


def told(site: Site, **signals: int) -> str:
    state = EnergyState(0, 0, signals={name: Signal(value) for name, value in signals.items()})
    return contradiction(site, state, 300)


def test_the_device_and_its_line_are_named(config: Config) -> None:
    said = told(config.site, grid_power_w=0, battery_power_w=-2500, pv_power_w=3000, house_load_w=500)
    assert said == (
        "meter and inverter contradict each other: by the meter -2500 W is left over, by the inverter 2500 W. "
        "It closes if a sign is turned; in site.yaml: invert_sign: [battery_power_w] of battery"
    )


def test_without_a_household_meter_the_sun_is_the_most_there_can_be(config: Config) -> None:
    said = told(config.site, grid_power_w=-900, battery_power_w=0, pv_power_w=0)
    assert "by the inverter at most 0 W" in said
    assert "invert_sign: [grid_power_w] of meter" in said


def test_where_nothing_single_explains_it_that_is_said(config: Config) -> None:
    said = told(config.site, grid_power_w=-700, battery_power_w=0, pv_power_w=3000, house_load_w=500)
    assert "No single wrong sign explains it." in said
    assert "invert_sign" not in said


def test_what_closes_is_not_told(config: Config) -> None:
    assert told(config.site, grid_power_w=-2250, battery_power_w=0, pv_power_w=3000, house_load_w=500) == ""
    assert told(config.site, grid_power_w=-2250) == ""


def test_a_sign_that_is_turned_already_is_turned_back_and_its_neighbours_stay() -> None:
    data = site_data()
    data["devices"][1]["signals"] = ["battery_power_w", "house_load_w"]
    data["devices"][1]["invert_sign"] = ["battery_power_w", "house_load_w"]
    site = Site.model_validate(data)
    assert [str(one) for one in turns(site, "battery_power_w")] == ["invert_sign: [house_load_w]"]
    assert [(one.device, one.invert_sign) for one in turns(site, "grid_power_w")] == [("meter", ("grid_power_w",))]


def test_of_several_inverters_each_is_named() -> None:
    data = site_data()
    data["devices"].append(data["devices"][0] | {"id": "garage", "port": 15023})
    assert [one.device for one in turns(Site.model_validate(data), "pv_power_w")] == ["inverter", "garage"]


class Night:
    """No sun, and somebody is still awake."""

    def at(self, epoch_s: float) -> tuple[int, int]:
        return 0, 600 + int(epoch_s) % 11


def test_a_meter_that_is_wired_the_wrong_way_round_is_told_at_night(config: Config, tmp_path: Path) -> None:
    house = WholeHouse(tmp_path / "house", MAY_MORNING_S, config, source=Night())
    assert house.house.battery
    house.house.battery.set_soc(0)
    house.live(1300, step_s=5)
    assert house.engine.warning == ""
    house.house.faults.add(Fault.METER_SIGN_SWAPPED)
    house.live(1300, step_s=5)
    assert "invert_sign: [grid_power_w] of meter" in house.engine.warning
    assert any(
        record["balance"]["explained_by"] == ["grid_power_w"] for record in house.decisions if record["balance"]
    )
    house.house.faults.clear()
    house.live(1300, step_s=5)
    assert house.engine.warning == ""


def test_over_a_whole_day_a_right_house_is_never_suspected(config: Config, tmp_path: Path) -> None:
    house = WholeHouse(tmp_path / "house", MAY_MORNING_S, config)
    warned = set()
    for _ in range(144):
        house.live(600, step_s=5)
        warned.add(house.engine.warning)
    assert warned == {""}
