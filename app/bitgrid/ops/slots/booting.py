"""Which slot is started: on a Raspberry Pi by its firmware's files, elsewhere by GRUB's environment block.

Each keeps the choice within one sector that is written in place, so that a power cut leaves the old one or the
new one. A trial is for the next start alone, whatever becomes of it: the firmware's ``tryboot`` is a flag that a
reset clears (Raspberry Pi documentation, "config.txt: the tryboot filter"), GRUB's ``next_entry`` is cleared by
GRUB before it starts anything (GRUB manual, "next_entry").
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Protocol

from bitgrid.ops.slots.errors import SlotError
from bitgrid.ops.slots.state import Slot
from bitgrid.store.files import write_whole

_CHOICE = re.compile(rb"^os_prefix=([ab])/[ \t\r]*$", re.MULTILINE)
MAILBOX = Path("dev/vcio")
MODULE = Path("sys/module/bitgrid_tryboot/parameters/ready")
_ROOT = Path("/")
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
    """``os_prefix`` in ``config.txt`` names the directory of the kernel; its letter is written in place.

    It stands in ``config.txt`` itself, for what starts a Raspberry Pi 5, its EEPROM, follows no ``include``
    (Raspberry Pi documentation, "config.txt: include").

    Args:
        directory: the boot partition.
        mailbox: by which a kernel asks the firmware for something; the one that asks for a trial has it, Linux's
            own has neither (rpi-eeprom, issue 716).
        module: where the image's own module for Linux's kernel says ``Y``: it asks for a trial.
    """

    reboot: tuple[str, ...] = ("systemctl", "reboot", "--reboot-argument=0 tryboot")

    def __init__(self, directory: Path, mailbox: Path = _ROOT / MAILBOX, module: Path = _ROOT / MODULE) -> None:
        self.directory, self._mailbox, self._module = directory, mailbox, module
        self._config, self._trial = directory / "config.txt", directory / "tryboot.txt"

    def hindrance(self) -> str | None:
        """As `Booting` says."""
        if self._mailbox.exists() or self._is_ready():
            return None
        return (
            f"this kernel cannot ask the Raspberry Pi's firmware to try a system (it has no {self._mailbox}, and "
            f"{self._module} does not say Y)"
        )

    def usual(self) -> Slot:
        """As `Booting` says.

        Raises:
            SlotError: the file is not one of ours.
        """
        content, at = self._choice()
        return Slot(chr(content[at]))

    def arm(self, slot: Slot) -> None:
        """As `Booting` says."""
        content, at = self._choice()
        write_whole(self._trial, content[:at] + slot.encode() + content[at + 1 :])

    def disarm(self) -> None:
        """As `Booting` says."""
        self._trial.unlink(missing_ok=True)

    def keep(self, slot: Slot) -> None:
        """As `Booting` says."""
        _, at = self._choice()
        _write_in_place(self._config, slot, at)
        self.disarm()

    def _is_ready(self) -> bool:
        try:
            return self._module.read_text("ascii").strip() == "Y"
        except (OSError, ValueError):
            return False

    def _choice(self) -> tuple[bytes, int]:
        """The file, and where in it the slot's letter stands."""
        content = self._config.read_bytes() if self._config.is_file() else b""
        found = list(_CHOICE.finditer(content))
        if len(found) != 1:
            raise SlotError(
                f"{self._config} has {len(found)} lines os_prefix=a/ or os_prefix=b/, and one must say which "
                "system is started; nothing was changed. Mend it, or flash the card anew"
            )
        return content, found[0].start(1)


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


def _write_in_place(path: Path, text: str, at: int = 0) -> None:
    """Overwrite a part of a small file without giving it another place on the disk; made if it is new."""
    content = text.encode("ascii")
    handle = os.open(path, os.O_WRONLY | os.O_CREAT, 0o644)
    try:
        os.pwrite(handle, content, at)
        os.fsync(handle)
    finally:
        os.close(handle)
