"""A database of the release before becomes this one's with everything in it; and that release goes on with it."""

from __future__ import annotations

import itertools
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bitgrid.store import Ledger, StoreError, TelemetryStore, schema
from bitgrid.store.errors import NewerError
from bitgrid.store.feeds import BlockMeans, FeedsStore
from bitgrid.store.hot_schema import QUALITIES, STEPS
from bitgrid.store.snapshots import Snapshots
from bitgrid.store.telemetry import Measured
from bitgrid.store.versions import bring_up, version_of
from store.before import Row, StoreBefore
from store.books import book

NAMES = st.sampled_from(["meter", "battery", "miner", "a b", "ä"])
VALUES = st.none() | st.floats(-1e9, 1e9) | st.decimals(-99_999, 99_999, places=3).map(float) | st.just(-0.0)
TIMES = st.integers(0, 2_000_000_000_0).map(lambda tenths: tenths / 10)
ROWS = st.lists(st.tuples(TIMES, NAMES, NAMES, VALUES, st.sampled_from(QUALITIES)), max_size=40)


def first_of_each(rows: list[Row]) -> list[Row]:
    """What is kept of rows: the first of a device, signal and time; in the order of time."""
    kept: dict[tuple[float, str, str], Row] = {}
    for row in rows:
        kept.setdefault(row[:3], row)
    return sorted(kept.values(), key=lambda row: row[:3])


def held(path: Path) -> list[Row]:
    """What this release reads."""
    with closing(TelemetryStore(path)) as store:
        return sorted((tuple(row) for row in store.rows(0, 4e9)), key=lambda row: row[:3])  # type: ignore[misc]


@settings(max_examples=25, deadline=None)
@given(rows=ROWS)
def test_whatever_the_release_before_wrote_is_there_afterwards_to_the_last_bit(rows: list[Row]) -> None:
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "bitgrid.sqlite"
        with closing(StoreBefore(path)) as before:
            before.append(rows)
        assert held(path) == first_of_each(rows)
        assert held(path) == first_of_each(rows), "the second start finds it as the first left it"


@settings(max_examples=25, deadline=None)
@given(rows=ROWS, later=ROWS, dropped=TIMES)
def test_the_release_before_reads_writes_and_forgets_in_what_this_one_leaves(
    rows: list[Row], later: list[Row], dropped: float
) -> None:
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "bitgrid.sqlite"
        with closing(TelemetryStore(path)) as store:
            store.append(Measured(*row) for row in rows)
        with closing(StoreBefore(path)) as before:
            before.append(later)
            before.drop_before(dropped)
            expected = [row for row in first_of_each([*rows, *later]) if row[0] >= dropped]
            names = {row[1:3] for row in expected}
            read = [row for name in names for row in before.values(*name, 0)]
            assert sorted(read, key=lambda row: row[:3]) == expected
        assert held(path) == expected


@settings(max_examples=20, deadline=None)
@given(values=st.lists(st.none() | st.floats(allow_nan=False, allow_infinity=False), min_size=50))
def test_any_value_comes_back_as_it_was(values: list[float | None]) -> None:
    with tempfile.TemporaryDirectory() as place, closing(TelemetryStore(Path(place) / "b.sqlite")) as store:
        store.append(Measured(float(second), "meter", "x", value, "good") for second, value in enumerate(values))
        assert [row.value for row in store.values("meter", "x", 0)] == values


def test_a_snapshot_is_taken_before_and_holds_what_was(tmp_path: Path) -> None:
    path = tmp_path / "bitgrid.sqlite"
    with closing(StoreBefore(path)) as before:
        before.append([(1.0, "meter", "x", 2.5, "good")])
    TelemetryStore(path).close()
    (taken,) = Snapshots(tmp_path / "snapshots").of("bitgrid")
    assert taken.form == 0
    with closing(StoreBefore(taken.path)) as before:
        assert before.values("meter", "x", 0) == [(1.0, "meter", "x", 2.5, "good")]


def test_a_new_database_needs_no_snapshot(tmp_path: Path) -> None:
    TelemetryStore(tmp_path / "bitgrid.sqlite").close()
    assert not (tmp_path / "snapshots").exists()


def test_without_a_snapshot_nothing_is_changed(tmp_path: Path) -> None:
    path = tmp_path / "bitgrid.sqlite"
    StoreBefore(path).close()
    was = path.read_bytes()
    (tmp_path / "snapshots").write_text("a file where the directory should be")
    with pytest.raises(StoreError, match="no snapshot"):
        TelemetryStore(path)
    assert path.read_bytes() == was


@pytest.mark.parametrize("failing", range(len(STEPS[0]) + 1))
def test_a_step_that_is_cut_off_leaves_the_form_before(tmp_path: Path, failing: int) -> None:
    path = tmp_path / "bitgrid.sqlite"
    with closing(StoreBefore(path)) as before:
        before.append([(1.0, "meter", "x", 2.5, "good")])
    broken = (*STEPS[0][:failing], "SELECT * FROM no_such_table")
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        with pytest.raises(sqlite3.OperationalError, match="no_such_table"):
            bring_up(connection, [broken], "test", lambda: None)
        assert version_of(connection) == 0
    with closing(StoreBefore(path)) as before:
        assert before.values("meter", "x", 0) == [(1.0, "meter", "x", 2.5, "good")]
    assert held(path) == [(1.0, "meter", "x", 2.5, "good")]


def test_steps_follow_each_other_and_each_is_taken_once() -> None:
    steps = [("CREATE TABLE a (x)",), ("INSERT INTO a VALUES (1)",), ("INSERT INTO a VALUES (2)",)]
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        for known in (1, 2, 2, 3):
            bring_up(connection, steps[:known], "test", lambda: None)
        assert connection.execute("SELECT x FROM a").fetchall() == [(1,), (2,)]
        assert version_of(connection) == 3


def test_two_processes_that_begin_at_once_take_a_step_once(tmp_path: Path) -> None:
    """The second one has read the old number, and waits for the first."""
    path = tmp_path / "x.sqlite"
    with (
        closing(sqlite3.connect(path, isolation_level=None)) as first,
        closing(sqlite3.connect(path, isolation_level=None)) as second,
    ):
        first.execute("CREATE TABLE a (x)")
        steps = [("INSERT INTO a VALUES (1)",)]
        bring_up(second, steps, "test", lambda: bring_up(first, steps, "test", lambda: None))
        assert first.execute("SELECT x FROM a").fetchall() == [(1,)]


def newer(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA user_version = 99")


def test_what_a_later_release_wrote_is_refused_and_says_how_to_go_on(tmp_path: Path) -> None:
    TelemetryStore(tmp_path / "bitgrid.sqlite").close()
    FeedsStore(tmp_path / "feeds.sqlite").close()
    book(tmp_path / "ledger")
    for path in (tmp_path / "bitgrid.sqlite", tmp_path / "feeds.sqlite", tmp_path / "ledger" / "2024-01.sqlite"):
        newer(path)
    for opening in (
        lambda: TelemetryStore(tmp_path / "bitgrid.sqlite"),
        lambda: FeedsStore(tmp_path / "feeds.sqlite"),
        lambda: Ledger(tmp_path / "ledger"),
    ):
        with pytest.raises(NewerError, match=r"form 99.*bitgrid store restore"):
            opening()


def test_the_feeds_database_of_the_release_before_is_gone_on_with(tmp_path: Path) -> None:
    path = tmp_path / "feeds.sqlite"
    with closing(FeedsStore(path)) as store:
        store.add(BlockMeans(600, 1, 2))
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA user_version = 0")
    with closing(FeedsStore(path)) as store:
        assert list(store.means(0, 9999)) == [BlockMeans(600, 1, 2)]
    assert [taken.form for taken in Snapshots(tmp_path / "snapshots").of("feeds")] == [0]


def test_there_is_a_step_to_every_form_of_the_ledger() -> None:
    assert len(schema.STEPS) == schema.VERSION
    assert all(itertools.starmap(isinstance, ((step, tuple) for step in schema.STEPS)))
