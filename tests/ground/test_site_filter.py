"""What the firewall takes from site.yaml: the same addresses and ports as the house itself."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleFilterError

from bitgrid.config.loading import load_config
from bitgrid.ops.host.places import Part
from bitgrid.ops.host.reach import reach_of
from ground.rules import ROOT, plugin

FILTER = plugin()
SITES = [ROOT / "ansible" / "inventory.example" / "site.yaml", *sorted((ROOT / "tests" / "sites").glob("*.yaml"))]
NAMES = {"meter.fritz.box": "192.168.178.40"}


def site(**sections: Any) -> dict[str, Any]:
    return {"devices": [], "loads": [], **sections}


def miner(driver: str, host: str = "192.168.1.30", port: int = 4028) -> dict[str, Any]:
    return {"id": "miner", "miner": {"driver": driver, "host": host, "port": port}}


def places(found: list[dict[str, Any]]) -> set[tuple[str, int]]:
    return {(place["address"], place["port"]) for place in found}


@pytest.mark.parametrize("path", SITES, ids=lambda path: path.stem)
def test_it_names_what_the_house_itself_would_reach(path: Path, tmp_path: Path) -> None:
    for name in ("bitgrid_rules.yaml", "flags.yaml", "policies.yaml"):
        (tmp_path / name).write_text((ROOT / "config" / name).read_text())
    (tmp_path / "devices").symlink_to(ROOT / "config" / "devices")
    # A house on loopback would have nothing to allow: as if its devices were a home's.
    read = yaml.safe_load(path.read_text().replace("127.0.0.", "10.1.2."))
    for own in ("web", "broker"):
        read.setdefault(own, {})["host"] = "127.0.0.1"
    (tmp_path / "site.yaml").write_text(yaml.safe_dump(read))
    config = load_config(tmp_path)
    wanted = set()
    for device in config.site.devices:
        profile = config.profiles[device.profile] if device.profile else None
        if device.host:
            wanted.add((device.host, device.port or getattr(profile, "port", 502)))
    for load in config.site.loads:
        wanted |= {(part.host, part.port) for part in (load.miner, load.relay) if part}
    assert wanted
    assert places(FILTER.bitgrid_devices(read)) == wanted
    on_the_host = re.findall(r"(\S+) \. (\d+)", reach_of(config, Part.WHOLE))
    assert {(address, int(port)) for address, port in on_the_host} == wanted, "nothing else is added there"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("devices: [\n", "is no YAML"),
        ("", "is no house"),
        ("- a list", "has no site, devices, loads"),
        ("{site: home, devices: [{host: a}], loads: [{id: b}]}", "under devices stands something without an id"),
    ],
)
def test_what_is_no_house_is_said_before_a_host_is_touched(text: str, told: str) -> None:
    with pytest.raises(AnsibleFilterError, match=rf"{told}(.|\n)*") as caught:
        FILTER.bitgrid_house(text)
    assert "nothing was changed" in str(caught.value)
    assert FILTER.bitgrid_house(SITES[0].read_text())["site"] == "home"


def test_this_host_itself_is_no_target() -> None:
    assert FILTER.bitgrid_devices(site(loads=[miner("avalon", "127.0.0.3"), miner("avalon", "localhost")])) == []
    assert FILTER.bitgrid_devices(site(loads=[miner("avalon", "::1")])) == []


def test_a_place_named_twice_is_one() -> None:
    devices = [{"id": name, "host": "192.168.1.20", "port": 502} for name in ("inverter", "battery")]
    assert FILTER.bitgrid_devices(site(devices=devices)) == [
        {"name": "inverter", "address": "192.168.1.20", "port": 502}
    ]


@pytest.mark.parametrize(
    ("device", "port"), [({}, 502), ({"profile": "kostal_plenticore"}, 1502), ({"profile": "shelly_3em"}, 80)]
)
def test_a_port_left_out_is_the_profiles(device: dict[str, str], port: int) -> None:
    found = FILTER.bitgrid_devices(site(devices=[{"id": "meter", "host": "192.168.1.20", **device}]))
    assert places(found) == {("192.168.1.20", port)}


def test_a_contact_and_a_device_that_tells_by_mqtt_have_no_address() -> None:
    devices = [{"id": "stop", "gpio": {"line": 4}}, {"id": "sml", "profile": "tasmota_sml"}]
    assert FILTER.bitgrid_devices(site(devices=devices)) == []


def test_pyasic_asks_at_several_ports() -> None:
    found = FILTER.bitgrid_devices(site(loads=[miner("pyasic", port=4030)]))
    assert places(found) == {("192.168.1.30", port) for port in (80, 443, 4028, 4030)}


def test_a_name_has_an_address_or_is_refused_with_what_to_do() -> None:
    devices = [{"id": "meter", "host": "meter.fritz.box"}]
    assert places(FILTER.bitgrid_devices(site(devices=devices), NAMES)) == {("192.168.178.40", 502)}
    with pytest.raises(AnsibleFilterError, match=r"meter.fritz.box.*bitgrid_names"):
        FILTER.bitgrid_devices(site(devices=devices))


def test_a_profile_that_does_not_exist_is_named() -> None:
    with pytest.raises(AnsibleFilterError, match="nonsense"):
        FILTER.bitgrid_devices(site(devices=[{"id": "meter", "host": "10.1.2.3", "profile": "nonsense"}]))


@pytest.mark.parametrize(
    ("bitcoin", "found"),
    [
        (None, set()),
        ({"node": {"host": "192.168.1.5", "secret": "x"}}, {("192.168.1.5", 8332)}),
        ({"node": {"host": "127.0.0.1", "cookie": "/x"}}, set()),
        ({"api": "http://192.168.1.6:3006"}, {("192.168.1.6", 3006)}),
        ({"api": "https://192.168.1.6"}, {("192.168.1.6", 443)}),
        ({"api": "https://mempool.space"}, set()),
    ],
)
def test_the_feeds_reach_the_owners_node_alone(bitcoin: object, found: set[tuple[str, int]]) -> None:
    assert places(FILTER.bitgrid_feeds(site(bitcoin=bitcoin))) == found


@pytest.mark.parametrize(
    ("mirror", "found"),
    [
        (None, set()),
        ({"repository": "ssh://b@192.168.1.7/./x"}, {("192.168.1.7", 22)}),
        ({"repository": "ssh://b@meter.fritz.box:2222/./x"}, {("192.168.178.40", 2222)}),
        ({"repository": "/mnt/disk/x"}, set()),
    ],
)
def test_the_mirror_reaches_its_own_server_alone(mirror: object, found: set[tuple[str, int]]) -> None:
    assert places(FILTER.bitgrid_mirror(site(mirror=mirror), NAMES)) == found


def test_the_homes_own_ipv6_networks_are_those_the_host_is_in() -> None:
    cable = {"ipv6": [{"address": "fd77::10", "prefix": "64"}, {"address": "fe80::1", "prefix": "64"}]}
    wireless = {"ipv6": [{"address": "2003:1:2::7", "prefix": "64"}, {"address": "fd77::11", "prefix": "64"}]}
    facts = {"interfaces": ["eth0", "wlan-0", "lo"], "eth0": cable, "wlan_0": wireless, "lo": {}}
    assert FILTER.own_networks6(facts) == ["fd77::/64"]
    assert FILTER.own_networks6({}) == []


def test_addresses_are_told_apart() -> None:
    mixed = ["10.0.0.0/8", "fe80::/10", "192.168.1.2"]
    assert FILTER.of_family(mixed, 4) == ["10.0.0.0/8", "192.168.1.2"]
    assert FILTER.of_family(mixed, 6) == ["fe80::/10"]
