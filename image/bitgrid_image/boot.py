"""The boot partition: a directory each slot with what its root starts from, and what chooses between the two."""

from __future__ import annotations

import shutil
from pathlib import Path

from bitgrid.ops.slots.booting import Booting, GrubBooting, PiBooting
from bitgrid.ops.slots.state import Slot
from bitgrid.ops.slots.updating import COMMAND_LINES, ROOT_WORD, SLOT_WORD
from bitgrid_image.errors import ImageError
from bitgrid_image.layout import Layout, Machine
from bitgrid_image.tools import Tools

FILES = Path(__file__).parents[1] / "files" / "boot"
FIRMWARE = ("bootcode.bin", "start*.elf", "fixup*.dat")
"""What starts a Raspberry Pi up to the 4; a 5 has it in its EEPROM."""
PI_KERNELS = {"kernel8.img": ("initramfs8", "-rpi-v8"), "kernel_2712.img": ("initramfs_2712", "-rpi-2712")}
"""Of Raspberry Pi OS each kernel, its initrd, and how its version ends.

By these names the firmware knows which one its board starts, a Raspberry Pi 5 the second (its documentation,
"config.txt: kernel" and "auto_initramfs").
"""
_OF_PI_OS = "boot/firmware"
_KERNEL, _INITRD = "vmlinuz", "initrd.img"
_GRUB = "usr/lib/grub/x86_64-efi"
_MODULES = (
    "part_gpt", "fat", "normal", "configfile", "test", "echo", "loadenv", "linux", "all_video", "sleep", "reboot",
)  # fmt: skip
"""What grub.cfg needs: the table, the boot partition, its own words, a kernel and a screen to say so on."""


def slot_files(machine: Machine, root: Path, place: Path) -> None:
    """What one slot's directory on the boot partition has, and what an update brings for it; it names no slot.

    Args:
        machine: what it is for.
        root: the finished root; it has one kernel and its initrd, or is of Raspberry Pi OS and has its boot files.
        place: an empty directory.

    Raises:
        ImageError: the root has no kernel, or several.
    """
    if is_raspios(root):
        _pi_os_files(root / _OF_PI_OS, place)
        return
    for name in (_KERNEL, _INITRD):
        shutil.copyfile(_only(root, f"boot/{name}-*"), place / name)
    shutil.copytree(FILES / machine / "slot", place, dirs_exist_ok=True)
    if machine is Machine.ARM64:
        for tree in sorted((root / "usr/lib").glob("linux-image-*/broadcom/*.dtb")):
            shutil.copyfile(tree, place / tree.name)
        _need(place, "*.dtb", "the kernel of the root brings no device tree of a Raspberry Pi")


def is_raspios(root: Path) -> bool:
    """Whether a root is of Raspberry Pi OS."""
    return (root / "etc/rpi-issue").is_file()


def boot_files(card: Layout, root: Path, slot: Path, place: Path) -> None:
    """The whole boot partition of a new card, on which slot a is started.

    Args:
        card: whose partitions the kernel is told.
        root: the finished root, with the firmware of a Raspberry Pi.
        slot: as `slot_files` made it.
        place: an empty directory.

    Raises:
        ImageError: the root has no firmware.
    """
    shutil.copytree(FILES / card.machine, place, dirs_exist_ok=True, ignore=shutil.ignore_patterns("slot"))
    if is_raspios(root):
        shutil.copytree(FILES / "raspios", place, dirs_exist_ok=True, ignore=shutil.ignore_patterns("slot"))
    if card.machine is Machine.ARM64:
        firmware = root / (_OF_PI_OS if is_raspios(root) else "usr/lib/raspi-firmware")
        for pattern in FIRMWARE:
            for file in sorted(firmware.glob(pattern)):
                shutil.copyfile(file, place / file.name)
        _need(place, "start*.elf", "the root has no firmware of a Raspberry Pi")
    directory = place / Slot.A
    shutil.copytree(slot, directory)
    for name in COMMAND_LINES:
        line = directory / name
        if line.exists():
            told = line.read_text("ascii").replace(SLOT_WORD, Slot.A)
            line.write_text(told.replace(ROOT_WORD, f"PARTUUID={card.part_uuid('root-a')}"), "ascii")
    booting(card.machine, place).keep(Slot.A)


def efi(tools: Tools, root: Path, place: Path, epoch_s: int) -> None:
    """The program that a computer with UEFI starts from the card: GRUB, which reads grub/grub.cfg beside it.

    Args:
        tools: for grub-mkimage.
        root: the finished root, with GRUB's modules.
        place: the boot partition's tree.
        epoch_s: the time of everything, UTC epoch seconds.

    Raises:
        ImageError: the root has no GRUB.
    """
    if not (root / _GRUB).is_dir():
        raise ImageError("the root has no GRUB for UEFI; its packages are in image/packages")
    target = place / "EFI" / "BOOT"
    target.mkdir(parents=True)
    words = ["grub-mkimage", f"--directory=/mnt/root/{_GRUB}", "--format=x86_64-efi", "--prefix=/grub"]
    words += ["--output=/mnt/to/BOOTX64.EFI", *_MODULES]
    tools.run(*words, places={"root": root, "to": target}, epoch_s=epoch_s)


def booting(machine: Machine, place: Path) -> Booting:
    """What chooses the slot, on a boot partition that is being made."""
    if machine is Machine.ARM64:
        return PiBooting(place)
    (place / "grub").mkdir(exist_ok=True)
    return GrubBooting(place)


def _pi_os_files(firmware: Path, place: Path) -> None:
    """Of Raspberry Pi OS what belongs to one system: kernels, initrds, device trees, overlays, command line."""
    for kernel, (initrd, _) in PI_KERNELS.items():
        for name in (kernel, initrd):
            if not (firmware / name).is_file():
                raise ImageError(
                    f"the root has no {_OF_PI_OS}/{name}, so not every Raspberry Pi can start from it"
                )
            shutil.copyfile(firmware / name, place / name)
    for tree in sorted(firmware.glob("*.dtb")):
        shutil.copyfile(tree, place / tree.name)
    shutil.copytree(firmware / "overlays", place / "overlays")
    shutil.copytree(FILES / "raspios" / "slot", place, dirs_exist_ok=True)
    # What the firmware looks for before it takes the slot's directory for one (documentation, "os_prefix").
    _need(place, "bcm2712-rpi-5-b.dtb", "the root has no device tree of a Raspberry Pi 5")
    _need(place, "overlays/README", "the root's overlays have no README")


def _only(root: Path, pattern: str) -> Path:
    found = sorted(root.glob(pattern))
    if len(found) != 1:
        names = ", ".join(path.name for path in found) or "none"
        raise ImageError(f"one {pattern} is wanted in the root, there is: {names}")
    return found[0]


def _need(place: Path, pattern: str, message: str) -> None:
    if not any(place.glob(pattern)):
        raise ImageError(f"{message}; what it is made from stands in image/README.md")
