"""Clearness: what is now, today, this week and usual; after nothing, what is untaught."""

from __future__ import annotations

import math

import pytest

from bitgrid.feeds.pv.clearness import UNTAUGHT, Clearness
from bitgrid.feeds.pv.record import Record
from bitgrid.feeds.pv.roof import given_roof
from bitgrid.feeds.pv.sky import Sky
from feeds.pv.sunny import A_DAY, BLOCK_S, MUNICH, ROOF, SPRING, Weather, measured

NOON = SPRING + 10 * A_DAY + 66
MIDNIGHT = SPRING + 11 * A_DAY


def over(record: Record) -> Clearness:
    return Clearness(record, Sky(given_roof(ROOF), MUNICH, BLOCK_S))


def clouded(share: float, from_block: int) -> Record:
    record = measured(11, Weather(cloudless=True))
    for block in range(from_block, record.end_block):
        record.pv_w[block - record.first_block] *= share
    return record


def test_of_cloudless_weeks_everything_is_about_one() -> None:
    skies = over(measured(11, Weather(cloudless=True))).at(NOON)
    assert skies.now == pytest.approx(1, abs=0.02)
    assert skies.lately == pytest.approx(1, abs=0.02)
    assert skies.day == pytest.approx(1, abs=0.05)
    assert skies.week == pytest.approx(1, abs=0.05)


def test_a_cloud_is_seen_first_in_what_is_now() -> None:
    skies = over(clouded(0.3, NOON - 3)).at(NOON)
    assert skies.now == pytest.approx(0.3, abs=0.05)
    assert 0.6 < skies.lately < 0.9
    assert skies.day > 0.85


def test_a_block_and_what_comes_after_it_are_not_looked_at() -> None:
    clear, clouds = over(clouded(1, NOON)), over(clouded(0, NOON))
    assert clear.at(NOON) == clouds.at(NOON)
    assert clear.persisting(NOON) == clouds.persisting(NOON)
    assert clear.usual(NOON, NOON) == clouds.usual(NOON, NOON)
    assert clear.at(NOON + 1) != clouds.at(NOON + 1)


def test_at_night_what_was_stands_in_and_the_good_light_of_the_evening_persists() -> None:
    clearness = over(clouded(0.4, NOON))
    assert clearness.at(MIDNIGHT).now == clearness.at(MIDNIGHT).lately == pytest.approx(0.67, abs=0.12)
    assert clearness.persisting(MIDNIGHT) == pytest.approx(0.4, abs=0.01)


def test_a_morning_that_is_always_dull_is_usual() -> None:
    record = measured(20, Weather(cloudless=True))
    for index in range(len(record.pv_w)):
        if index % A_DAY < 60:
            record.pv_w[index] *= 0.2
    clearness, day = over(record), SPRING + 20 * A_DAY
    assert clearness.usual(day, day + 50) < 0.45
    assert clearness.usual(day, day + 72) > 0.8


def test_holes_are_not_darkness() -> None:
    record = measured(11, Weather(cloudless=True))
    for index in range(0, len(record.pv_w), 2):
        record.pv_w[index] = math.nan
    assert over(record).at(NOON).day == pytest.approx(1, abs=0.05)


def test_where_nothing_was_measured_the_untaught_stands() -> None:
    clearness = over(measured(0))
    assert set(clearness.at(NOON)) == {UNTAUGHT}
    assert clearness.usual(NOON, NOON) == UNTAUGHT
    assert clearness.persisting(NOON) is None
    assert over(measured(2)).persisting(NOON) is None, "that was a week ago"
