"""Devices read by HTTP and JSON: answers as their documentation shows them, and all the wrong ones."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitgrid.config.profiles import JsonProfile
from bitgrid.config.profiling import load_profile
from bitgrid.config.signals import SignalName
from bitgrid.devices.errors import DeviceError, DeviceNonsense, DeviceRefused
from bitgrid.devices.http_json.source import JsonDevice
from bitgrid.devices.transport import HttpAnswer
from devices.talk import Http
from near import EXAMPLES, spoiled

PROFILES = Path(__file__).parents[2] / "config" / "devices"
PHASE = {"reactive": 0.0, "pf": 0.9, "current": 1.1, "voltage": 231.0, "is_valid": True, "total": 1.0}
GEN1 = {
    "wifi_sta": {"connected": True},
    "emeters": [PHASE | {"power": power} for power in (-1210.52, 310.0, 95.5)],
}
GEN2 = {"id": 0, "a_act_power": -10.0, "b_act_power": 20.5, "total_current": 3.1, "total_act_power": -1530.25}
FRONIUS = {
    "Body": {
        "Data": {
            "Inverters": {"1": {"Battery_Mode": "normal", "DT": 1, "P": 2000, "SOC": 63.1}},
            "Site": {"P_Akku": -812.4, "P_Grid": -35.2, "P_Load": -640.1, "P_PV": 1488.0, "rel_Autonomy": 100},
            "Version": "12",
        }
    },
    "Head": {"Status": {"Code": 0, "Reason": "", "UserMessage": ""}},
}
TASMOTA = {"StatusSNS": {"Time": "2026-05-01T12:00:00", "ENERGY": {"Total": 3.2, "Power": 412, "Voltage": 230}}}
FLOW = "GET /solar_api/v1/GetPowerFlowRealtimeData.fcgi"


def device(name: str, answers: dict[str, object], *signals: SignalName) -> JsonDevice:
    profile = load_profile(PROFILES / f"{name}.yaml")
    assert isinstance(profile, JsonProfile)
    return JsonDevice(f"a {name}", Http(answers), profile, signals)


@pytest.mark.parametrize(
    ("name", "asked", "answer", "told"),
    [
        ("shelly_3em", "GET /status", GEN1, {"grid_power_w": -805.02}),
        ("shelly_em", "GET /status", GEN1, {"grid_power_w": -1210.52, "pv_power_w": 310.0}),
        ("shelly_pro_3em", "GET /rpc/EM.GetStatus?id=0", GEN2, {"grid_power_w": -1530.25}),
        (
            "fronius_solar_api",
            FLOW,
            FRONIUS,
            {"grid_power_w": -35.2, "pv_power_w": 1488.0, "battery_power_w": 812.4, "battery_soc_pct": 63.1},
        ),
        ("tasmota_energy", "GET /cm?cmnd=Status%208", TASMOTA, {"house_load_w": 412.0}),
    ],
)
def test_what_the_documentation_shows_is_read_with_the_houses_signs(
    name: str, asked: str, answer: dict[str, object], told: dict[SignalName, float]
) -> None:
    assert device(name, {asked: answer}, *told).read() == pytest.approx(told)


def test_a_path_is_asked_for_once_a_reading() -> None:
    profile = load_profile(PROFILES / "fronius_solar_api.yaml")
    assert isinstance(profile, JsonProfile)
    http = Http({FLOW: FRONIUS})
    JsonDevice("inverter", http, profile, ["grid_power_w", "pv_power_w", "battery_soc_pct"]).read()
    assert http.asked == [FLOW]


def test_a_phase_that_is_not_valid_makes_the_sum_unknown() -> None:
    broken = GEN1 | {"emeters": [*GEN1["emeters"][:2], PHASE | {"power": 0, "is_valid": False}]}  # type: ignore[index]
    assert device("shelly_3em", {"GET /status": broken}, "grid_power_w").read() == {"grid_power_w": None}


def test_null_is_no_generation_where_the_source_says_so_and_unknown_elsewhere() -> None:
    night = json.loads(json.dumps(FRONIUS))
    night["Body"]["Data"]["Site"] |= {"P_PV": None, "P_Grid": None}
    told = device("fronius_solar_api", {FLOW: night}, "pv_power_w", "grid_power_w").read()
    assert told == {"pv_power_w": 0.0, "grid_power_w": None}
    del night["Body"]["Data"]["Site"]["P_PV"]
    assert device("fronius_solar_api", {FLOW: night}, "pv_power_w").read() == {"pv_power_w": None}


@pytest.mark.parametrize("power", [True, "many", None, [1], {"w": 1}, math.nan, math.inf, 1e300])
def test_what_is_no_number_is_not_told(power: object) -> None:
    answer = {"GET /rpc/EM.GetStatus?id=0": {"total_act_power": power}}
    assert device("shelly_pro_3em", answer, "grid_power_w").read() == {"grid_power_w": None}


def test_a_number_in_quotes_is_a_number() -> None:
    answer = {"GET /rpc/EM.GetStatus?id=0": {"total_act_power": "-12.5"}}
    assert device("shelly_pro_3em", answer, "grid_power_w").read() == {"grid_power_w": -12.5}


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (HttpAnswer(401, b""), DeviceRefused, "asks for a password, .* look at its secret"),
        (HttpAnswer(500, b"{}"), DeviceRefused, "refused /rpc/EM.GetStatus.* HTTP 500"),
        (HttpAnswer(200, b"<html>"), DeviceNonsense, "instead of JSON"),
        (HttpAnswer(200, b'{"total_act_power": 1'), DeviceNonsense, "instead of JSON"),
        (HttpAnswer(200, b"[" * 100_000), DeviceNonsense, "instead of JSON"),
    ],
)
def test_a_wrong_answer_is_told_in_words(answer: HttpAnswer, error: type[DeviceError], words: str) -> None:
    with pytest.raises(error, match=words):
        device("shelly_pro_3em", {"GET /rpc/EM.GetStatus?id=0": answer}, "grid_power_w").read()


documents = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["emeters", "power", "is_valid", "0"]), inner)
    ),
    max_leaves=12,
)


@given(document=documents | st.fixed_dictionaries({"emeters": documents}))
def test_no_document_gets_past_as_anything_but_a_finite_number(document: object) -> None:
    body = json.dumps(document).encode()
    told = device("shelly_em", {"GET /status": HttpAnswer(200, body)}, "grid_power_w", "pv_power_w").read()
    assert all(value is None or math.isfinite(value) for value in told.values())


HONEST = {"shelly_em": GEN1, "shelly_pro_3em": GEN2, "fronius_solar_api": FRONIUS, "tasmota_energy": TASMOTA}


@pytest.mark.parametrize("name", HONEST)
@EXAMPLES
@given(data=st.data())
def test_what_is_nearly_an_answer_tells_finite_numbers_or_none(name: str, data: st.DataObject) -> None:
    profile = load_profile(PROFILES / f"{name}.yaml")
    assert isinstance(profile, JsonProfile)
    body = data.draw(spoiled(HONEST[name]))
    source = JsonDevice(name, lambda *_: HttpAnswer(200, body), profile, profile.signals)
    try:
        told = source.read()
    except DeviceError:
        return
    assert all(value is None or math.isfinite(value) for value in told.values())


@given(body=st.binary(max_size=60))
def test_no_bytes_get_past_as_anything_but_an_error_or_a_finite_number(body: bytes) -> None:
    source = device("shelly_em", {"GET /status": HttpAnswer(200, body)}, "grid_power_w")
    try:
        told = source.read()
    except DeviceError:
        return
    assert all(value is None or math.isfinite(value) for value in told.values())
