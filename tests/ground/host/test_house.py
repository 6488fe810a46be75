"""The house on the host: who runs it, who may look and ask, and that a load runs only while it lives."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from bitgrid.bus import Topics
from bitgrid.plant.control import PlantControl
from broker import eventually
from ground.host.appliance import BROKER_PORT, HOST4, PEER4, Appliance
from ground.host.tablet import OWNER, Tablet
from ground.rules import ROOT
from ops.host.appliance_broker import BAD_PASSWORD, NOT_AUTHORIZED, SUCCESS

pytestmark = pytest.mark.system
T = Topics("home")
PEER = Path(__file__).with_name("peer.py")
USERS = {
    "guard": "bitgrid-io",
    "poller": "bitgrid-io",
    "loads": "bitgrid-io",
    "rules": "bitgrid-core",
    "recorder": "bitgrid-core",
    "reviver": "bitgrid-core",
    "feeds": "bitgrid-feeds",
    "explain": "bitgrid-web",
    "web": "bitgrid-web",
}


def test_each_program_runs_as_the_user_of_its_zone(appliance: Appliance) -> None:
    lines = appliance.run("ps", "-eo", "user:32,args").splitlines()
    found = [re.match(r"(\S+)\s+\S*python\S* -m bitgrid\.services\.(\w+)$", line) for line in lines]
    assert {match[2]: match[1] for match in found if match} == USERS


def test_root_is_told_how_the_house_is_and_others_on_the_host_are_not(appliance: Appliance) -> None:
    assert appliance.ssh("sudo", "bitgrid", "host", "healthy") == (0, "The house is well.\n")
    code, said = appliance.ssh("sudo", "bitgrid", "status")
    assert (code, "miner" in said) == (0, True), said
    code, said = appliance.ssh("bitgrid", "status")
    assert (code, "sudo bitgrid status" in said) == (1, True), said


@pytest.mark.parametrize(
    "typed",
    [
        "sudo -u bitgrid-io bitgrid doctor",
        "sudo -u bitgrid-web bitgrid account list",
        "sudo -u bitgrid-web bitgrid research key",
        "sudo bitgrid config check /etc/bitgrid",
        "sudo bitgrid-release list",
        "sudo bitgrid host trust",
        "sudo journalctl -u bitgrid* -n 50",
    ],
)
def test_what_the_guide_lets_one_type_works_from_the_administrators_home(appliance: Appliance, typed: str) -> None:
    code, said = appliance.ssh(*typed.split())
    assert (code, "Traceback" in said) == (0, False), said


def test_the_authority_on_the_tablet_is_the_one_the_console_shows(appliance: Appliance, tablet: Tablet) -> None:
    told = appliance.ssh("sudo", "bitgrid", "host", "trust")[1]
    shown = appliance.run(
        "openssl", "x509", "-noout", "-fingerprint", "-sha256", text=Path(tablet.ca_file).read_text()
    )
    assert shown.partition("=")[2].strip() in told


def test_a_stranger_sees_the_way_in_and_nothing_else(appliance: Appliance, tablet: Tablet) -> None:
    stranger = Tablet(appliance, tablet.ca_file)
    page, state, socket = stranger.ask({"path": "/"}, {"path": "/api/v1/state"}, {"path": "/ws"})
    assert (page["status"], page["headers"]["Location"]) == (303, "/login")
    assert (state["status"], socket["status"]) == (401, 401)
    assert page["headers"]["Strict-Transport-Security"] == "max-age=31536000"
    assert "nginx/" not in json.dumps(page)
    form = {"code": "0000-0000-0000", "name": "eve", "password": "a long enough one"}
    (_, taken) = stranger.ask({"path": "/login"}, {"method": "POST", "path": "/begin", "form": form})
    assert taken["status"] == 409, "somebody has an account already"


def test_who_has_logged_in_sees_the_house_and_its_changes_as_they_come(tablet: Tablet) -> None:
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
               "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}  # fmt: skip
    page, socket = tablet.ask({"path": "/"}, {"path": "/ws", "headers": upgrade})
    assert (page["status"], socket["status"]) == (200, 101)


def test_a_visitor_cannot_say_who_asked_or_by_which_name(appliance: Appliance, tablet: Tablet) -> None:
    stranger = Tablet(appliance, tablet.ca_file)
    lies = {"X-Forwarded-For": "127.0.0.1", "X-Forwarded-Host": "127.0.0.1", "Host": "evil.example"}
    (answer,) = stranger.ask({"path": "/login", "headers": {**lies, "Origin": "https://evil.example"}})
    assert answer["status"] == 421
    wrong = {"method": "POST", "path": "/login", "form": {**OWNER, "password": "wrong"}}
    stranger.get("/login")
    tried = [{**wrong, "headers": {"X-Forwarded-For": f"10.77.0.{n}"}} for n in range(100, 106)]
    assert [answer["status"] for answer in stranger.ask(*tried)][-1] == 429, "it is one and the same address"


def test_decisions_are_made_and_recorded(appliance: Appliance, tablet: Tablet) -> None:
    def decided() -> bool:
        return bool(json.loads(tablet.get("/api/v1/decisions")["text"]).get("decisions"))

    eventually(decided, "a decision", 150)
    said = appliance.run("bitgrid", "ledger", "verify", "--data", "/var/lib/bitgrid")
    assert "Every record is as it was written." in said
    signals = json.loads(tablet.get("/api/v1/state")["text"])["signals"]
    assert signals["pv_power_w"]["value"] > 1000, "read from the inverter in the home"


def test_the_load_runs_when_asked_and_is_off_once_the_house_is_stopped(
    appliance: Appliance, tablet: Tablet, plant: PlantControl
) -> None:
    """Its lease ends: the guard, a unit of its own, opens the relay."""

    def relay() -> str:
        found: str = plant.status()["loads"]["miner"]["relay"]
        return found

    asked = {"load": "miner", "action": "start"}
    answer = tablet.post("/api/v1/override", asked)
    assert answer["status"] == 200, answer["text"]
    eventually(lambda: relay() == "closed", "the relay is closed", 60)
    eventually(lambda: plant.status()["loads"]["miner"]["power_w"] > 100, "the miner draws power", 90)
    appliance.run("systemctl", "kill", "--signal=KILL", "bitgrid.service")
    appliance.run("systemctl", "stop", "bitgrid.service")
    try:
        eventually(lambda: relay() == "open", "the relay is open", 75)
    finally:
        appliance.run("systemctl", "start", "bitgrid.service")
    appliance.run("bitgrid", "host", "healthy", "--within", "60")
    tablet.post("/api/v1/override", {"load": "miner", "action": "end"})


def peer(appliance: Appliance, tablet: Tablet, password: str, topics: list[str]) -> dict[str, object]:
    """What the broker answers a peer in the home, by TLS."""
    told = {
        "address": HOST4, "port": BROKER_PORT, "source": PEER4, "ca_file": tablet.ca_file, "user": "homeassistant",
        "password": password, "topics": topics,
    }  # fmt: skip
    path = f"PYTHONPATH={ROOT / 'app'}:{ROOT / 'tests'}"
    said = appliance.home.run("env", path, sys.executable, str(PEER), text=json.dumps(told))
    found: dict[str, object] = json.loads(said)
    return found


def test_the_bridge_to_home_assistant_is_let_in_by_an_account_of_its_own(appliance: Appliance) -> None:
    told = ("journalctl", "--unit=bitgrid-broker", "--output=cat")
    eventually(lambda: "as bitgrid-bridge (p5, c1, k15, u'bridge')" in appliance.run(*told), "it is let in", 30)


def test_a_peer_may_ask_the_bridge_and_commands_nothing(appliance: Appliance, tablet: Tablet) -> None:
    secret = appliance.run("cat", "/etc/bitgrid/secrets/root/broker-homeassistant").strip().partition(":")[2]
    may = [T.ha("cmd", "export"), T.ha_birth]
    may_not = [
        *(T.command("miner"), T.decision, T.estop, T.override, T.export, T.restart, T.ha("house")),
        T.telemetry("meter", "grid_power_w"),
    ]
    found = peer(appliance, tablet, secret, [*may, *may_not])
    assert found["let_in"] == SUCCESS
    codes = found["codes"]
    assert isinstance(codes, dict)
    assert NOT_AUTHORIZED not in {codes[topic] for topic in may}
    assert {codes[topic] for topic in may_not} == {NOT_AUTHORIZED}
    # Mosquitto 2.0.21 says the second of a wrong password, 2.0.11 the first.
    assert peer(appliance, tablet, "wrong", [])["let_in"] in {BAD_PASSWORD, NOT_AUTHORIZED}
