"""How a card is divided: what each partition is for, how large it is, and by which identity it is found again.

A boot partition that any computer reads, two slots for the system, and the house's data, which grows to the end of
the card at its first start. On a Raspberry Pi the table is of the old kind (MBR), which every model's firmware
reads; on other computers it is GPT with an EFI system partition.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from enum import StrEnum

MIB = 2**20
FIRST_MIB = 4
"""Where the first partition begins: SD cards erase in blocks of up to 4 MiB."""
_NAMES = uuid.UUID("6f0d3a53-3b0e-4a43-9f5e-5d7f1d0b7c11")


class Machine(StrEnum):
    """What the image is for."""

    ARM64 = "arm64"
    AMD64 = "amd64"

    @property
    def processor(self) -> str:
        """As the kernel calls it (uname -m), and Python's wheels."""
        return {Machine.ARM64: "aarch64", Machine.AMD64: "x86_64"}[self]

    @property
    def triplet(self) -> str:
        """How Debian names its compilers."""
        return f"{self.processor}-linux-gnu"


class Kind(StrEnum):
    """What is in a partition."""

    BOOT = "boot"
    ROOT = "root"
    DATA = "data"


@dataclass(frozen=True)
class Partition:
    """A part of the card.

    Args:
        name: boot, root-a, root-b or data; its label, too.
        kind: what is in it.
        size_mib: MiB; of data, what it has before it grows.
    """

    name: str
    kind: Kind
    size_mib: int


@dataclass(frozen=True)
class Layout:
    """A card's table.

    Args:
        machine: what it is for.
        version: of BitGrid: another version has other identities, so that two cards in one reader are told apart.
        partitions: in their order.
    """

    machine: Machine
    version: str
    partitions: tuple[Partition, ...]

    @property
    def is_gpt(self) -> bool:
        """Whether the table is a GPT."""
        return self.machine is Machine.AMD64

    @property
    def size_mib(self) -> int:
        """Of the whole image, MiB; a GPT has its second copy in the last one."""
        return self.begin_mib(len(self.partitions)) + int(self.is_gpt)

    @property
    def disk_id(self) -> str:
        """As sfdisk writes it: 0x and eight digits, or a UUID."""
        own = self.identity("disk")
        return str(own) if self.is_gpt else f"0x{own.int & 0xFFFFFFFF:08x}"

    def begin_mib(self, number: int) -> int:
        """Where a partition begins, counted from 0, MiB."""
        return FIRST_MIB + sum(one.size_mib for one in self.partitions[:number])

    def part_uuid(self, name: str) -> str:
        """By which identity the kernel finds a partition (``root=PARTUUID=…``).

        It ends in the partition's number, as an MBR has it, so that from one slot the whole card can be found.
        """
        number = [one.name for one in self.partitions].index(name) + 1
        if self.is_gpt:
            return f"{str(self.identity('disk'))[:-2]}{number:02d}"
        return f"{self.disk_id.removeprefix('0x')}-{number:02d}"

    def identity(self, of: str) -> uuid.UUID:
        """An identity that follows from version and machine alone."""
        return uuid.uuid5(_NAMES, f"{self.machine} {self.version} {of}")

    def table(self) -> str:
        """The table as sfdisk(8) reads it."""
        lines = [f"label: {'gpt' if self.is_gpt else 'dos'}", f"label-id: {self.disk_id}", "unit: sectors"]
        if self.is_gpt:
            lines += ["first-lba: 2048"]
        for number, one in enumerate(self.partitions):
            begin, size = self.begin_mib(number) * MIB // 512, one.size_mib * MIB // 512
            said = [f"start={begin}", f"size={size}", f"type={_TYPES[self.is_gpt][one.kind]}"]
            if self.is_gpt:
                said += [f"uuid={self.part_uuid(one.name)}", f'name="{one.name}"']
            elif one.kind is Kind.BOOT:
                said.append("bootable")
            lines.append(", ".join(said))
        return "\n".join(lines) + "\n"


_LINUX = "0FC63DAF-8483-4772-8E79-3D69D8477DE4"
_TYPES: dict[bool, dict[Kind, str]] = {
    False: {Kind.BOOT: "c", Kind.ROOT: "83", Kind.DATA: "83"},
    True: {Kind.BOOT: "C12A7328-F81F-11D2-BA4B-00A0C93EC93B", Kind.ROOT: _LINUX, Kind.DATA: _LINUX},
}


def layout(
    machine: Machine, version: str, *, boot_mib: int = 512, root_mib: int = 2560, data_mib: int = 256
) -> Layout:
    """The layout of a card: 5.75 GiB by default, which fits onto what is sold as 8 GB."""
    return Layout(
        machine,
        version,
        (
            Partition("boot", Kind.BOOT, boot_mib),
            Partition("root-a", Kind.ROOT, root_mib),
            Partition("root-b", Kind.ROOT, root_mib),
            Partition("data", Kind.DATA, data_mib),
        ),
    )
