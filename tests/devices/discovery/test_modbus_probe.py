"""What answers Modbus is found behind its unit id, once, without a write and without a hurry."""

from __future__ import annotations

from pathlib import Path

import pytest

from bitgrid.config import Site
from bitgrid.config.loading import load_plant
from bitgrid.devices.discovery import modbus_probe
from bitgrid.devices.discovery.found import Found
from bitgrid.devices.errors import DeviceRefused, DeviceSilent
from bitgrid.devices.transport import RegisterFunction, RegisterReader
from bitgrid.plant.faces import Faces
from bitgrid.plant.model import House
from plant.house import CONFIG, NOON_S, Still, live, site_data

HOST = "192.168.1.9"


def silent(_address: int, _count: int, _function: RegisterFunction = "holding") -> list[int]:
    raise DeviceSilent("nobody")


def refusing(_address: int, _count: int, _function: RegisterFunction = "holding") -> list[int]:
    raise DeviceRefused("gateway target failed to respond")


def look(units: dict[int, RegisterReader], others: RegisterReader = silent) -> list[Found]:
    return list(modbus_probe.look(HOST, 502, lambda unit: units.get(unit, others)))


@pytest.fixture
def house() -> House:
    site, plant = Site.model_validate(site_data()), load_plant(CONFIG)
    return live(House(site, plant, Still(3000, 500), NOON_S), 5)


@pytest.mark.parametrize(
    ("device", "signals"),
    [
        ("inverter", ("pv_power_w",)),
        ("battery", ("battery_power_w", "battery_soc_pct")),
        ("meter", ("grid_power_w",)),
    ],
)
def test_a_device_is_proposed_with_what_it_tells(house: House, device: str, signals: tuple[str, ...]) -> None:
    (found,) = look({126: Faces(house).registers(device)})
    assert found.device is not None
    assert (found.device.unit_id, found.device.signals) == (126, signals)
    assert bool(found.device.guess) == (device != "inverter")
    assert found.name


def test_several_units_on_one_line_are_all_found(house: House) -> None:
    faces = Faces(house)
    found = look({1: faces.registers("inverter"), 240: faces.registers("meter")}, refusing)
    assert [one.device.unit_id for one in found if one.device] == [1, 240]


def test_one_that_answers_for_every_unit_is_found_once(house: House) -> None:
    (found,) = look({}, Faces(house).registers("meter"))
    assert found.device is not None
    assert found.device.unit_id == 1


def test_modbus_without_sunspec_is_told_with_what_to_do() -> None:
    (found,) = look({}, refusing)
    assert found.device is None
    assert "docs/devices.md" in found.note


def test_where_nobody_answers_nothing_is_told_and_each_unit_is_asked_once() -> None:
    asked: list[int] = []

    def reader(unit: int) -> RegisterReader:
        asked.append(unit)
        return silent

    assert list(modbus_probe.look(HOST, 502, reader)) == []
    assert asked == list(modbus_probe.UNIT_IDS)


def test_one_that_falls_silent_half_way_is_passed_over(house: House) -> None:
    face = Faces(house).registers("meter")
    reads = iter(range(1000))

    def failing(address: int, count: int, function: RegisterFunction = "holding") -> list[int]:
        if next(reads) > 6:
            raise DeviceSilent("gone")
        return face(address, count, function)

    assert look({1: failing}) == []


def test_the_page_that_is_named_is_there() -> None:
    assert (Path(__file__).parents[3] / "docs" / "devices.md").is_file()
