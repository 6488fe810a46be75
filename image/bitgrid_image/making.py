"""From a checkout to files: the card's image, what is said of it, and the update for whoever has a card."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

import bitgrid
from bitgrid.ops.slots.card import RASPIOS
from bitgrid_image.assembly import Assembler, digest
from bitgrid_image.base import LISTS, LOCK, Mirror, base, lock_of
from bitgrid_image.boot import boot_files, efi, slot_files
from bitgrid_image.errors import ImageError
from bitgrid_image.kernel import Laid, Module, locked
from bitgrid_image.layout import Layout, Machine, layout
from bitgrid_image.model import Library
from bitgrid_image.packages import parse
from bitgrid_image.programs import run
from bitgrid_image.provision import PROJECT, Appliance
from bitgrid_image.raspios import raspios
from bitgrid_image.sbom import bill
from bitgrid_image.stages import Stage, remove
from bitgrid_image.tools import Tools, cache, tools
from bitgrid_image.update import Update, signer

Tell = Callable[[str], None]
_RASPIOS_MIB = 3072
"""Of a slot: Raspberry Pi OS has more in it than is asked for. The card still fits onto what is sold as 8 GB."""


@dataclass(frozen=True)
class Order:
    """What is wanted.

    Args:
        machine: what the image is for.
        mirror: where Debian's packages come from.
        dist: where the files go.
        key: the private key that signs updates; its public half is in the image.
            None: no update is made, and none is taken.
        base: the owner's Raspberry Pi OS Lite as it was downloaded; None: Debian's base root.
        has_model: the library for a language model is in the image, too.
    """

    machine: Machine
    mirror: Mirror
    dist: Path
    key: Path | None = None
    base: Path | None = None
    has_model: bool = False

    @property
    def system(self) -> str:
        """What its updates are for: one for Debian's base starts nothing on a card with another."""
        return self.machine.value if self.base is None else f"{self.machine}{RASPIOS}"

    @property
    def card(self) -> Layout:
        """How the card is divided."""
        if self.base is None:
            return layout(self.machine, bitgrid.__version__)
        return layout(self.machine, f"{bitgrid.__version__}{RASPIOS}", root_mib=_RASPIOS_MIB)

    @property
    def name(self) -> str:
        """What the files are called, before what each of them is: ``.img.zst``, ``.update``."""
        return f"bitgrid-{bitgrid.__version__}-{self.system}"


def make(order: Order, tell: Tell) -> list[Path]:
    """Make it all.

    Raises:
        ImageError: something is missing on this machine, or a stage failed; what stood in dist stays.
    """
    os.umask(0o022)  # what is made on the way is the same whoever makes it
    if order.base is not None and order.machine is not Machine.ARM64:
        raise ImageError(f"Raspberry Pi OS runs on no {order.machine}: leave BASE away, or say ARCH=arm64")
    public = None if order.key is None else _public(order.key)  # before all else, which takes minutes
    tool = tools(order.mirror.debian)
    epoch_s = commit_time_s()
    root_stage, packages = _root(order, public, tool, epoch_s, tell)
    order.dist.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache(), prefix=".card.") as name:
        work = _Work(order, tool, epoch_s, Path(name), root_stage / "root")
        image = work.image(tell)
        made = [*work.packed(image, tell), *work.said_of_it(packages)]
        if order.key is None:
            tell("update: none is made, and no card of this image will take one: no KEY was given")
        else:
            made.append(work.update(order.key, tell))
        return [_put(path, order.dist) for path in made]


def write_lock(order: Order, tell: Tell) -> Path:
    """Write down which packages the mirror gives today; the next image has these and no others.

    Raises:
        ImageError: the root cannot be made, or is the owner's.
    """
    if order.base is not None:
        raise ImageError("no lock says what is in the owner's Raspberry Pi OS: leave BASE away to write Debian's")
    tools(order.mirror.debian)
    found, lock = _base(order, None), lock_of(order.machine)
    remove(found.place(cache()))  # what a mirror gave another day is not asked for
    place = found.made(cache(), tell)
    lock.write_text((place / LOCK).read_text("utf-8"), encoding="utf-8")
    held = _base(order, lock).place(cache())
    if held.exists():
        remove(place)
    else:
        place.rename(held)  # it is what the next build would make anew
    return lock


def commit_time_s(*of: Path) -> int:
    """When what is built was last changed by a commit, UTC epoch seconds.

    Raises:
        ImageError: this is no checkout.
    """
    words = ["git", "-C", str(PROJECT), "log", "-1", "--format=%ct", "--", *map(str, of)]
    return int(_run(words).strip() or 0)


def _base(order: Order, lock: Path | None) -> Stage:
    # Of the lists alone, so that not every commit makes it anew.
    return base(order.machine, order.mirror, commit_time_s(*LISTS.glob("*.txt")), lock)


def _owners(packed: Path, tool: Tools) -> Stage:
    return raspios(packed.absolute(), tool, commit_time_s(*LISTS.glob("*.txt")))


def _root(order: Order, public: str | None, tool: Tools, epoch_s: int, tell: Tell) -> tuple[Path, Path]:
    """Where the finished root's stage is, and the list of its packages."""
    stage = _base(order, lock_of(order.machine)) if order.base is None else _owners(order.base, tool)
    made = stage.made(cache(), tell)
    release = Path(_run([str(PROJECT / "scripts" / "release"), order.machine, str(cache() / "releases")]).strip())
    ansible, model, module = Path(sys.executable).parent, _model(order, tell), _module(order, tell)
    appliance = Appliance(order.machine, stage, tool, release, ansible, epoch_s, public, model, module)
    return appliance.stage(made).made(cache(), tell), made / LOCK


def _public(key: Path) -> str:
    own = signer(key).public_key()
    return own.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii")


def _model(order: Order, tell: Tell) -> Path | None:
    if not order.has_model:
        return None
    return Library(order.machine, order.mirror.debian).stage().made(cache(), tell)


def _module(order: Order, tell: Tell) -> Laid | None:
    """Of a Raspberry Pi, and not where its kernel is Raspberry Pi's own."""
    if order.machine is not Machine.ARM64 or order.base is not None:
        return None
    module = Module(locked(lock_of(order.machine)), order.mirror)
    return Laid(module, module.stage().made(cache(), tell))


@dataclass(frozen=True)
class _Work:
    """A finished root on its way to files."""

    order: Order
    tools: Tools
    epoch_s: int
    place: Path
    root: Path

    def image(self, tell: Tell) -> Path:
        tell("card: is put together")
        slot, boot, parts = (self._new(name) for name in ("slot", "boot", "parts"))
        slot_files(self.order.machine, self.root, slot)
        boot_files(self.order.card, self.root, slot, boot)
        if self.order.machine is Machine.AMD64:
            efi(self.tools, self.root, boot, self.epoch_s)
        image = self.place / f"{self.order.name}.img"
        Assembler(self.order.card, self.tools, self.epoch_s, parts).assemble(
            {"boot": boot, "root-a": self.root}, image
        )
        return image

    def packed(self, image: Path, tell: Tell) -> list[Path]:
        """The image as it is handed on, its hash, and where in it something is."""
        tell("card: is packed")
        self._tool(
            "bmaptool", "--quiet", "create", "--output", f"/mnt/here/{image.name}.bmap", f"/mnt/here/{image.name}"
        )
        self._tool("zstd", "-q", "--single-thread", "-10", f"/mnt/here/{image.name}")
        packed = image.with_name(f"{image.name}.zst")
        told = image.with_name(f"{packed.name}.sha256")
        told.write_text(f"{digest(packed)}  {packed.name}\n", encoding="ascii")
        return [packed, told, image.with_name(f"{image.name}.bmap")]

    def said_of_it(self, packages: Path) -> list[Path]:
        """Its packages, and its bill of materials."""
        text = packages.read_text("utf-8")
        listed, told = (self.place / f"{self.order.name}.{end}" for end in ("packages.txt", "sbom.json"))
        listed.write_text(text, encoding="utf-8")
        found = bill(self.order.name, bitgrid.__version__, parse(text), self.root, self.epoch_s)
        told.write_text(found, encoding="utf-8")
        return [listed, told]

    def update(self, key: Path, tell: Tell) -> Path:
        tell("update: is packed and signed")
        parts = self.place / "parts"
        part = Assembler(self.order.card, self.tools, self.epoch_s, parts).partition(
            self.order.card.partitions[1], self.root
        )
        target = self.place / f"{self.order.name}.update"
        Update(self.order.system, bitgrid.__version__, part, self.place / "slot").write(
            target, key, self.tools, self.epoch_s
        )
        return target

    def _new(self, name: str) -> Path:
        place = self.place / name
        place.mkdir()
        return place

    def _tool(self, *words: str) -> None:
        self.tools.run(*words, places={"here": self.place}, epoch_s=self.epoch_s)


def _put(path: Path, dist: Path) -> Path:
    """Into its place, whole or not at all."""
    target, unfinished = dist / path.name, dist / f".{path.name}.new"
    shutil.move(path, unfinished)
    unfinished.rename(target)
    return target


def _run(words: list[str]) -> str:
    return run(words, {"PYTHON": sys.executable})
