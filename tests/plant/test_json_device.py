"""The simulated house behind every shipped profile that is asked by HTTP, read back by the driver and the scan."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bitgrid.config.profiles import JsonProfile
from bitgrid.config.profiling import load_profile
from bitgrid.config.secrets import Credentials
from bitgrid.devices.discovery import http_probe
from bitgrid.devices.errors import DeviceSilent
from bitgrid.devices.http_json.source import JsonDevice
from bitgrid.devices.transport import HttpExchange
from bitgrid.plant.errors import PlantError
from bitgrid.plant.faces import Faces
from bitgrid.plant.faults import Fault
from bitgrid.plant.model import House
from plant.house import CONFIG, MakeHouse, live

LOADED = {path.stem: load_profile(path) for path in sorted((CONFIG / "devices").glob("*.yaml"))}
PROFILES = {name: profile for name, profile in LOADED.items() if isinstance(profile, JsonProfile)}
METER = {"id": "grid", "kind": "sunspec", "host": "127.0.0.1", "port": 15099, "signals": ["grid_power_w"]}


def behind(make_house: MakeHouse, name: str, pv_w: int, house_w: int, **changes: Any) -> House:
    """A house with a device of this profile; one that measures a single thing measures the grid."""
    signals = list(PROFILES[name].signals)
    signals = ["grid_power_w"] if "house_load_w" in signals else signals
    device = {"id": "device", "kind": "profile", "profile": name, "host": "127.0.0.1", "port": 15080} | changes
    devices = [{"signals": signals} | device]
    return live(make_house(pv_w, house_w, devices=devices + ([] if "grid_power_w" in signals else [METER])), 5)


def answers(house: House, secret: str = "") -> HttpExchange:
    return Faces(house, PROFILES, lambda name: Credentials("admin", f"{name}{secret}")).http("device")


@pytest.mark.parametrize(("pv_w", "house_w"), [(9000, 500), (0, 7300), (3000, 3000)])
@pytest.mark.parametrize("name", PROFILES)
def test_what_is_answered_is_what_the_house_is(make_house: MakeHouse, name: str, pv_w: int, house_w: int) -> None:
    house = behind(make_house, name, pv_w, house_w)
    signals = house.site.devices[0].signals
    told = JsonDevice("device", answers(house), PROFILES[name], signals).read()
    truth = {
        "pv_power_w": house.pv_w,
        "grid_power_w": house.grid_w,
        "battery_power_w": house.battery_w,
        "battery_soc_pct": house.soc_pct,
    }
    assert told == pytest.approx({signal: truth[signal] for signal in signals}, abs=0.51)


def test_phases_are_a_list_and_numbered_inverters_are_not(make_house: MakeHouse) -> None:
    shelly = json.loads(answers(behind(make_house, "shelly_3em", 3000, 500))("GET", "/status").body)
    assert [phase["is_valid"] for phase in shelly["emeters"]] == [True, True, True]
    flow = "/solar_api/v1/GetPowerFlowRealtimeData.fcgi"
    fronius = json.loads(answers(behind(make_house, "fronius_solar_api", 3000, 500))("GET", flow).body)
    assert list(fronius["Body"]["Data"]["Inverters"]) == ["1"]


@pytest.mark.parametrize("name", ["shelly_em", "shelly_3em", "shelly_pro_3em"])
def test_a_scan_finds_the_profile(make_house: MakeHouse, name: str) -> None:
    (found,) = http_probe.look("127.0.0.1", 15080, answers(behind(make_house, name, 3000, 500)))
    assert found.device is not None
    assert found.device.profile == name


def test_a_sign_that_site_yaml_inverts_is_answered_the_other_way_round(make_house: MakeHouse) -> None:
    house = behind(make_house, "shelly_pro_3em", 9000, 500, invert_sign=["grid_power_w"])
    told = JsonDevice("device", answers(house), PROFILES["shelly_pro_3em"], ["grid_power_w"]).read()
    assert told == {"grid_power_w": -house.grid_w}


@pytest.mark.parametrize(("name", "scheme"), [("shelly_pro_3em", "Digest"), ("tasmota_energy", "Basic")])
def test_a_device_with_a_secret_asks_for_it(make_house: MakeHouse, name: str, scheme: str) -> None:
    path = PROFILES[name].signals["grid_power_w"].points[0].path
    answer = answers(behind(make_house, name, 3000, 500, secret="meter"))("GET", path)  # noqa: S106  a name
    assert answer.status == 401
    assert answer.headers["www-authenticate"].startswith(scheme)


@pytest.mark.parametrize(("method", "target"), [("GET", "/"), ("GET", "/settings"), ("POST", "/status")])
def test_what_it_does_not_know_is_not_found(make_house: MakeHouse, method: str, target: str) -> None:
    assert answers(behind(make_house, "shelly_3em", 3000, 500))(method, target).status == 404


def test_it_falls_silent_like_any_other(make_house: MakeHouse) -> None:
    house = behind(make_house, "shelly_3em", 3000, 500)
    house.faults.add(Fault.METER_SILENT)
    with pytest.raises(DeviceSilent, match="device does not answer"):
        answers(house)("GET", "/status")


def test_a_device_that_is_not_there_is_named(make_house: MakeHouse) -> None:
    with pytest.raises(PlantError, match="no device that answers HTTP meter; it has none"):
        Faces(make_house(3000, 500)).http("meter")
