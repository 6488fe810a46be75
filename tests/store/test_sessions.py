"""Explain sessions: kept in a table of their own, some days long, whatever becomes of the file meanwhile."""

from __future__ import annotations

from pathlib import Path

import pytest

from bitgrid.clock import HeldClock
from bitgrid.store import StoreError, TelemetryStore
from bitgrid.store.sessions import KEEP_S, MAX_WAITING, WRITE_EVERY_S, Session, SessionKeeper, SessionStore

TEXTS = {"de": {"short": "Die Sonne lässt 3 kW übrig"}, "en": {"short": "The sun leaves 3 kW"}}


def session(number: int, at_s: float = 1_750_000_000.0) -> Session:
    return Session(f"miner-0-{number}-tick", "miner", at_s + number, TEXTS)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    TelemetryStore(tmp_path / "bitgrid.sqlite").close()
    return tmp_path / "bitgrid.sqlite"


@pytest.fixture
def clock() -> HeldClock:
    return HeldClock()


@pytest.fixture
def keeper(path: Path, clock: HeldClock) -> SessionKeeper:
    return SessionKeeper(SessionStore(path), clock)


def test_come_back_as_they_were_said(path: Path) -> None:
    store = SessionStore(path)
    store.append([session(2), session(1)], 0)
    assert store.sessions(0, 4e9) == [session(1), session(2)]
    assert store.sessions(session(2).at_s, 4e9) == [session(2)]


def test_one_that_is_said_again_is_kept_once(path: Path) -> None:
    store = SessionStore(path)
    for _ in range(2):
        store.append([session(1)], 0)
    assert store.sessions(0, 4e9) == [session(1)]


def test_are_written_once_an_hour_and_at_the_end(path: Path, keeper: SessionKeeper, clock: HeldClock) -> None:
    keeper.take(session(1))
    clock.advance(WRITE_EVERY_S - 1)
    assert (keeper.step(), SessionStore(path).sessions(0, 4e9)) == ("", [])
    clock.advance(1)
    assert (keeper.step(), keeper.waiting) == ("", 0)
    keeper.take(session(2))
    assert keeper.flush() == ""
    assert len(SessionStore(path).sessions(0, 4e9)) == 2


def test_are_forgotten_after_some_days(path: Path, keeper: SessionKeeper, clock: HeldClock) -> None:
    keeper.take(session(1, clock.now()))
    keeper.flush()
    clock.advance(KEEP_S + 2)
    keeper.take(session(2, clock.now()))
    keeper.flush()
    assert [one.decision_id for one in SessionStore(path).sessions(0, 4e9)] == ["miner-0-2-tick"]


def test_wait_for_a_database_that_is_not_there_yet(tmp_path: Path, clock: HeldClock) -> None:
    path = tmp_path / "later" / "bitgrid.sqlite"
    keeper = SessionKeeper(SessionStore(path), clock)
    keeper.take(session(1))
    assert "cannot be reached" in keeper.flush()
    assert not path.exists(), "the recorder makes it, not explain"
    TelemetryStore(path).close()
    assert "cannot be reached" in keeper.step(), "told until it is tried again"
    clock.advance(60)
    assert (keeper.step(), keeper.waiting) == ("", 0)


def test_the_oldest_give_way_when_too_many_wait(keeper: SessionKeeper) -> None:
    for number in range(MAX_WAITING + 5):
        keeper.take(session(number))
    assert keeper.waiting == MAX_WAITING


def test_a_file_of_the_release_before_is_left_to_the_recorder(tmp_path: Path) -> None:
    (tmp_path / "bitgrid.sqlite").touch()
    with pytest.raises(StoreError, match="the recorder does so"):
        SessionStore(tmp_path / "bitgrid.sqlite").append([session(1)], 0)
