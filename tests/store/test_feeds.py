"""feeds.sqlite: block means and the last answers, kept over a restart."""

from __future__ import annotations

from pathlib import Path

import pytest

from bitgrid.store.errors import StoreError
from bitgrid.store.feeds import BlockMeans, FeedsStore, Kept


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
    store.forget_before(1200)
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
    with pytest.raises(StoreError, match=r"feeds\.sqlite cannot be opened"):
        FeedsStore(path)


def test_a_store_that_cannot_be_written_says_so(path: Path) -> None:
    store = FeedsStore(path)
    store.close()
    store._database.init("/nowhere/feeds.sqlite")
    for attempt in (
        lambda: store.add(BlockMeans(0, 1, 1)),
        lambda: store.keep("a", 0.0, ""),
        lambda: store.kept("a"),
        lambda: list(store.means(0, 1)),
        lambda: store.forget_before(0),
    ):
        with pytest.raises(StoreError, match="cannot be"):
            attempt()
