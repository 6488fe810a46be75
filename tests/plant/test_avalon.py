import json
import re
from typing import Any

import pytest

from bitgrid.config import LoadConfig
from bitgrid.devices.errors import DeviceSilent
from bitgrid.plant.errors import PlantError
from bitgrid.plant.faces.avalon import AvalonFace, mode_powers
from bitgrid.plant.faults import Fault
from bitgrid.plant.model import House
from plant.house import MakeHouse, live, mining, site_data


class Api:
    """A client as owners of an Avalon write it: JSON out, JSON and a NUL byte back."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.face = AvalonFace(house, house.site.loads[0])

    def ask(self, command: str, parameter: str | None = None) -> dict[str, Any]:
        said = {"command": command} | ({} if parameter is None else {"parameter": parameter})
        answer = self.face(json.dumps(said).encode())
        assert answer.endswith(b"\x00")
        told: dict[str, Any] = json.loads(answer[:-1])
        return told

    def status(self, command: str, parameter: str | None = None) -> tuple[str, int, str]:
        status = self.ask(command, parameter)["STATUS"][0]
        return status["STATUS"], status["Code"], status["Msg"]

    def fields(self) -> dict[str, str]:
        return dict(re.findall(r"(\w+)\[([^\]]*)\]", self.ask("estats")["STATS"][0]["MM ID0:Summary"]))


@pytest.fixture
def api(house: House) -> Api:
    return Api(mining(house))


def load(*powers: int) -> LoadConfig:
    levels = [{"name": f"level_{w}", "power_w": w, "min_surplus_w": w} for w in powers]
    return LoadConfig.model_validate(site_data()["loads"][0] | {"levels": levels})


@pytest.mark.parametrize(
    ("levels", "modes"),
    [
        ((800, 1674), [800, 1300, 1674]),
        ((820, 1250), [820, 1250, 1674]),
        ((800, 1300, 1674), [800, 1300, 1674]),
        ((1600,), [800, 1300, 1600]),
        ((100, 300), [100, 200, 300]),
        ((100, 150, 300), [100, 150, 300]),
        ((90,), [90, 90, 90]),
        ((1280, 1320), [1280, 1300, 1320]),
    ],
)
def test_levels_stand_for_the_work_modes_they_are_like_else_for_the_modes_in_order(
    levels: tuple[int, ...], modes: list[int]
) -> None:
    assert mode_powers(load(*levels)) == modes


def test_more_levels_than_work_modes_are_refused() -> None:
    with pytest.raises(PlantError, match="an Avalon has 3 work modes"):
        mode_powers(load(100, 200, 300, 400))


def test_at_work_it_tells_power_at_the_wall_heat_and_hash_rate(api: Api) -> None:
    fields = api.fields()
    miner = api.house.miners["miner"]
    assert fields["SYSTEMSTATU"] == "Work: In Work, Hash Board: 1"
    assert fields["STATE"] == "1"
    assert fields["PS"].split()[6] == "1674"
    assert fields["TMax"] == str(round(miner.temp_c))
    assert int(fields["TAvg"]) < int(fields["TMax"])
    assert float(fields["GHSspd"]) == pytest.approx(90_000)
    assert (fields["WORKMODE"], fields["MPO"]) == ("2", "1674")
    assert fields["Elapsed"] == str(miner.powered_s)
    assert api.ask("estats")["STATUS"][0]["When"] == api.house.now_s


def test_the_answers_have_the_sections_and_codes_of_cgminer(api: Api) -> None:
    assert api.ask("version")["VERSION"][0]["PROD"] == "Avalon Q"
    assert api.ask("summary")["SUMMARY"][0]["MHS 1m"] == pytest.approx(90e6)
    assert 0 < api.ask("summary")["SUMMARY"][0]["MHS av"] < 90e6
    assert api.ask("devs")["DEVS"][0]["Status"] == "Alive"
    assert api.ask("pools")["POOLS"][0]["Status"] == "Alive"
    assert api.ask("stats")["STATS"] == api.ask("litestats")["STATS"]
    codes = {command: api.status(command)[1] for command in ("version", "summary", "pools", "estats")}
    assert codes == {"version": 22, "summary": 11, "pools": 7, "estats": 70}


def test_work_modes_change_the_power(api: Api) -> None:
    assert api.status("ascset", "0,workmode,set,0") == ("S", 119, "ASC 0 set OK")
    live(api.house, 200)
    fields = api.fields()
    assert fields["PS"].split()[6] == "800"
    assert (fields["WORKMODE"], fields["MPO"]) == ("0", "800")
    assert api.status("ascset", "0,workmode,get") == ("I", 118, "ASC 0 set info: workmode 0")


def test_standby_and_waking_come_at_the_moment_that_was_named(api: Api) -> None:
    at_s = api.house.now_s + 5
    assert api.status("ascset", f"0,softoff,1:{at_s}")[:2] == ("I", 118)
    live(api.house, 4)
    assert api.fields()["STATE"] == "1"
    live(api.house, 1)
    fields = api.fields()
    assert fields["SYSTEMSTATU"] == "Work: In Idle, Hash Board: 1"
    assert (fields["STATE"], fields["TMax"], fields["GHSspd"]) == ("2", "0", "0.00")
    assert fields["PS"].split()[6] == "12"
    assert fields["SoftOffTime"] == str(at_s)
    api.ask("ascset", f"0,softon,1:{api.house.now_s + 2}")
    live(api.house, 2)
    assert api.fields()["STATE"] == "1"


def test_it_says_that_it_stops_and_goes_on_when_it_ignores_stops(api: Api) -> None:
    api.house.faults.add(Fault.MINER_IGNORES_STOP)
    _, _, text = api.status("ascset", f"0,softoff,1:{api.house.now_s}")
    assert "success softoff" in text
    live(api.house, 60)
    assert api.fields()["PS"].split()[6] == "1674"


def test_a_reboot_is_silent_while_it_boots(api: Api) -> None:
    assert api.status("ascset", "0,reboot,0")[0] == "S"
    live(api.house, 1)
    with pytest.raises(DeviceSilent, match="miner"):
        api.ask("version")
    live(api.house, 60)
    assert api.fields()["STATE"] == "1"


@pytest.mark.parametrize(
    ("parameter", "code", "text"),
    [
        ("0,workmode,set,3", 120, "ASC 0 set failed: workmode unknown argument"),
        ("0,workmode,1", 120, "ASC 0 set failed: workmode unknown argument"),
        ("0,softoff,0:1", 120, "ASC 0 set failed: softoff unknown argument"),
        ("0,softon,1:soon", 120, "ASC 0 set failed: softon unknown argument"),
        ("0,led,1-1", 120, "ASC 0 set failed: Unknown option: led"),
        ("1,workmode,set,1", 15, "Missing device id parameter"),
        ("", 15, "Missing device id parameter"),
    ],
)
def test_what_it_does_not_know_is_refused_and_changes_nothing(
    api: Api, parameter: str, code: int, text: str
) -> None:
    before = api.house.status()
    assert api.status("ascset", parameter) == ("E", code, text)
    assert api.house.status() == before


@pytest.mark.parametrize(
    ("request_", "code"),
    [(b"estats", 23), (b"", 23), (b"\xff", 23), (b"[]", 24), (b'{"command":1}', 24), (b'{"command":"dance"}', 14)],
)
def test_nonsense_is_answered_with_an_error(api: Api, request_: bytes, code: int) -> None:
    answer = json.loads(api.face(request_)[:-1])
    assert (answer["STATUS"][0]["STATUS"], answer["STATUS"][0]["Code"]) == ("E", code)


def test_without_power_while_booting_and_by_fault_it_is_silent(make_house: MakeHouse) -> None:
    house = make_house()
    api = Api(house)
    with pytest.raises(DeviceSilent):
        api.ask("version")
    mining(house, 30)
    with pytest.raises(DeviceSilent):
        api.ask("version")
    live(house, 30)
    assert api.fields()["STATE"] == "1"
    house.faults.add(Fault.MINER_SILENT)
    with pytest.raises(DeviceSilent):
        api.ask("version")
    assert live(house, 60).miners_w > 12
