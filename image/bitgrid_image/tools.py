"""Debian 13's own tools in a root of their own: what mke2fs or mtools write depends on their version alone."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bitgrid_image.errors import ImageError
from bitgrid_image.layout import Machine

PACKAGES = (
    "bmap-tools", "dosfstools", "e2fsprogs", "fdisk", "grub-common", "libarchive13t64", "mtools", "nftables",
    "python3", "tar", "zstd",
)  # fmt: skip
SUITE = "trixie"
RECIPE = 1
"""To be raised when what is done here changes."""
_TOLD = 20
_UNPACK = (
    'cd "$1"/tmp && APT_CONFIG="$MMDEBSTRAP_APT_CONFIG" apt-get --quiet download {names} && '
    'for file in *.deb; do dpkg-deb --extract "$file" "$1" && rm "$file" || exit 1; done'
)
_NEEDED = {"mmdebstrap": "mmdebstrap", "unshare": "util-linux", "chroot": "coreutils"}


@dataclass(frozen=True)
class Beside:
    """Packages for another machine, unpacked beside the tools: nothing of them runs, nor anything they ask for.

    Args:
        architecture: of Debian, what they are for.
        packages: each with its version, as ``name=version``.
        security: a mirror of Debian's security updates, where any of the tools may come from, too.
    """

    architecture: str
    packages: tuple[str, ...]
    security: str

    def words(self) -> list[str]:
        """What mmdebstrap is told of them."""
        here = platform.machine()
        native = next((one.value for one in Machine if one.processor == here), here)
        kinds = dict.fromkeys((native, self.architecture))
        names = " ".join("{0}:{2}={1}".format(*one.split("="), self.architecture) for one in self.packages)
        return [f"--architectures={','.join(kinds)}", f"--customize-hook={_UNPACK.format(names=names)}"]

    def sources(self) -> list[str]:
        """As apt reads them."""
        return [f"deb {self.security} {SUITE}-security main"]


@dataclass(frozen=True)
class Tools:
    """A root with tools.

    Args:
        root: where it is; it is only read.
    """

    root: Path

    def run(
        self, *command: str, places: Mapping[str, Path], epoch_s: int, stdin: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a tool to its end.

        Args:
            command: the tool and its arguments.
            places: directories it sees, by the names they have for it below /mnt.
            epoch_s: the time that is written wherever one must be, UTC epoch seconds.
            stdin: what it reads.

        Raises:
            ImageError: with what it said.
        """
        binds = "".join(
            f'mkdir -p "$1/mnt/{name}" && mount --bind "${number}" "$1/mnt/{name}" && '
            for number, name in enumerate(places, 2)
        )
        script = f'{binds}shift {len(places) + 1}; exec chroot "$ROOT" "$@"'
        environment = {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "LC_ALL": "C.UTF-8",
            "TZ": "UTC",
            "SOURCE_DATE_EPOCH": str(epoch_s),
            "MTOOLS_SKIP_CHECK": "1",
            "ROOT": str(self.root),
        }
        where = [str(path.absolute()) for path in places.values()]
        full = ["unshare", "--mount", "--propagation=private", "sh", "-ec", script, "sh", str(self.root), *where]
        done = subprocess.run(  # noqa: S603  our own arguments
            [*full, *command], input=stdin, capture_output=True, text=True, check=False, env=environment
        )
        if done.returncode:
            said = (done.stderr or done.stdout).strip().splitlines()[-_TOLD:]
            raise ImageError(f"{command[0]} ended with {done.returncode}: " + "\n".join(said))
        return done


def cache() -> Path:
    """Where what takes long to make is kept."""
    return Path(os.environ.get("BITGRID_CACHE") or Path.home() / ".cache" / "bitgrid")


def tools(
    mirror: str,
    name: str = "image-tools",
    packages: tuple[str, ...] = PACKAGES,
    beside: Beside | None = None,
) -> Tools:
    """The tools, fetched once.

    Args:
        mirror: a Debian mirror.
        name: of their root.
        packages: of Debian, which are in it.
        beside: what lies beside them; None: nothing.

    Raises:
        ImageError: this is not root, something is missing on this machine, or the mirror cannot be reached.
    """
    if os.geteuid() != 0:
        raise ImageError("an image is made by root, for its files belong to many users; run it with sudo")
    lacking = [package for program, package in _NEEDED.items() if shutil.which(program) is None]
    if lacking:
        raise ImageError(
            f"this machine lacks {', '.join(lacking)}; install it with: apt install {' '.join(lacking)}"
        )
    others = () if beside is None else (beside.architecture, beside.packages)
    key = hashlib.sha256(repr((RECIPE, SUITE, packages, *others)).encode()).hexdigest()[:16]
    root = cache() / f"{name}-{key}"
    if not root.is_dir():
        _make(root, mirror, packages, beside)
    return Tools(root)


def _make(root: Path, mirror: str, packages: tuple[str, ...], beside: Beside | None) -> None:
    root.parent.mkdir(parents=True, exist_ok=True)
    unfinished = root.with_name(f".{root.name}.{os.getpid()}")  # another build may be at it, too
    command = ["mmdebstrap", "--variant=apt", "--quiet", f"--include={','.join(packages)}"]
    command += ["--dpkgopt=force-unsafe-io", '--aptopt=Acquire::Languages "none"']
    command += [] if beside is None else beside.words()
    command += [
        SUITE,
        str(unfinished),
        f"deb {mirror} {SUITE} main",
        *([] if beside is None else beside.sources()),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  our own arguments
    if done.returncode:
        shutil.rmtree(unfinished, ignore_errors=True)
        said = "\n".join(done.stderr.strip().splitlines()[-5:])
        raise ImageError(f"the tools of Debian {SUITE} could not be fetched from {mirror}: {said}")
    try:
        unfinished.rename(root)
    except OSError:
        if not root.is_dir():
            raise
        shutil.rmtree(unfinished, ignore_errors=True)
