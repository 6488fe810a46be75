"""``bitgrid.sqlite`` at start, whatever became of it; snapshots; and the commands that look after them."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from bitgrid.clock import HeldClock
from bitgrid.ops.commands.store import store as command
from bitgrid.store import LOST, Ledger, StoreError, TelemetryStore
from bitgrid.store.feeds import BlockMeans, FeedsStore
from bitgrid.store.files import changed_at_s
from bitgrid.store.hot import KEEP_S, open_telemetry
from bitgrid.store.opening import look
from bitgrid.store.snapshots import LOOK_EVERY_S, WEEK_S, Regular, Snapshots
from bitgrid.store.soundness import NotFinishedError, problem_of
from bitgrid.store.telemetry import Measured
from store.before import StoreBefore
from store.books import book


def filled(path: Path, values: int = 5000) -> None:
    with closing(TelemetryStore(path)) as store:
        store.append(Measured(float(second), "meter", "x", second / 3, "good") for second in range(values))


def spoil(path: Path) -> None:
    """The head is sound, the pages are not."""
    content = path.read_bytes()
    path.write_bytes(content[:8192] + b"\xa5" * (len(content) - 8192))


def test_a_sound_one_is_opened_as_it_is(tmp_path: Path) -> None:
    filled(tmp_path / "bitgrid.sqlite")
    store, loss = open_telemetry(tmp_path / "bitgrid.sqlite", HeldClock())
    with closing(store):
        assert (loss, len(list(store.rows(0, 1e6)))) == (None, 5000)


def test_a_damaged_one_without_a_snapshot_begins_anew_and_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "bitgrid.sqlite"
    filled(path)
    spoil(path)
    damaged = path.read_bytes()
    store, loss = open_telemetry(path, HeldClock())
    with closing(store):
        assert "begun anew" in str(loss)
        store.append([Measured(1.0, "meter", "x", 2.0, "good")])
        assert len(list(store.rows(0, 1e6))) == 1
    (aside,) = (tmp_path / "set-aside").iterdir()
    assert (aside / path.name).read_bytes() == damaged
    assert (aside / "incident.json").exists()


@pytest.mark.parametrize("age_s", [0.0, KEEP_S + 60])
def test_a_snapshot_is_given_back_while_some_of_it_would_be_kept(tmp_path: Path, age_s: float) -> None:
    path = tmp_path / "bitgrid.sqlite"
    with closing(StoreBefore(path)) as before:
        before.append([(1.0, "meter", "x", 2.5, "good")])
    filled(path)
    clock = HeldClock(wall_s=changed_at_s(path) + age_s)
    spoil(path)
    store, loss = open_telemetry(path, clock)
    with closing(store):
        assert ("bitgrid.v0" in str(loss)) == (age_s == 0)
        assert [row.value for row in store.rows(0, 1e6)] == ([2.5] if age_s == 0 else [])


def test_a_look_that_takes_too_long_is_ended_and_the_file_is_taken_as_sound(tmp_path: Path) -> None:
    class Hurrying(HeldClock):
        def boot(self) -> float:
            self.boot_s += 100
            return self.boot_s

    filled(tmp_path / "bitgrid.sqlite", 50_000)
    with (
        closing(sqlite3.connect(tmp_path / "bitgrid.sqlite")) as connection,
        pytest.raises(NotFinishedError),
    ):
        problem_of(connection, Hurrying())
    assert look(tmp_path / "bitgrid.sqlite", Hurrying()) == ""


class TestSnapshots:
    def test_the_oldest_give_way_once_a_new_one_stands(self, tmp_path: Path) -> None:
        snapshots, path = Snapshots(tmp_path / "snapshots"), tmp_path / "bitgrid.sqlite"
        filled(path)
        for day in range(4):
            os.utime(path, (day * 86_400 + 5, day * 86_400 + 5))
            snapshots.take(path)
        assert [one.stamp for one in snapshots.of("bitgrid")] == ["19700103T000005Z", "19700104T000005Z"]

    def test_one_of_a_damaged_file_is_none(self, tmp_path: Path) -> None:
        path = tmp_path / "bitgrid.sqlite"
        filled(path)
        spoil(path)
        with pytest.raises(StoreError, match="no snapshot"):
            Snapshots(tmp_path / "snapshots").take(path)
        assert list((tmp_path / "snapshots").iterdir()) == []

    def test_regular_ones_come_once_a_week_however_often_it_starts(self, tmp_path: Path) -> None:
        path, snapshots = tmp_path / "feeds.sqlite", Snapshots(tmp_path / "snapshots")
        with closing(FeedsStore(path)) as store:
            store.add(BlockMeans(600, 1, 2))
            clock = HeldClock(wall_s=changed_at_s(path))
            for _ in range(3):
                assert Regular(snapshots, path, store.snapshot, clock).step() == ""
            assert len(snapshots.of("feeds")) == 1
            regular = Regular(snapshots, path, store.snapshot, clock)
            store.add(BlockMeans(1200, 1, 2))
            os.utime(path, (clock.now() + WEEK_S, clock.now() + WEEK_S))
            clock.advance(WEEK_S + LOOK_EVERY_S)
            assert regular.step() == ""
            assert len(snapshots.of("feeds")) == 2


class TestCommands:
    @pytest.fixture
    def data(self, tmp_path: Path) -> Path:
        book(tmp_path / "ledger")
        filled(tmp_path / "bitgrid.sqlite")
        with closing(FeedsStore(tmp_path / "feeds.sqlite")) as store:
            store.add(BlockMeans(600, 1, 2))
            store.snapshot()
            store.add(BlockMeans(1200, 1, 2))
        return tmp_path

    def test_check_names_what_is_sound_and_what_is_not(self, data: Path) -> None:
        sound = CliRunner().invoke(command, ["check", "--data", str(data)])
        assert (sound.exit_code, sound.output.count(": sound")) == (0, 5)
        assert "snapshot of feeds, form 1" in sound.output
        spoil(data / "bitgrid.sqlite")
        found = CliRunner().invoke(command, ["check", "--data", str(data)])
        assert (found.exit_code, found.output.count(": sound")) == (1, 4)

    def test_check_says_which_is_in_use_and_does_not_call_it_sound(self, data: Path) -> None:
        with closing(FeedsStore(data / "feeds.sqlite")):
            told = CliRunner().invoke(command, ["check", "--data", str(data)])
        assert (told.exit_code, told.output.count(": sound")) == (0, 4)
        assert "feeds.sqlite: in use by the house that runs" in told.output

    def test_restore_gives_the_snapshot_back_and_keeps_what_was(self, data: Path) -> None:
        done = CliRunner().invoke(command, ["restore", "feeds", "--data", str(data)])
        assert (done.exit_code, "given back from the snapshot feeds.v1" in done.output) == (0, True)
        with closing(FeedsStore(data / "feeds.sqlite")) as store:
            assert [means.start_s for means in store.means(0, 9999)] == [600]
        assert len(list(data.glob("set-aside/*/feeds.sqlite"))) == 1

    def test_restore_of_the_ledger_leaves_the_note_for_the_rules(self, data: Path) -> None:
        done = CliRunner().invoke(command, ["restore", "ledger", "--data", str(data)])
        assert done.exit_code == 0, done.output
        with closing(Ledger(data / "ledger")) as ledger:
            assert LOST in ledger.memories()

    def test_restore_says_that_there_is_nothing(self, data: Path) -> None:
        done = CliRunner().invoke(command, ["restore", "bitgrid", "--data", str(data)])
        assert done.exit_code != 0
        assert len(list(data.glob("set-aside/*"))) == 0
