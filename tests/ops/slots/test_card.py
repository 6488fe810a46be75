"""The card as a system finds it that was started from it, and the commands that change it."""

from __future__ import annotations

import errno
import os
import re
import shlex
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bitgrid.cli import main
from bitgrid.ops.commands import slots as commands
from bitgrid.ops.host.health import STEADY_S
from bitgrid.ops.slots import Phase, Slot, SlotError, State, updating
from bitgrid.ops.slots import card as cards
from bitgrid.ops.slots.booting import GrubBooting, PiBooting
from bitgrid.ops.slots.card import CardPlaces, begin_trial, find_card, for_change, leave_trial, this_machine
from bitgrid.ops.slots.state import load
from ops.slots.test_updating import CONFIG, NEW, ROOM, key, update

__all__ = ["key"]
REPOSITORY = Path(__file__).parents[3]
DISK = {"pi": "1a2b3c4d-", "grub": "6a3e1e0c-6dd5-5b8f-9d0c-3f2f5b1c2e"}


@pytest.fixture(params=["pi", "grub"])
def places(request: pytest.FixtureRequest, tmp_path: Path) -> CardPlaces:
    return new_places(tmp_path / "root", request.param)


def new_places(root: Path, kind: str) -> CardPlaces:
    """A root that was started from slot a."""
    places = CardPlaces(root)
    for directory in (places.boot / "grub", places.partitions, places.command_line.parent):
        directory.mkdir(parents=True)
    if kind == "pi":
        (places.boot / "config.txt").write_text(CONFIG)
        PiBooting(places.boot).keep(Slot.A)
        (root / "dev/vcio").touch()
    else:
        (places.boot / "grub" / "grubenv").write_text("# GRUB Environment Block\n")
        GrubBooting(places.boot).keep(Slot.A)
    for number in (2, 3):
        device = plug_in(places, f"mmcblk0p{number}")
        device.write_bytes(bytes(ROOM))
        (places.partitions / f"{DISK[kind]}{number:02d}").symlink_to(device)
    (places.devices / "dev/block").mkdir(parents=True)
    (places.devices / "dev/block/179:2").symlink_to(places.devices / "class/block/mmcblk0p2")
    places.mounts.parent.mkdir()
    places.mounts.write_text("1 1 0:2 / / rw - rootfs rootfs rw\n22 1 179:2 / / ro - ext4 /dev/root ro\n")
    start(places, Slot.A, kind)
    return places


def plug_in(places: CardPlaces, name: str) -> Path:
    """A partition as sysfs has it, below its disk; where its device is."""
    real = places.devices / "devices" / name[:-2] / name
    real.mkdir(parents=True)
    (places.devices / "class/block").mkdir(parents=True, exist_ok=True)
    (places.devices / "class/block" / name).symlink_to(real)
    return places.partitions.parents[1] / name


def start(places: CardPlaces, slot: Slot, kind: str = "pi") -> None:
    number = {"a": "02", "b": "03"}[slot]
    line = f"console=tty1 quiet root=PARTUUID={DISK[kind]}{number} ro bitgrid.slot={slot}\n"
    places.command_line.write_text(line)


def test_what_a_kernel_asks_by_is_looked_for_on_this_computer(tmp_path: Path) -> None:
    places = new_places(tmp_path / "root", "pi")
    places.mailbox.unlink()
    assert find_card(places).booting.hindrance() is not None
    places.module.parent.mkdir(parents=True)
    places.module.write_text("Y\n")
    assert find_card(places).booting.hindrance() is None
    assert CardPlaces().module == Path("/sys/module/bitgrid_tryboot/parameters/ready")
    assert CardPlaces().mailbox == Path("/dev/vcio")


def test_it_is_found_by_what_the_kernel_was_told(places: CardPlaces) -> None:
    card = find_card(places)
    assert card.running is Slot.A
    assert [card.devices[slot].name for slot in Slot] == ["mmcblk0p2", "mmcblk0p3"]
    ids = [card.roots[slot].removeprefix("PARTUUID=") for slot in Slot]
    assert [(places.partitions / one).resolve() for one in ids] == list(card.devices.values())
    assert isinstance(card.booting, PiBooting if (places.boot / "config.txt").exists() else GrubBooting)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("root=/dev/sda1 ro", "was not started from one of two slots"),
        ("root=/dev/sda1 bitgrid.slot=a", "was not started from one of two slots"),
        ("root=PARTUUID=1a2b3c4d-02 bitgrid.slot=c", "was not started from one of two slots"),
        ("root=PARTUUID=1a2b3c4d-03 bitgrid.slot=a", "slot a was started from partition 03"),
        ("root=PARTUUID=ffffffff-02 bitgrid.slot=a", "the partition of slot a is not there"),
    ],
)
def test_what_is_no_such_card_is_said(tmp_path: Path, line: str, says: str) -> None:
    places = new_places(tmp_path, "pi")
    places.command_line.write_text(line)
    with pytest.raises(SlotError, match=says):
        find_card(places)


def test_a_card_of_the_same_version_in_a_reader_is_not_written_to(places: CardPlaces) -> None:
    """On the very day when somebody restores from it: udev has its slot b under the identity that both have."""
    other = plug_in(places, "sda_p3")
    other.write_bytes(bytes(ROOM))
    slot_b = next(path for path in places.partitions.iterdir() if path.name.endswith("03"))
    slot_b.unlink()
    slot_b.symlink_to(other)
    with pytest.raises(SlotError, match=r"sda_p3 is on another card, of the same version.*Take it out"):
        find_card(places)


@pytest.mark.parametrize(("place", "number"), [("/boot/firmware", 1), ("/data", 4)])
def test_nor_is_what_it_has_mounted_beside_the_system(places: CardPlaces, place: str, number: int) -> None:
    """Both are mounted by an identity that the card in the reader has, too."""
    mounts = places.mounts.read_text()
    for disk, major in (("mmcblk0p", 179), ("sda_p", 8)):
        plug_in(places, f"{disk}{number}")
        link = places.devices / f"dev/block/{major}:{number}"
        link.symlink_to(places.devices / f"class/block/{disk}{number}")

    def is_mounted_from(device: str) -> None:
        places.mounts.write_text(f"{mounts}23 22 {device} / {place} ro - vfat /dev/it ro\n")

    for own in (f"179:{number}", "0:45"):  # the card's own, and memory where the card's cannot be used
        is_mounted_from(own)
        assert find_card(places).running is Slot.A
    is_mounted_from(f"8:{number}")
    with pytest.raises(SlotError, match=rf"{place} is on another card, of the same version.*Take it out"):
        find_card(places)
    with places.mounts.open("a") as file:
        file.write(f"24 23 179:{number} / {place} ro - vfat /dev/own ro\n")
    assert find_card(places).running is Slot.A, "what was mounted last is what is written to"


def test_a_boot_partition_that_is_not_mounted_is_said(tmp_path: Path) -> None:
    places = new_places(tmp_path, "pi")
    (places.boot / "config.txt").unlink()
    with pytest.raises(SlotError, match="is the boot partition mounted there"):
        find_card(places)
    places.command_line.unlink()
    with pytest.raises(SlotError, match="cannot be read"):
        find_card(places)


def test_two_cannot_change_it_at_once(places: CardPlaces) -> None:
    card = find_card(places)
    with for_change(card), pytest.raises(SlotError, match="another update is under way"), for_change(card):
        pytest.fail("both are at it")
    with for_change(card):
        pass


def test_the_boot_partition_can_be_written_for_as_long_as_it_takes(
    places: CardPlaces, monkeypatch: pytest.MonkeyPatch
) -> None:
    card, ran = find_card(places), list[str]()
    monkeypatch.setattr(os.path, "ismount", lambda path: path == places.boot)
    with for_change(card, lambda command: ran.append(command[2])):
        assert ran == ["remount,rw"]
    assert ran == ["remount,rw", "remount,ro"]


def test_a_pi_is_told_to_try_and_never_when_a_trial_is_left(tmp_path: Path) -> None:
    """There is no tryboot.txt any more then, and what the firmware does without one nobody has promised."""
    asked = list[tuple[str, ...]]()
    begin_trial(find_card(new_places(tmp_path, "pi")), asked.append)
    leave_trial(asked.append)
    assert asked == [("systemctl", "reboot", "--reboot-argument=0 tryboot"), ("systemctl", "reboot")]


@pytest.mark.parametrize(
    ("processor", "machine"), [("aarch64", "arm64"), ("x86_64", "amd64"), ("riscv64", "riscv64")]
)
def test_the_machine_is_named_as_debian_does(
    processor: str, machine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platform.machine", lambda: processor)
    assert this_machine() == machine


def test_raspberry_pi_os_takes_updates_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "aarch64")
    assert this_machine(tmp_path) == "arm64"
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/rpi-issue").touch()
    assert this_machine(tmp_path) == "arm64-raspios"


def test_the_unit_gives_a_judge_time_to_see_that_a_house_stays_well() -> None:
    unit = (REPOSITORY / "image/files/root/etc/systemd/system/bitgrid-judge.service").read_text()
    within_s, most_min = (int(re.findall(rf"{what}(\d+)", unit)[0]) for what in ("--within ", "TimeoutStartSec="))
    assert within_s + STEADY_S + 30 <= 60 * most_min, "thirty seconds are for a slow card to read the program"


class TestCommands:
    """As the owner and the unit call them; what a restart would do is noted."""

    @pytest.fixture
    def places(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, restarts: list[tuple[str, ...]]
    ) -> CardPlaces:
        monkeypatch.setattr("platform.machine", lambda: "aarch64")
        monkeypatch.setattr(cards, "_run", restarts.append)
        return new_places(tmp_path / "root", "pi")

    @pytest.fixture
    def restarts(self) -> list[tuple[str, ...]]:
        return []

    @pytest.fixture
    def told(self, monkeypatch: pytest.MonkeyPatch) -> list[State]:
        told = list[State]()
        monkeypatch.setattr(commands, "_tell", lambda _places, state: told.append(state))
        return told

    @staticmethod
    def well(monkeypatch: pytest.MonkeyPatch, missing: str | None) -> None:
        def how_ill(_places: object, _within_s: float, *, had_address: bool) -> str | None:
            assert had_address in {True, False}
            return missing

        monkeypatch.setattr(commands, "_how_ill", how_ill)

    @staticmethod
    def call(places: CardPlaces, *words: object) -> Result:
        return CliRunner().invoke(main, ["host", *map(str, words), "--root", str(places.root)])

    def update(self, places: CardPlaces, key: Path, tmp_path: Path, *words: str) -> Result:
        return self.call(places, "update-image", update(tmp_path / "new.tar"), "--key", key, *words)

    @pytest.fixture
    def trial(self, places: CardPlaces, key: Path, tmp_path: Path) -> CardPlaces:
        """The card as the system of an update finds it that is on trial."""
        self.update(places, key, tmp_path, "--no-restart")
        start(places, Slot.B)
        return places

    def test_an_update_is_written_and_tried_at_once(
        self, places: CardPlaces, key: Path, tmp_path: Path, restarts: list[tuple[str, ...]]
    ) -> None:
        done = self.update(places, key, tmp_path)
        assert done.exit_code == 0, done.output
        assert "2.0.0 is whole in slot b, and is tried at the next start." in done.output
        assert restarts == [PiBooting.reboot]
        card = find_card(places)
        assert card.devices[Slot.B].read_bytes().startswith(NEW)
        line = (places.boot / "b" / "cmdline.txt").read_text()
        assert line == f"root=PARTUUID={DISK['pi']}03 bitgrid.slot=b ro\n"

    def test_or_when_its_owner_wants(
        self, places: CardPlaces, key: Path, tmp_path: Path, restarts: list[tuple[str, ...]]
    ) -> None:
        done = self.update(places, key, tmp_path, "--no-restart")
        typed = shlex.split(done.output.splitlines()[-1].removeprefix("To begin: "))
        assert typed == ["sudo", *PiBooting.reboot], "what is printed is what a shell must be told"
        assert restarts == []

    @pytest.fixture
    def by_hand(self) -> Iterator[None]:
        """Signals as they are for who types a command; whoever runs these tests may have others."""
        names = (signal.SIGINT, signal.SIGHUP, signal.SIGTERM)
        before = {one: signal.signal(one, signal.SIG_DFL) for one in names}
        yield
        for one, handler in before.items():
            signal.signal(one, handler)

    def end(self, places: CardPlaces, key: Path, tmp_path: Path, by: signal.Signals) -> Result:
        """Send a signal in the midst of an update."""
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(commands, "_on_terminal", lambda: lambda _step, _share: signal.raise_signal(by))
            return self.update(places, key, tmp_path)

    @pytest.mark.usefixtures("by_hand")
    @pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGHUP, signal.SIGTERM])
    def test_one_that_is_ended_says_so_and_can_be_done_again(
        self, places: CardPlaces, key: Path, tmp_path: Path, by: signal.Signals
    ) -> None:
        """SIGHUP is what a window that is closed sends, or an ssh whose network went."""
        done = self.end(places, key, tmp_path, by)
        assert (done.exit_code, "start it again" in done.output) == (1, True), done.output
        assert "cut off before it was whole" in self.call(places, "last-update").output
        assert PiBooting(places.boot).usual() is Slot.A
        assert signal.getsignal(by) is signal.SIG_DFL
        assert self.update(places, key, tmp_path).exit_code == 0

    @pytest.mark.usefixtures("by_hand")
    def test_by_nohup_a_window_may_be_closed(self, places: CardPlaces, key: Path, tmp_path: Path) -> None:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        done = self.end(places, key, tmp_path, signal.SIGHUP)
        assert (done.exit_code, signal.getsignal(signal.SIGHUP)) == (0, signal.SIG_IGN), done.output

    def test_a_trial_that_is_well_is_kept_and_told(
        self, trial: CardPlaces, monkeypatch: pytest.MonkeyPatch, told: list[State]
    ) -> None:
        self.well(monkeypatch, None)
        done = self.call(trial, "judge-update")
        assert (done.exit_code, [state.phase for state in told]) == (0, [Phase.KEPT]), done.output
        assert PiBooting(trial.boot).usual() is Slot.B
        assert "The update to 2.0.0 was well" in self.call(trial, "last-update").output

    def test_a_trial_that_is_ill_is_left_at_once(
        self,
        trial: CardPlaces,
        monkeypatch: pytest.MonkeyPatch,
        told: list[State],
        restarts: list[tuple[str, ...]],
    ) -> None:
        self.well(monkeypatch, "rules has not been heard")
        self.call(trial, "judge-update")
        assert restarts == [("systemctl", "reboot")]
        assert not (trial.boot / "tryboot.txt").exists()
        start(trial, Slot.A)
        self.call(trial, "judge-update")
        assert [state.reason for state in told] == [
            "2.0.0 came up, but its house was not well: rules has not been heard"
        ]
        assert len(restarts) == 1, "the old system does not restart itself"

    def test_one_that_was_about_to_be_kept_and_is_ill_now_is_left_at_once_too(
        self,
        trial: CardPlaces,
        monkeypatch: pytest.MonkeyPatch,
        restarts: list[tuple[str, ...]],
    ) -> None:
        """The power went between the choice and the note of it; it runs now because it is the usual one."""
        PiBooting(trial.boot).keep(Slot.B)
        self.well(monkeypatch, "the disk is full")
        self.call(trial, "judge-update")
        assert PiBooting(trial.boot).usual() is Slot.A
        assert restarts == [("systemctl", "reboot")]

    def test_a_trial_that_cannot_be_written_down_is_left_all_the_same(
        self,
        trial: CardPlaces,
        monkeypatch: pytest.MonkeyPatch,
        restarts: list[tuple[str, ...]],
    ) -> None:
        """The data partition is full, which is why its house is ill."""
        self.well(monkeypatch, "the disk is full")

        def full(*_: object) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        with monkeypatch.context() as patched:
            patched.setattr(updating, "save", full)
            assert "make room" in self.call(trial, "judge-update").output
        assert restarts == [("systemctl", "reboot")]
        start(trial, Slot.A)
        self.call(trial, "judge-update")
        assert "did not come up" in self.call(trial, "last-update").output

    def test_one_that_is_judged_already_is_not_left_for_a_second_judge(
        self, trial: CardPlaces, restarts: list[tuple[str, ...]]
    ) -> None:
        with for_change(find_card(trial)):
            assert "another update is under way" in self.call(trial, "judge-update").output
        assert restarts == []

    def test_a_usual_start_is_nothing_to_judge(
        self,
        places: CardPlaces,
        told: list[State],
        monkeypatch: pytest.MonkeyPatch,
        restarts: list[tuple[str, ...]],
    ) -> None:
        monkeypatch.setattr(os.path, "ismount", lambda path: path == places.boot)
        assert self.call(places, "judge-update").exit_code == 0
        assert restarts == [], "nor is the boot partition made writable for it"
        assert told == []
        assert self.call(places, "last-update").output == "There was no update yet.\n"

    def test_a_configuration_that_the_new_system_cannot_read_is_why_it_is_left(
        self, trial: CardPlaces, restarts: list[tuple[str, ...]]
    ) -> None:
        done = self.call(trial, "judge-update", "--within", 1)
        state = load(trial.state)
        assert state is not None
        assert (state.phase, len(restarts)) == (Phase.LEFT, 1), done.output
        assert "it cannot read the configuration" in state.reason

    @pytest.mark.parametrize("address", ["192.168.1.7", ""])
    def test_a_computer_that_was_in_a_network_must_be_again(
        self, places: CardPlaces, key: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str
    ) -> None:
        asked, given = list[bool](), tuple(filter(None, [address]))
        monkeypatch.setattr(commands, "own_addresses", lambda: given)
        self.update(places, key, tmp_path, "--no-restart")
        start(places, Slot.B)
        shutil.copytree(REPOSITORY / "config", places.root / "etc/bitgrid")

        def look(
            _site: object, _places: object, _clock: object, addresses: Callable[[], tuple[str, ...]] | None
        ) -> Callable[[], str]:
            asked.append(addresses is not None and addresses() == given)
            return lambda: "nothing else is judged here"

        monkeypatch.setattr(commands, "look_closely_at", look)
        self.call(places, "judge-update", "--within", 1)
        assert asked == [bool(address)]

    def test_while_its_house_is_waited_for_the_boot_partition_can_only_be_read(
        self,
        trial: CardPlaces,
        monkeypatch: pytest.MonkeyPatch,
        told: list[State],
        restarts: list[tuple[str, ...]],
    ) -> None:
        """Somebody who pulls the plug meanwhile finds a clean FAT."""
        ran = list[list[tuple[str, ...]]]()

        def how_ill(*_: object, **__: object) -> None:
            ran.append(restarts.copy())
            with pytest.raises(SlotError, match="another update is under way"), for_change(find_card(trial)):
                pytest.fail("nobody else may change it meanwhile")

        monkeypatch.setattr(commands, "_how_ill", how_ill)
        monkeypatch.setattr(os.path, "ismount", lambda path: path == trial.boot)
        self.call(trial, "judge-update")
        boot = str(trial.boot)
        assert ran == [[]]
        assert restarts == [("mount", "-o", f"remount,{how}", boot) for how in ("rw", "ro")]
        assert [state.phase for state in told] == [Phase.KEPT]

    def test_what_is_refused_ends_with_a_reason_and_no_restart(
        self, places: CardPlaces, key: Path, tmp_path: Path, restarts: list[tuple[str, ...]]
    ) -> None:
        start(places, Slot.B)
        done = self.update(places, key, tmp_path)
        assert done.exit_code == 1
        assert "Error: the system that runs is on trial itself" in done.output
        assert restarts == []

    @pytest.mark.parametrize(
        ("number", "remedy"),
        [
            (errno.EIO, "replace the card"),
            (errno.ENOSPC, "make room on it"),
            (errno.EACCES, "call it with sudo"),
        ],
    )
    def test_a_card_that_cannot_be_written_is_said(  # noqa: PLR0913, PLR0917  fixtures
        self,
        places: CardPlaces,
        key: Path,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        number: int,
        remedy: str,
    ) -> None:
        def fails(*_: Any) -> None:
            raise OSError(number, os.strerror(number))

        monkeypatch.setattr(os, "fsync", fails)
        done = self.update(places, key, tmp_path)
        assert done.exit_code == 1
        assert "the card cannot be written" in done.output
        assert remedy in done.output
