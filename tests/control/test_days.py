"""The local day by which starts are counted: no step of the clock forgets a count, or makes two days of one."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitgrid.control.days import SHORTEST_DAY_S, LocalDays

BERLIN = ZoneInfo("Europe/Berlin")
HOUR_S, DAY_S = 3600, 86_400


def at(text: str) -> int:
    """A local time in Berlin."""
    return round(dt.datetime.fromisoformat(text).replace(tzinfo=BERLIN).timestamp())


@pytest.fixture
def days() -> LocalDays:
    days = LocalDays(BERLIN)
    days.at(at("2026-06-15 10:00"))
    return days


def test_a_day_ends_at_local_midnight(days: LocalDays) -> None:
    assert days.at(at("2026-06-15 23:59:59")) == 20260615
    assert days.at(at("2026-06-16 00:00")) == 20260616


@pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25"])
def test_a_day_on_which_summer_time_begins_or_ends_is_one_day(day: str) -> None:
    name, days = int(day.replace("-", "")), LocalDays(BERLIN)
    assert days.at(at(f"{day} 00:00")) == days.at(at(f"{day} 23:59:59")) == name
    assert days.at(at(f"{day} 23:59:59") + 1) == name + 1


def test_a_house_that_slept_for_days_wakes_on_the_right_one(days: LocalDays) -> None:
    assert days.at(at("2026-06-20 08:00")) == 20260620
    assert days.at(at("2026-06-21 00:00")) == 20260621


def test_a_clock_that_is_a_little_too_late_again_after_midnight_does_not_go_back_a_day(days: LocalDays) -> None:
    assert days.at(at("2026-06-16 00:00")) == 20260616
    assert days.at(at("2026-06-15 23:58:30")) == 20260616


def test_a_step_over_midnight_goes_on_counting_until_the_day_has_truly_passed(days: LocalDays) -> None:
    days.step(at("2026-06-16 00:10"), 2 * HOUR_S)  # it was 22:10
    assert days.at(at("2026-06-16 01:59:59")) == 20260615
    after = days.at(at("2026-06-16 02:00"))
    assert after != 20260615
    assert days.at(at("2026-06-17 23:59:59")) == after  # the midnight before it left no whole day
    assert days.at(at("2026-06-18 00:00")) == 20260618


def test_a_step_back_over_midnight_does_not_begin_the_day_again(days: LocalDays) -> None:
    days.at(at("2026-06-16 00:30"))
    days.step(at("2026-06-15 22:30"), -2 * HOUR_S)
    assert days.at(at("2026-06-15 23:59")) == days.at(at("2026-06-16 00:00")) == 20260616


def test_a_house_without_a_clock_of_its_own_that_loses_power_daily_still_gets_new_days() -> None:
    now_s, days, names = at("2026-06-15 10:00"), LocalDays(BERLIN), set()
    for _day in range(10):
        names.add(days.at(now_s))
        days.step(now_s - HOUR_S, -HOUR_S)
        days.step(now_s + 600, HOUR_S + 600)
        now_s += DAY_S
    assert len(names) >= 9


steps = st.sampled_from(
    [-3 * DAY_S, -DAY_S, -13 * HOUR_S, -HOUR_S, -601, 601, HOUR_S, 13 * HOUR_S, DAY_S, 3 * DAY_S]
)
passes = st.integers(1, 30 * HOUR_S)


@given(st.lists(st.tuples(passes, st.none() | steps), min_size=1, max_size=60), st.booleans())
def test_a_count_begins_anew_at_most_once_in_a_true_day(
    life: list[tuple[int, int | None]],
    restarts: bool,
) -> None:
    true_s = at("2026-06-15 12:00")
    wall_s, days, begun_s = true_s, LocalDays(BERLIN), []
    name = days.at(wall_s)
    for seconds, step_s in life:
        for _minute in range(seconds // 600 + 1):
            true_s, wall_s = true_s + 600, wall_s + 600
            if days.at(wall_s) != name:
                name = days.name
                begun_s.append(true_s)
        if step_s is not None:
            wall_s += step_s
            days.step(wall_s, step_s)
            if restarts:  # with what was written down at the step
                days = LocalDays(BERLIN, days.name, days.ends_s)
    assert all(later - before >= SHORTEST_DAY_S - 600 for before, later in pairwise(begun_s))


@given(st.integers(0, 72 * 6), st.integers(-2 * DAY_S, 2 * DAY_S))
def test_a_restart_at_any_time_after_a_step_changes_no_day(tens: int, step_s: int) -> None:
    lived, stepped_s = LocalDays(BERLIN), at("2026-06-15 12:00")
    lived.at(stepped_s - step_s)
    lived.step(stepped_s, step_s)
    written = lived.name, lived.ends_s
    for _ten in range(tens):
        stepped_s += 600
        lived.at(stepped_s)
    assert LocalDays(BERLIN, *written).at(stepped_s) == lived.at(stepped_s)
