"""The product's own drivers, handed the faces as their transports: both sides of each protocol mean the same."""

import pytest

from bitgrid.clock import HeldClock
from bitgrid.devices.miners.avalon import AvalonMiner
from bitgrid.devices.miners.axeos import AxeosMiner
from bitgrid.devices.modbus.sunspec import SunSpecDevice
from bitgrid.devices.relays.shelly_gen2 import ShellyGen2Relay
from bitgrid.plant.faces import Faces
from bitgrid.plant.faces.avalon import AvalonFace
from bitgrid.plant.faces.axeos import AxeOsFace
from bitgrid.plant.model import House
from plant.house import MakeHouse, live, mining, site_data


def read(house: House) -> dict[str, float | None]:
    faces, told = Faces(house), {}
    for device in house.site.devices:
        driver = SunSpecDevice(device.id, faces.registers(device.id), device.signals)
        told |= dict(driver.read())
    return told


def test_the_reader_finds_every_signal_with_the_houses_signs(house: House) -> None:
    mining(house)
    told = read(house)
    soc_pct = told.pop("battery_soc_pct")
    assert soc_pct == pytest.approx(house.soc_pct, abs=0.01)
    assert told == {"pv_power_w": 3000, "battery_power_w": house.battery_w, "grid_power_w": house.grid_w}
    assert house.battery_w == 826


def test_the_reader_sees_discharge_and_import(make_house: MakeHouse) -> None:
    told = read(live(make_house(0, 6000), 1))
    assert (told["battery_power_w"], told["grid_power_w"]) == (-5000, 1000)


def test_the_reader_understands_a_hybrid_inverter(make_house: MakeHouse) -> None:
    signals = ["pv_power_w", "battery_power_w", "battery_soc_pct", "grid_power_w"]
    device = {"id": "hybrid", "kind": "sunspec", "host": "127.0.0.1", "port": 15020, "signals": signals}
    told = read(live(make_house(3000, 500, devices=[device]), 1))
    assert (told["pv_power_w"], told["battery_power_w"], told["grid_power_w"]) == (3000, 2500, 0)


def test_the_avalon_driver_reads_sets_levels_stops_and_wakes(house: House) -> None:
    mining(house)
    face, load = Faces(house).miner("miner"), house.site.loads[0]
    assert isinstance(face, AvalonFace)
    driver = AvalonMiner("miner", face, load.levels, HeldClock())  # a clock that is not the miner's
    reading = driver.read()
    assert (reading.power_w, reading.is_asleep) == (1674, False)
    assert reading.hashrate_ths == pytest.approx(90)
    assert reading.temp_c == pytest.approx(house.miners["miner"].temp_c, abs=0.5)
    driver.set_level(load.levels[0])
    live(house, 200)
    assert driver.read().power_w == 800
    driver.stop()
    live(house, 5)
    asleep = driver.read()
    assert (asleep.power_w, asleep.is_asleep, asleep.hashrate_ths) == (12, True, 0)
    driver.set_level(load.levels[1])
    live(house, 200)
    assert driver.read().power_w == 1674


def test_the_axeos_driver_reads_stops_and_wakes(make_house: MakeHouse) -> None:
    loads = site_data()["loads"]
    loads[0]["miner"]["driver"] = "axeos"
    loads[0]["levels"] = loads[0]["levels"][-1:]
    loads[0]["levels"] = [{"name": "on", "power_w": 100, "min_surplus_w": 100}]
    house = mining(make_house(loads=loads))
    face = Faces(house).miner("miner")
    assert isinstance(face, AxeOsFace)
    driver = AxeosMiner("miner", face)
    reading = driver.read()
    assert (reading.power_w, reading.is_asleep) == (100, False)
    assert reading.hashrate_ths == pytest.approx(100 / 18.6, abs=0.01)
    driver.stop()
    live(house, 1)
    assert driver.read().is_asleep
    driver.set_level(house.site.loads[0].levels[0])
    live(house, 200)
    assert driver.read().power_w == 100


def test_the_relay_driver_closes_reads_and_opens(house: House) -> None:
    driver = ShellyGen2Relay("relay", Faces(house).relay("miner"))
    settings = driver.read_settings()
    assert (settings.auto_off_s, settings.starts_open) == (120, True)
    driver.close_for(90)
    live(house, 60)
    assert driver.read().is_closed
    assert driver.read().power_w is not None
    live(house, 31)
    assert not driver.read().is_closed
    driver.close_for(90)
    driver.open()
    assert not driver.read().is_closed
