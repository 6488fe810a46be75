"""The recorder's care for the archive: when a child is begun, and what is done with what it says."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bitgrid.clock import HeldClock
from bitgrid.store import StoreError, TelemetryStore
from bitgrid.store.archive.outcome import Outcome
from bitgrid.store.archivist import AFTER_MIDNIGHT_S, AFTER_START_S, AGAIN_S, Archivist
from bitgrid.store.telemetry import Measured

DAY_S = 86_400
MIDNIGHT_S = 1_772_323_200.0


@dataclass
class FakeChild:
    """Ends when told."""

    begun: int = 0
    told: list[Outcome] = field(default_factory=list)
    refuses: bool = False

    def start(self) -> None:
        if self.refuses:
            raise OSError("no memory")
        self.begun += 1

    def outcome(self) -> Outcome | None:
        return self.told.pop(0) if self.told else None


@pytest.fixture
def clock() -> HeldClock:
    return HeldClock(wall_s=MIDNIGHT_S + 12 * 3600)


@pytest.fixture
def store(tmp_path: Path) -> TelemetryStore:
    return TelemetryStore(tmp_path / "bitgrid.sqlite")


@pytest.fixture
def child() -> FakeChild:
    return FakeChild()


@pytest.fixture
def archivist(store: TelemetryStore, child: FakeChild, clock: HeldClock) -> Archivist:
    return Archivist(store, child, clock)


def first_run(archivist: Archivist, child: FakeChild, clock: HeldClock, outcome: Outcome) -> str:
    clock.advance(AFTER_START_S)
    archivist.step()
    assert child.begun == 1
    child.told = [outcome]
    return archivist.step()


def test_a_run_is_begun_some_minutes_after_the_start_and_no_second_one_beside_it(
    archivist: Archivist, child: FakeChild, clock: HeldClock
) -> None:
    archivist.step()
    assert child.begun == 0
    clock.advance(AFTER_START_S)
    for _ in range(5):
        archivist.step()
        clock.advance(DAY_S)
    assert child.begun == 1


def test_the_next_one_comes_after_midnight(archivist: Archivist, child: FakeChild, clock: HeldClock) -> None:
    assert first_run(archivist, child, clock, Outcome()) == ""
    clock.advance(12 * 3600 + AFTER_MIDNIGHT_S - AFTER_START_S - 1)
    archivist.step()
    assert child.begun == 1
    clock.advance(1)
    archivist.step()
    assert child.begun == 2


def test_a_run_that_goes_on_over_midnight_leaves_no_day_out(
    archivist: Archivist, child: FakeChild, clock: HeldClock
) -> None:
    clock.wall_s = MIDNIGHT_S - AFTER_START_S - 10
    clock.advance(AFTER_START_S)
    archivist.step()
    clock.advance(20)
    child.told = [Outcome()]
    archivist.step()
    assert child.begun == 1
    clock.advance(AFTER_MIDNIGHT_S)
    archivist.step()
    assert child.begun == 2


def test_where_there_is_more_to_do_it_goes_on_at_once(
    archivist: Archivist, child: FakeChild, clock: HeldClock
) -> None:
    first_run(archivist, child, clock, Outcome(is_more=True))
    archivist.step()
    assert child.begun == 2


def test_what_failed_is_told_until_it_is_well_and_tried_again_in_an_hour(
    archivist: Archivist, child: FakeChild, clock: HeldClock
) -> None:
    told = first_run(archivist, child, clock, Outcome(problems=["the disk is odd", "very odd"]))
    assert told == "the archive: the disk is odd; and 1 more problems, see the log"
    clock.advance(AGAIN_S - 1)
    assert archivist.step() == told
    clock.advance(1)
    archivist.step()
    assert child.begun == 2
    child.told = [Outcome()]
    assert archivist.step() == ""


def test_a_child_that_cannot_be_begun_is_told(archivist: Archivist, child: FakeChild, clock: HeldClock) -> None:
    child.refuses = True
    clock.advance(AFTER_START_S)
    assert "cannot be started: no memory" in archivist.step()


def measured(store: TelemetryStore, *hours: float) -> None:
    store.append(Measured(MIDNIGHT_S + 3600 * hour, "meter", "x", 1.0, "good") for hour in hours)


def test_hot_rows_go_when_all_of_them_were_seen_in_the_archive(
    archivist: Archivist, child: FakeChild, clock: HeldClock, store: TelemetryStore
) -> None:
    measured(store, 1, 2, 25)
    first_run(archivist, child, clock, Outcome(ready={"2026-03-01": 2}))
    archivist.step()
    assert store.days() == [dt.date(2026, 3, 2)]


def test_hot_rows_stay_when_one_came_meanwhile(
    archivist: Archivist, child: FakeChild, clock: HeldClock, store: TelemetryStore
) -> None:
    measured(store, 1, 2)
    first_run(archivist, child, clock, Outcome(ready={"2026-03-01": 1}))
    archivist.step()
    assert len(store.values("meter", "x", 0)) == 2


def test_nothing_is_deleted_that_no_child_has_spoken_of(
    archivist: Archivist, child: FakeChild, clock: HeldClock, store: TelemetryStore
) -> None:
    measured(store, 1)
    first_run(archivist, child, clock, Outcome(problems=["the disk is full"]))
    for _ in range(40):
        clock.advance(DAY_S)
        archivist.step()
    assert len(store.values("meter", "x", 0)) == 1


def test_what_is_given_up_is_told_in_words(
    archivist: Archivist, child: FakeChild, clock: HeldClock, store: TelemetryStore
) -> None:
    measured(store, 1)
    told = first_run(archivist, child, clock, Outcome(given_up={"2026-03-01": 1}))
    assert "the telemetry of 2026-03-01 is given up" in told
    archivist.step()
    assert store.days() == []


def test_a_database_that_does_not_forget_is_told_and_left_for_an_hour(
    archivist: Archivist,
    child: FakeChild,
    clock: HeldClock,
    store: TelemetryStore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(_day: object, _held: object) -> bool:
        raise StoreError("the disk is full")

    monkeypatch.setattr(store, "drop_day", refuse)
    first_run(archivist, child, clock, Outcome(ready={"2026-03-01": 1}, is_more=True))
    assert archivist.step() == "the disk is full"
    archivist.step()
    assert child.begun == 1


def test_an_outcome_goes_over_as_a_line_and_nothing_else_is_taken_for_one() -> None:
    told = Outcome(["a"], ["b"], ["c"], {"2026-03-01": 1}, {}, is_more=True)
    assert Outcome.from_json(told.to_json()) == told
    for text in ("", "{}", "[]", "null", '{"done": []}'):
        with pytest.raises(ValueError, match=r"outcome|Expecting"):
            Outcome.from_json(text)
