"""The load forecast on its way out: learned by night, reckoned by block, silent while nothing is known."""

from __future__ import annotations

from pathlib import Path

import pytest

from bitgrid.clock import HeldClock
from bitgrid.feeds.errands import Errands
from bitgrid.feeds.household import LoadForecastFeed
from bitgrid.feeds.port import Told
from bitgrid.store.feeds import BlockMeans, FeedsStore
from feeds.household.homes import BLOCK_S, ZONE, at, lived
from feeds.now import AtOnce, WhenTold

NOW_S = at(2025, 3, 12, 10)


@pytest.fixture
def store(tmp_path: Path) -> FeedsStore:
    return FeedsStore(tmp_path / "feeds.sqlite")


@pytest.fixture
def clock() -> HeldClock:
    return HeldClock(wall_s=float(NOW_S))


def remember(store: FeedsStore, rows: list[BlockMeans]) -> None:
    with store._database.atomic():
        for row in rows:
            store.add(row)


def feed(store: FeedsStore, clock: HeldClock, errands: Errands | None = None) -> LoadForecastFeed:
    return LoadForecastFeed(store, errands or Errands(AtOnce()), clock, ZONE, BLOCK_S)


def stepped(one: LoadForecastFeed) -> Told | None:
    one._errands.step()
    one.step()
    one._errands.step()
    one.step()
    return next(iter(one.told()), None)


def medians_w(told: Told | None) -> list[float]:
    assert told is not None
    assert isinstance(told.telemetry.value, list)
    return [entry[1] for entry in told.telemetry.value if isinstance(entry, tuple)]


def test_it_tells_36_hours_from_the_present_block_on(store: FeedsStore, clock: HeldClock) -> None:
    remember(store, lived(NOW_S - 20 * 86_400, NOW_S))
    told = stepped(feed(store, clock))
    assert told is not None
    assert (told.device, told.signal) == ("forecast", "load_forecast_w")
    assert told.telemetry.first_block == NOW_S // BLOCK_S
    assert told.telemetry.source == "learned from 20 days"
    assert len(medians_w(told)) == 72
    assert medians_w(told)[8 * 2] == 2000, "cooking at six"


def test_before_a_whole_day_is_known_it_tells_nothing(store: FeedsStore, clock: HeldClock) -> None:
    remember(store, lived(NOW_S - 8 * 3600, NOW_S))
    one = feed(store, clock)
    assert stepped(one) is None
    assert one.problem() == "", "that is no fault"


def test_it_goes_on_in_a_new_block_and_once_its_last_block_is_known(store: FeedsStore, clock: HeldClock) -> None:
    remember(store, lived(NOW_S - 45 * 86_400, NOW_S))
    one = feed(store, clock)
    assert medians_w(stepped(one))[0] == 250
    clock.advance(BLOCK_S)
    told = stepped(one)
    assert told is not None
    assert told.telemetry.first_block == NOW_S // BLOCK_S + 1
    assert medians_w(told)[0] == 250
    store.add(BlockMeans(NOW_S, None, 1250))
    clock.advance(5)
    assert medians_w(stepped(one))[0] > 700, "the last block's deviation goes on"


def test_it_learns_anew_every_night_and_not_between(store: FeedsStore, clock: HeldClock) -> None:
    remember(store, lived(NOW_S - 20 * 86_400, NOW_S))
    executor = WhenTold()
    errands = Errands(executor)
    one = feed(store, clock, errands)
    asked = 0
    for _ in range(48):
        one.step()
        asked += len(executor.waiting)
        executor.do()
        errands.step()
        clock.advance(3600)
    assert asked == 3, "at the start and at two midnights"


def test_while_it_learns_the_last_habits_hold(store: FeedsStore, clock: HeldClock) -> None:
    remember(store, lived(NOW_S - 20 * 86_400, NOW_S))
    executor = WhenTold()
    one = feed(store, clock, Errands(executor))
    assert stepped(one) is None, "nothing learned yet"
    executor.do()
    assert stepped(one) is not None
    clock.advance(15 * 3600)
    told = stepped(one)
    assert told is not None
    assert told.telemetry.source == "learned from 20 days"


def test_a_history_that_cannot_be_read_is_said_and_silences_nothing_else(
    store: FeedsStore, clock: HeldClock
) -> None:
    remember(store, lived(NOW_S - 20 * 86_400, NOW_S))
    one = feed(store, clock)
    assert stepped(one) is not None
    store.close()
    store._database.init("/nowhere/feeds.sqlite")
    clock.advance(BLOCK_S)
    one.step()
    assert "the household is not forecast" in one.problem()
    assert "cannot be read" in one.problem()


def test_learning_that_fails_leaves_the_last_habits(
    store: FeedsStore, clock: HeldClock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    remember(store, lived(NOW_S - 20 * 86_400, NOW_S))
    one = feed(store, clock)
    assert stepped(one) is not None

    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("bitgrid.feeds.household.feed.learn", broken)
    clock.advance(15 * 3600)
    assert stepped(one) is not None
    assert "could not be learned" in caplog.text


def test_a_forecast_that_can_no_longer_be_made_grows_old(store: FeedsStore, clock: HeldClock) -> None:
    remember(store, lived(NOW_S - 20 * 86_400, NOW_S))
    one = feed(store, clock)
    told = stepped(one)
    assert told is not None
    assert told.telemetry.age_s == 0
    store.close()
    store._database.init("/nowhere/feeds.sqlite")
    clock.advance(4 * 3600)
    told = stepped(one)
    assert told is not None
    assert told.telemetry.age_s == 4 * 3600
    assert "the household is not forecast" in one.problem()
