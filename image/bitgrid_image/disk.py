"""The owner's Raspberry Pi OS as it was downloaded: unpacked, and its two partitions copied out, none mounted."""

from __future__ import annotations

import json
import lzma
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO

from bitgrid_image.errors import ImageError
from bitgrid_image.ext4 import Ext4
from bitgrid_image.layout import MIB
from bitgrid_image.tools import Tools

ADVICE = "Take Raspberry Pi OS Lite (64-bit) of Debian 13 (trixie), as raspberrypi.com offers it: a .img.xz"
_ENDS = (".img", ".img.xz", ".img.zst")
_SECTOR = 512
_FAT, _LINUX = {"b", "c", "e"}, {"83"}
_EXT4_AT, _EXT4_MAGIC = 1024 + 56, b"\x53\xef"


@dataclass(frozen=True)
class Disk:
    """An image of a card with a boot partition and a root.

    Args:
        image: the file, unpacked.
        boot: where the boot partition begins, bytes.
        root: where the root's file system begins, bytes.
        tools: for mtools and debugfs.
    """

    image: Path
    boot: int
    root: int
    tools: Tools

    def copy(self, root: Path) -> None:
        """Copy the root into an empty directory, and the boot partition to its place in it.

        Raises:
            ImageError: one of them cannot be read.
        """
        Ext4(self.image, self.root, self.tools).unpack(root)
        firmware = root / "boot" / "firmware"
        firmware.mkdir(parents=True, exist_ok=True)
        source = f"/mnt/from/{self.image.name}@@{self.boot}"
        places = {"from": self.image.parent, "to": firmware}
        self.tools.run("mcopy", "-s", "-n", "-m", "-i", source, "::*", "/mnt/to/", places=places, epoch_s=0)
        for path in [firmware, *firmware.rglob("*")]:
            path.chmod(0o755 if path.is_dir() else 0o644)


def unpack(packed: Path, work: Path, tools: Tools) -> Disk:
    """Unpack an image and find its partitions.

    Args:
        packed: what was downloaded.
        work: a directory for the unpacked image, of its size.
        tools: for zstd and sfdisk.

    Raises:
        ImageError: it is none, or not one of Raspberry Pi OS.
    """
    if not packed.is_file() or not packed.name.endswith(_ENDS):
        reason = f"ends in none of {', '.join(_ENDS)}" if packed.is_file() else "is not there"
        raise ImageError(f"BASE={packed} {reason}. {ADVICE}")
    image = work / "disk.img"
    try:
        if packed.name.endswith(".zst"):
            places = {"from": packed.parent.absolute(), "to": work}
            words = ("zstd", "-qdf", "--sparse", f"/mnt/from/{packed.name}", "-o", f"/mnt/to/{image.name}")
            tools.run(*words, places=places, epoch_s=0)
        else:
            with _opened(packed) as source, image.open("wb") as target:
                _copy_sparse(source, target)
    except (lzma.LZMAError, EOFError, ImageError) as error:
        raise ImageError(
            f"BASE={packed} cannot be unpacked: {error}. Was it downloaded whole? Compare its SHA-256. {ADVICE}"
        ) from None
    boot, root = _partitions(image, packed, tools)
    return Disk(image, boot, root, tools)


@contextmanager
def _opened(packed: Path) -> Iterator[IO[bytes]]:
    with lzma.open(packed) if packed.name.endswith(".xz") else packed.open("rb") as source:
        yield source


def _copy_sparse(source: IO[bytes], target: BinaryIO) -> None:
    """Copy; what is zero stays a hole."""
    zero = bytes(MIB)
    while chunk := source.read(MIB):
        if chunk == zero[: len(chunk)]:
            target.seek(len(chunk), 1)
        else:
            target.write(chunk)
    target.truncate()


def _partitions(image: Path, packed: Path, tools: Tools) -> tuple[int, int]:
    """Where the boot partition and the root begin, bytes."""
    try:
        told = tools.run("sfdisk", "--json", f"/mnt/from/{image.name}", places={"from": image.parent}, epoch_s=0)
        table = json.loads(told.stdout)["partitiontable"]
    except (ImageError, ValueError, KeyError):
        raise ImageError(
            f"BASE={packed} has no table of partitions, so it is no image of a card. {ADVICE}"
        ) from None
    parts = [(one["type"], one["start"] * _SECTOR) for one in table.get("partitions", [])]
    boots = [begin for kind, begin in parts if kind in _FAT]
    roots = [begin for kind, begin in parts if kind in _LINUX and _is_ext4(image, begin)]
    if table["label"] != "dos" or len(boots) != 1 or len(roots) != 1:
        found = ", ".join(kind for kind, _ in parts) or "none"
        raise ImageError(
            f"BASE={packed} is not divided as Raspberry Pi OS is, into one FAT and one ext4 partition in an MBR "
            f"({table['label']}: {found}). {ADVICE}"
        )
    return boots[0], roots[0]


def _is_ext4(image: Path, begin: int) -> bool:
    with image.open("rb") as file:
        file.seek(begin + _EXT4_AT)
        return file.read(len(_EXT4_MAGIC)) == _EXT4_MAGIC
