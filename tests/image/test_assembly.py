"""A small card, put together twice: the same bytes, and in them what was put in."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from bitgrid_image.assembly import Assembler, digest
from bitgrid_image.errors import ImageError
from bitgrid_image.layout import MIB, Layout, Machine, layout
from bitgrid_image.tools import Tools, tools

EPOCH_S = 1_750_000_000
MIRROR = os.environ.get("BITGRID_MIRROR", "http://deb.debian.org/debian")
pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="files keep their owners: run by root")
Assemble = Callable[..., Path]


@pytest.fixture(scope="module")
def debian() -> Tools:
    return tools(MIRROR)


@pytest.fixture(params=list(Machine))
def card(request: pytest.FixtureRequest) -> Layout:
    return layout(request.param, "1.2.3", boot_mib=40, root_mib=16, data_mib=8)


def trees(where: Path, *, newest_first: bool = False) -> dict[str, Path]:
    """A boot partition and a slot; made in another order and at other times, they are the same."""
    boot, root = where / "boot", where / "root"
    files: dict[Path, str] = {
        boot / "config.txt": "arm_64bit=1\n",
        boot / "a" / "cmdline.txt": "root=x\n",
        root / "etc" / "hostname": "bitgrid\n",
        root / "home" / "admin" / "file": "mine\n",
        root / "usr" / "bin" / "tool": "#!/bin/sh\n",
    }
    for path, text in sorted(files.items(), reverse=newest_first):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (root / "etc" / "link").symlink_to("hostname")
    os.link(root / "usr/bin/tool", root / "usr/bin/same")
    (root / "usr/bin/tool").chmod(0o4755)
    for path in ("home/admin", "home/admin/file"):
        os.chown(root / path, 1000, 1000)
    return {"boot": boot, "root-a": root}


@pytest.fixture
def assemble(tmp_path: Path, debian: Tools, card: Layout) -> Assemble:
    def made(name: str, given: dict[str, Path]) -> Path:
        work = tmp_path / f"work-{name}"
        work.mkdir()
        Assembler(card, debian, EPOCH_S, work).assemble(given, tmp_path / f"{name}.img")
        assert list(work.iterdir()) == []
        return tmp_path / f"{name}.img"

    return made


@pytest.fixture
def ask(debian: Tools, tmp_path: Path) -> Callable[..., str]:
    return lambda *command: debian.run(*command, places={"here": tmp_path}, epoch_s=EPOCH_S).stdout


def test_two_assemblies_are_the_same_bytes(tmp_path: Path, assemble: Assemble) -> None:
    first = assemble("first", trees(tmp_path / "one"))
    second = assemble("second", trees(tmp_path / "two", newest_first=True))
    assert digest(first) == digest(second)


def test_another_byte_in_a_tree_is_another_image(tmp_path: Path, assemble: Assemble) -> None:
    given = trees(tmp_path / "one")
    first = assemble("first", given)
    (given["root-a"] / "etc/hostname").write_text("bitgrie\n")
    assert digest(assemble("second", given)) != digest(first)


def test_the_table_is_as_it_was_laid_out(
    tmp_path: Path, assemble: Assemble, card: Layout, ask: Callable[..., str]
) -> None:
    image = assemble("card", trees(tmp_path / "one"))
    table = json.loads(ask("sfdisk", "--json", f"/mnt/here/{image.name}"))["partitiontable"]
    assert table["label"] == ("gpt" if card.is_gpt else "dos")
    assert table["id"].lower() == card.disk_id.lower()
    assert [(one["start"] * 512 // MIB, one["size"] * 512 // MIB) for one in table["partitions"]] == [
        (card.begin_mib(number), one.size_mib) for number, one in enumerate(card.partitions)
    ]
    assert image.stat().st_size == card.size_mib * MIB
    assert image.stat().st_blocks * 512 < 40 * MIB, "what is empty is no hole"


def test_what_was_put_in_is_in_it(
    tmp_path: Path, assemble: Assemble, card: Layout, ask: Callable[..., str]
) -> None:
    image = assemble("card", trees(tmp_path / "one"))
    boot = f"/mnt/here/{image.name}@@{card.begin_mib(0)}M"
    assert ask("mtype", "-i", boot, "::config.txt") == "arm_64bit=1\n"
    assert ask("mtype", "-i", boot, "::a/cmdline.txt") == "root=x\n"
    for number, name in ((1, "root-a"), (2, "root-b"), (3, "data")):
        part = tmp_path / f"{name}.ext4"
        with image.open("rb") as file:
            file.seek(card.begin_mib(number) * MIB)
            part.write_bytes(file.read(card.partitions[number].size_mib * MIB))
        ask("e2fsck", "-fn", f"/mnt/here/{part.name}")  # raises where it finds anything
        told = ask("dumpe2fs", "-h", f"/mnt/here/{part.name}")
        assert str(card.identity(name)) in told
        assert re.search(r"^Block size:\s+4096$", told, re.MULTILINE), "data is to grow"
    slot = "/mnt/here/root-a.ext4"
    assert ask("debugfs", "-R", "cat /etc/hostname", slot) == "bitgrid\n"
    told = ask("debugfs", "-R", "stat /home/admin/file", slot)
    assert "User:  1000   Group:  1000" in told
    told = ask("debugfs", "-R", "stat /usr/bin/tool", slot)
    assert "Mode:  04755" in told
    assert "Links: 2" in told


def test_a_tree_that_does_not_fit_is_refused_and_leaves_no_image(tmp_path: Path, assemble: Assemble) -> None:
    given = trees(tmp_path / "one")
    (given["root-a"] / "big").write_bytes(os.urandom(20 * MIB))
    with pytest.raises(ImageError, match=r"root-a \(16 MiB\) cannot be made"):
        assemble("card", given)
    assert not (tmp_path / "card.img").exists()


def test_a_partition_that_is_not_there_is_named(tmp_path: Path, assemble: Assemble) -> None:
    with pytest.raises(ImageError, match="there is no partition swap"):
        assemble("card", {"swap": tmp_path})
