"""feeds.sqlite: block means and the last answers, kept over a restart."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bitgrid.clock import HeldClock
from bitgrid.store.errors import DamagedError, StoreError
from bitgrid.store.feeds import BlockMeans, FeedsStore, Kept, open_feeds_store


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "feeds.sqlite"


def test_block_means_come_back_in_order_after_a_restart(path: Path) -> None:
    store = FeedsStore(path)
    for start_s, pv_w in ((1200, 12), (600, None), (1800, 18), (600, 6)):
        store.add(BlockMeans(start_s, pv_w, 300))
    store.close()
    rows = list(FeedsStore(path).means(600, 1800))
    assert rows == [BlockMeans(600, 6, 300), BlockMeans(1200, 12, 300)]


def test_what_is_old_is_forgotten(path: Path) -> None:
    store = FeedsStore(path)
    for start_s in (600, 1200, 1800):
        store.add(BlockMeans(start_s, 1, None))
    store.forget_but(2)
    assert [row.start_s for row in store.means(0, 9999)] == [1200, 1800]
    store.forget_but(2)
    assert [row.start_s for row in store.means(0, 9999)] == [1200, 1800]


def test_the_last_answer_is_kept(path: Path) -> None:
    store = FeedsStore(path)
    assert store.kept("prices") is None
    store.keep("prices", 5.5, "[1]")
    store.keep("prices", 6.5, "[2]")
    assert store.kept("prices") == Kept(6.5, "[2]")


def test_a_file_that_is_no_database_is_refused_with_its_name(path: Path) -> None:
    path.parent.mkdir()
    path.write_text("no database" * 100)
    with pytest.raises(DamagedError, match=r"feeds\.sqlite cannot be opened"):
        FeedsStore(path)


def full_store(path: Path) -> None:
    store = FeedsStore(path)
    with store._database.atomic():
        for start_s in range(0, 600 * 1500, 600):
            store.add(BlockMeans(start_s, 1, 300))
    store.close()


def spoil(path: Path) -> None:
    """The head of the file is sound, its pages are not: it opens, and fails when they are read."""
    data = bytearray(path.read_bytes())
    assert len(data) > 5 * 4096
    data[4 * 4096 :] = b"\xa5" * (len(data) - 4 * 4096)
    path.write_bytes(data)


def test_damage_that_shows_while_rows_are_read_is_a_store_error(path: Path) -> None:
    full_store(path)
    spoil(path)
    with closing(FeedsStore(path)) as store, pytest.raises(StoreError, match="cannot be read"):
        list(store.means(0, 2**40))


@pytest.mark.parametrize("how", ["pages", "all", "cut"])
@pytest.mark.parametrize("is_kept", [True, False])
def test_a_damaged_file_is_set_aside_and_its_snapshot_takes_its_place(
    path: Path, how: str, *, is_kept: bool
) -> None:
    full_store(path)
    if is_kept:
        with closing(FeedsStore(path)) as store:
            store.snapshot()
    if how == "pages":
        spoil(path)
    elif how == "all":
        path.write_bytes(b"no database" * 1000)
    else:
        path.write_bytes(path.read_bytes()[:9000])
    damaged = path.read_bytes()
    store, loss, problem = open_feeds_store(path, HeldClock())
    assert (loss is not None, problem) == (True, "")
    assert ("the snapshot feeds.v1" if is_kept else "begun anew") in str(loss)
    assert len(list(store.means(0, 2**40))) == (1500 if is_kept else 0)
    store.keep("prices", 1.0, "[1]")
    store.close()
    with closing(FeedsStore(path)) as again:
        assert again.kept("prices") == Kept(1.0, "[1]")
    (aside,) = (path.parent / "set-aside").glob("20250615T150640Z-feeds.sqlite")
    assert (aside / "feeds.sqlite").read_bytes() == damaged


def test_a_sound_file_is_never_set_aside(path: Path) -> None:
    full_store(path)
    store, loss, problem = open_feeds_store(path, HeldClock())
    assert (loss, problem) == (None, "")
    assert len(list(store.means(0, 2**40))) == 1500
    assert not (path.parent / "set-aside").exists()
    store.close()


def test_where_no_file_can_be_it_remembers_until_the_next_start_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where the directory should be")
    store, loss, problem = open_feeds_store(tmp_path / "data" / "feeds.sqlite", HeldClock())
    assert loss is None
    assert "cannot be opened" in problem
    assert "until the next start what is learned is kept in memory alone" in problem
    store.add(BlockMeans(600, 1, 2))
    assert list(store.means(0, 9999)) == [BlockMeans(600, 1, 2)]


def test_a_database_that_another_holds_is_not_set_aside(path: Path) -> None:
    full_store(path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("PRAGMA locking_mode=EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")
    _store, loss, problem = open_feeds_store(path, HeldClock())
    other.close()
    assert loss is None
    assert "locked" in problem
    assert path.exists()
    assert not (path.parent / "set-aside").exists()


def test_a_store_that_cannot_be_written_says_so(path: Path) -> None:
    store = FeedsStore(path)
    store.close()
    store._database.init("/nowhere/feeds.sqlite")
    for attempt in (
        lambda: store.add(BlockMeans(0, 1, 1)),
        lambda: store.keep("a", 0.0, ""),
        lambda: store.kept("a"),
        lambda: list(store.means(0, 1)),
        lambda: store.forget_but(1),
    ):
        with pytest.raises(StoreError, match="cannot be"):
            attempt()
