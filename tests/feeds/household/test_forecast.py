"""The load forecast: habits by kind of day and local time, and what deviates from them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from statistics import fmean

import pytest

from bitgrid.feeds.household.forecast import Household, Learned, learn
from bitgrid.feeds.household.persistence import UNLEARNED
from bitgrid.feeds.household.table import Slot, is_workday
from bitgrid.store.feeds import BlockMeans
from feeds.household.homes import BLOCK_S, LOCAL, ZONE, Habit, at, away, lived, noisy, plain

SPRING = at(2025, 1, 6)  # a Monday
HORIZON = 72


def learned(rows: Sequence[BlockMeans], now_s: int) -> Learned:
    habits = learn(rows, LOCAL.slot(now_s).day, LOCAL)
    assert habits is not None
    return habits


def forecast(rows: Sequence[BlockMeans], now_s: int) -> list[tuple[float, float, float]]:
    return Household(learned(rows, now_s), rows[-3 * 48 :], LOCAL).forecast(now_s, HORIZON)


def error_w(habit: Habit, now_s: int, told: Sequence[tuple[float, float, float]]) -> float:
    """Mean absolute error of the medians."""
    truth = lived(now_s, now_s + len(told) * BLOCK_S, habit)
    return fmean(
        abs((row.load_w or 0) - median_w) for row, (_low, median_w, _high) in zip(truth, told, strict=True)
    )


@pytest.mark.parametrize("day", [13, 17, 18, 19, 20], ids=["Monday", "Friday", "Saturday", "Sunday", "2nd Monday"])
def test_a_home_of_habits_is_known_after_three_weeks(day: int) -> None:
    now_s = at(2025, 2, day - 3)
    assert error_w(plain, now_s, forecast(lived(SPRING, now_s), now_s)) < 5


def test_quantiles_rise_are_whole_watts_and_hold_the_truth_eight_times_in_ten() -> None:
    now_s = at(2025, 3, 10)
    habit = noisy(3)
    told = forecast(lived(SPRING, now_s, habit), now_s)
    assert all(0 <= low <= median <= high for low, median, high in told)
    assert all(float(value).is_integer() for entry in told for value in entry)
    truth = lived(now_s, now_s + HORIZON * BLOCK_S, habit)
    within = [low <= (row.load_w or 0) <= high for row, (low, _, high) in zip(truth, told, strict=True)]
    assert 0.7 <= fmean(within) <= 0.95


@pytest.mark.parametrize("changed", [at(2025, 3, 30), at(2025, 10, 26)], ids=["23 hours", "25 hours"])
def test_cooking_stays_at_six_when_the_clocks_change(changed: int) -> None:
    """Told in the morning of the day the clocks change, and from the evening before it."""
    for now_s in (changed, changed - 6 * 3600):
        rows = lived(now_s - 40 * 86_400, now_s)
        told = forecast(rows, now_s)
        assert error_w(plain, now_s, told) < 5


def test_the_future_is_not_looked_at() -> None:
    now_s = at(2025, 3, 12, 15)
    rows = lived(SPRING, now_s, noisy(7))
    chance = random.Random(8)
    lies = [BlockMeans(row.start_s, None, chance.randrange(9000)) for row in lived(now_s, now_s + 10 * 86_400)]
    day = LOCAL.slot(now_s).day
    assert learn([*rows, *lies], day, LOCAL) == learn(rows, day, LOCAL)
    assert learn([*rows, *lies], day + 5, LOCAL) != learn(rows, day + 5, LOCAL), "the test could see it"


def test_an_absence_does_not_become_a_habit() -> None:
    home_again = datetime(2025, 3, 10, tzinfo=ZONE)
    habit = away(home_again - timedelta(days=10), 10, noisy(1))
    now_s = int(home_again.timestamp()) + 2 * 86_400
    told = forecast(lived(SPRING, now_s, habit), now_s)
    assert error_w(plain, now_s, told) < 60, "the second day at home is told as if nobody had been away"


def test_within_an_absence_the_next_day_is_told_to_be_like_it() -> None:
    habit = away(datetime(2025, 3, 3, tzinfo=ZONE), 30, noisy(1))
    now_s = at(2025, 3, 9)
    told = forecast(lived(SPRING, now_s, habit), now_s)
    assert error_w(habit, now_s, told) < 60


def test_one_strange_evening_is_forgotten() -> None:
    def party(local: datetime) -> int:
        return 6000 if (local.month, local.day) == (3, 6) and local.hour >= 18 else plain(local)

    now_s = at(2025, 3, 8)
    assert error_w(plain, now_s, forecast(lived(SPRING, now_s, party), now_s)) < 5


def test_a_move_to_other_hours_is_learned_in_two_weeks() -> None:
    def moved(local: datetime) -> int:
        return (2000 if local.hour == 20 else 250) if (local.month, local.day) >= (3, 1) else plain(local)

    now_s = at(2025, 3, 17)
    assert error_w(moved, now_s, forecast(lived(SPRING, now_s, moved), now_s)) < 60


def test_what_deviates_now_persists_and_decays() -> None:
    now_s = at(2025, 3, 12, 10)
    usual = lived(SPRING, now_s)
    high = [*usual[:-1], usual[-1]._replace(load_w=1250)]
    medians_w = [median_w for _low, median_w, _high in forecast(high, now_s)]
    habits = learned(usual, now_s)
    assert medians_w[0] == 250 + round(1000 * habits.persistence.share)
    assert medians_w[0] > medians_w[1] > medians_w[3] >= 250
    assert medians_w[12] == 250


def test_a_deviation_of_long_ago_is_not_the_present() -> None:
    now_s = at(2025, 3, 12, 10)
    rows = lived(SPRING, now_s - 3 * 3600)
    rows[-1] = rows[-1]._replace(load_w=5000)
    assert forecast(rows, now_s)[0][1] == 250


def test_how_long_a_deviation_lasts_is_the_homes_own() -> None:
    """A home whose load wanders for half a day at a time, and one whose every block is by itself."""
    chance, level = random.Random(5), 0.0
    wandering = []
    for row in lived(SPRING, at(2025, 3, 12)):
        level = 0.99 * level + chance.gauss(0, 30)
        wandering.append(row._replace(load_w=max(0, round(1000 + level))))
    restless = [row._replace(load_w=chance.randrange(200, 1800)) for row in wandering]
    of_wandering, of_restless = (learned(rows, at(2025, 3, 12)).persistence for rows in (wandering, restless))
    assert of_wandering.remains(3600) >= 0.6
    assert of_restless.share == 0


def test_from_the_first_whole_day_on_there_is_a_forecast() -> None:
    evening_s = at(2025, 1, 6, 17)
    first_midnight_s = at(2025, 1, 7)
    assert learn(lived(evening_s, first_midnight_s), LOCAL.slot(first_midnight_s).day, LOCAL) is None
    second_midnight_s = at(2025, 1, 8)
    habits = learned(lived(evening_s, second_midnight_s), second_midnight_s)
    assert (habits.days, habits.persistence) == (2, UNLEARNED)
    rows = lived(evening_s, second_midnight_s)
    assert error_w(plain, second_midnight_s, forecast(rows, second_midnight_s)[:48]) < 60


def test_gaps_in_the_history_are_no_zeros() -> None:
    now_s = at(2025, 3, 12)
    rows = [row if row.start_s // 3600 % 5 else row._replace(load_w=None) for row in lived(SPRING, now_s)]
    assert error_w(plain, now_s, forecast(rows, now_s)) < 5


def test_nothing_known_is_nothing_learned() -> None:
    assert learn([], 738_000, LOCAL) is None


def test_days_and_slots_are_the_clock_on_the_walls() -> None:
    sunday = datetime(2025, 3, 30, tzinfo=ZONE).toordinal()
    assert LOCAL.slot(at(2025, 3, 30)) == Slot(sunday, 0)
    assert LOCAL.slot(at(2025, 3, 30) + 2 * 3600) == Slot(sunday, 6), "after one o'clock comes three"
    assert [is_workday(sunday + offset) for offset in range(-2, 3)] == [True, False, False, True, True]
