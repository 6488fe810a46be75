"""The card that this system was started from, found by what the kernel was told; one at a time changes it."""

from __future__ import annotations

import fcntl
import os
import platform
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bitgrid.ops.slots.booting import MAILBOX, MODULE, Booting, GrubBooting, PiBooting
from bitgrid.ops.slots.errors import SlotError
from bitgrid.ops.slots.state import STATE, Slot
from bitgrid.ops.slots.updating import Card

PARTITIONS = {Slot.A: "02", Slot.B: "03"}
"""A PARTUUID ends in the partition's number: an MBR has it so, and a card with a GPT is made so."""
_MACHINES = {"aarch64": "arm64", "x86_64": "amd64"}
RASPIOS = "-raspios"
"""What comes after the machine where the system is Raspberry Pi OS, whose kernels are started in another way."""
BESIDE = ("/boot/firmware", "/data")
"""Where the other partitions of the card are mounted."""
_ROOT = re.compile(r"PARTUUID=([0-9a-fA-F-]*[0-9a-fA-F-])([0-9a-fA-F]{2})")

Run = Callable[[tuple[str, ...]], None]


@dataclass(frozen=True)
class CardPlaces:
    """Where the card is found, below ``root``: ``/``, or a test's."""

    root: Path = Path("/")

    @property
    def command_line(self) -> Path:
        """What the kernel was told."""
        return self.root / "proc/cmdline"

    @property
    def boot(self) -> Path:
        """The boot partition."""
        return self.root / "boot/firmware"

    @property
    def partitions(self) -> Path:
        """Every partition by its PARTUUID."""
        return self.root / "dev/disk/by-partuuid"

    @property
    def mounts(self) -> Path:
        """What is mounted, and from which device by its number (proc(5), mountinfo)."""
        return self.root / "proc/self/mountinfo"

    @property
    def devices(self) -> Path:
        """Every block device by its number, and by its name: links to where a partition stands below its disk."""
        return self.root / "sys"

    @property
    def mailbox(self) -> Path:
        """By which a Raspberry Pi's own kernel speaks to its firmware."""
        return self.root / MAILBOX

    @property
    def module(self) -> Path:
        """By which Linux's own kernel asks that firmware for a trial."""
        return self.root / MODULE

    @property
    def state(self) -> Path:
        """How far an update is; its directory is root's alone, on the data partition."""
        return self.root / STATE


def find_card(places: CardPlaces) -> Card:
    """The card of the system that runs.

    Raises:
        SlotError: this system was not started from a slot, or a slot is missing.
    """
    words = dict(word.split("=", 1) for word in _read(places.command_line).split() if "=" in word)
    told, root = words.get("bitgrid.slot", ""), _ROOT.fullmatch(words.get("root", ""))
    if told not in set(Slot) or root is None:
        raise SlotError(
            "this system was not started from one of two slots, so it cannot be updated as a whole. "
            "Of a host that Ansible provisioned, the house is updated by: bitgrid-release install FILE"
        )
    running = Slot(told)
    if root[2] != PARTITIONS[running]:
        raise SlotError(
            f"slot {running} was started from partition {root[2]}, which is not its own; flash the card anew"
        )
    ids = {slot: f"{root[1]}{number}" for slot, number in PARTITIONS.items()}
    devices = {slot: _device(places.partitions / ids[slot], slot) for slot in Slot}
    _see_it_is_one_card(places, devices)
    return Card(
        booting=_booting(places),
        devices=devices,
        roots={slot: f"PARTUUID={ids[slot]}" for slot in Slot},
        running=running,
        state=places.state,
    )


def this_machine(root: Path = Path("/")) -> str:
    """What an update must be for: arm64, arm64-raspios, amd64; the processor's own name where it is neither."""
    base = RASPIOS if (root / "etc/rpi-issue").is_file() else ""
    return _MACHINES.get(platform.machine(), platform.machine()) + base


@contextmanager
def for_change(card: Card, run: Run | None = None) -> Iterator[None]:
    """The card as only this process may change it: its boot partition can be written until the end.

    Args:
        card: which one.
        run: runs a program to its end.

    Raises:
        SlotError: another process is at it, or the partition cannot be made writable.
    """
    with alone_at(card), writable(card, run):
        yield


@contextmanager
def alone_at(card: Card) -> Iterator[None]:
    """The card, for this process alone until the end; nothing of it can be written yet.

    Raises:
        SlotError: another process is at it.
    """
    card.state.parent.mkdir(parents=True, exist_ok=True)
    with (card.state.parent / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SlotError("another update is under way; nothing was changed. Wait until it has ended") from None
        yield


@contextmanager
def writable(card: Card, run: Run | None = None) -> Iterator[None]:
    """The boot partition, which can be written until the end, and only read from then on.

    Raises:
        SlotError: it cannot be made so.
    """
    run, boot = run or _run, card.booting.directory
    is_mounted = os.path.ismount(boot)
    if is_mounted:
        run(("mount", "-o", "remount,rw", str(boot)))
    try:
        yield
    finally:
        if is_mounted:
            run(("mount", "-o", "remount,ro", str(boot)))


def begin_trial(card: Card, run: Run | None = None) -> None:
    """Start the computer again, into what is armed.

    Raises:
        SlotError: it cannot be asked to.
    """
    (run or _run)(card.booting.reboot)


def leave_trial(run: Run | None = None) -> None:
    """Start the computer again, into what is usual: nothing asks for a trial, for nothing is there to be tried.

    Raises:
        SlotError: it cannot be asked to.
    """
    (run or _run)(("systemctl", "reboot"))


def _run(command: tuple[str, ...]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  own words
    if done.returncode:
        raise SlotError(f"{' '.join(command)} ended with {done.returncode}: {done.stderr.strip()}")


def _booting(places: CardPlaces) -> Booting:
    boot = places.boot
    if (boot / "config.txt").is_file():
        return PiBooting(boot, places.mailbox, places.module)
    if (boot / "grub" / "grubenv").is_file():
        return GrubBooting(boot)
    raise SlotError(f"{boot} has neither config.txt nor grub/grubenv: is the boot partition mounted there?")


def _device(path: Path, slot: Slot) -> Path:
    if not path.exists():
        raise SlotError(f"the partition of slot {slot} is not there ({path}); flash the card anew")
    return path.resolve()


def _see_it_is_one_card(places: CardPlaces, devices: dict[Slot, Path]) -> None:
    """Another card of the same version has the same identities: with it in a reader, either may be found by them.

    Raises:
        SlotError: a slot, or what is mounted beside it, is not on the disk that this system was started from.
    """
    lines = [line.split() for line in _read(places.mounts).splitlines()]
    numbers = {line[4]: line[2] for line in lines}  # what is mounted last over a place is what is seen there
    if not numbers.get("/"):
        return
    own = (places.devices / "dev/block" / numbers["/"]).resolve().parent
    found = {str(device): places.devices / "class/block" / device.name for device in devices.values()}
    found |= {place: places.devices / "dev/block" / numbers[place] for place in BESIDE if place in numbers}
    for name, link in found.items():
        if link.exists() and link.resolve().parent != own:
            raise SlotError(
                f"{name} is on another card, of the same version as the one that was started from; nothing was "
                "changed. Take it out, and start again"
            )


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except OSError as error:
        raise SlotError(f"{path} cannot be read: {error.strerror}; nothing was changed") from None
