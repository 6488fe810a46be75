"""The model itself: what a cut may leave of a few operations, told apart by hand."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from powercut.disk import Disk, Tree, lay_out
from powercut.files import ByChance, Change, File
from powercut.oplog import Kind, Op

MODE = 0o640


def disk(*ops: Op) -> Disk:
    made = Disk()
    for op in ops:
        made.do(op)
    return made


def file(path: str, number: int) -> Op:
    return Op(Kind.CREATE, number, MODE, path)


def write(number: int, data: bytes, offset: int = 0) -> Op:
    return Op(Kind.WRITE, number, offset, data=data)


def rename(path: str, other: str) -> Op:
    return Op(Kind.RENAME, path=path, other=other)


ROOT, FILE = Op(Kind.SYNC, 0), Op(Kind.SYNC, 1)


def held(tree: Tree) -> dict[str, bytes | None]:
    return {path: None if told is None else told[1] for path, told in tree.items()}


def test_what_no_fsync_followed_is_lost_with_its_name() -> None:
    cut = disk(file("a", 1), write(1, b"new"))
    assert held(cut.running()) == {"a": b"new"}
    assert held(cut.synced_only()) == {}
    assert held(cut.names_without_data()) == {"a": b""}


def test_an_fsync_of_a_file_does_not_keep_its_name() -> None:
    cut = disk(file("a", 1), write(1, b"new"), FILE)
    assert held(cut.synced_only()) == {}
    assert held(cut.names_without_data()) == {"a": b"new"}
    assert held(cut.journalled()) == {"a": b"new"}, "on ext4 it does"


def test_an_fsync_of_its_directory_does() -> None:
    cut = disk(file("a", 1), write(1, b"new"), FILE, ROOT)
    assert held(cut.synced_only()) == {"a": b"new"}


def test_a_rename_over_a_file_leaves_the_old_one_or_the_new_one_and_the_new_one_may_be_empty() -> None:
    old = [file("a", 1), write(1, b"old"), FILE, ROOT]
    cut = disk(*old, file("b", 2), write(2, b"new"), rename("b", "a"))
    assert held(cut.synced_only()) == {"a": b"old"}
    assert held(cut.names_without_data()) == {"a": b""}
    assert held(cut.running()) == {"a": b"new"}
    found = {tuple(sorted(held(cut.by_chance(random.Random(seed))).items())) for seed in range(200)}
    assert {(("a", b"old"),), (("a", b"new"),), (("a", b""),), (("a", b"old"), ("b", b"new"))} <= found


def test_a_removed_file_may_come_back_with_what_it_held() -> None:
    cut = disk(file("a", 1), write(1, b"old"), FILE, ROOT, Op(Kind.UNLINK, path="a"))
    assert held(cut.synced_only()) == {"a": b"old"}
    assert held(cut.running()) == {}


def test_a_directory_that_was_not_synced_takes_everything_with_it() -> None:
    inner = [Op(Kind.MKDIR, 1, path="d"), file("d/a", 2), write(2, b"x"), Op(Kind.SYNC, 2), Op(Kind.SYNC, 1)]
    assert held(disk(*inner).synced_only()) == {}
    assert held(disk(*inner, ROOT).synced_only()) == {"d": None, "d/a": b"x"}


def test_a_link_is_a_name_of_the_same_file() -> None:
    cut = disk(file("a", 1), Op(Kind.LINK, path="a", other="b"), write(1, b"x"), FILE, ROOT)
    assert held(cut.synced_only()) == {"a": b"x", "b": b"x"}


def test_a_mode_is_durable_with_its_file() -> None:
    cut = disk(file("a", 1), FILE, ROOT, Op(Kind.CHMOD, 1, 0o440))
    assert (cut.synced_only()["a"], cut.running()["a"]) == ((MODE, b""), (0o440, b""))


def test_a_sync_of_everything_keeps_everything() -> None:
    cut = disk(Op(Kind.MKDIR, 1, path="d"), file("d/a", 2), write(2, b"x"), Op(Kind.SYNC_ALL))
    assert cut.synced_only() == cut.running()


def test_a_write_is_kept_lost_torn_at_a_sector_or_leaves_zeros() -> None:
    content = bytes(range(1, 251)) * 8
    torn = File(MODE, MODE)
    torn.change(Change(100, content))
    left = {torn.survivor(ByChance(random.Random(seed)))[1] for seed in range(4000)}
    assert {b"", bytes(100) + content, bytes(2100)} <= left
    edges = (512, 1024, 1536, 2048)
    assert {bytes(100) + content[: edge - 100] for edge in edges} <= left
    assert {bytes(edge) + content[edge - 100 :] for edge in edges} <= left
    assert len(left) == 3 + 2 * len(edges)


def test_what_was_synced_is_never_torn() -> None:
    sound = File(MODE, MODE)
    sound.change(Change(0, b"a" * 2000))
    sound.sync()
    sound.change(Change(2000, b"b" * 2000))
    for seed in range(100):
        assert sound.survivor(ByChance(random.Random(seed)))[1][:2000] == b"a" * 2000


@pytest.mark.parametrize("size", [1, 5])
def test_a_size_that_is_set_is_a_change_as_well(size: int) -> None:
    cut = disk(file("a", 1), write(1, b"abc"), FILE, ROOT, Op(Kind.TRUNCATE, 1, size))
    assert held(cut.synced_only()) == {"a": b"abc"}
    assert held(cut.running()) == {"a": b"abc"[:size].ljust(size, b"\0")}


def test_shared_memory_is_not_laid_out(tmp_path: Path) -> None:
    lay_out({"d": None, "d/a": (MODE, b"x"), "d/a-shm": (MODE, b"y")}, tmp_path)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a", "d"]
    assert (tmp_path / "d" / "a").stat().st_mode & 0o777 == MODE
