"""What the playbook says before it changes a host: of the inventory, of site.yaml, of a release."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from ground.rules import ROOT, plugin

PLAYBOOK = Path(sys.executable).parent / "ansible-playbook"
EXAMPLE = ROOT / "ansible" / "inventory.example"
MACHINE = "arm64" if platform.machine() == "aarch64" else "amd64"
pytestmark = [pytest.mark.system, pytest.mark.skipif(not PLAYBOOK.exists(), reason="ansible is not installed")]
Look = Callable[..., tuple[int, str]]


@pytest.fixture
def look(tmp_path: Path) -> Look:
    """The first play of site.yml against this machine as a host; nothing in it changes anything."""
    inventory, releases = tmp_path / "inventory", tmp_path / "dist"
    inventory.mkdir()
    releases.mkdir()

    def looked(
        *, site: str, edges: int = 1, there: tuple[str, ...] = (), told: str = "{}", **facts: Any
    ) -> tuple[int, str]:
        (inventory / "site.yaml").write_text(site)
        (inventory / "group_vars").mkdir(exist_ok=True)
        (inventory / "group_vars" / "all.yml").write_text(told)
        host = {"ansible_connection": "local", "bitgrid_release_directory": str(releases), **facts}
        hosts = {"edge": {"hosts": {f"here{n}": host for n in range(edges)}}, "gateway": {}, "research": {}}
        (inventory / "hosts.yml").write_text(yaml.safe_dump(hosts))
        for name in there:
            (releases / name).write_bytes(b"")
        done = subprocess.run(
            [PLAYBOOK, "playbooks/inventory.yml", f"--inventory={inventory}"],
            cwd=ROOT / "ansible",
            env=os.environ | {"ANSIBLE_NOCOLOR": "1", "ANSIBLE_HOME": str(tmp_path / "ansible")},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, " ".join((done.stdout + done.stderr).split())

    return looked


def example() -> str:
    return (EXAMPLE / "site.yaml").read_text()


def test_a_release_for_this_kind_of_computer_is_all_it_takes(look: Look) -> None:
    code, said = look(site=example(), there=(f"bitgrid-1.0-abc-{MACHINE}.tar",))
    assert code == 0, said
    assert "changed=0" in said


@pytest.mark.parametrize("there", [(), ("bitgrid-1.0-abc-riscv64.tar",)])
def test_a_missing_release_is_told_at_once_with_what_makes_one(look: Look, there: tuple[str, ...]) -> None:
    code, said = look(site=example(), there=there)
    assert code == 2
    assert "There is no release for this host (none in " in said
    assert f"scripts/release {MACHINE}" in said


def test_a_release_that_is_named_must_be_there(look: Look) -> None:
    code, said = look(site=example(), bitgrid_release_file="/nowhere/bitgrid-1.0-abc-amd64.tar")
    assert (code, "no release for this host (/nowhere/bitgrid-1.0-abc-amd64.tar)" in said) == (2, True)


def test_a_site_that_the_house_would_refuse_is_refused_before_with_the_key(look: Look) -> None:
    """As far as this machine can tell; here the house is installed beside Ansible, as `make dev` does it."""
    wrong = example().replace("site: ", "siet: nowhere\nsite: ", 1)
    code, said = look(site=wrong, there=(f"bitgrid-1.0-abc-{MACHINE}.tar",))
    assert code == 2
    assert "cannot be used, so nothing was changed" in said
    assert "siet" in said


def test_without_the_house_installed_the_shape_alone_is_judged(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "site.yaml"
    path.write_text(example().replace("site: ", "siet: nowhere\nsite: ", 1))
    assert "siet" in plugin().bitgrid_faults(str(path))
    monkeypatch.setitem(sys.modules, "bitgrid.config", None)
    assert plugin().bitgrid_faults(str(path)) == ""


def test_a_device_that_is_called_by_a_name_needs_its_address_where_the_owner_is_told_to_put_it(look: Look) -> None:
    site, there = example().replace("192.168.1.21", "meter.fritz.box"), (f"bitgrid-1.0-abc-{MACHINE}.tar",)
    code, said = look(site=site, there=there)
    assert (code, "bitgrid_names: {meter.fritz.box: 192.168.…}" in said) == (2, True), said
    code, said = look(site=site, there=there, told="bitgrid_names: {meter.fritz.box: 192.168.1.21}")
    assert code == 0, said


def test_an_inventory_without_a_host_is_told(look: Look) -> None:
    code, said = look(site=example(), edges=0)
    assert (code, "There is no host in the group edge" in said) == (2, True)


def test_it_is_the_first_thing_that_is_played() -> None:
    plays = yaml.safe_load((ROOT / "ansible" / "site.yml").read_text())
    assert plays[0]["import_playbook"] == "playbooks/inventory.yml"
