"""The simulated house behind every shipped register map, read back by the driver."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bitgrid.clock import HeldClock
from bitgrid.config.profiles import RegisterProfile
from bitgrid.config.profiling import load_profile
from bitgrid.devices.errors import DeviceRefused, DeviceSilent
from bitgrid.devices.modbus.connection import ModbusConnection
from bitgrid.devices.modbus.register_map import RegisterMapDevice
from bitgrid.devices.ports import figure
from bitgrid.devices.transport import RegisterFunction
from bitgrid.plant.errors import PlantError
from bitgrid.plant.faces import Faces
from bitgrid.plant.faults import Fault
from bitgrid.plant.model import House
from bitgrid.plant.server import PlantServer
from plant.house import CONFIG, MakeHouse, live, site_data
from plant.test_server import free_ports

LOADED = {path.stem: load_profile(path) for path in sorted((CONFIG / "devices").glob("*.yaml"))}
MAPS = {name: profile for name, profile in LOADED.items() if isinstance(profile, RegisterProfile)}


def site_of(name: str, **changes: Any) -> list[dict[str, Any]]:
    """A device read by this map; of a meter, which measures one thing, the grid."""
    signals = list(MAPS[name].signals)
    signals = ["grid_power_w"] if "house_load_w" in signals else signals
    device = {"id": "device", "kind": "profile", "profile": name, "host": "127.0.0.1", "signals": signals}
    return [device | changes]


def by_map(make_house: MakeHouse, name: str, pv_w: int, house_w: int, **changes: Any) -> House:
    devices = site_of(name, **changes)
    if "grid_power_w" not in devices[0]["signals"]:
        meter = {"id": "grid", "kind": "sunspec", "host": "127.0.0.1", "port": 15099, "signals": ["grid_power_w"]}
        devices.append(meter)
    return live(make_house(pv_w, house_w, devices=devices), 5)


def truth(house: House) -> dict[str, float]:
    return {
        "pv_power_w": house.pv_w,
        "grid_power_w": house.grid_w,
        "battery_power_w": house.battery_w,
        "battery_soc_pct": house.soc_pct or 0.0,
    }


@pytest.mark.parametrize(("pv_w", "house_w"), [(9000, 500), (0, 7300), (3000, 3000)])
@pytest.mark.parametrize("name", MAPS)
def test_what_a_map_tells_is_what_the_house_is(make_house: MakeHouse, name: str, pv_w: int, house_w: int) -> None:
    house = by_map(make_house, name, pv_w, house_w)
    face = Faces(house, MAPS).registers("device")
    signals = house.site.devices[0].signals
    told = RegisterMapDevice("device", face, MAPS[name], signals, HeldClock()).read()
    for signal in signals:
        assert figure(told[signal]) == pytest.approx(truth(house)[signal], abs=0.51), signal


def test_a_sign_that_site_yaml_inverts_is_told_the_other_way_round(make_house: MakeHouse) -> None:
    house = by_map(make_house, "victron_gx", 9000, 500, invert_sign=["grid_power_w"])
    face = Faces(house, MAPS).registers("device")
    told = RegisterMapDevice("device", face, MAPS["victron_gx"], ["grid_power_w"], HeldClock()).read()
    assert told == {"grid_power_w": -house.grid_w}


@pytest.mark.parametrize(
    ("address", "count", "function"), [(32_063, 2, "holding"), (32_064, 3, "holding"), (32_064, 2, "input")]
)
def test_registers_that_are_not_there_are_refused(
    make_house: MakeHouse, address: int, count: int, function: RegisterFunction
) -> None:
    face = Faces(by_map(make_house, "huawei_sun2000", 3000, 500), MAPS).registers("device")
    with pytest.raises(DeviceRefused, match=f"device has no {count} {function} registers at {address}"):
        face(address, count, function)


def test_a_meter_behind_a_map_falls_silent_like_any_other(make_house: MakeHouse) -> None:
    house = by_map(make_house, "eastron_sdm630", 3000, 500)
    house.faults.add(Fault.METER_SILENT)
    with pytest.raises(DeviceSilent, match="device does not answer"):
        Faces(house, MAPS).registers("device")(0x34, 2, "input")


def test_a_battery_that_the_house_does_not_have_cannot_be_told(make_house: MakeHouse) -> None:
    house = make_house(devices=site_of("huawei_sun2000"), battery=None)
    with pytest.raises(PlantError, match=r"site\.yaml names no battery"):
        Faces(house, MAPS)


def test_over_sockets_both_functions_and_the_devices_own_pauses(make_house: MakeHouse, tmp_path: Path) -> None:
    inverter, meter = free_ports(2)
    devices = [
        *site_of("huawei_sun2000", port=inverter, signals=["pv_power_w", "battery_power_w", "battery_soc_pct"]),
        *site_of("eastron_sdm630", id="meter", port=meter, unit_id=7),
    ]
    data = site_data()
    miner, relay = free_ports(2)
    data["loads"][0]["miner"]["port"], data["loads"][0]["relay"]["port"] = miner, relay
    house = make_house(9000, 500, devices=devices, loads=data["loads"])
    server = PlantServer(house, HeldClock(), tmp_path / "plant.sock", MAPS)
    server.start()
    try:
        live(house, 5)
        told: dict[str, float | None] = {}
        for device, unit in zip(house.site.devices, (1, 7), strict=True):
            assert device.port is not None
            connection = ModbusConnection("127.0.0.1", device.port, 2.0)
            profile = MAPS[device.profile or ""]
            source = RegisterMapDevice(device.id, connection.reader(unit), profile, device.signals, HeldClock())
            told |= {name: figure(one) for name, one in source.read().items()}
            connection.close()
    finally:
        server.stop()
    assert told == pytest.approx(truth(house), abs=0.51)
