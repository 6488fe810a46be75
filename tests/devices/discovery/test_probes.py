"""What answers is told apart by what it says of itself, and nonsense is nobody."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitgrid.devices.discovery import http_probe, miner_probe
from bitgrid.devices.discovery.found import Found
from bitgrid.devices.transport import HttpAnswer
from devices.answers import LUXOS_VERSION
from devices.talk import Bytes, Http
from near import EXAMPLES, spoiled

HOST = "192.168.1.9"
GEN1 = {"mac": "98F4AB123456", "auth": False, "fw": "20230913-114008/v1.14.0-gcb84623", "longid": 1}
GEN2 = {"name": None, "mac": "84FCE6123456", "slot": 0, "fw_id": "20240625-122636/1.4.4-gf2bdeb3", "ver": "1.4.4"}
TASMOTA = {
    "Status": {"Module": 0, "DeviceName": "SML", "FriendlyName": ["Tasmota"], "Topic": "sml_reader"},
    "StatusFWR": {"Version": "13.4.0(tasmota)"},
    "StatusSTS": {"Time": "2026-05-01T12:00:00", "Uptime": "0T00:03:29"},
}


def http(**answers: Any) -> Found | None:
    """What is found where these answers are given: shelly, axeos, tasmota."""
    targets = {"shelly": "/shelly", "axeos": "/api/system/info", "tasmota": "/cm?cmnd=Status%200"}
    exchange = Http({f"GET {targets[name]}": answer for name, answer in answers.items()})
    return next(iter(http_probe.look(HOST, 80, exchange)), None)


@pytest.mark.parametrize(
    ("kind", "profile", "signals"),
    [("SHEM-3", "shelly_3em", ("grid_power_w",)), ("SHEM", "shelly_em", ("grid_power_w", "pv_power_w"))],
)
def test_a_meter_of_the_first_generation_is_a_device_by_its_profile(
    kind: str, profile: str, signals: tuple[str, ...]
) -> None:
    found = http(shelly=GEN1 | {"type": kind})
    assert found is not None
    assert found.device is not None
    assert (found.device.profile, found.device.signals) == (profile, signals)
    assert found.device.guess


def test_a_plug_of_the_first_generation_is_a_relay_and_may_ask_for_a_password() -> None:
    found = http(shelly=GEN1 | {"type": "SHPLG-S", "auth": True})
    name = "Shelly SHPLG-S (first generation)"
    assert found == Found(name, HOST, 80, relay="shelly_gen1", needs_password=True)


def test_a_meter_of_the_second_generation_is_a_device_when_it_sums_its_phases() -> None:
    pro = GEN2 | {"id": "shellypro3em-84", "model": "SPEM-003CEBEU", "gen": 2, "app": "Pro3EM", "auth_en": True}
    found = http(shelly=pro | {"profile": "triphase"})
    assert found is not None
    assert found.device is not None
    assert (found.name, found.device.profile) == ("Shelly Pro3EM (SPEM-003CEBEU, generation 2)", "shelly_pro_3em")
    assert found.needs_password
    single = http(shelly=pro | {"profile": "monophase"})
    assert single is not None
    assert (single.device, single.note) == (None, "set its profile to triphase, so that it sums its phases")


@pytest.mark.parametrize(("model", "gen"), [("SNSW-001P16EU", 2), ("S3PL-00112EU", 3), ("SPSW-201PE16EU", 2)])
def test_a_switch_of_a_newer_generation_is_a_relay(model: str, gen: int) -> None:
    found = http(shelly=GEN2 | {"model": model, "gen": gen, "app": "Plus1PM", "auth_en": False})
    assert found is not None
    assert (found.relay, found.device, found.needs_password) == ("shelly_gen2", None, False)


def test_a_bitaxe_is_a_miner() -> None:
    found = http(axeos={"ASICModel": "BM1370", "hostname": "bitaxe", "hashRate": 1200.5, "power": 17})
    assert found == Found("AxeOS miner bitaxe (BM1370)", HOST, 80, miner="axeos")


def test_a_reader_of_the_utility_meter_tells_by_mqtt_at_its_own_topic() -> None:
    found = http(tasmota=TASMOTA | {"StatusSNS": {"SML": {"Power_curr": -812}}})
    assert found is not None
    assert found.device is not None
    assert (found.device.profile, found.device.topic) == ("tasmota_sml", "sml_reader")
    assert found.relay is None


def test_a_tasmota_meter_is_a_device_and_a_tasmota_plug_is_a_relay() -> None:
    energy = {"StatusSNS": {"ENERGY": {"Power": 412}}}
    meter, plug = http(tasmota=TASMOTA | energy), http(tasmota=TASMOTA | energy | {"StatusSTS": {"POWER": "OFF"}})
    assert meter is not None
    assert plug is not None
    assert meter.device is not None
    assert (meter.device.profile, meter.device.signals) == ("tasmota_energy", ("grid_power_w",))
    assert (plug.device, plug.relay) == (None, "tasmota")


@pytest.mark.parametrize("status", [200, 401])
def test_a_tasmota_with_a_password_says_no_more(status: int) -> None:
    refusal = HttpAnswer(status, json.dumps({"WARNING": "Need user=<username>&password=<password>"}).encode())
    assert http(tasmota=refusal) == Found("Tasmota", HOST, 80, needs_password=True)


def test_any_other_web_server_is_nobody() -> None:
    page = HttpAnswer(200, b"<html>Welcome to your router</html>")
    assert http(shelly=page, axeos=page, tasmota=page) is None
    assert http(shelly={"mac": "1"}, axeos={"hostname": "x"}, tasmota={"Status": 1}) is None


def test_a_device_is_asked_no_more_than_it_takes() -> None:
    exchange = Http({"GET /shelly": GEN1 | {"type": "SHSW-25"}})
    list(http_probe.look(HOST, 80, exchange))
    assert exchange.asked == ["GET /shelly"]


def version(**told: str) -> Found | None:
    answer = json.dumps({"STATUS": [{"STATUS": "S"}], "VERSION": [told], "id": 1}).encode() + b"\0"
    exchange = Bytes({"version": answer})
    found = next(iter(miner_probe.look(HOST, 4028, exchange)), None)
    assert exchange.asked == ["version"]
    return found


@pytest.mark.parametrize(
    ("told", "name", "driver", "port"),
    [
        ({"CGMiner": "4.11.1", "PROD": "Avalon Q", "MODEL": "Q"}, "Avalon Q", "avalon", 4028),
        ({"API": "3.7", "LUXminer": "2024.5.1", "Type": "Antminer S19j"}, "LuxOS Antminer S19j", "luxos", 4028),
        (LUXOS_VERSION, "LuxOS Antminer S19j Pro", "luxos", 4028),
        (
            {"API": "3.7", "BOSer": "boser-openwrt 0.1.0", "Type": "Antminer S9"},
            "Braiins OS Antminer S9",
            "braiins",
            80,
        ),
        ({"API": "3.1", "BMMiner": "1.0.0", "Type": "Antminer S19"}, "miner Antminer S19", "pyasic", 4028),
    ],
)
def test_a_miner_is_told_by_its_firmware(told: dict[str, str], name: str, driver: str, port: int) -> None:
    found = version(**told)
    assert found is not None
    assert (found.name, found.miner, found.port) == (name, driver, port)


@pytest.mark.parametrize("answer", [b"", b"{}", b'{"VERSION": []}', b'{"VERSION": [7]}', b"\xff\xfe"])
def test_what_is_no_miner_is_nobody(answer: bytes) -> None:
    assert list(miner_probe.look(HOST, 4028, Bytes({"version": answer}))) == []


ENERGY = {"StatusSNS": {"ENERGY": {"Power": 412}}, "StatusSTS": {"POWER": "OFF"}}
SAID = [
    GEN1 | {"type": "SHEM-3"},
    GEN2 | {"model": "SPEM-003CEBEU", "gen": 2, "app": "Pro3EM", "profile": "triphase", "auth_en": True},
    {"ASICModel": "BM1370", "hostname": "bitaxe", "hashRate": 1200.5, "power": 17},
    TASMOTA | ENERGY,
    {"WARNING": "Need user=<username>&password=<password>"},
    {"STATUS": [{"STATUS": "S"}], "VERSION": [{"CGMiner": "4.11.1", "PROD": "Avalon Q", "MODEL": "Q"}], "id": 1},
]


@pytest.mark.parametrize("honest", SAID, ids=lambda said: next(iter(said)))
def test_what_is_spoiled_below_is_found_to_begin_with(honest: dict[str, Any]) -> None:
    assert looked_at(json.dumps(honest).encode())


@pytest.mark.parametrize("honest", SAID, ids=lambda said: next(iter(said)))
@EXAMPLES
@given(data=st.data())
def test_whatever_a_device_says_no_error_escapes_and_a_name_is_one_short_line(
    honest: dict[str, Any], data: st.DataObject
) -> None:
    for one in looked_at(data.draw(spoiled(honest))):
        assert one.name.isprintable()
        assert len(one.name) < 200


@pytest.mark.parametrize("gen", [True, 10**400, -3, [2], None, "two"])
def test_a_generation_that_cannot_be_is_no_shelly_of_a_newer_one(gen: object) -> None:
    assert http(shelly=GEN2 | {"model": "SNSW-001P16EU", "app": "Plus1PM", "gen": gen}) is None


def looked_at(answer: bytes) -> list[Found]:
    """What is found where every question is answered so."""
    return [
        *http_probe.look(HOST, 80, lambda *_: HttpAnswer(200, answer)),
        *miner_probe.look(HOST, 4028, lambda _: answer),
    ]
