"""A disk that is full, for real: stops go on, nothing starts, nothing is renewed past its block, and it mends."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from bitgrid.clock import HeldClock
from bitgrid.guard.link import Renew
from bitgrid.store import Ledger, StoreError, month
from bitgrid.store.ledger_opening import open_ledger
from bitgrid.store.verify import verify
from control.desk import Desk
from store.disks import fill, free, protect, small_disk

Way = tuple[Callable[[Desk], None], Callable[[Desk], None]]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk") as at:
        yield at


@pytest.fixture
def small(disk: Path) -> Desk:
    """A miner runs; its ledger is on a small disk."""
    desk = Desk(disk)
    desk.pass_time(2)
    desk.measure(power_w=1674.0, temp_c=60.0)
    return desk


@pytest.fixture
def injected(running: Desk) -> Desk:
    """A miner runs; its ledger's file will be told to grow no more."""
    return running


def grow(ledger: Ledger, pages: int) -> None:
    assert ledger._connection is not None
    ledger._connection.execute(f"PRAGMA max_page_count = {pages}")


def lives_through(desk: Desk, break_it: Callable[[], None], mend_it: Callable[[], None], ledger: Path) -> None:
    """The one story, whatever way the disk takes nothing."""
    written = len(list(desk.ledger.records()))
    break_it()
    desk.to_next_block()
    desk.pass_time(60)
    assert "cannot be written" in desk.engine.problem
    renewed = len(desk.guard.of(Renew))
    desk.pass_time(1200, step_s=5)
    assert len(desk.guard.of(Renew)) == renewed, "no renewal without a record: the lease runs out"
    desk.measure(battery_soc_pct=49.0)
    desk.pass_time(5)
    assert desk.commands[-1].level == "off", "a stop goes on"
    desk.measure(battery_soc_pct=80.0, power_w=0.0)
    desk.pass_time(3600, step_s=5)
    assert desk.commands[-1].level == "off", "no start without a record"
    assert len(list(desk.ledger.records())) == written
    assert verify(ledger) == [], "nothing is half written"
    mend_it()
    desk.pass_time(1300, step_s=5)
    assert desk.engine.problem == ""
    stops = [row for row in desk.ledger.records() if '"action":"STOP"' in row.record]
    assert stops, "the stop that was owed is written"
    assert desk.actions[-1][0] == "START"
    assert verify(ledger) == []


def test_on_a_full_disk(small: Desk, disk: Path) -> None:
    lives_through(small, lambda: fill(disk), lambda: free(disk), disk / "ledger")


def test_on_a_file_system_that_became_read_only(small: Desk, disk: Path) -> None:
    """Linux refuses to protect a disk while SQLite holds files open for writing: the ledger is closed for it."""
    small.to_next_block()
    small.ledger.close()
    protect(disk, is_protected=True)
    with pytest.raises(StoreError, match=r"cannot be|read-?only|unable"):
        open_ledger(disk / "ledger", small.clock)
    assert not (disk / "set-aside").exists(), "protected is not damaged"
    protect(disk, is_protected=False)
    small.ledger = open_ledger(disk / "ledger", small.clock)
    small.start_rules()
    small.pass_time(700, step_s=5)
    assert small.engine.problem == ""
    assert not small.engine.house.emergency_stop
    assert verify(disk / "ledger") == []


def test_where_sqlite_itself_says_that_it_is_full(injected: Desk, tmp_path: Path) -> None:
    lives_through(
        injected, lambda: grow(injected.ledger, 1), lambda: grow(injected.ledger, 1 << 30), tmp_path / "ledger"
    )


def test_a_full_disk_at_the_start_is_not_damage(disk: Path) -> None:
    clock = HeldClock()
    with closing(Ledger(disk / "ledger")) as ledger:
        ledger.save_memories({"miner": "{}"}, int(clock.now()))
    (path,) = month.months(disk / "ledger")
    was = path.read_bytes()
    fill(disk)
    with suppress(StoreError), closing(open_ledger(disk / "ledger", clock)) as ledger:  # it may not even open
        ledger.save_memories({"heater": "x" * 2_000_000}, int(clock.now()))
        pytest.fail("what does not fit was taken")
    assert not (disk / "set-aside").exists()
    free(disk)
    with closing(open_ledger(disk / "ledger", clock)) as ledger:
        assert ledger.memories() == {"miner": "{}"}
    assert path.read_bytes()[:100] == was[:100]


def test_a_damaged_ledger_on_a_full_disk_stays_where_it_is_until_there_is_room(disk: Path) -> None:
    clock = HeldClock()
    with closing(Ledger(disk / "ledger")) as ledger:
        ledger.save_memories({"miner": "{}"}, int(clock.now()))
    (path,) = month.months(disk / "ledger")
    path.write_bytes(b"\xa5" * 20_000)
    fill(disk)
    with pytest.raises(StoreError, match="nothing can be put in its place"):
        open_ledger(disk / "ledger", clock)
    assert path.read_bytes() == b"\xa5" * 20_000
    free(disk)
    with closing(open_ledger(disk / "ledger", clock)) as ledger:
        assert list(ledger.memories()) == ["_lost"]
    with pytest.raises(sqlite3.DatabaseError):
        sqlite3.connect(next(disk.glob("set-aside/*/*.sqlite"))).execute("SELECT * FROM memory")
