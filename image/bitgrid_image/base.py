"""The base root: Debian 13 with every package that the appliance needs, an initrd, nothing of any one computer."""

from __future__ import annotations

import os
import platform
import shutil
from dataclasses import dataclass
from pathlib import Path

from bitgrid_image.errors import ImageError
from bitgrid_image.layout import Machine
from bitgrid_image.packages import hold, installed, render
from bitgrid_image.programs import run
from bitgrid_image.stages import Stage
from bitgrid_image.tools import SUITE

IMAGE = Path(__file__).parents[1]
LISTS = IMAGE / "packages"
EARLY = IMAGE / "files/root/etc/initramfs-tools"
USERS = IMAGE / "files/root/usr/lib/sysusers.d/bitgrid-image.conf"
LOCK = "packages.lock"
RECIPE = 3
"""To be raised when what is done here changes."""
_COMPONENTS = "main,non-free-firmware"
LEFT_OUT = ("doc/*", "man/*", "locale/*", "info/*", "lintian/*", "bug/*")
_INITRD_LATER = (
    'chroot "$1" dpkg-divert --quiet --local --rename --divert /usr/sbin/update-initramfs.later '
    '--add /usr/sbin/update-initramfs && ln -s ../bin/true "$1"/usr/sbin/update-initramfs'
)
"""Every package that has something to say asks for an initrd of its own; by an emulator one takes minutes."""
_INITRD_NOW = (
    'rm "$1"/usr/sbin/update-initramfs && '
    'chroot "$1" dpkg-divert --quiet --local --rename --remove /usr/sbin/update-initramfs && '
    'for place in "$1"/usr/lib/modules/*; do chroot "$1" update-initramfs -c -k "${place##*/}"; done'
)
_EMPTIED = (
    "var/lib/apt/lists",
    "var/log",
    "var/cache/apt",
    "var/cache/debconf",
    "var/cache/ldconfig",
    "tmp",
    "run",
)
_OF_ONE_COMPUTER = ("etc/ssh/ssh_host_*", "etc/hostname", "var/lib/dbus/machine-id", "var/lib/systemd/random-seed")


@dataclass(frozen=True)
class Mirror:
    """Where packages come from.

    Args:
        debian: of the distribution.
        security: of its security updates.
    """

    debian: str
    security: str

    def sources(self) -> list[str]:
        """As apt reads them."""
        components = _COMPONENTS.replace(",", " ")
        suites = [(self.debian, SUITE), (self.debian, f"{SUITE}-updates"), (self.security, f"{SUITE}-security")]
        return [f"deb {where} {suite} {components}" for where, suite in suites]


def wanted(machine: Machine) -> list[str]:
    """The packages that are asked for; what they depend on comes with them."""
    lines = [
        line for name in ("common", machine) for line in (LISTS / f"{name}.txt").read_text("utf-8").splitlines()
    ]
    return sorted(line for line in lines if line and not line.startswith("#"))


def lock_of(machine: Machine) -> Path:
    """Where it is written down which packages are in the image."""
    return LISTS / f"{machine}.lock"


def base(machine: Machine, mirror: Mirror, epoch_s: int, lock: Path | None) -> Stage:
    """The stage: ``root``, and in `LOCK` what is in it.

    Args:
        machine: what it is for.
        mirror: which is no part of its key: from wherever they come, packages are held against the lock.
        epoch_s: the time of what is written on the way, UTC epoch seconds.
        lock: what must be in it, and nothing else; None: whatever the mirror has now.
    """

    def make(place: Path) -> None:
        need(machine)
        root = place / "root"
        _run(command(machine, mirror, root), epoch_s)
        found = installed(root)
        if lock is not None:
            hold(lock, found)
        (place / LOCK).write_text(render(found), encoding="utf-8")
        clean(root)
        date(root, epoch_s)

    inputs = (
        str(RECIPE),
        machine.value,
        str(epoch_s),
        LISTS / "common.txt",
        LISTS / f"{machine}.txt",
        EARLY,
        USERS,
        *([] if lock is None else [lock]),
    )
    return Stage(f"base-{machine}", inputs, make)


def command(machine: Machine, mirror: Mirror, root: Path) -> list[str]:
    """How mmdebstrap is called. Users get their numbers, and the initrd its scripts, before any package asks."""
    early = '"$1"/etc/initramfs-tools'
    return [
        "mmdebstrap", "--variant=minbase", "--quiet", f"--architectures={machine}",
        f"--components={_COMPONENTS}", f"--include={','.join(wanted(machine))}", "--skip=cleanup/apt/lists",
        "--dpkgopt=force-unsafe-io", '--aptopt=Acquire::Languages "none"',
        '--aptopt=APT::Install-Recommends "false"',
        *(f"--dpkgopt=path-exclude=/usr/share/{one}" for one in LEFT_OUT),
        "--dpkgopt=path-include=/usr/share/doc/*/copyright",
        '--setup-hook=mkdir -p "$1"/boot/firmware "$1"/data',
        f'--essential-hook=systemd-sysusers --root="$1" "{USERS}"',
        f'--essential-hook=mkdir -p {early} && cp -r "{EARLY}"/. {early}/',
        f"--essential-hook={_INITRD_LATER}",
        f"--customize-hook={_INITRD_NOW}",
        SUITE, str(root), *mirror.sources(),
    ]  # fmt: skip


def date(root: Path, epoch_s: int) -> None:
    """Let nothing be newer than what it is made from: the stage is kept, and an image may be made much later.

    Args:
        root: finished.
        epoch_s: the time of what was written on the way, UTC epoch seconds.
    """
    for path in [root, *root.rglob("*")]:
        if path.lstat().st_mtime > epoch_s:
            os.utime(path, (epoch_s, epoch_s), follow_symlinks=False)


def need(machine: Machine) -> None:
    """See that programs of a machine can run here.

    Raises:
        ImageError: they cannot; with what to install.
    """
    is_foreign = platform.machine() != machine.processor
    packages = {"mmdebstrap": "mmdebstrap", "systemd-sysusers": "systemd"}
    packages |= {"arch-test": "arch-test"} if is_foreign else {}
    lacking = [name for name in packages if shutil.which(name) is None]
    if lacking:
        install = " ".join(packages[name] for name in lacking)
        raise ImageError(f"this machine lacks {', '.join(lacking)}. Install it: apt install {install}")
    emulator = Path("/proc/sys/fs/binfmt_misc") / f"qemu-{machine.processor}"
    if is_foreign and not emulator.exists():
        raise ImageError(
            f"this is {platform.machine()}, and nothing here runs programs for {machine}. "
            "Install what does: apt install qemu-user-static binfmt-support"
        )


def clean(root: Path) -> None:
    """Take away what belongs to one build or one computer; an empty machine-id is what a new one is laid over."""
    for place in _EMPTIED:
        for path in (root / place).glob("*"):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
    for pattern in _OF_ONE_COMPUTER:
        for path in root.glob(pattern):
            path.unlink()
    for name in ("machine-id", "hostname"):
        (root / "etc" / name).write_text("", encoding="ascii")


def _run(words: list[str], epoch_s: int) -> None:
    run(words, {"LC_ALL": "C.UTF-8", "TZ": "UTC", "SOURCE_DATE_EPOCH": str(epoch_s)})
