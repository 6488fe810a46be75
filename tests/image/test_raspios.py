"""A base root from Raspberry Pi OS: what follows from what, and what is left of its own first start."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

import pytest

from bitgrid_image.base import wanted
from bitgrid_image.errors import ImageError
from bitgrid_image.layout import Machine
from bitgrid_image.raspios import _Chroot, asked_for, lines, prepare, raspios, tidy
from bitgrid_image.tools import Tools
from image import pi_os

NO_TOOLS = Tools(Path("/nowhere"))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return pi_os.system(tmp_path / "root")


def test_it_is_another_one_for_another_file_whatever_its_name(tmp_path: Path) -> None:
    keys = []
    for name, text in (("a.img.xz", "one"), ("b.img.xz", "one"), ("c.img.xz", "two")):
        (tmp_path / name).write_text(text)
        keys.append(raspios(tmp_path / name, NO_TOOLS, 1).key)
    assert keys[0] == keys[1] != keys[2]
    assert raspios(tmp_path / "a.img.xz", NO_TOOLS, 2).key not in keys


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=r"BASE=.*is not there\. Take Raspberry Pi OS Lite"):
        raspios(tmp_path / "raspios.img.xz", NO_TOOLS, 1)


def test_everything_is_asked_for_but_what_it_has_of_its_own() -> None:
    assert set(wanted(Machine.ARM64)) - set(asked_for()) == {"linux-image-arm64", "raspi-firmware"}
    assert not set(asked_for()) & set(lines("unwanted.txt"))
    assert not [name for name in (*lines("unwanted.txt"), *lines("masked.txt")) if " " in name]


def test_its_own_first_start_is_in_no_list_of_what_is_asked_for() -> None:
    assert {"cloud-init", "userconf-pi", "rpi-swap", "dphys-swapfile", "network-manager"} <= set(
        lines("unwanted.txt")
    )
    assert {"userconfig.service", "rpi-resize.service", "cloud-init.service"} <= set(lines("masked.txt"))


@pytest.mark.skipif(os.geteuid() != 0, reason="device nodes are root's")
@pytest.mark.skipif(shutil.which("systemd-sysusers") is None, reason="systemd-sysusers is not here")
class TestPrepared:
    def test_programs_can_run_in_it(self, root: Path) -> None:
        prepare(root)
        told = (root / "dev/null").stat()
        assert stat.S_ISCHR(told.st_mode)
        assert (stat.S_IMODE(told.st_mode), os.major(told.st_rdev), os.minor(told.st_rdev)) == (0o666, 1, 3)
        assert (root / "dev/stderr").readlink() == Path("/proc/self/fd/2")
        assert os.access(root / "usr/sbin/policy-rc.d", os.X_OK), "services would start in it"
        assert (root / "etc/resolv.conf").read_text() == Path("/etc/resolv.conf").read_text()

    def test_owners_of_data_have_their_numbers_and_nobody_else_is_there(self, root: Path) -> None:
        prepare(root)
        users = {row.split(":")[0]: row.split(":")[2] for row in (root / "etc/passwd").read_text().splitlines()}
        assert users.items() >= {"bitgrid-core": "940", "bitgrid-io": "941", "mosquitto": "947"}.items()
        assert "pi" not in users

    def test_the_initrd_has_our_script_and_drivers_for_every_board(self, root: Path) -> None:
        pi_os.write(root / "etc/initramfs-tools/initramfs.conf", "MODULES=dep\n")
        prepare(root)
        early = root / "etc/initramfs-tools"
        assert os.access(early / "scripts/local-bottom/bitgrid-card", os.X_OK)
        assert (early / "conf.d/zz-bitgrid").read_text() == "MODULES=most\n"
        assert max(path.name for path in (early / "conf.d").iterdir()) == "zz-bitgrid", "the last one counts"


def test_nothing_of_its_first_start_is_left(root: Path) -> None:
    pi_os.write(root / "etc/resolv.conf", "nameserver 127.0.0.1\n")
    pi_os.write(root / "usr/sbin/policy-rc.d", "#!/bin/sh\nexit 101\n")
    tidy(root)
    for name in (
        "etc/sudoers.d/010_pi-nopasswd", "etc/systemd/system/getty@tty1.service.d/autologin.conf",
        "usr/sbin/policy-rc.d", "boot/vmlinuz-6.12.47+rpt-rpi-v8", "usr/share/man/man1/sh.1",
        "usr/share/doc/sh/changelog", "boot/firmware/cmdline.txt", "boot/firmware/user-data",
        "boot/firmware/kernel7.img", "var/lib/systemd/rfkill/platform-fe300000.mmcnr:wlan",
    ):  # fmt: skip
        assert not (root / name).exists(), name
    assert (root / "usr/share/doc/sh/copyright").exists()
    for unit in lines("masked.txt"):
        assert (root / "etc/systemd/system" / unit).readlink() == Path("/dev/null")
    assert (root / "etc/resolv.conf").readlink() == Path("../run/systemd/resolve/stub-resolv.conf")
    assert (root / "etc/hosts").read_text() == "127.0.0.1\tlocalhost\n"


def test_what_starts_every_board_stays(root: Path) -> None:
    tidy(root)
    firmware = root / "boot/firmware"
    left = {str(path.relative_to(firmware)) for path in firmware.rglob("*") if path.is_file()}
    assert set(pi_os.FIRMWARE) - left == {"cmdline.txt", "config.txt", "user-data", "kernel7.img"}


class Furnished(_Chroot):
    """Commands are not run: of packages it notes what becomes of them."""

    def __init__(self, root: Path, takes_away: str = "") -> None:
        super().__init__(root, 1)
        self.ran: list[list[str]] = []
        self.takes_away = takes_away

    def _run(self, *words: str) -> None:
        self.ran.append(list(words))
        status = self._root / "var/lib/dpkg/status"
        if "install" in words:
            state = "Status: install ok installed\nArchitecture: arm64\nVersion: 1\n"
            status.write_text(
                status.read_text() + "".join(f"\nPackage: {one}\n{state}" for one in (*asked_for(), "cloud-init"))
            )
        elif "purge" in words and self.takes_away:
            status.write_text(status.read_text().replace(f"Package: {self.takes_away}\n", "Package: other\n"))


def test_of_what_is_unwanted_only_what_is_there_is_purged_and_then_initrds_are_made(root: Path) -> None:
    chroot = Furnished(root)
    chroot.furnish()
    update, install, purge, *made = chroot.ran
    assert update[-1] == "update"
    assert install[-len(asked_for()) :] == asked_for()
    assert purge[purge.index("purge") :] == ["purge", "--autoremove", "cloud-init"]
    assert made == [
        ["mkinitramfs", "-o", "/boot/firmware/initramfs8", "6.12.47+rpt-rpi-v8"],
        ["mkinitramfs", "-o", "/boot/firmware/initramfs_2712", "6.12.47+rpt-rpi-2712"],
    ]


def test_where_a_purge_would_take_what_is_asked_for_there_is_no_root(root: Path) -> None:
    with pytest.raises(ImageError, match="without cloud-init there is no nginx-light in BASE"):
        Furnished(root, takes_away="nginx-light").furnish()
