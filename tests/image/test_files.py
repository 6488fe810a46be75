"""What lies on the card as plain files: each read as whoever reads it on the appliance does."""

from __future__ import annotations

import configparser
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from bitgrid.config import load_config
from bitgrid.ops.first_boot.changes import changes
from bitgrid.ops.first_boot.wishes import KEY_KINDS, Wishes
from bitgrid.ops.host.places import USERS
from bitgrid.ops.slots import Phase, Slot, State
from bitgrid.ops.slots.booting import GrubBooting, PiBooting
from bitgrid.ops.slots.card import CardPlaces, find_card
from bitgrid.ops.slots.state import STATE, save
from bitgrid.ops.slots.updating import COMMAND_LINES, ROOT_WORD, SLOT_WORD
from bitgrid_image.layout import Machine, layout

REPOSITORY = Path(__file__).parents[2]
SSHD = REPOSITORY / "ansible/roles/ssh/templates/sshd.conf.j2"
FILES = REPOSITORY / "image" / "files"
ROOT = FILES / "root"
BOOT = FILES / "boot"
UNITS = sorted(path for path in (ROOT / "etc/systemd/system").iterdir() if path.is_file())
SCRIPTS = sorted(path for path in ROOT.rglob("*") if path.is_file() and path.read_bytes().startswith(b"#!"))
BOOT_S = 300
"""Of a slow card, until the judge begins."""
EVERY_WISH = {
    "schema": 1,
    "hostname": "house",
    "ssh_keys": [],
    "wifi": {"name": "home", "password": "secret-enough", "country": "DE"},
    "network": {"address": "192.168.1.2/24", "gateway": "192.168.1.1"},
}


def mounts() -> dict[str, tuple[str, str, set[str]]]:
    """By its place: what is mounted there, of which kind, how."""
    lines = [line.split() for line in (ROOT / "etc/fstab").read_text().splitlines() if line and line[0] != "#"]
    assert all(len(line) == 6 for line in lines)
    return {line[1]: (line[0], line[2], set(line[3].split(","))) for line in lines}


class TestMounts:
    def test_nothing_is_mounted_but_memory_and_this_house_s_own(self) -> None:
        for place, (what, kind, how) in mounts().items():
            assert {"nosuid", "nodev"} <= how, place
            if kind == "tmpfs":
                assert what == "tmpfs"
                is_bounded = any(one.startswith("size=") for one in how)
                assert is_bounded or place.endswith("/shm"), place
            elif place == "/mnt/backup":
                assert {"nofail", "noauto", "noexec"} <= how, "no start waits for a disk that is not there"
            else:
                assert (what, kind) == (f"/data{place}", "none")
                assert {"bind", "x-systemd.requires-mounts-for=/data"} <= how

    def test_whatever_the_owner_wishes_is_kept_on_the_data_partition(self) -> None:
        binds = [place for place, (_, kind, _) in mounts().items() if kind == "none"]
        for change in changes(Wishes.model_validate(EVERY_WISH)):
            is_bound = any(f"/{change.path}".startswith(f"{place}/") for place in binds)
            assert is_bound or change.path == "etc/hostname", change.path

    @pytest.mark.parametrize("place", ["etc/bitgrid/site.yaml", "var/lib/bitgrid/ledger", STATE])
    def test_what_the_house_keeps_is_kept_there_too(self, place: str) -> None:
        assert any(f"/{place}".startswith(f"{one}/") for one, (_, kind, _) in mounts().items() if kind == "none")


KINDS = [("arm64", "cmdline.txt"), ("raspios", "cmdline.txt"), ("amd64", "slot.cfg")]


class TestBootFiles:
    @pytest.mark.parametrize(("kind", "name"), KINDS)
    def test_from_what_the_kernel_is_told_the_card_is_found(self, kind: str, name: str, tmp_path: Path) -> None:
        assert name in COMMAND_LINES
        machine = "arm64" if kind == "raspios" else kind
        card, places = layout(Machine(machine), "1.0.0"), CardPlaces(tmp_path)
        ids = {Slot.A: card.part_uuid("root-a"), Slot.B: card.part_uuid("root-b")}
        for directory in (places.partitions, places.mounts.parent):
            directory.mkdir(parents=True)
        places.mounts.touch()
        shutil.copytree(BOOT / machine, places.boot)
        if machine == "amd64":
            (places.boot / "grub/grubenv").write_text("# GRUB Environment Block\n")
        for one in ids.values():
            (places.partitions / one).touch()
        told = (BOOT / kind / "slot" / name).read_text()
        for slot in Slot:
            line = told.replace(SLOT_WORD, slot).replace(ROOT_WORD, f"PARTUUID={ids[slot]}")
            assert "@" not in line
            places.command_line.write_text(line)
            found = find_card(places)
            assert (found.running, found.roots[slot]) == (slot, f"PARTUUID={ids[slot]}")

    @pytest.mark.parametrize(("kind", "name"), KINDS)
    def test_a_kernel_that_cannot_go_on_starts_again_and_root_is_read_only(self, kind: str, name: str) -> None:
        line = (BOOT / kind / "slot" / name).read_text().splitlines()[0].split()
        assert {"panic=10", "loglevel=4", "ro", "rootwait"} <= set(line)

    @pytest.mark.parametrize(("kind", "kernel"), [("arm64", "kernel=vmlinuz"), ("raspios", "auto_initramfs=1")])
    def test_a_pi_can_try_the_other_slot(self, kind: str, kernel: str, tmp_path: Path) -> None:
        shutil.copy(BOOT / kind / "config.txt", tmp_path)
        booting = PiBooting(tmp_path)
        booting.keep(Slot.A)
        booting.arm(Slot.B)
        usual, trial = ((tmp_path / name).read_text().splitlines() for name in ("config.txt", "tryboot.txt"))
        assert [line for line in trial if line not in usual] == ["os_prefix=b/"]
        settings = [line for line in usual if "=" in line and not line.startswith("#")]
        assert {kernel, "cmdline=cmdline.txt", "arm_64bit=1"} <= set(settings)
        assert all(" " not in line for line in settings), "the firmware takes a blank for a part of the value"

    def test_grub_takes_a_trial_back_before_it_starts_anything(self) -> None:
        text = (BOOT / "amd64/grub/grub.cfg").read_text()
        assert text.index("load_env") < text.index("save_env") < text.index("menuentry")
        assert re.search(r"if save_env [^\n]*; then\n\s+set default=", text), "none that cannot be taken back"
        assert re.search(r'set fallback=0\nif \[ "\$saved_entry" = b \]; then\n\s+set fallback=1\n', text)
        assert re.findall(r"--id (\S+) \{\n\s+source /(\S+)/slot.cfg", text) == [("a", "a"), ("b", "b")]

    @pytest.mark.skipif(shutil.which("grub-script-check") is None, reason="grub-common is not installed")
    @pytest.mark.parametrize("name", ["grub/grub.cfg", "slot/slot.cfg"])
    def test_grub_can_read_it(self, name: str) -> None:
        subprocess.run(["grub-script-check", BOOT / "amd64" / name], check=True)


NOT_OURS = {"/bin/true", "/usr/bin/systemctl", "/usr/bin/touch", "/opt/bitgrid/current/bin/bitgrid"}
"""What units run that is Debian's or a release's."""


class TestUnits:
    @pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
    def test_it_runs_what_is_there(self, unit: Path) -> None:
        parser = configparser.ConfigParser(strict=False, interpolation=None)
        parser.optionxform = str  # type: ignore[assignment,method-assign]
        parser.read(unit)
        assert parser["Unit"]["Description"].startswith("BitGrid: ")
        if unit.suffix == ".timer":
            assert unit.with_suffix(".service") in UNITS
            return
        program = parser["Service"]["ExecStart"].split()[0]
        assert program in NOT_OURS or os.access(ROOT / program[1:], os.X_OK)
        is_called = "Install" in parser or unit.with_suffix(".timer") in UNITS
        assert is_called, "nobody starts it"

    @pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not here")
    def test_systemd_knows_every_word_of_them(self) -> None:
        told = subprocess.run(
            ["systemd-analyze", "verify", "--man=no", *UNITS], capture_output=True, text=True, check=False
        ).stderr
        assert not [line for line in told.splitlines() if "Unknown" in line or "Failed to parse" in line], told

    def test_the_judge_may_wait_longer_than_a_house_takes_and_the_trial_longer_than_the_judge(self) -> None:
        judge = (ROOT / "etc/systemd/system/bitgrid-judge.service").read_text()
        trial = (ROOT / "etc/systemd/system/bitgrid-trial.timer").read_text()
        within_s = int(re.findall(r"--within (\d+)", judge)[0])
        most_s = 60 * int(re.findall(r"TimeoutStartSec=(\d+)min", judge)[0])
        assert most_s + BOOT_S <= 60 * int(re.findall(r"OnBootSec=(\d+)min", trial)[0])
        assert within_s > load_config(REPOSITORY / "config").rules.block_s + 120, (
            "the first decision may be a block away"
        )

    def test_whoever_tells_or_serves_a_name_begins_after_the_owner_gave_it(self) -> None:
        unit = (ROOT / "etc/systemd/system/bitgrid-first-boot.service").read_text()
        before = set(re.findall(r"^Before=(.*)$", unit, re.MULTILINE)[0].split())
        assert {
            "avahi-daemon.service",
            "systemd-networkd.service",
            "bitgrid-prepare.service",
            "ssh.service",
        } <= before

    def test_each_kind_of_key_that_is_taken_from_an_owner_lets_him_in(self) -> None:
        line = re.search(r"^PubkeyAcceptedAlgorithms (.*)$", SSHD.read_text(), re.MULTILINE)
        assert line is not None
        taken = {"rsa-sha2-512" if kind == "ssh-rsa" else kind for kind in KEY_KINDS}
        assert taken <= set(line[1].split(","))

    def test_who_owns_data_has_the_same_number_in_every_system(self) -> None:
        lines = [
            line.split() for line in (ROOT / "usr/lib/sysusers.d/bitgrid-image.conf").read_text().splitlines()
        ]
        named = {line[1]: int(line[2]) for line in lines if line[0] in {"u", "g"}}
        assert set(USERS.values()) | {"bitgrid-data", "bitgrid-link", "mosquitto"} <= set(named)
        assert len(set(named.values())) == len(named)
        assert all(100 <= number < 1000 for number in named.values())


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_a_script_can_be_run_and_read(script: Path) -> None:
    assert os.access(script, os.X_OK)
    subprocess.run(["sh", "-n", script], check=True)


def test_no_key_of_a_host_is_in_the_image() -> None:
    key = ROOT / "etc/ssh/ssh_host_ed25519_key"
    assert key.is_symlink()
    assert str(key.readlink()) == "/data/etc/ssh/ssh_host_ed25519_key"


class TestEmergency:
    """A system that does not come up stands at a shell that nobody may enter, unless it is started again."""

    def test_it_ends_with_a_new_start(self, tmp_path: Path) -> None:
        lines = (ROOT / "etc/systemd/system/emergency.service.d/bitgrid.conf").read_text().splitlines()
        asked = [line for line in lines if line.startswith("ExecStart=")]
        assert asked == ["ExecStart=", "ExecStart=-/usr/lib/bitgrid/start-again"], (
            "Debian's own shell is taken away"
        )
        tools = tmp_path / "tools"
        tools.mkdir()
        for name in ("sleep", "systemctl"):
            (tools / name).write_text(f'#!/bin/sh\necho "{name} $*" >>{tmp_path}/noted\n')
            (tools / name).chmod(0o755)
        environment = {"PATH": f"{tools}:{os.environ['PATH']}"}
        said = subprocess.run(
            [ROOT / "usr/lib/bitgrid/start-again"], env=environment, check=True, capture_output=True, text=True
        ).stdout
        assert "no load is started" in said
        assert (tmp_path / "noted").read_text().splitlines()[-2:] == ["sleep 120", "systemctl --force reboot"]

    def test_whatever_must_be_mounted_leads_there(self) -> None:
        """Without its own places a house would write over a root that is read-only, or on the first one's site."""
        for place, (_, kind, how) in mounts().items():
            if kind == "none":
                assert "nofail" not in how, place


class TestTrial:
    """What leaves a trial that nobody kept, without any of BitGrid's own programs."""

    @pytest.mark.parametrize("kind", [PiBooting, GrubBooting])
    @pytest.mark.parametrize(
        ("usual", "running", "is_left"), [("a", "b", True), ("b", "b", False), ("a", "a", False)]
    )
    def test_it_is_left_by_a_restart(
        self, kind: type[PiBooting | GrubBooting], usual: str, running: str, is_left: bool, tmp_path: Path
    ) -> None:
        (tmp_path / "grub").mkdir()
        (tmp_path / "grub/grubenv").write_text("# GRUB Environment Block\n")
        if kind is PiBooting:
            shutil.copy(BOOT / "arm64/config.txt", tmp_path)
        kind(tmp_path).keep(Slot(usual))
        assert self.is_left(tmp_path, running) is is_left

    @pytest.mark.parametrize(("running", "is_left"), [("a", False), ("b", True)])
    @pytest.mark.parametrize("config", [None, "os_prefix=a/\n[pi4]\nos_prefix=a/\n"])
    def test_where_the_boot_partition_does_not_say_what_is_usual_the_note_of_the_update_does(
        self, config: str | None, running: str, is_left: bool, tmp_path: Path
    ) -> None:
        """It cannot be mounted by the new system; or its owner changed it."""
        if config is not None:
            (tmp_path / "config.txt").write_text(config)
        assert not self.is_left(tmp_path, running), "there was no update"
        state = State(phase=Phase.TRIAL, to=Slot.B, version="2.0.0", before="1.0.0", at_s=1)
        save(tmp_path / "update.json", state)
        assert self.is_left(tmp_path, running) is is_left
        (tmp_path / "restarted").unlink(missing_ok=True)
        save(tmp_path / "update.json", state.model_copy(update={"phase": Phase.KEPT}))
        assert not self.is_left(tmp_path, running), "it is the usual one by now"

    @staticmethod
    def is_left(place: Path, running: str) -> bool:
        (place / "cmdline").write_text(f"root=PARTUUID=1-02 bitgrid.slot={running} panic=10\n")
        environment = {
            **os.environ,
            "BITGRID_BOOT": str(place),
            "BITGRID_NOTED": str(place / "update.json"),
            "BITGRID_CMDLINE": str(place / "cmdline"),
            "BITGRID_RESTART": f"touch {place}/restarted",
        }
        subprocess.run([ROOT / "usr/lib/bitgrid/leave-trial"], env=environment, check=True, capture_output=True)
        return (place / "restarted").exists()

    def test_a_system_that_hangs_before_any_timer_runs_is_started_anew(self) -> None:
        parser = configparser.ConfigParser()
        parser.read(ROOT / "etc/systemd/system/sysinit.target.d/bitgrid.conf")
        assert dict(parser["Unit"]) == {"jobtimeoutsec": "15min", "jobtimeoutaction": "reboot-force"}
