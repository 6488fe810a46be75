import json
from typing import Any
from urllib.parse import quote

import pytest

from bitgrid.devices.errors import DeviceSilent
from bitgrid.plant.faces import Faces
from bitgrid.plant.faces.shelly import ShellyFace
from bitgrid.plant.faults import Fault
from bitgrid.plant.model import House
from plant.house import live, mining


@pytest.fixture
def face(house: House) -> ShellyFace:
    return Faces(house).relay("miner")


def get(face: ShellyFace, method: str) -> dict[str, Any]:
    answer = face("GET", f"/rpc/{method}")
    assert answer.status == 200, answer.body
    told: dict[str, Any] = json.loads(answer.body)
    return told


def status(face: ShellyFace) -> dict[str, Any]:
    return get(face, "Switch.GetStatus?id=0")


def test_it_says_what_it_is(face: ShellyFace) -> None:
    told = get(face, "Shelly.GetDeviceInfo")
    assert (told["gen"], told["auth_en"]) == (2, False)
    assert json.loads(face("GET", "/shelly").body) == told


def test_it_starts_open_with_no_power_and_no_timer(face: ShellyFace) -> None:
    told = status(face)
    assert (told["output"], told["apower"]) == (False, 0)
    assert "timer_started_at" not in told


def test_closed_for_a_while_it_tells_its_timer_and_opens_when_it_is_over(face: ShellyFace, house: House) -> None:
    assert get(face, "Switch.Set?id=0&on=true&toggle_after=60") == {"was_on": False}
    told = status(face)
    assert (told["output"], told["timer_started_at"], told["timer_duration"]) == (True, house.now_s, 60)
    live(house, 59)
    assert status(face)["output"]
    live(house, 1)
    assert not status(face)["output"]
    assert status(face)["source"] == "timer"


def test_each_renewal_arms_the_timer_again(face: ShellyFace, house: House) -> None:
    for _ in range(5):
        get(face, "Switch.Set?id=0&on=true&toggle_after=60")
        live(house, 45)
    assert status(face)["output"]
    live(house, 15)
    assert not status(face)["output"]


def test_it_measures_the_miners_power_also_through_a_stuck_contact(face: ShellyFace, house: House) -> None:
    mining(house)
    assert status(face)["apower"] == 1674
    house.faults.add(Fault.RELAY_STUCK_CLOSED)
    assert get(face, "Switch.Set?id=0&on=false") == {"was_on": True}
    live(house, 10)
    told = status(face)
    assert (told["output"], told["apower"]) == (False, 1674)


def test_its_settings_are_those_site_yaml_wants_and_can_be_changed(face: ShellyFace, house: House) -> None:
    told = get(face, "Switch.GetConfig?id=0")
    assert (told["auto_off"], told["auto_off_delay"], told["initial_state"]) == (True, 120, "off")
    config = quote(json.dumps({"auto_off_delay": 30, "initial_state": "restore_last"}))
    assert get(face, f"Switch.SetConfig?id=0&config={config}") == {"restart_required": False}
    told = get(face, "Switch.GetConfig?id=0")
    assert (told["auto_off"], told["auto_off_delay"], told["initial_state"]) == (True, 30, "restore_last")
    get(face, "Switch.Set?id=0&on=true")
    live(house, 30)
    assert not status(face)["output"]


def test_it_toggles(face: ShellyFace) -> None:
    assert get(face, "Switch.Toggle?id=0") == {"was_on": False}
    assert get(face, "Switch.Toggle?id=0") == {"was_on": True}
    assert get(face, "Shelly.GetStatus")["switch:0"] == status(face)


def test_a_post_to_the_method_and_a_frame_to_rpc_do_the_same(face: ShellyFace) -> None:
    set_on = {"id": 0, "on": True, "toggle_after": 60}
    answer = face("POST", "/rpc/Switch.Set", json.dumps(set_on).encode())
    assert json.loads(answer.body) == {"was_on": False}
    frame = {"id": 7, "method": "Switch.Set", "params": set_on}
    told = json.loads(face("POST", "/rpc", json.dumps(frame).encode()).body)
    assert (told["id"], told["src"], told["result"]) == (7, face.name, {"was_on": True})


@pytest.mark.parametrize(
    ("target", "http", "code"),
    [
        ("Switch.GetStatus?id=1", 500, -105),
        ("Switch.GetStatus", 500, -105),
        ("Switch.GetStatus?id=false", 500, -105),
        ("Switch.Set?id=0", 500, -103),
        ("Switch.Set?id=0&on=maybe", 500, -103),
        ("Switch.Set?id=0&on=true&toggle_after=-1", 500, -103),
        ("Switch.Set?id=0&on=true&toggle_after=soon", 500, -103),
        ("Switch.SetConfig?id=0&config=1", 500, -103),
        ("Switch.SetConfig?id=0&config=%7B%22initial_state%22%3A%22sideways%22%7D", 500, -103),
        ("Switch.SetConfig?id=0&config=%7B%22auto_off%22%3A1%7D", 500, -103),
        ("Dance.Start", 404, 404),
    ],
)
def test_what_it_cannot_do_is_refused_and_changes_nothing(
    face: ShellyFace, target: str, http: int, code: int
) -> None:
    before = status(face), get(face, "Switch.GetConfig?id=0")
    answer = face("GET", f"/rpc/{target}")
    assert (answer.status, json.loads(answer.body)["code"]) == (http, code)
    assert (status(face), get(face, "Switch.GetConfig?id=0")) == before


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"id":1,"method":"Dance.Start"}'])
def test_a_bad_frame_is_answered_in_a_frame(face: ShellyFace, body: bytes) -> None:
    told = json.loads(face("POST", "/rpc", body).body)
    assert told["error"]["message"]


def test_there_is_nothing_elsewhere(face: ShellyFace) -> None:
    assert face("GET", "/relay/0").status == 404
    assert face("DELETE", "/rpc/Switch.Set").status == 404


def test_silenced_it_does_not_answer_but_its_timer_runs_on(face: ShellyFace, house: House) -> None:
    get(face, "Switch.Set?id=0&on=true&toggle_after=60")
    house.faults.add(Fault.RELAY_SILENT)
    with pytest.raises(DeviceSilent, match="miner"):
        status(face)
    live(house, 61)
    house.faults.clear()
    assert not status(face)["output"]
