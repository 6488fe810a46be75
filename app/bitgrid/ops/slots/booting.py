"""Which slot is started: on a Raspberry Pi by its firmware's files, elsewhere by GRUB's environment block.

Each keeps the choice in one small block that is written in place, so that a power cut leaves the old one or the
new one. A trial is for the next start alone, whatever becomes of it: the firmware's ``tryboot`` is a flag that a
reset clears (Raspberry Pi documentation, "config.txt: the tryboot filter"), GRUB's ``next_entry`` is cleared by
GRUB before it starts anything (GRUB manual, "next_entry").
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Protocol

from bitgrid.ops.slots.errors import SlotError
from bitgrid.ops.slots.state import Slot, write_whole

SECTOR = 512
_GRUB_BLOCK = 1024
_GRUB_HEAD = "# GRUB Environment Block\n"


class Booting(Protocol):
    """What decides on the slot."""

    directory: Path
    """Where kernels are, a directory each slot."""
    reboot: tuple[str, ...]
    """How a trial is begun; it is left by any other start."""

    def hindrance(self) -> str | None:
        """Why nothing can be tried on this computer as it runs; None where something can."""

    def usual(self) -> Slot:
        """The slot that is started when nothing else is asked for."""

    def arm(self, slot: Slot) -> None:
        """Let the next start, and that one alone, be of this slot."""

    def disarm(self) -> None:
        """Take a trial back that was not begun."""

    def keep(self, slot: Slot) -> None:
        """Start this slot from now on."""


class PiBooting:
    """``config.txt`` includes ``slot.txt``, one sector that names the directory of the kernel.

    Args:
        directory: the boot partition.
        mailbox: by which a kernel asks the firmware for something; the one that asks for a trial has it, Linux's
            own has neither (rpi-eeprom, issue 716).
    """

    reboot: tuple[str, ...] = ("systemctl", "reboot", "--reboot-argument=0 tryboot")

    def __init__(self, directory: Path, mailbox: Path = Path("/dev/vcio")) -> None:
        self.directory, self._mailbox = directory, mailbox
        self._choice, self._trial = directory / "slot.txt", directory / "tryboot.txt"

    def hindrance(self) -> str | None:
        """As `Booting` says."""
        if self._mailbox.exists():
            return None
        return (
            f"this kernel cannot ask the Raspberry Pi's firmware to try a system (it has no {self._mailbox}), "
            "and none is started untried; nothing was changed. Flash a new card, and restore the last backup"
        )

    def usual(self) -> Slot:
        """As `Booting` says.

        Raises:
            SlotError: the file is not one of ours.
        """
        try:
            return Slot(self._choice.read_text("ascii").split("\n", 1)[0].removeprefix("os_prefix=").rstrip("/"))
        except (OSError, ValueError):
            raise SlotError(
                f"{self._choice} does not name a slot, so nothing was changed. Flash the card anew"
            ) from None

    def arm(self, slot: Slot) -> None:
        """As `Booting` says."""
        whole = (self.directory / "config.txt").read_text("ascii")
        if "include slot.txt\n" not in whole:
            raise SlotError(f"{self.directory}/config.txt does not include slot.txt, so no slot can be tried")
        write_whole(self._trial, whole.replace("include slot.txt\n", f"os_prefix={slot}/\n").encode())

    def disarm(self) -> None:
        """As `Booting` says."""
        self._trial.unlink(missing_ok=True)

    def keep(self, slot: Slot) -> None:
        """As `Booting` says."""
        head = f"os_prefix={slot}/\n# Written in place, one sector: keep its length.\n"
        _write_in_place(self._choice, head.ljust(SECTOR - 1, "#") + "\n")
        self.disarm()


class GrubBooting:
    """GRUB's environment block: ``saved_entry``, and ``next_entry`` for a trial.

    Args:
        directory: the EFI system partition.
    """

    reboot: tuple[str, ...] = ("systemctl", "reboot")

    def __init__(self, directory: Path) -> None:
        self.directory, self._block = directory, directory / "grub" / "grubenv"

    def hindrance(self) -> str | None:
        """As `Booting` says: GRUB needs nobody's help."""
        return None

    def usual(self) -> Slot:
        """As `Booting` says.

        Raises:
            SlotError: the block is not one of ours.
        """
        try:
            return Slot(self._entries()["saved_entry"])
        except (OSError, ValueError, KeyError):
            raise SlotError(
                f"{self._block} does not name a slot, so nothing was changed. Flash the disk anew"
            ) from None

    def arm(self, slot: Slot) -> None:
        """As `Booting` says."""
        self._write({**self._entries(), "next_entry": slot})

    def disarm(self) -> None:
        """As `Booting` says."""
        self._write({key: value for key, value in self._entries().items() if key != "next_entry"})

    def keep(self, slot: Slot) -> None:
        """As `Booting` says."""
        self._write({"saved_entry": slot})

    def _entries(self) -> dict[str, str]:
        lines = self._block.read_text("ascii").splitlines()
        return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))

    def _write(self, entries: dict[str, str]) -> None:
        text = _GRUB_HEAD + "".join(f"{key}={value}\n" for key, value in entries.items())
        _write_in_place(self._block, text.ljust(_GRUB_BLOCK, "#"))


def _write_in_place(path: Path, text: str) -> None:
    """Overwrite a small file without giving it another place on the disk; made at its full length if it is new."""
    content = text.encode("ascii")
    handle = os.open(path, os.O_WRONLY | os.O_CREAT, 0o644)
    try:
        os.pwrite(handle, content, 0)
        os.fsync(handle)
    finally:
        os.close(handle)
