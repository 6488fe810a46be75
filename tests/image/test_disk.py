"""Raspberry Pi OS as it is downloaded: what is in it comes out whole, and a file that is none is refused."""

from __future__ import annotations

import lzma
import os
import stat
import subprocess
from pathlib import Path

import pytest

from bitgrid_image.disk import unpack
from bitgrid_image.errors import ImageError
from bitgrid_image.ext4 import Ext4
from bitgrid_image.tools import Tools, tools
from image import pi_os

MIRROR = os.environ.get("BITGRID_MIRROR", "http://deb.debian.org/debian")
pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="files keep their owners: run by root")


@pytest.fixture(scope="module")
def debian() -> Tools:
    return tools(MIRROR)


@pytest.fixture(scope="module")
def downloaded(tmp_path_factory: pytest.TempPathFactory, debian: Tools) -> Path:
    return pi_os.packed(tmp_path_factory.mktemp("pi"), debian)


@pytest.fixture
def root(downloaded: Path, debian: Tools, tmp_path: Path) -> Path:
    root = tmp_path / "root"
    root.mkdir()
    unpack(downloaded, tmp_path, debian).copy(root)
    return root


def test_every_file_is_as_it_was(root: Path) -> None:
    for name, text in pi_os.FILES.items():
        assert (root / name).read_text("utf-8") == text
    assert (root / "usr/bin/sh").readlink() == Path("bash")
    assert not (root / "usr/pipe").exists()
    assert not (root / "lost+found").exists()
    assert [path for path in root.iterdir() if path.name.startswith(".")] == []


def test_owners_bits_links_and_capabilities_are_as_they_were(root: Path) -> None:
    told = (root / "home/pi/.bashrc").stat()
    assert (told.st_uid, told.st_gid) == (1000, 1001)
    assert stat.S_IMODE((root / "usr/bin/su").stat().st_mode) == 0o4755
    assert stat.S_IMODE((root / "tmp").stat().st_mode) == 0o1777
    assert (root / "usr/bin/gunzip").samefile(root / "usr/bin/gzip")
    assert (root / "usr/bin/gzip").stat().st_nlink == 2
    assert os.getxattr(root / "usr/bin/ping", "security.capability") == pi_os.CAPABILITY
    assert os.listxattr(root / "usr/bin/su") == []


def test_the_boot_partition_is_in_its_place(root: Path) -> None:
    firmware = root / "boot/firmware"
    assert {str(path.relative_to(firmware)) for path in firmware.rglob("*") if path.is_file()} == set(
        pi_os.FIRMWARE
    )
    assert (firmware / "overlays/README").read_text() == "overlays/README"


def test_a_damaged_file_system_is_said(downloaded: Path, debian: Tools, tmp_path: Path) -> None:
    disk = unpack(downloaded, tmp_path, debian)
    content = bytearray(disk.image.read_bytes())
    at = content.index(b"\x04\x01ping", disk.root)
    content[at - 6 : at - 2] = (60000).to_bytes(4, "little")  # which inode has that name
    disk.image.write_bytes(content)
    (tmp_path / "to").mkdir()
    with pytest.raises(ImageError, match=r"is damaged: .*Download it again"):
        Ext4(disk.image, disk.root, debian).unpack(tmp_path / "to")


@pytest.mark.parametrize("end", [".img", ".img.zst"])
def test_it_may_be_packed_otherwise(downloaded: Path, debian: Tools, tmp_path: Path, end: str) -> None:
    path = tmp_path / "raspios.img"
    path.write_bytes(lzma.decompress(downloaded.read_bytes()))
    if end == ".img.zst":
        subprocess.run(["zstd", "-q", "--rm", path], check=True)
    (tmp_path / "work").mkdir()
    disk = unpack(path.with_name(f"raspios{end}"), tmp_path / "work", debian)
    assert (disk.boot, disk.root) == (4 << 20, 44 << 20)
    assert disk.image.stat().st_size == 60 << 20


class TestRefused:
    def refusal(self, path: Path, debian: Tools, tmp_path: Path) -> str:
        (tmp_path / "work").mkdir()
        with pytest.raises(ImageError) as refused:
            unpack(path, tmp_path / "work", debian)
        assert f"BASE={path}" in str(refused.value)
        assert "Take Raspberry Pi OS Lite (64-bit) of Debian 13 (trixie)" in str(refused.value)
        return str(refused.value)

    def test_a_file_that_is_not_there(self, debian: Tools, tmp_path: Path) -> None:
        assert "is not there" in self.refusal(tmp_path / "raspios.img.xz", debian, tmp_path)

    def test_another_kind_of_file(self, debian: Tools, tmp_path: Path) -> None:
        (tmp_path / "raspios.zip").touch()
        assert "ends in none of .img, .img.xz, .img.zst" in self.refusal(
            tmp_path / "raspios.zip", debian, tmp_path
        )

    @pytest.mark.parametrize("end", ["xz", "zst"])
    def test_half_of_a_download(self, downloaded: Path, debian: Tools, tmp_path: Path, end: str) -> None:
        path = tmp_path / f"half.img.{end}"
        raw = downloaded.read_bytes()
        path.write_bytes(raw[: len(raw) // 2])
        assert "Was it downloaded whole?" in self.refusal(path, debian, tmp_path)

    def test_no_table(self, debian: Tools, tmp_path: Path) -> None:
        (tmp_path / "text.img").write_bytes(bytes(1 << 20))
        assert "has no table of partitions" in self.refusal(tmp_path / "text.img", debian, tmp_path)

    def test_no_ext4(self, downloaded: Path, debian: Tools, tmp_path: Path) -> None:
        content = bytearray(lzma.decompress(downloaded.read_bytes()))
        content[44 << 20 : (44 << 20) + 4096] = bytes(4096)
        (tmp_path / "other.img").write_bytes(content)
        assert "is not divided as Raspberry Pi OS is" in self.refusal(tmp_path / "other.img", debian, tmp_path)

    def test_an_image_for_another_computer(self, debian: Tools, tmp_path: Path) -> None:
        path = tmp_path / "pc.img"
        path.write_bytes(bytes(8 << 20))
        table = "label: gpt\nstart=2048, size=2048, type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B\n"
        debian.run("sfdisk", "-q", "/mnt/to/pc.img", places={"to": tmp_path}, epoch_s=0, stdin=table)
        assert "(gpt: C12A7328" in self.refusal(path, debian, tmp_path)
