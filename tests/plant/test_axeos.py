import json
from typing import Any

import pytest

from bitgrid.devices.errors import DeviceSilent
from bitgrid.plant.faces import Faces
from bitgrid.plant.faces.axeos import NOMINAL_MHZ, AxeOsFace
from bitgrid.plant.faults import Fault
from bitgrid.plant.model import House
from plant.house import MakeHouse, live, mining, site_data


@pytest.fixture
def house(make_house: MakeHouse) -> House:
    loads = site_data()["loads"]
    loads[0]["miner"]["driver"] = "axeos"
    loads[0]["levels"] = loads[0]["levels"][-1:]
    loads[0]["levels"] = [{"name": "on", "power_w": 100, "min_surplus_w": 100}]
    return mining(make_house(loads=loads))


@pytest.fixture
def face(house: House) -> AxeOsFace:
    face = Faces(house).miner("miner")
    assert isinstance(face, AxeOsFace)
    return face


def info(face: AxeOsFace) -> dict[str, Any]:
    answer = face("GET", "/api/system/info")
    assert answer.status == 200
    told: dict[str, Any] = json.loads(answer.body)
    return told


def test_at_work_it_tells_watts_degrees_and_gigahashes(face: AxeOsFace, house: House) -> None:
    told = info(face)
    assert told["power"] == 100
    assert told["temp"] == pytest.approx(house.miners["miner"].temp_c, abs=0.01)
    assert told["vrTemp"] > told["temp"]
    assert told["hashRate"] == pytest.approx(100 / 18.6 * 1000, abs=0.01)
    assert told["miningPaused"] is False


def test_pause_and_resume(face: AxeOsFace, house: House) -> None:
    assert face("POST", "/api/system/pause").status == 200
    live(house, 1)
    told = info(face)
    assert (told["miningPaused"], told["hashRate"], told["power"]) == (True, 0, 12)
    assert face("POST", "/api/system/resume", b"{}").status == 200
    live(house, 200)
    assert info(face)["power"] == 100


def test_power_follows_the_frequency(face: AxeOsFace, house: House) -> None:
    assert info(face)["frequency"] == NOMINAL_MHZ
    assert face("PATCH", "/api/system", b'{"frequency": 420}').status == 200
    live(house, 200)
    assert (info(face)["power"], info(face)["frequency"]) == (80, 420)
    assert json.loads(face("GET", "/api/system/asic").body)["defaultFrequency"] == NOMINAL_MHZ


@pytest.mark.parametrize(
    "body", [b"", b"[]", b'{"frequency": "fast"}', b'{"frequency": true}', b'{"frequency": 20000}', b"{"]
)
def test_wrong_settings_are_refused_and_change_nothing(face: AxeOsFace, house: House, body: bytes) -> None:
    before = house.status()
    assert face("PATCH", "/api/system", body).status == 400
    assert house.status() == before


def test_other_settings_are_taken_without_effect_on_power(face: AxeOsFace, house: House) -> None:
    assert face("PATCH", "/api/system", b'{"fanspeed": 80}').status == 200
    assert live(house, 200).miners_w == 100


def test_a_restart_is_silent_while_it_boots_and_then_mines(face: AxeOsFace, house: House) -> None:
    assert face("POST", "/api/system/restart").status == 200
    with pytest.raises(DeviceSilent):
        info(face)
    live(house, 300)
    assert info(face)["power"] == 100


def test_unknown_paths_and_methods_are_told_apart(face: AxeOsFace) -> None:
    assert face("GET", "/nowhere").status == 404
    assert face("GET", "/api/system/pause").status == 405


def test_a_fault_silences_it(face: AxeOsFace, house: House) -> None:
    house.faults.add(Fault.MINER_SILENT)
    with pytest.raises(DeviceSilent, match="miner"):
        info(face)
