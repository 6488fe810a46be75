"""What the firewall's own sets hold: the devices of the site.yaml on the host, and ports in the first run."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bitgrid.config import Config, load_config
from bitgrid.devices.discovery.scan import Ports
from bitgrid.ops.errors import Refusal
from bitgrid.ops.host import reach
from bitgrid.ops.host.places import Part
from bitgrid.ops.host.reach import load_reach, reach_of
from ops.host.appliance_site import ROOT

FIRST = ROOT / "ansible" / "roles" / "app" / "files" / "first_run"
SITE = ROOT / "ansible" / "inventory.example" / "site.yaml"
PORTS = {str(port) for port in (*Ports().modbus, *Ports().miner, *Ports().http)}


def told(
    directory: Path, *, site: str = "", flags: Path = ROOT / "config" / "flags.yaml", more: str = ""
) -> Config:
    directory.mkdir()
    (directory / "site.yaml").write_text((site or SITE.read_text()) + more)
    shutil.copyfile(flags, directory / "flags.yaml")
    for name in ("bitgrid_rules.yaml", "policies.yaml"):
        shutil.copyfile(ROOT / "config" / name, directory / name)
    (directory / "devices").symlink_to(ROOT / "config" / "devices")
    return load_config(directory)


def held(text: str, name: str) -> set[str]:
    """The elements of a set once all of the text was loaded."""
    found = set[str]()
    for line in text.splitlines():
        if line == f"flush set inet bitgrid {name}":
            found = set()
        elif line.startswith(f"add element inet bitgrid {name} {{ "):
            found |= set(line.partition("{ ")[2].removesuffix(" }").split(", "))
    return found


def test_the_devices_of_the_site_that_stands_there(tmp_path: Path) -> None:
    text = reach_of(told(tmp_path / "c"), Part.WHOLE)
    assert held(text, "own4") == {
        "192.168.1.20 . 502",
        "192.168.1.21 . 502",
        "192.168.1.30 . 4028",
        "192.168.1.31 . 80",
    }
    assert held(text, "own6") == set()


def test_one_with_an_address_of_ipv6_is_in_the_other_set_and_a_name_in_none(tmp_path: Path) -> None:
    site = SITE.read_text().replace("192.168.1.21", "fd00::21").replace("192.168.1.31", "plug.fritz.box")
    text = reach_of(told(tmp_path / "c", site=site), Part.WHOLE)
    assert held(text, "own6") == {"fd00::21 . 502"}
    assert held(text, "own4") == {"192.168.1.20 . 502", "192.168.1.30 . 4028"}


def test_the_ports_of_the_search_are_open_in_the_first_run_and_at_no_other_time(tmp_path: Path) -> None:
    during = reach_of(told(tmp_path / "during", flags=FIRST / "flags.yaml"), Part.WHOLE)
    after = reach_of(told(tmp_path / "after"), Part.WHOLE)
    assert held(during, "looked_for") == PORTS
    assert held(during + after, "looked_for") == set(), "what was open is closed, not only left out"
    assert held(during + "\n".join(after.splitlines()[1:]), "own4") == held(after, "own4")


def test_beside_a_gateway_the_edge_reaches_no_device(tmp_path: Path) -> None:
    config = told(tmp_path / "c", more="gateway: {edge: 192.168.1.10}\n", flags=FIRST / "flags.yaml")
    assert "add element" not in reach_of(config, Part.EDGE)
    assert held(reach_of(config, Part.GATEWAY), "own4")


def test_the_house_that_stands_for_one_is_valid_and_its_devices_are_nobodys(tmp_path: Path) -> None:
    config = told(tmp_path / "c", site=(FIRST / "site.yaml").read_text(), flags=FIRST / "flags.yaml")
    assert config.flags.first_run
    assert not config.site.is_loopback_only, "else the search would look at this computer's own ports"
    assert all(one.startswith("192.0.2.") for one in held(reach_of(config, Part.WHOLE), "own4"))


def test_what_nft_does_not_take_is_told_with_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    tool = tmp_path / "nft"
    tool.write_text("#!/bin/sh\ncat >/dev/null\necho No such file or directory >&2\nexit 1\n")
    tool.chmod(0o755)
    monkeypatch.setattr(reach, "find", lambda _name: str(tool))
    with pytest.raises(Refusal, match=r"No such file.*os_hardening\.yml"):
        load_reach("flush set inet bitgrid own4\n")
