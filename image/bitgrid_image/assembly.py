"""Assembly: trees of files become partitions, partitions a card. No loop device, no mount, the same bytes."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bitgrid_image.errors import ImageError
from bitgrid_image.layout import MIB, Kind, Layout, Partition
from bitgrid_image.tools import Tools

_CHUNK = MIB
_AS_LARGE = ["-b", "4096", "-I", "256", "-i", "16384"]
"""As mke2fs makes a large file system: of a small partition it would make another, and data is to grow."""


@dataclass(frozen=True)
class Assembler:
    """Puts a card together.

    Args:
        layout: how it is divided.
        tools: which write the file systems.
        epoch_s: the time of everything, UTC epoch seconds: that of the commit it is made from.
        work: an empty directory for what is made on the way, of the size of the image.
    """

    layout: Layout
    tools: Tools
    epoch_s: int
    work: Path

    def assemble(self, trees: Mapping[str, Path], image: Path) -> None:
        """Make an image from a tree for each partition that has one; the others are empty file systems.

        Raises:
            ImageError: a tree does not fit, or a tool failed. There is no image then.
        """
        unknown = set(trees) - {one.name for one in self.layout.partitions}
        if unknown:
            raise ImageError(f"there is no partition {', '.join(sorted(unknown))}")
        unfinished = image.with_name(f".{image.name}.new")
        with unfinished.open("wb") as file:
            file.truncate(self.layout.size_mib * MIB)
        self._run("sfdisk", "--quiet", "--no-reread", "--no-tell-kernel", f"/mnt/to/{unfinished.name}",
                  stdin=self.layout.table(), to=unfinished.parent)  # fmt: skip
        for number, one in enumerate(self.layout.partitions):
            made = self.partition(one, trees.get(one.name))
            _place(made, unfinished, self.layout.begin_mib(number) * MIB)
            made.unlink()
        with unfinished.open("rb") as file:
            os.fsync(file.fileno())
        unfinished.rename(image)

    def partition(self, one: Partition, tree: Path | None) -> Path:
        """A partition's own file.

        Raises:
            ImageError: its tree does not fit.
        """
        made = self.work / f"{one.name}.part"
        made.unlink(missing_ok=True)
        with made.open("wb") as file:
            file.truncate(one.size_mib * MIB)
        try:
            if one.kind is Kind.BOOT:
                self._fat(one, tree, made)
            else:
                self._ext4(one, tree, made)
        except ImageError as error:
            raise ImageError(f"{one.name} ({one.size_mib} MiB) cannot be made: {error}") from None
        return made

    def _fat(self, one: Partition, tree: Path | None, made: Path) -> None:
        volume = f"{self.layout.identity(one.name).int & 0xFFFFFFFF:08x}"
        inside = f"/mnt/made/{made.name}"
        label = one.name.upper()
        self._run("mkfs.vfat", "--invariant", "-F", "32", "-i", volume, "-n", label, inside)
        if tree is None:
            return
        for path in sorted(tree.rglob("*")):
            name = str(path.relative_to(tree))
            if path.is_dir():
                self._run("mmd", "-i", inside, f"::{name}")
            else:
                os.utime(path, (self.epoch_s, self.epoch_s))
                self._run("mcopy", "-m", "-i", inside, f"/mnt/tree/{name}", f"::{name}", tree=tree)

    def _ext4(self, one: Partition, tree: Path | None, made: Path) -> None:
        own = self.layout.identity(one.name)
        options = f"hash_seed={own},root_owner=0:0,lazy_itable_init=0,lazy_journal_init=0,nodiscard"
        command = ["mke2fs", "-q", "-F", "-t", "ext4", "-U", str(own), "-L", one.name, "-E", options, "-m", "1"]
        command += _AS_LARGE
        if tree is not None:
            self._run(
                "tar", *self._sorted(), f"--file=/mnt/made/{one.name}.tar", "--directory=/mnt/tree", ".", tree=tree
            )
            command += ["-d", f"/mnt/made/{one.name}.tar"]
        try:
            self._run(*command, f"/mnt/made/{made.name}")
        finally:
            (self.work / f"{one.name}.tar").unlink(missing_ok=True)

    def _sorted(self) -> list[str]:
        """Files in the order of their names, none newer than the image, nothing that differs from run to run."""
        return [
            "--create", "--sort=name", "--format=posix", "--numeric-owner", "--xattrs", "--acls",
            f"--mtime=@{self.epoch_s}", "--clamp-mtime",
            "--pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime",
        ]  # fmt: skip

    def _run(self, *command: str, stdin: str | None = None, **places: Path) -> None:
        self.tools.run(*command, places={"made": self.work, **places}, epoch_s=self.epoch_s, stdin=stdin)


def _place(part: Path, image: Path, at: int) -> None:
    """Copy a partition into its place; what is zero stays a hole."""
    zero = bytes(_CHUNK)
    with part.open("rb") as source, image.open("r+b") as target:
        place = at
        while chunk := source.read(_CHUNK):
            if chunk != zero[: len(chunk)]:
                target.seek(place)
                target.write(chunk)
            place += len(chunk)


def digest(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
