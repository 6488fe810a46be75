"""How Ansible gets into a root, and what of Ansible's directory an image follows from. No role is played here."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from bitgrid.ops.first_boot.wishes import HOME
from bitgrid_image import provision
from bitgrid_image.base import USERS, Mirror
from bitgrid_image.kernel import Kernel, Laid, Module
from bitgrid_image.layout import Machine
from bitgrid_image.provision import GROUND, PLAYBOOKS, ROLES, Appliance
from bitgrid_image.stages import Stage
from bitgrid_image.tools import Tools, tools

MIRROR = os.environ.get("BITGRID_MIRROR", "http://deb.debian.org/debian")
ANSIBLE = Path(sys.executable).parent / "ansible"


def inventory() -> dict[str, object]:
    """What the roles are told of a card."""
    found: dict[str, object] = yaml.safe_load((GROUND / "inventory.yml").read_text())["edge"]["hosts"]["card"]
    return found


def test_whoever_owns_data_and_logs_in_has_a_number_of_his_own() -> None:
    taken = {line.split()[2] for line in USERS.read_text().splitlines() if line[:1] in {"u", "g"}}
    assert inventory()["bitgrid_ssh_admin_uid"] not in taken


def test_a_card_knows_nobody_yet() -> None:
    told = inventory()
    assert told["bitgrid_is_image"] is True
    assert told["bitgrid_app_addresses"] == []
    assert not [name for name in told if "key" in name or "password" in name]
    assert not (GROUND / "site.yaml").exists(), "or it would be the house on every card"


def test_addresses_that_an_owner_may_give_are_those_that_its_firewall_lets_through() -> None:
    assert list(map(str, HOME)) == inventory()["bitgrid_firewall_lan_prefixes"]


@pytest.mark.parametrize("playbook", PLAYBOOKS)
def test_what_is_played_is_there(playbook: str) -> None:
    assert (ROLES / playbook).is_file()


def test_it_is_another_root_for_another_release_or_language_model_s_library(tmp_path: Path) -> None:
    base, keys = Stage("base", ("x",), lambda _place: None), set()
    for text in ("one", "two"):
        (tmp_path / "release.tar").write_text(text)
        for key in (None, "a key"):
            for library in (None, tmp_path / "model-amd64-1", tmp_path / "model-amd64-2"):
                release = tmp_path / "release.tar"
                appliance = Appliance(Machine.AMD64, base, Tools(tmp_path), release, tmp_path, 1, key, library)
                keys.add(appliance.stage(tmp_path).key)
    assert len(keys) == 12


def test_it_is_another_root_for_another_module_of_the_kernel(tmp_path: Path) -> None:
    base = Stage("base", ("x",), lambda _place: None)
    (tmp_path / "release.tar").touch()
    module = Module(Kernel("6.12.9-arm64", "6.12.9-1"), Mirror("http://debian.example", "http://security.example"))
    keys = set()
    for laid in (None, Laid(module, tmp_path / "kernel-arm64-1"), Laid(module, tmp_path / "kernel-arm64-2")):
        release = tmp_path / "release.tar"
        appliance = Appliance(Machine.ARM64, base, Tools(tmp_path), release, tmp_path, 1, module=laid)
        keys.add(appliance.stage(tmp_path).key)
    assert len(keys) == 3


def test_what_the_builder_has_set_for_playbooks_of_his_own_is_no_part_of_an_image(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("ANSIBLE_ROLES_PATH", "PYTHONPATH", "BITGRID_ADDRESSES"):
        monkeypatch.setenv(name, "/mine")
    told = provision._run(["env"], {"ANSIBLE_NOCOLOR": "1"}).splitlines()
    assert [line for line in told if line.startswith(("ANSIBLE_", "PYTHON", "BITGRID_"))] == ["ANSIBLE_NOCOLOR=1"]


@pytest.mark.skipif(os.geteuid() != 0, reason="chroot is root's")
@pytest.mark.skipif(not ANSIBLE.exists(), reason="Ansible is not in this environment")
class TestConnection:
    def ask(self, root: Path, *words: str) -> tuple[int, str]:
        """Exit code and what Ansible says of a module in a root; ``raw`` needs no Python there."""
        place = [f"--inventory={GROUND / 'inventory.yml'}", f"--extra-vars=ansible_host={root}"]
        environment = {
            **os.environ,
            "ANSIBLE_CONNECTION_PLUGINS": str(GROUND / "connection_plugins"),
            "SOURCE_DATE_EPOCH": "77",
        }
        done = subprocess.run(
            [ANSIBLE, "card", *place, *words], env=environment, capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout + done.stderr

    def test_what_is_run_runs_in_the_root_and_knows_the_time_of_the_build(self) -> None:
        code, said = self.ask(
            tools(MIRROR).root, "-m", "raw", "-a", "cat /etc/os-release; echo at $SOURCE_DATE_EPOCH"
        )
        assert code == 0, said
        assert "VERSION_CODENAME=trixie" in said
        assert "at 77" in said

    def test_what_fails_there_is_seen_here(self) -> None:
        code, said = self.ask(tools(MIRROR).root, "-m", "raw", "-a", "echo no >&2; exit 3")
        assert code != 0
        assert "rc=3" in said

    def test_a_directory_that_is_no_root_is_refused(self, tmp_path: Path) -> None:
        code, said = self.ask(tmp_path, "-m", "raw", "-a", "true")
        assert code != 0
        assert "is no root of a system" in said
