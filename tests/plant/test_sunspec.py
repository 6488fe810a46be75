import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sunspec2.device import Model

from bitgrid.devices.errors import DeviceRefused, DeviceSilent
from bitgrid.plant.errors import PlantError
from bitgrid.plant.faces import Faces
from bitgrid.plant.faces.sunspec import BASE_ADDRESS, SunSpecFace, scaled
from bitgrid.plant.faults import Fault
from bitgrid.plant.model import House
from plant.house import MakeHouse, live, mining, site_data


def models(face: SunSpecFace) -> dict[int, Model]:
    """What an honest SunSpec client finds: it walks the chain of headers and decodes with pysunspec2."""
    assert face(BASE_ADDRESS, 2) == [0x5375, 0x6E53]
    address, found = BASE_ADDRESS + 2, {}
    while True:
        number, length = face(address, 2)
        if number == 0xFFFF:
            assert length == 0
            return found
        words = [
            word for at in range(0, length + 2, 100) for word in face(address + at, min(100, length + 2 - at))
        ]
        found[number] = Model(number, data=struct.pack(f">{len(words)}H", *words))
        address += length + 2


def value(face: SunSpecFace, model: int, point: str) -> float:
    return models(face)[model].points[point].cvalue


def with_devices(*changes: dict[str, Any]) -> list[dict[str, Any]]:
    base = {"kind": "sunspec", "host": "127.0.0.1"}
    return [base | {"port": 15020 + number} | change for number, change in enumerate(changes)]


def test_each_device_speaks_its_models(house: House) -> None:
    faces = Faces(house)
    assert set(models(faces.registers("inverter"))) == {1, 103}
    assert set(models(faces.registers("battery"))) == {1, 103, 124, 802}
    assert set(models(faces.registers("meter"))) == {1, 203}
    common = models(faces.registers("meter"))[1].points
    assert (common["Mn"].value, common["SN"].value) == ("BitGrid", "meter")


def test_every_mandatory_point_is_implemented(house: House) -> None:
    faces = Faces(house)
    for device in ("inverter", "battery", "meter"):
        for model in models(faces.registers(device)).values():
            for name, point in model.points.items():
                if point.pdef.get("mandatory") == "M":
                    assert point.value is not None, (device, name)


def test_registers_tell_the_house_as_it_is_now(house: House) -> None:
    faces = Faces(house)
    mining(house)
    assert value(faces.registers("inverter"), 103, "W") == house.pv_w == 3000
    assert value(faces.registers("battery"), 802, "W") == -house.battery_w
    assert value(faces.registers("battery"), 103, "W") == -house.battery_w
    assert value(faces.registers("meter"), 203, "W") == house.grid_w
    assert value(faces.registers("battery"), 802, "SoC") == pytest.approx(house.soc_pct, abs=0.005)
    assert value(faces.registers("battery"), 124, "ChaState") == pytest.approx(house.soc_pct, abs=0.005)


def test_the_house_balances_to_the_watt_as_read_from_its_registers(house: House) -> None:
    faces = Faces(house)
    mining(house, 45)  # while the miner ramps up
    pv_w = value(faces.registers("inverter"), 103, "W")
    battery_w = -value(faces.registers("battery"), 802, "W")
    grid_w = value(faces.registers("meter"), 203, "W")
    assert 12 < house.miners_w < 1674
    assert pv_w == 500 + house.miners_w + battery_w - grid_w


def test_the_battery_counts_discharging_as_plus_and_the_meter_import(make_house: MakeHouse) -> None:
    house = live(make_house(0, 6000), 1)
    faces = Faces(house)
    assert value(faces.registers("battery"), 802, "W") == 5000
    assert value(faces.registers("meter"), 203, "W") == 1000
    assert models(faces.registers("battery"))[802].points["ChaSt"].value == 3


def test_a_sign_that_site_yaml_inverts_is_reported_the_other_way_round(make_house: MakeHouse) -> None:
    devices = site_data()["devices"]
    for device in devices:
        device["invert_sign"] = [signal for signal in device["signals"] if signal != "battery_soc_pct"]
    house = live(make_house(0, 6000, devices=devices), 1)
    faces = Faces(house)
    assert value(faces.registers("battery"), 802, "W") == -5000
    assert value(faces.registers("meter"), 203, "W") == -1000


def test_energy_counters_run(house: House) -> None:
    live(house, 3 * 3600)
    faces = Faces(house)
    assert value(faces.registers("inverter"), 103, "WH") == 9000
    assert value(faces.registers("meter"), 203, "TotWhExp") == house.energy.exported_ws // 3600 > 0


def test_several_inverters_share_the_sun_to_the_watt(make_house: MakeHouse) -> None:
    inverters = [{"id": f"roof_{name}", "signals": ["pv_power_w"]} for name in "abc"]
    meter = {"id": "meter", "signals": ["grid_power_w"]}
    house = live(make_house(1000, 0, devices=with_devices(*inverters, meter), battery=None), 1)
    faces = Faces(house)
    assert [value(faces.registers(f"roof_{name}"), 103, "W") for name in "abc"] == [334, 333, 333]


def test_a_hybrid_inverter_tells_sun_and_battery_apart(make_house: MakeHouse) -> None:
    signals = ["pv_power_w", "battery_power_w", "battery_soc_pct", "grid_power_w"]
    house = live(make_house(3000, 500, devices=with_devices({"id": "hybrid", "signals": signals})), 1)
    face = Faces(house).registers("hybrid")
    assert set(models(face)) == {1, 103, 124, 802, 203}
    assert (value(face, 103, "W"), value(face, 802, "W"), value(face, 203, "W")) == (3000, -2500, 0)


def test_a_consumption_meter_tells_the_household_alone(make_house: MakeHouse) -> None:
    devices = with_devices({"id": "roof", "signals": ["pv_power_w"]}, {"id": "home", "signals": ["house_load_w"]})
    house = mining(make_house(3000, 500, devices=devices, battery=None))
    assert value(Faces(house).registers("home"), 203, "W") == 500


@given(st.integers(-2_000_000, 2_000_000))
def test_any_power_fits_and_small_ones_are_exact(power_w: int) -> None:
    raw, scale = scaled(power_w)
    assert -32_767 <= raw <= 32_767
    assert raw * 10**scale == pytest.approx(power_w, rel=0.0005, abs=0)
    if abs(power_w) <= 32_767:
        assert (raw, scale) == (power_w, 0)


def test_a_big_house_is_told_with_a_scale_factor(make_house: MakeHouse) -> None:
    house = live(make_house(250_000, 0), 1)
    face = Faces(house).registers("inverter")
    assert value(face, 103, "W") == 250_000
    assert models(face)[103].points["W_SF"].value == 1


@pytest.mark.parametrize(("address", "count"), [(39_999, 2), (40_000, 0), (40_000, 126), (40_170, 100), (0, 2)])
def test_registers_that_are_not_there_are_refused(house: House, address: int, count: int) -> None:
    with pytest.raises(DeviceRefused, match="inverter has no"):
        Faces(house).registers("inverter")(address, count)


@pytest.mark.parametrize(
    ("fault", "device"),
    [
        (Fault.METER_SILENT, "meter"),
        (Fault.INVERTER_SILENT, "inverter"),
        (Fault.BATTERY_SILENT, "battery"),
    ],
)
def test_a_silent_device_is_silent_alone_and_only_until_it_is_cleared(
    house: House, fault: Fault, device: str
) -> None:
    faces = Faces(house)
    house.faults.add(fault)
    for name in ("meter", "inverter", "battery"):
        if name == device:
            with pytest.raises(DeviceSilent, match=name):
                faces.registers(name)(BASE_ADDRESS, 2)
        else:
            assert faces.registers(name)(BASE_ADDRESS, 2)
    house.faults.clear()
    assert faces.registers(device)(BASE_ADDRESS, 2)


def test_what_cannot_be_simulated_is_refused_with_the_way_out(make_house: MakeHouse, house: House) -> None:
    with pytest.raises(PlantError, match=r"site\.yaml names no battery"):
        Faces(make_house(battery=None))
    both = with_devices({"id": "meter", "signals": ["grid_power_w", "house_load_w"]})
    with pytest.raises(PlantError, match="a device each"):
        Faces(make_house(devices=both))
    with pytest.raises(PlantError, match="no device nobody; it has inverter, battery, meter"):
        Faces(house).registers("nobody")
