"""The module by which the arm64 image's kernel asks a Raspberry Pi's firmware for a trial: made, put into a root.

Debian's kernel, which is Linux's own, does not ask the firmware to try another system; that of Raspberry Pi OS
does, and needs no module. A kernel loads what was compiled against its own headers and no others', so these are
fetched by the version in the lock. The compiler is of this machine's kind: nothing is emulated.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from bitgrid_image.base import Mirror, lock_of
from bitgrid_image.errors import ImageError
from bitgrid_image.layout import Machine
from bitgrid_image.model import EPOCH_S
from bitgrid_image.packages import parse
from bitgrid_image.stages import Stage
from bitgrid_image.tools import Beside, Tools, tools

SOURCE = Path(__file__).parents[1] / "kernel"
NAME = "bitgrid_tryboot"
LOADED = "usr/lib/modules-load.d/bitgrid-tryboot.conf"
RECIPE = 1
"""To be raised when what is done here changes."""
_IMAGE = "linux-image-"
_KIND = f"-{Machine.ARM64}"
_TRIPLET = Machine.ARM64.triplet
COMPILER = f"{_TRIPLET}-gcc-14"
"""The one that Debian 13's kernel was compiled by; its headers ask for it by this name."""


@dataclass(frozen=True)
class Kernel:
    """Which kernel it is.

    Args:
        release: as it calls itself, ``6.12.117+deb13-arm64``.
        version: of Debian's package.
    """

    release: str
    version: str

    @property
    def common(self) -> str:
        """What it has in common with Debian's kernels for other machines."""
        return self.release.removesuffix(_KIND)

    @property
    def packages(self) -> tuple[str, ...]:
        """What of Debian compiles for it, on any machine."""
        own = (f"linux-kbuild-{self.common}={self.version}", f"linux-headers-{self.common}-common={self.version}")
        return (f"binutils-{_TRIPLET}", f"gcc-14-{_TRIPLET}", "kmod", "make", *own)

    @property
    def headers(self) -> tuple[str, ...]:
        """What is for its machine, and asks for that machine's compiler and the kernel itself."""
        return (f"linux-headers-{self.release}={self.version}",)

    @property
    def command(self) -> tuple[str, ...]:
        """How the module is compiled in ``/mnt/module``."""
        words = ("make", "-C", f"/usr/src/linux-headers-{self.release}", "M=/mnt/module", "modules")
        return ("unshare", "--net", *words, f"ARCH={Machine.ARM64}", f"CROSS_COMPILE={_TRIPLET}-")


def locked(lock: Path | None = None) -> Kernel:
    """The kernel of the arm64 image.

    Raises:
        ImageError: none is locked, or several.
    """
    packages = parse((lock or lock_of(Machine.ARM64)).read_text("utf-8"))
    named = [one for one in packages if re.match(rf"{_IMAGE}\d", one.name)]
    found = [Kernel(one.name.removeprefix(_IMAGE), one.version) for one in named]
    if len(found) != 1:
        told = ", ".join(one.release for one in found) or "none"
        raise ImageError(f"one kernel is wanted in the lock, there is: {told}; write it anew")
    return found[0]


@dataclass(frozen=True)
class Module:
    """What is built.

    Args:
        kernel: for which.
        mirror: of Debian, where compilers and headers come from.
    """

    kernel: Kernel
    mirror: Mirror

    def compilers(self) -> Tools:
        """The root that it is compiled in.

        Raises:
            ImageError: it cannot be made; the mirrors may have no headers of this kernel any more.
        """
        beside = Beside(Machine.ARM64.value, self.kernel.headers, self.mirror.security)
        try:
            return tools(self.mirror.debian, "image-compilers-kernel", self.kernel.packages, beside)
        except ImageError as error:
            if self.kernel.common not in str(error):
                raise
            raise ImageError(
                f"what compiles for the locked kernel, {self.kernel.release} ({self.kernel.version}), could not "
                f"be fetched. Most likely neither {self.mirror.debian} nor {self.mirror.security} has its headers "
                "any more, and it loads no module that was compiled against others: take a snapshot of the "
                f"mirrors of the lock's day, or write the lock anew. {error}"
            ) from None

    def stage(self) -> Stage:
        """The stage: the module, as the kernel loads it."""

        def make(place: Path) -> None:
            work = place / "work"
            shutil.copytree(SOURCE, work)
            compilers = self.compilers()
            compilers.run(*self.kernel.command, places={"module": work}, epoch_s=EPOCH_S)
            strip = (f"{_TRIPLET}-strip", "--strip-debug", f"/mnt/module/{NAME}.ko")
            compilers.run(*strip, places={"module": work}, epoch_s=EPOCH_S)
            (work / f"{NAME}.ko").rename(place / f"{NAME}.ko")
            shutil.rmtree(work)

        words = (*self.kernel.packages, *self.kernel.headers, *self.kernel.command)
        return Stage("kernel-arm64", (str(RECIPE), *words, SOURCE), make)


@dataclass(frozen=True)
class Laid:
    """A module that is made, on its way into a root.

    Args:
        module: which.
        made: where its stage is.
    """

    module: Module
    made: Path

    @property
    def key(self) -> str:
        """Another one for another module."""
        return self.made.name

    def put(self, root: Path) -> None:
        """Put it where the kernel finds it, and have it loaded at every start.

        Args:
            root: finished but for this; its owner is root.

        Raises:
            ImageError: the root has another kernel.
        """
        release = self.module.kernel.release
        modules = root / "usr/lib/modules" / release
        if not modules.is_dir():
            there = ", ".join(sorted(path.name for path in modules.parent.glob("*"))) or "none"
            raise ImageError(f"{NAME} was compiled for {release}, and the kernel of the root is: {there}")
        target, loaded = modules / "updates" / f"{NAME}.ko", root / LOADED
        for directory in (target.parent, loaded.parent):
            directory.mkdir(mode=0o755, exist_ok=True)
        shutil.copyfile(self.made / target.name, target)
        loaded.write_text(f"{NAME}\n", encoding="ascii")
        words = ("depmod", "--basedir", "/mnt/root", release)
        self.module.compilers().run(*words, places={"root": root}, epoch_s=EPOCH_S)
