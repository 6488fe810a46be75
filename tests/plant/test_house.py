import time
from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bitgrid.config import PlantConfig, Site
from bitgrid.config.loading import load_plant
from bitgrid.plant.faults import DESCRIPTIONS, Fault
from bitgrid.plant.model import House
from bitgrid.plant.source import SimulatedHome
from plant.house import CONFIG, NOON_S, MakeHouse, MakeSite, Still, close_relay, live, mining, site_data


class Steps:
    """A source that jumps as a list tells."""

    def __init__(self, values: list[tuple[int, int]], each_s: int) -> None:
        self._values, self._each_s = values, each_s

    def at(self, epoch_s: float) -> tuple[int, int]:
        return self._values[int(epoch_s - NOON_S) // self._each_s % len(self._values)]


def any_house(values: list[tuple[int, int]], **battery: Any) -> House:
    plant = load_plant(CONFIG)
    physics = plant.battery.model_copy(update=battery)
    site = Site.model_validate(site_data() | {"battery": {"capacity_wh": 2000}})
    return House(site, plant.model_copy(update={"battery": physics}), Steps(values, 97), NOON_S)


def assert_balanced(house: House) -> None:
    miners_w = sum(miner.power_w for miner in house.miners.values())
    assert house.pv_w == house.house_w + miners_w + house.battery_w - house.grid_w


weather = st.lists(st.tuples(st.integers(0, 12_000), st.integers(0, 9000)), min_size=1, max_size=20)
batteries = st.fixed_dictionaries({"one_way_efficiency": st.floats(0.6, 1), "soc_start_pct": st.floats(5, 100)})
switching = st.lists(st.tuples(st.integers(0, 3600), st.sampled_from(["on", "off", "eco", "sleep"])), max_size=12)


@settings(max_examples=30, deadline=None)
@given(weather, switching, batteries, st.sets(st.sampled_from(list(Fault))))
def test_every_second_of_any_hour_balances_to_the_watt_and_the_battery_loses_what_it_must(
    values: list[tuple[int, int]],
    switches: list[tuple[int, str]],
    battery: dict[str, float],
    faults: set[Fault],
) -> None:
    house, efficiency = any_house(values, **battery), battery["one_way_efficiency"]
    house.faults = faults
    assert house.battery is not None
    stored_ws = house.battery.stored_ws
    plan = dict(switches)
    for second in range(3600):
        act(house, plan.get(second))
        live(house, 1)
        assert_balanced(house)
        assert -5000 <= house.battery_w <= 5000
        assert house.battery_w * house.grid_w <= 0  # never charged from the grid, never sold to it
    energy = house.energy
    came_in_ws = energy.pv_ws + energy.imported_ws + energy.discharged_ws
    assert came_in_ws == energy.house_ws + energy.miners_ws + energy.exported_ws + energy.charged_ws
    lost_ws = energy.charged_ws * (1 - efficiency) + energy.discharged_ws * (1 / efficiency - 1)
    gained_ws = house.battery.stored_ws - stored_ws
    assert gained_ws + lost_ws == pytest.approx(energy.charged_ws - energy.discharged_ws, abs=0.1)


def act(house: House, what: str | None) -> None:
    relay, miner = house.relays["miner"], house.miners["miner"]
    if what in {"on", "off"}:
        relay.switch(output=what == "on", now_s=house.now_s, toggle_after_s=None, source="test")
    elif what == "eco":
        miner.set_power(800)
    elif what == "sleep":
        miner.ask(hashing=False, at_s=0)


@settings(max_examples=25, deadline=None)
@given(weather, st.lists(st.floats(0.01, 400), min_size=1, max_size=40))
def test_what_happens_does_not_depend_on_how_often_it_is_looked_at(
    values: list[tuple[int, int]], strides: list[float]
) -> None:
    often, once = close_relay(any_house(values)), close_relay(any_house(values))
    moment_s = float(NOON_S)
    for stride in strides:
        moment_s += stride
        often.step(moment_s)
    once.step(moment_s)
    assert often.status() == once.status()


def test_a_moment_that_has_passed_changes_nothing(house: House) -> None:
    mining(house)
    before = house.status()
    house.step(house.now_s - 100)
    house.step(house.now_s + 0.9)
    assert house.status() == before


def test_the_surplus_goes_into_the_battery_and_then_to_the_grid(house: House) -> None:
    live(house, 1)
    assert (house.battery_w, house.grid_w) == (2500, 0)
    live(house, 3 * 3600)
    assert (house.battery_w, house.grid_w) == (0, -2500)


def test_the_battery_works_for_the_miner_too(make_house: MakeHouse) -> None:
    house = mining(make_house(0, 500))
    assert house.miners_w == 1674
    assert (house.battery_w, house.grid_w) == (-2174, 0)


def test_what_the_battery_cannot_give_is_imported(make_house: MakeHouse) -> None:
    house = live(make_house(0, 6000), 1)
    assert (house.battery_w, house.grid_w) == (-5000, 1000)


def test_a_house_without_a_battery_lives_on_the_grid_alone(make_house: MakeHouse, make_site: MakeSite) -> None:
    devices = [device for device in site_data()["devices"] if device["id"] != "battery"]
    assert make_site(devices=devices, battery=None).battery is None
    house = live(make_house(3000, 500, devices=devices, battery=None), 1)
    assert (house.battery_w, house.grid_w, house.soc_pct) == (0, -2500, None)


def test_a_load_without_a_relay_has_power_from_the_start(make_house: MakeHouse) -> None:
    loads = site_data()["loads"]
    loads[0]["accept_no_relay"] = "I accept that this load keeps its power when the whole appliance fails"
    del loads[0]["relay"]
    house = live(make_house(loads=loads), 300)
    assert house.miners_w == 1674
    assert house.status()["loads"]["miner"]["relay"] == "none"


def test_two_loads_add_up(make_house: MakeHouse) -> None:
    loads = site_data()["loads"]
    second = loads[0] | {"id": "heater", "priority": 2}
    second["relay"] = loads[0]["relay"] | {"port": 18082}
    second["miner"] = {"driver": "axeos", "host": "127.0.0.1", "port": 18083}
    second["levels"] = loads[0]["levels"][-1:]
    house = mining(make_house(loads=[loads[0], second]))
    assert house.miners_w == 1674
    house.relays["heater"].switch(output=True, now_s=house.now_s, toggle_after_s=6000, source="test")
    assert live(house, 600).miners_w == 2 * 1674
    assert_balanced(house)


def test_clouds_soc_and_load_can_be_set_from_outside(house: House) -> None:
    house.pv_factor, house.extra_load_w = 0.5, 700
    assert house.battery is not None
    house.battery.set_soc(50)
    live(house, 1)
    assert (house.pv_w, house.house_w, house.battery_w) == (1500, 1200, 300)
    assert house.soc_pct == pytest.approx(50, abs=0.01)


def test_a_frozen_meter_keeps_telling_its_last_value(house: House) -> None:
    source = house._source
    assert isinstance(source, Still)
    live(house, 3 * 3600)
    house.faults.add(Fault.METER_FROZEN)
    source.pv_w = 0
    live(house, 60)
    assert house.grid_w == 0
    assert house.metered_w == -2500
    house.faults.clear()
    assert live(house, 1).metered_w == 0


def test_a_meter_with_a_swapped_sign_tells_import_as_export(make_house: MakeHouse) -> None:
    house = make_house(0, 6000)
    house.faults.add(Fault.METER_SIGN_SWAPPED)
    live(house, 1)
    assert (house.grid_w, house.metered_w) == (1000, -1000)


def test_somebody_presses_the_relays_button_once_and_its_own_auto_off_opens_it_again(house: House) -> None:
    house.faults.add(Fault.RELAY_BUTTON)
    live(house, 100)
    assert house.miners_w > 12
    live(house, 100)
    assert house.miners_w == 0
    house.faults.clear()
    live(house, 1)
    house.faults.add(Fault.RELAY_BUTTON)
    assert live(house, 2).miners_w == 12


def test_a_stuck_relay_keeps_the_miner_running(house: House) -> None:
    mining(house)
    house.faults.add(Fault.RELAY_STUCK_CLOSED)
    house.relays["miner"].switch(output=False, now_s=house.now_s, toggle_after_s=None, source="test")
    assert live(house, 60).miners_w == 1674
    house.faults.clear()
    assert live(house, 1).miners_w == 0


def test_every_fault_is_described() -> None:
    assert set(DESCRIPTIONS) == set(Fault)
    assert all(DESCRIPTIONS.values())


def test_the_status_tells_the_whole_truth(house: House) -> None:
    mining(house)
    status = house.status()
    load = status["loads"]["miner"]
    assert status["pv_w"] == 3000
    assert status["grid_w"] == house.grid_w
    assert status["energy"] == asdict(house.energy)
    assert (load["level"], load["power_w"], load["relay"], load["is_hashing"]) == ("full", 1674, "closed", True)
    house.miners["miner"].set_power(1000)
    assert house.status()["loads"]["miner"]["level"] == "between"


def test_a_day_at_one_second_steps_costs_at_most_about_a_second(
    make_site: MakeSite, plant_config: PlantConfig
) -> None:
    site = make_site()
    house = close_relay(House(site, plant_config, SimulatedHome(site, plant_config), NOON_S))
    started_s = time.process_time()
    for second in range(86_400):
        house.step(NOON_S + second + 1)
    assert time.process_time() - started_s < 4.0  # measured: 0.4 s on a quiet machine, 2 s under coverage
    assert house.now_s == NOON_S + 86_400
    assert house.energy.miners_ws > 1674 * 80_000
