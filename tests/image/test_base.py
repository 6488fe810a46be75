"""The base root: what is asked for, and what is taken out of it again. None is built here: that takes minutes."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from bitgrid_image.base import Mirror, base, clean, command, date, need, wanted
from bitgrid_image.errors import ImageError
from bitgrid_image.layout import Machine

ROLES = Path(__file__).parents[2] / "ansible" / "roles"
MIRROR = Mirror("http://debian.example/debian", "http://debian.example/debian-security")
NOT_IN_AN_IMAGE = {
    "unattended-upgrades": "packages are not changed on a card: an image brings what is newer",
    "nut-client": "only where the inventory names a UPS",
    "nut-server": "only where the inventory names a UPS",
    **dict.fromkeys(
        ("cage", "chromium", "fonts-dejavu-core", "seatd", "swayidle", "wlr-randr"),
        "no screen of a card's own is wanted",
    ),
}


def asked_by_roles() -> set[str]:
    yaml, found = YAML(typ="safe"), set[str]()
    for path in ROLES.glob("*/defaults/main.yml"):
        for key, packages in (yaml.load(path.read_text()) or {}).items():
            if re.fullmatch(r"bitgrid_\w+_packages", key) and "unwanted" not in key:
                found |= set(packages)
    return found


@pytest.mark.parametrize("machine", Machine)
def test_it_has_what_the_roles_want_so_that_they_need_no_network(machine: Machine) -> None:
    assert asked_by_roles() - set(wanted(machine)) == set(NOT_IN_AN_IMAGE)


@pytest.mark.parametrize("machine", Machine)
@pytest.mark.parametrize("processor", ["x86_64", "aarch64"])
def test_what_a_computer_lacks_is_said_with_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch, machine: Machine, processor: str
) -> None:
    monkeypatch.setattr("platform.machine", lambda: processor)
    monkeypatch.setenv("PATH", "")
    wants = "mmdebstrap systemd" if processor == machine.processor else "mmdebstrap systemd arch-test"
    with pytest.raises(ImageError, match=f"apt install {wants}$"):
        need(machine)


@pytest.mark.parametrize("machine", Machine)
def test_nothing_is_asked_for_twice_and_a_kernel_is(machine: Machine) -> None:
    names = wanted(machine)
    assert len(set(names)) == len(names)
    assert f"linux-image-{machine}" in names


def test_owners_have_their_numbers_before_any_package_asks() -> None:
    words = command(Machine.ARM64, MIRROR, Path("root"))
    assert words[0] == "mmdebstrap"
    assert "--architectures=arm64" in words
    assert any(word.startswith("--essential-hook=systemd-sysusers") for word in words)
    assert "deb http://debian.example/debian-security trixie-security main non-free-firmware" in words


def test_the_initrd_is_made_once_when_everything_is_there() -> None:
    hooks = [word for word in command(Machine.ARM64, MIRROR, Path("root")) if "update-initramfs" in word]
    assert [hook.split("=", 1)[0] for hook in hooks] == ["--essential-hook", "--customize-hook"]
    assert "ln -s ../bin/true" in hooks[0]
    assert hooks[1].endswith("done")
    for hook in hooks:
        subprocess.run(["sh", "-n", "-c", hook.split("=", 1)[1]], check=True)


def test_it_is_another_one_for_another_machine_or_time_and_the_same_from_another_mirror() -> None:
    keys = [base(machine, MIRROR, epoch_s, None).key for machine in Machine for epoch_s in (1, 2)]
    assert len(set(keys)) == 4
    assert base(Machine.ARM64, Mirror("http://b.example", "http://c.example"), 1, None).key in keys


def test_it_is_another_one_for_other_packages(tmp_path: Path) -> None:
    keys = set()
    for text in ("a amd64 1 00\n", "a amd64 2 00\n"):
        (tmp_path / "lock").write_text(text)
        keys.add(base(Machine.AMD64, MIRROR, 1, tmp_path / "lock").key)
    assert len(keys | {base(Machine.AMD64, MIRROR, 1, None).key}) == 3


def test_nothing_of_one_computer_stays(tmp_path: Path) -> None:
    for name in (
        "etc/ssh/ssh_host_ed25519_key", "etc/hostname", "etc/machine-id", "var/log/apt/history.log",
        "var/lib/systemd/random-seed", "etc/ssh/sshd_config", "var/lib/apt/lists/x_Packages",
    ):  # fmt: skip
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("something")
    (tmp_path / "run").mkdir()
    (tmp_path / "run/link").symlink_to("/etc/ssh")
    clean(tmp_path)
    left = {str(path.relative_to(tmp_path)): path.read_text() for path in tmp_path.rglob("*") if path.is_file()}
    assert left == {"etc/hostname": "", "etc/machine-id": "", "etc/ssh/sshd_config": "something"}
    assert list((tmp_path / "run").iterdir()) == []


def test_when_it_was_made_leaves_no_trace_for_an_image_may_be_made_much_later(tmp_path: Path) -> None:
    for name in ("old", "new"):
        (tmp_path / name).touch()
    os.utime(tmp_path / "old", (5, 5))
    (tmp_path / "link").symlink_to("old")
    date(tmp_path, 1_000)
    assert {path.name: path.lstat().st_mtime for path in tmp_path.rglob("*")} == {
        "old": 5,
        "new": 1_000,
        "link": 1_000,
    }
