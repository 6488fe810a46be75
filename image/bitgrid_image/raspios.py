"""The base root from the owner's Raspberry Pi OS Lite: a Raspberry Pi 5 needs its kernel, for Debian 13 has none.

The owner's file is not ours: no lock says what is in it. It is the stage's key by its SHA-256, and what was found
in the finished root is written down. Packages that are missing come from the sources that it names itself.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from bitgrid_image.assembly import digest
from bitgrid_image.base import EARLY, LEFT_OUT, LISTS, LOCK, USERS, clean, date, need, wanted
from bitgrid_image.boot import FIRMWARE, PI_KERNELS
from bitgrid_image.disk import ADVICE, unpack
from bitgrid_image.errors import ImageError
from bitgrid_image.layout import Machine
from bitgrid_image.owners import check, forget_people, modules
from bitgrid_image.packages import installed, render, states
from bitgrid_image.programs import MOUNTS, run
from bitgrid_image.stages import Stage
from bitgrid_image.tools import Tools

OWN = Path(__file__).parents[1] / "raspios"
RECIPE = 1
"""To be raised when what is done here changes."""
_OF_DEBIAN = {"linux-image-arm64", "raspi-firmware"}
"""Raspberry Pi OS has a kernel and firmware of its own."""
_DEVICES = {"null": (1, 3), "zero": (1, 5), "full": (1, 7), "random": (1, 8), "urandom": (1, 9), "tty": (5, 0)}
_STREAMS = {"fd": "", "stdin": "/0", "stdout": "/1", "stderr": "/2"}
_TIDIED = (
    "etc/sudoers.d/010_*nopasswd", "etc/systemd/system/getty@tty1.service.d/autologin.conf", "etc/rc.local",
    "etc/init.d/resize2fs_once", "etc/ssh/sshd_config.d/rename_user.conf", "var/swap", "etc/netplan/*",
    "boot/*-rpi-*", "usr/sbin/policy-rc.d",
    "var/lib/systemd/rfkill/*",
)  # fmt: skip
"""What it has for its own first start, kernels that lie in boot/firmware, and that Wi-Fi is off until asked."""
_INSIDE = f'root=$1; shift{MOUNTS}exec chroot "$root" "$@"'


def raspios(packed: Path, tools: Tools, epoch_s: int) -> Stage:
    """The stage: ``root`` with its boot files in ``boot/firmware``, and in `LOCK` what is in it.

    Args:
        packed: Raspberry Pi OS Lite as it was downloaded.
        tools: that copy it out.
        epoch_s: the time of what is written on the way, UTC epoch seconds.

    Raises:
        ImageError: the file is not there.
    """
    if not packed.is_file():
        raise ImageError(f"BASE={packed} is not there. {ADVICE}")

    def make(place: Path) -> None:
        need(Machine.ARM64)
        root = place / "root"
        root.mkdir()
        disk = unpack(packed, place, tools)
        disk.copy(root)
        disk.image.unlink()
        check(root)
        prepare(root)
        _Chroot(root, epoch_s).furnish()
        (place / LOCK).write_text(render(installed(root, is_owners=True)), encoding="utf-8")
        tidy(root)
        clean(root)
        date(root, epoch_s)

    lists = (LISTS / "common.txt", LISTS / "arm64.txt", OWN)
    inputs = (str(RECIPE), digest(packed), str(epoch_s), *lists, EARLY, USERS)
    return Stage("base-raspios", inputs, make)


def asked_for() -> list[str]:
    """The packages that it must have in the end."""
    return [name for name in wanted(Machine.ARM64) if name not in _OF_DEBIAN]


def lines(name: str) -> list[str]:
    """What a list beside the stage names."""
    told = (OWN / name).read_text("utf-8").splitlines()
    return [line for line in told if line and not line.startswith("#")]


def prepare(root: Path) -> None:
    """What a root needs before programs run in it: devices, names of hosts, its users, how its initrd is made.

    Args:
        root: whose files nobody uses.
    """
    forget_people(root)
    run(["systemd-sysusers", f"--root={root}", str(USERS)])
    for place in ("proc", "run", "tmp", "dev", "data", "etc/initramfs-tools/conf.d", "etc/dpkg/dpkg.cfg.d"):
        (root / place).mkdir(parents=True, exist_ok=True)
    for name, (major, minor) in _DEVICES.items():
        (root / "dev" / name).unlink(missing_ok=True)
        os.mknod(root / "dev" / name, stat.S_IFCHR | 0o666, os.makedev(major, minor))
        (root / "dev" / name).chmod(0o666)
    for name, end in _STREAMS.items():
        _link(root / "dev" / name, f"/proc/self/fd{end}")
    early = root / "etc/initramfs-tools"
    shutil.copytree(EARLY, early, dirs_exist_ok=True)
    for path in [early, *early.rglob("*")]:
        os.utime(path)  # a checkout's times are its own; what is newer than the image gets the image's time
    texts = {
        "etc/initramfs-tools/conf.d/zz-bitgrid": "MODULES=most\n",
        "etc/initramfs-tools/update-initramfs.conf": "update_initramfs=no\n",
        "etc/dpkg/dpkg.cfg.d/bitgrid": "".join(f"path-exclude=/usr/share/{one}\n" for one in LEFT_OUT)
        + "path-include=/usr/share/doc/*/copyright\n",
        "usr/sbin/policy-rc.d": "#!/bin/sh\nexit 101\n",
        "etc/resolv.conf": Path("/etc/resolv.conf").read_text("utf-8"),
    }
    for name, text in texts.items():
        (root / name).unlink(missing_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    (root / "usr/sbin/policy-rc.d").chmod(0o755)


def tidy(root: Path) -> None:
    """Take away what Raspberry Pi OS has for its own first start, and keep from starting what stays."""
    for pattern in _TIDIED:
        for path in list(root.glob(pattern)):
            path.unlink()
    for path in list(_useless(root)):
        path.unlink()
    _kept_boot(root / "boot/firmware")
    for name in lines("masked.txt"):
        _link(root / "etc/systemd/system" / name, "/dev/null")
    _link(root / "etc/resolv.conf", "../run/systemd/resolve/stub-resolv.conf")
    _link(root / "etc/localtime", "/usr/share/zoneinfo/Etc/UTC")
    hosts = (root / "etc/hosts").read_text("utf-8").splitlines(keepends=True)
    (root / "etc/hosts").write_text("".join(line for line in hosts if not line.startswith("127.0.1.1")), "utf-8")


class _Chroot:
    """Programs of the root, in namespaces of their own but for the network; by an emulator on another machine."""

    def __init__(self, root: Path, epoch_s: int) -> None:
        self._root, self._epoch_s = root, epoch_s

    def furnish(self) -> None:
        """Bring what is missing, purge what is unwanted, make the initrds."""
        self._run("apt-get", "-q", "update")
        options = ("-q", "-y", "--no-install-recommends", "-o", "Dpkg::Options::=--force-confold")
        unsafe = ("-o", "Dpkg::Options::=--force-unsafe-io")  # it is a copy: a power cut begins it anew
        self._run("apt-get", *options, *unsafe, "install", *asked_for())
        there = self._there()
        unwanted = [name for name in lines("unwanted.txt") if name in there]
        if unwanted:
            self._run("apt-get", *options, *unsafe, "purge", "--autoremove", *unwanted)
        missing = sorted(set(asked_for()) - self._there())
        if missing:
            raise ImageError(f"without {', '.join(unwanted)} there is no {', '.join(missing)} in BASE. {ADVICE}")
        for kernel, (initrd, end) in PI_KERNELS.items():
            version = modules(self._root, end)
            if not (self._root / "boot/firmware" / kernel).exists():
                raise ImageError(f"without {', '.join(unwanted)} there is no {kernel} in BASE. {ADVICE}")
            self._run("mkinitramfs", "-o", f"/boot/firmware/{initrd}", version)

    def _there(self) -> set[str]:
        return {one["Package"] for one in states(self._root)}

    def _run(self, *words: str) -> None:
        environment = {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "DEBIAN_FRONTEND": "noninteractive",
            "LC_ALL": "C.UTF-8",
            "TZ": "UTC",
            "SOURCE_DATE_EPOCH": str(self._epoch_s),
            **{name: value for name, value in os.environ.items() if re.fullmatch("https?_proxy", name.lower())},
        }
        full = ["unshare", "--mount", "--uts", "--ipc", "--propagation=private", "sh", "-euc", _INSIDE, "sh"]
        run([*full, str(self._root), *words], environment, keeps=lambda _name: False)


def _useless(root: Path) -> Iterator[Path]:
    """Files that no package brings into Debian's base either: manuals, translations."""
    for path in (path for pattern in LEFT_OUT for path in (root / "usr/share").glob(pattern.replace("*", "**/*"))):
        if not path.is_dir() and not (path.name == "copyright" and path.parents[1].name == "doc"):
            yield path


def _kept_boot(firmware: Path) -> None:
    """Leave kernels, initrds, device trees, overlays and firmware; what says how to start is the card's own."""
    patterns = (*FIRMWARE, *PI_KERNELS, *(one for one, _ in PI_KERNELS.values()), "*.dtb", "LICENCE.*")
    kept = {path for pattern in patterns for path in firmware.glob(pattern)}
    for path in firmware.iterdir():
        if path not in kept and path.is_file():
            path.unlink()


def _link(path: Path, to: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.symlink_to(to)
