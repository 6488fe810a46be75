"""The card's kernel and its module on an emulated Raspberry Pi 3: what the firmware is asked for before a restart.

QEMU has the mailbox and notes what is asked by it; the firmware that would act on it, it has not. The system is
the card's kernel, two modules and ``restart.c``, so that a start takes some seconds.
"""

from __future__ import annotations

import lzma
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from bitgrid_image.base import Mirror
from bitgrid_image.kernel import COMPILER, NAME, Module, locked
from bitgrid_image.layout import MIB, Layout, Machine
from bitgrid_image.tools import Tools
from image.booted.conftest import ASKED, MIRROR, SECURITY

WITHIN_S = 300
SET_REBOOT_FLAGS, NOTIFY_REBOOT = 0x00038064, 0x00030048
"""The second is Linux's own before every restart: the notes are being taken."""
TREE = "bcm2837-rpi-3-b.dtb"
MACHINES = {
    "raspi3b": ("console=ttyS1,115200", "-dtb", TREE, "-serial", "null", "-serial", "file:screen"),
    "virt": ("console=ttyAMA0", "-cpu", "cortex-a72", "-m", "512", "-serial", "file:screen"),
}
QEMU = ("qemu-system-aarch64", "-kernel", "vmlinuz", "-initrd", "initrd", "-display", "none", "-monitor", "none")
pytestmark = pytest.mark.skipif(f"-{Machine.ARM64}." not in ASKED, reason="the card is not a Raspberry Pi's")


@dataclass(frozen=True)
class Ended:
    """A computer that restarted: what it said, and of the firmware each tag and how many bytes came with it."""

    screen: str
    asked: list[tuple[int, int]]


@dataclass(frozen=True)
class Small:
    """A directory with a kernel, a device tree, and an initrd that restarts at once."""

    place: Path

    def restart(self, machine: str, argument: str) -> Ended:
        """Start it, and wait until it restarts, which QEMU does not."""
        console, *words = MACHINES[machine]
        notes = ["-trace", "bcm2835_mbox_property", "-D", "notes"]
        told = f"{console} panic=-1 -- {argument.replace(' ', '_')}"
        for name in ("screen", "notes"):
            (self.place / name).unlink(missing_ok=True)
        subprocess.run(
            [*QEMU, "-M", machine, *words, "-append", told, *notes, "-no-reboot"],
            cwd=self.place,
            stdin=subprocess.DEVNULL,
            check=True,
            timeout=WITHIN_S,
        )
        found = re.findall(r"property tag:0x([0-9a-f]{8}) in_sz:(\d+)", (self.place / "notes").read_text())
        screen = (self.place / "screen").read_text(errors="replace")
        return Ended(screen, [(int(tag, 16), int(size)) for tag, size in found])


@pytest.fixture(scope="module")
def module() -> Module:
    return Module(locked(), Mirror(MIRROR, SECURITY))


@pytest.fixture(scope="module")
def small(
    tmp_path_factory: pytest.TempPathFactory, card: Layout, debian: Tools, image: Path, module: Module
) -> Small:
    """Made from what is on the card."""
    work = tmp_path_factory.mktemp("small")
    places = {"card": image.parent, "to": work}
    for name in ("vmlinuz", TREE):
        boot = f"/mnt/card/{image.name}@@{card.begin_mib(0)}M"
        debian.run("mcopy", "-i", boot, f"::a/{name}", f"/mnt/to/{name}", places=places, epoch_s=0)
    modules = f"/usr/lib/modules/{module.kernel.release}"
    for path in (f"updates/{NAME}.ko", "kernel/drivers/watchdog/bcm2835_wdt.ko.xz"):
        dump = f"dump {modules}/{path} /mnt/to/{Path(path).name}"
        root = f"/mnt/card/{image.name}?offset={card.begin_mib(1) * MIB}"
        debian.run("debugfs", "-R", dump, root, places=places, epoch_s=0)
    (work / "restart.c").write_bytes(Path(__file__).with_name("restart.c").read_bytes())
    words = (COMPILER, "-Wall", "-Wextra", "-Werror", "-O1", "-static", "-nostdlib", "-ffreestanding")
    to = ("-fno-stack-protector", "-o", "/mnt/to/init", "/mnt/to/restart.c")
    module.compilers().run(*words, *to, places={"to": work}, epoch_s=0)
    files = {name: (work / name).read_bytes() for name in ("init", f"{NAME}.ko")}
    files["bcm2835_wdt.ko"] = lzma.decompress((work / "bcm2835_wdt.ko.xz").read_bytes())
    (work / "initrd").write_bytes(initrd(files))
    return Small(work)


def initrd(files: dict[str, bytes]) -> bytes:
    """Files as a kernel takes them: cpio in its form "newc" (Linux, "initramfs buffer format")."""
    found = b""
    for number, (name, content) in enumerate([*files.items(), ("TRAILER!!!", b"")], 1):
        fields = (number, 0o100755, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name) + 1, 0)
        head = ("070701" + "".join(f"{field:08x}" for field in fields) + name).encode() + b"\0"
        found += head + bytes(-len(head) % 4) + content + bytes(-len(content) % 4)
    return found


def test_the_firmware_is_asked_for_a_trial_once_and_then_it_restarts(small: Small) -> None:
    ended = small.restart("raspi3b", "0 tryboot")
    assert "ready: Y" in ended.screen
    assert "asked to try at the next start" in ended.screen
    assert "not loaded" not in ended.screen
    assert [one for one in ended.asked if one[0] == SET_REBOOT_FLAGS] == [(SET_REBOOT_FLAGS, 4)]
    assert ended.asked[-1][0] == NOTIFY_REBOOT, "the flag is there before the firmware is told of the restart"


@pytest.mark.parametrize("argument", ["0", "0 try", "tryboot"])
def test_it_is_not_asked_at_any_other_restart(small: Small, argument: str) -> None:
    ended = small.restart("raspi3b", argument)
    assert "ready: Y" in ended.screen
    assert NOTIFY_REBOOT in [tag for tag, _ in ended.asked]
    assert SET_REBOOT_FLAGS not in [tag for tag, _ in ended.asked]


def test_where_there_is_no_such_firmware_it_says_so_and_cannot_be_asked(small: Small) -> None:
    ended = small.restart("virt", "0 tryboot")
    assert "ready: N" in ended.screen
    assert ended.screen.count("nothing can be asked of it") == 1
    assert "asked to try" not in ended.screen
    assert "Restarting system with command '0 tryboot'" in ended.screen


def test_it_is_compiled_to_the_same_bytes_wherever_that_is(module: Module, tmp_path: Path) -> None:
    made = [module.stage().made(tmp_path / where, lambda _line: None) for where in ("one", "b/other")]
    assert len({(place / f"{NAME}.ko").read_bytes() for place in made}) == 1
