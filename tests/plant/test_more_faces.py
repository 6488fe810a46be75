"""Shelly Gen1, Tasmota, LuxOS and Braiins OS of the simulated house, asked as their documentation says."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from bitgrid.config.secrets import Credentials
from bitgrid.plant.errors import PlantError
from bitgrid.plant.faces import Faces
from bitgrid.plant.faces.braiins import BraiinsFace
from bitgrid.plant.faces.luxos import SESSION_LASTS_S, LuxosFace
from bitgrid.plant.faces.shelly_gen1 import ShellyGen1Face
from bitgrid.plant.faces.tasmota import TasmotaFace
from bitgrid.plant.model import House
from plant.house import MakeHouse, live, mining, site_data


def gen1(house: House, target: str) -> tuple[int, Any]:
    answer = ShellyGen1Face(house, "miner")("GET", target)
    return answer.status, json.loads(answer.body) if answer.status == 200 else answer.body


def tasmota(house: House, command: str) -> Any:  # noqa: ANN401  JSON
    answer = TasmotaFace(house, "miner")("GET", f"/cm?cmnd={command.replace(' ', '%20')}")
    assert answer.status == 200
    return json.loads(answer.body)


class TestShellyGen1:
    def test_a_timer_is_told_and_flips_the_output_back(self, house: House) -> None:
        _, told = gen1(house, "/relay/0?turn=on&timer=60")
        assert (told["ison"], told["has_timer"]) == (True, True)
        assert (told["timer_duration"], told["timer_remaining"]) == (60, 60)
        live(house, 59)
        assert gen1(house, "/relay/0")[1]["timer_remaining"] == 1
        live(house, 1)
        assert gen1(house, "/relay/0")[1]["ison"] is False

    def test_without_a_timer_its_auto_off_counts_and_without_that_nothing(self, house: House) -> None:
        assert gen1(house, "/relay/0?turn=on")[1]["timer_duration"] == 120
        assert gen1(house, "/settings/relay/0?auto_off=0")[1]["auto_off"] == 0
        assert gen1(house, "/relay/0?turn=on")[1]["has_timer"] is False
        assert gen1(house, "/relay/0?turn=toggle")[1]["ison"] is False

    def test_its_settings_can_be_changed_and_outlive_a_request(self, house: House) -> None:
        assert gen1(house, "/settings/relay/0?default_state=last&auto_off=90")[0] == 200
        _, told = gen1(house, "/settings/relay/0")
        assert (told["default_state"], told["auto_off"]) == ("last", 90)

    @pytest.mark.parametrize(
        "target",
        [
            "/relay/0?turn=on&timer=soon",
            "/relay/0?turn=on&timer=-5",
            "/relay/0?turn=maybe",
            "/settings/relay/0?default_state=x",
        ],
    )
    def test_what_it_does_not_understand_changes_nothing(self, house: House, target: str) -> None:
        assert gen1(house, target)[0] == 400
        assert not house.relays["miner"].output

    @pytest.mark.parametrize("target", ["/relay/1?turn=on", "/rpc/Switch.Set", "/"])
    def test_what_it_has_not_is_not_found(self, house: House, target: str) -> None:
        assert gen1(house, target)[0] == 404


class TestTasmota:
    def test_power_on_arms_pulse_time_anew_each_time(self, house: House) -> None:
        assert tasmota(house, "PulseTime1 160") == {"PulseTime1": {"Set": 160, "Remaining": 0}}
        for _ in range(3):
            assert tasmota(house, "Power1 ON") == {"POWER": "ON"}
            assert tasmota(house, "PulseTime1") == {"PulseTime1": {"Set": 160, "Remaining": 160}}
            live(house, 40)
        assert tasmota(house, "PulseTime1")["PulseTime1"]["Remaining"] == 120
        live(house, 20)
        assert tasmota(house, "Power1") == {"POWER": "OFF"}

    def test_pulse_times_up_to_111_are_tenths_of_a_second(self, house: House) -> None:
        tasmota(house, "PulseTime1 50")
        tasmota(house, "Power1 1")
        live(house, 4)
        assert house.relays["miner"].output
        live(house, 1)
        assert not house.relays["miner"].output

    def test_pulse_time_0_is_no_timer(self, house: House) -> None:
        assert tasmota(house, "PulseTime1 0")["PulseTime1"]["Set"] == 0
        tasmota(house, "Power1 ON")
        live(house, 3600)
        assert tasmota(house, "Power1") == {"POWER": "ON"}

    def test_its_power_on_state_is_a_setting(self, house: House) -> None:
        assert tasmota(house, "PowerOnState") == {"PowerOnState": 0}
        assert tasmota(house, "PowerOnState 3") == {"PowerOnState": 3}
        assert house.relays["miner"].initial_state == "restore_last"
        assert tasmota(house, "Status")["Status"]["PowerOnState"] == 3

    @pytest.mark.parametrize("command", ["Power2 ON", "Restart 1", "", "PulseTime2"])
    def test_what_it_does_not_know_is_unknown(self, house: House, command: str) -> None:
        assert tasmota(house, command) == {"Command": "Unknown"}

    def test_there_is_nothing_but_commands(self, house: House) -> None:
        face = TasmotaFace(house, "miner")
        assert face("GET", "/").status == face("POST", "/cm?cmnd=Power1%20ON").status == 404


def luxos(house: House) -> Callable[..., Any]:
    face = LuxosFace(house, house.site.loads[0])

    def ask(command: str, parameter: str = "") -> Any:  # noqa: ANN401  JSON
        told = json.loads(face(json.dumps({"command": command, "parameter": parameter}).encode()).rstrip(b"\0"))
        assert told["STATUS"][0]["STATUS"] in {"S", "E"}
        return told if told["STATUS"][0]["STATUS"] == "S" else told["STATUS"][0]["Msg"]

    return ask


class TestLuxos:
    def test_only_one_session_and_only_with_it_anything_changes(self, house: House) -> None:
        ask = luxos(mining(house))
        session = ask("logon")["SESSION"][0]["SessionID"]
        assert ask("logon") == "Another session is active"
        assert ask("session")["SESSION"] == [{"SessionID": session}]
        assert ask("curtail", "sleep") == ask("curtail", "other,sleep") == "Invalid session"
        assert house.miners["miner"].is_hashing
        ask("curtail", f"{session},sleep")
        ask("logoff", session)
        assert ask("curtail", f"{session},wakeup") == "Invalid session"
        live(house, 1)
        assert ask("config")["CONFIG"][0]["CurtailMode"] == "Sleep"

    def test_a_session_that_nobody_uses_ends(self, house: House) -> None:
        ask = luxos(mining(house))
        ask("logon")
        live(house, SESSION_LASTS_S + 1)
        assert ask("logon")["SESSION"][0]["SessionID"]

    def test_only_profiles_that_exist_can_be_chosen(self, house: House) -> None:
        ask = luxos(mining(house))
        session = ask("logon")["SESSION"][0]["SessionID"]
        assert ask("profiles")["PROFILES"] == [{"Profile Name": "default", "Watts": 1674}]
        assert ask("profileset", f"{session},999MHz") == "Profile not found"
        assert ask("profileset", f"{session},default")["PROFILE"] == [{"Profile": "default"}]
        assert ask("curtail", f"{session},snooze") == "Invalid mode"

    @pytest.mark.parametrize("request_", [b"", b"[]", b"{}", b'{"command": 5}', b'{"command": "addpool"}'])
    def test_what_is_no_command_is_an_error(self, house: House, request_: bytes) -> None:
        face = LuxosFace(mining(house), house.site.loads[0])
        assert b'"STATUS": "E"' in face(request_)


def braiins(house: House, credentials: Credentials | None = None) -> BraiinsFace:
    return BraiinsFace(mining(house), house.site.loads[0], credentials)


class TestBraiins:
    def test_only_a_token_that_is_fresh_lets_in(self, house: House) -> None:
        face = braiins(house, Credentials("root", "x"))
        login = b'{"username": "root", "password": "x"}'
        assert face("GET", "/api/v1/miner/stats").status == 401
        assert face("POST", "/api/v1/auth/login", b'{"username": "root", "password": "y"}').status == 401
        token = json.loads(face("POST", "/api/v1/auth/login", login).body)["token"]
        assert face("GET", "/api/v1/miner/stats", b"", {"Authorization": token}).status == 200
        assert face("GET", "/api/v1/miner/stats", b"", {"Authorization": f"Bearer {token}"}).status == 401
        face("POST", "/api/v1/auth/login", login)
        assert face("GET", "/api/v1/miner/stats", b"", {"Authorization": token}).status == 401

    @pytest.mark.parametrize("body", [b"", b"[]", b'{"watt": "800"}', b'{"watt": 100}', b'{"watt": 9000}'])
    def test_a_power_target_out_of_its_range_is_refused(self, house: House, body: bytes) -> None:
        assert braiins(house)("PUT", "/api/v1/performance/power-target", body).status == 400
        assert house.miners["miner"].setting_w == 1674

    def test_pausing_tells_whether_anything_changed(self, house: House) -> None:
        face = braiins(house)
        assert face("PUT", "/api/v1/actions/pause").body == b"true"
        live(house, 1)
        assert face("PUT", "/api/v1/actions/pause").body == b"false"
        assert json.loads(face("GET", "/api/v1/miner/details").body)["status"] == 3

    @pytest.mark.parametrize(("method", "path"), [("POST", "actions/pause"), ("GET", "pools")])
    def test_what_it_has_not_is_not_found(self, house: House, method: str, path: str) -> None:
        assert braiins(house)(method, f"/api/v1/{path}").status == 404


def test_a_miner_that_only_pyasic_knows_cannot_be_simulated(make_house: MakeHouse) -> None:
    loads = site_data()["loads"]
    loads[0]["miner"]["driver"] = "pyasic"
    loads[0]["levels"] = loads[0]["levels"][-1:]
    with pytest.raises(PlantError, match="no miner that speaks pyasic"):
        Faces(make_house(loads=loads))
