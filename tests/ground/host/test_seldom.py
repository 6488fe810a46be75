"""What only some houses have: a copy elsewhere, a UPS, a second host near the devices, a host for research.

Each is played on the host of all other tests, which is the edge first and then, under another name, the gateway.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from bitgrid.plant.control import PlantControl
from broker import eventually
from ground.host.appliance import ADMIN4, HOST4, METER4, MINER4, RELAY4, TABLET4, Appliance, changes
from ground.host.tablet import Tablet
from ground.networks import Target
from ops.mirror.server import SshServer

pytestmark = pytest.mark.system
UPS = "/etc/nut/house.dev"
"""What the dummy driver says of a UPS: written here, read there every few seconds."""
MIRROR_SECRETS = "/etc/bitgrid/secrets/bitgrid-mirror"
DEVICES = [Target(METER4, 502), Target(MINER4, 4028), Target(RELAY4, 80)]
GATEWAY_PORT = 8884
ON_GATEWAY = {"guard": "bitgrid-io", "poller": "bitgrid-io", "loads": "bitgrid-io", "gateway": "bitgrid-core"}


def programs(appliance: Appliance) -> dict[str, str]:
    """Each process of the house, and whom it runs as."""
    lines = appliance.run("ps", "-eo", "user:32,args").splitlines()
    found = [re.match(r"(\S+)\s+\S*python\S* -m bitgrid\.services\.(\w+)$", line) for line in lines]
    return {match[2]: match[1] for match in found if match}


def inventory(appliance: Appliance, name: str, site: dict[str, Any], gateways: tuple[str, ...] = ()) -> str:
    """Another inventory for the same host, with more in its site.yaml; ``gateways`` are further names for it."""
    given, before = appliance.work / name, appliance.work / "inventory"
    given.mkdir()
    house = yaml.safe_load((before / "site.yaml").read_text()) | site
    (given / "site.yaml").write_text(yaml.safe_dump(house, sort_keys=False))
    hosts = yaml.safe_load((before / "hosts.yml").read_text())
    hosts["gateway"]["hosts"] = dict.fromkeys(gateways, hosts["edge"]["hosts"]["bitgrid"])
    (given / "hosts.yml").write_text(yaml.safe_dump(hosts))
    return name


@pytest.fixture(scope="module")
def server(appliance: Appliance) -> Iterator[SshServer]:
    """A server at home, to which copies go."""
    found = SshServer(appliance.work / "server", ADMIN4, ["ip", "netns", "exec", appliance.home.name])
    found.start()
    yield found
    found.stop()


@pytest.fixture(scope="module")
def equipped(appliance: Appliance, server: SshServer) -> Appliance:
    """The host once its owner has named a mirror and a UPS."""
    appliance.run("mkdir", "-p", str(Path(UPS).parent))
    tell_ups(appliance, "OL")
    mirror = {"mirror": {"repository": server.address, "kinds": ["logs"]}}
    driver = {
        "bitgrid_ups_driver": "dummy-ups",
        "bitgrid_ups_port": UPS,
        "bitgrid_ups_options": ["mode = dummy-once"],
    }
    tags = "--tags=firewall,ups,app"
    named = inventory(appliance, "equipped", mirror)
    appliance.play("site.yml", tags, f"--extra-vars={json.dumps(driver)}", inventory=named)
    return appliance


def tell_ups(appliance: Appliance, status: str) -> None:
    (appliance.root / UPS.removeprefix("/")).write_text(f"ups.status: {status}\nups.load: 10\n")


def test_copies_go_to_the_one_server_that_site_yaml_names(equipped: Appliance, server: SshServer) -> None:
    """Line by line as docs/operating.md says."""
    its_own = ("sudo", "-u", "bitgrid-mirror", "bitgrid", "mirror")
    code, said = equipped.ssh(*its_own, "init")
    line = re.search(r"^command=.*$", said, re.MULTILINE)
    assert (code, line is not None, "host key is not noted" in said) == (1, True, True), said
    assert line is not None
    server.allow(line[0])
    (equipped.root / "root" / "known").write_text(server.known_hosts_line)
    owner = ("-o", "bitgrid-mirror", "-g", "bitgrid-mirror", "-m", "0600")
    assert equipped.ssh("sudo", "install", *owner, "/root/known", f"{MIRROR_SECRETS}/mirror_known_hosts")[0] == 0
    code, said = equipped.ssh(*its_own, "init")
    assert (code, "made, encrypted" in said) == (0, True), said + server.log
    code, said = equipped.ssh(*its_own, "run")
    assert code == 0, said
    assert programs(equipped)["mirror"] == "bitgrid-mirror"
    there = [Target(ADMIN4, server.port), Target(TABLET4, server.port)]
    with equipped.home.listening([("tcp", TABLET4, server.port)]):
        assert equipped.reaches(there, "bitgrid-mirror") == [True, False]
        assert equipped.reaches(there, "bitgrid-io") == [False, False]


def test_a_power_cut_stops_the_load_and_a_low_battery_ends_the_computer(
    equipped: Appliance, tablet: Tablet, plant: PlantControl
) -> None:
    def power_w() -> float:
        found: float = plant.status()["loads"]["miner"]["power_w"]
        return found

    def is_started() -> bool:
        return tablet.post("/api/v1/override", {"load": "miner", "action": "start"})["status"] == 200

    eventually(is_started, "it may be started", 90)
    eventually(lambda: power_w() > 100, "the miner draws power", 120)
    tell_ups(equipped, "OB")
    eventually(lambda: power_w() < 50, "the miner is off", 60)
    assert "R3_UPS_ON_BATTERY" in tablet.get("/api/v1/decisions")["text"]
    tell_ups(equipped, "OB LB")
    equipped.goes_down(90)
    assert plant.status()["loads"]["miner"]["relay"] == "open"
    tell_ups(equipped, "OL")
    equipped.boot()
    equipped.run("bitgrid", "host", "healthy", "--within", "90")
    eventually(is_started, "it was told that the mains are back", 90)
    tablet.post("/api/v1/override", {"load": "miner", "action": "stop"})


@pytest.fixture(scope="module")
def edge(equipped: Appliance) -> Appliance:
    """The host once its devices are another's, and the mirror is no longer named."""
    two = {"gateway": {"edge": HOST4}}
    tags = "--tags=firewall,app"
    equipped.play("site.yml", tags, "--limit=bitgrid", inventory=inventory(equipped, "two", two, ("cellar",)))
    return equipped


def test_without_its_section_nothing_of_the_mirror_is_left(edge: Appliance, server: SshServer) -> None:
    assert edge.reaches([Target(ADMIN4, server.port)], "bitgrid-mirror") == [False]
    assert "mirror" not in programs(edge)
    forget = ("sudo", f"BITGRID_SECRETS_DIR={MIRROR_SECRETS}", "bitgrid", "mirror", "forget", "--yes")
    code, said = edge.ssh(*forget)
    assert code == 0, said
    assert "mirror_" not in edge.run("ls", MIRROR_SECRETS)
    assert "mirror" not in edge.run("cut", "-d:", "-f1", "/run/bitgrid/broker/passwords")


def test_an_edge_reaches_no_device_and_waits_for_its_gateway(edge: Appliance) -> None:
    found = programs(edge)
    assert found["link"] == "bitgrid-io"
    assert not {"guard", "poller", "loads", "gateway"} & set(found)
    assert edge.reaches(DEVICES, "bitgrid-io") == [False] * len(DEVICES)
    assert f"0.0.0.0:{GATEWAY_PORT}" in edge.run("ss", "-Hltn").replace("*:", "0.0.0.0:")
    assert edge.run("bitgrid", "host", "healthy") == "The house is well.\n"


def test_a_gateway_runs_what_is_near_the_devices_and_nothing_else(edge: Appliance, plant: PlantControl) -> None:
    edge.play("playbooks/os_hardening.yml", "--tags=firewall", "--limit=cellar", inventory="two")
    edge.play("playbooks/gateway.yml", inventory="two")
    assert {name: user for name, user in programs(edge).items() if name != "reviver"} == ON_GATEWAY
    assert edge.reaches(DEVICES, "bitgrid-io") == [True] * len(DEVICES)
    assert edge.home.reaches([Target(HOST4, 443), Target(HOST4, 22)]) == [False, True]
    assert plant.status()["loads"]["miner"]["relay"] == "open"
    assert changes(edge.play("playbooks/gateway.yml", "--tags=link", inventory="two")) == 0
