"""What holds of every forecast, wherever the house stands and whatever was measured; and how good one must be."""

from __future__ import annotations

import math
from array import array

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bitgrid.config.house import Location, PvPlane
from bitgrid.feeds.pv.clearness import Clearness
from bitgrid.feeds.pv.forecast import MOST_OF_CLEAR, Outlook
from bitgrid.feeds.pv.learning import Home, first_model, learn
from bitgrid.feeds.pv.model import LEADS_S, Model, lead_class
from bitgrid.feeds.pv.record import Record
from bitgrid.feeds.pv.sky import Sky
from bitgrid.sun import sun_position
from feeds.pv.sunny import A_DAY, BLOCK_S, MUNICH, ROOF, SPRING, Weather, measured

DAYS, HELD_BACK = 110, 60
ISSUE = SPRING + (DAYS - HELD_BACK) * A_DAY
HORIZON = 216


@pytest.fixture(scope="module")
def year() -> Record:
    """A hundred and ten days of changing weather, with a tree in the east."""
    return measured(DAYS, Weather(seed=9, tree_deg=15))


@pytest.fixture(scope="module")
def model(year: Record) -> Model:
    """Learned from the first fifty, the roof not told."""
    learned = learn(Home(MUNICH, (), BLOCK_S), year.cut(ISSUE), ISSUE * BLOCK_S)
    assert learned is not None
    return learned


def outlook(model: Model, record: Record, place: Location = MUNICH) -> Outlook:
    sky = Sky(model.roof, place, BLOCK_S)
    return Outlook(model, sky, Clearness(record, sky))


def test_the_forecast_is_better_than_what_needs_no_learning(model: Model, year: Record) -> None:
    told = outlook(model, year)
    near: dict[str, float] = {"forecast": 0, "persistence": 0}
    day: dict[str, float] = {"forecast": 0, "sky as it is": 0}
    below = [0, 0, 0, 0]
    for issue in range(ISSUE, ISSUE + (HELD_BACK - 1) * A_DAY, 18):
        watts, stays = told.watts(issue, A_DAY), told.clearness.persisting(issue)
        assert stays is not None
        for ahead in (0, 1, 2, *range(3, A_DAY, 3)):
            truth, clear_w = year.at(issue + ahead), told.sky.light(issue + ahead).clear_w
            if clear_w > 0:
                day["forecast"] += abs(watts[ahead][1] - truth)
                day["sky as it is"] += abs(stays * clear_w - truth)
                below = [n + (truth <= value) for n, value in zip(below, (*watts[ahead], math.inf), strict=True)]
                if ahead < 3:
                    near["forecast"] += abs(watts[ahead][1] - truth)
                    near["persistence"] += abs(year.at(issue - 1) - truth)
    low, median, high = (share / below[3] for share in below[:3])
    assert near["forecast"] < 0.92 * near["persistence"], near
    assert day["forecast"] < 0.88 * day["sky as it is"], day
    assert 0.05 < low < 0.18, "as often as it says"
    assert 0.4 < median < 0.6
    assert 0.82 < high < 0.95


def test_nothing_after_the_issue_changes_a_byte(model: Model, year: Record) -> None:
    """All that comes later is made absurd; `test_feed` does the same to the store and the learning."""
    noon = ISSUE + 70
    later = array("d", [9e5]) * (year.end_block - noon)
    tampered = Record(year.first_block, year.cut(noon).pv_w + later)
    then, now = outlook(model, year), outlook(model, tampered)
    for issue in (noon, noon - 1, noon - 75):
        assert repr(now.watts(issue, HORIZON)) == repr(then.watts(issue, HORIZON))
    assert now.watts(noon + 1, HORIZON) != then.watts(noon + 1, HORIZON), "it does look back"


def assert_sound(told: list[tuple[float, float, float]], made_by: Outlook, issue: int) -> None:
    for block, triple in enumerate(told, issue):
        low, median, high = triple
        light = made_by.sky.light(block)
        assert 0 <= low <= median <= high <= MOST_OF_CLEAR * light.clear_w + 1
        place = made_by.sky.place
        if sun_position((block + 0.5) * BLOCK_S, place.latitude, place.longitude).elevation_deg <= 0:
            assert triple == (0, 0, 0)


@pytest.mark.parametrize("hour", [0, 5, 8, 12, 19])
def test_quantiles_are_in_order_nothing_is_negative_and_nights_are_dark(
    model: Model, year: Record, hour: int
) -> None:
    issue, made_by = ISSUE + hour * 6, outlook(model, year)
    assert_sound(made_by.watts(issue, HORIZON), made_by, issue)
    highest = max(high for _, _, high in made_by.watts(issue, HORIZON))
    assert highest <= 1.25 * max(year.pv_w)


@given(
    latitude=st.floats(-90, 90),
    longitude=st.floats(-180, 180),
    first=st.integers(2_000_000, 3_500_000),
    watts=st.lists(st.sampled_from([0.0, 10.0, 4000.0, 1e6, math.nan]), max_size=300),
    tilt=st.integers(0, 90),
)
@settings(max_examples=40, deadline=None)
def test_whatever_was_measured_wherever_every_forecast_is_sound(
    latitude: float, longitude: float, first: int, watts: list[float], tilt: int
) -> None:
    place = Location(latitude=latitude, longitude=longitude, timezone="UTC")
    planes = (PvPlane(peak_w=5000, tilt_deg=tilt, azimuth_deg=200),)
    untaught = first_model(Home(place, planes, BLOCK_S))
    assert untaught is not None
    record = Record(first, array("d", watts))
    made_by = outlook(untaught, record, place)
    assert_sound(made_by.watts(record.end_block, HORIZON), made_by, record.end_block)


@pytest.mark.parametrize("latitude", [-78.0, 69.6, 90.0])
@pytest.mark.parametrize("month_block", [2_840_256, 2_866_464])  # the days of 2024-01-01 and 2024-07-01
def test_through_a_polar_night_and_a_midnight_sun_a_roof_is_learned_or_nothing_is(
    latitude: float, month_block: int
) -> None:
    place = Location(latitude=latitude, longitude=19.0, timezone="UTC")
    record = measured(12, Weather(seed=4), place, first_block=month_block)
    found = learn(Home(place, (), BLOCK_S), record, 0)
    is_dark = max(record.pv_w) == 0
    assert (found is None) == is_dark
    if found is not None:
        made_by, issue = outlook(found, record, place), record.end_block
        told = made_by.watts(issue, HORIZON)
        assert_sound(told, made_by, issue)
        assert sum(median for _, median, _ in told) > 0


def test_where_summer_time_begins_every_block_has_its_value_and_noon_stays_where_it_is() -> None:
    sunday = 1_711_843_200 // BLOCK_S  # 2024-03-31T00:00:00Z; at 01:00Z clocks go forward
    untaught = first_model(Home(MUNICH, ROOF, BLOCK_S))
    assert untaught is not None
    told = outlook(untaught, measured(2, first_block=sunday - 2 * A_DAY)).watts(sunday - 6, HORIZON)
    medians = [median for _, median, _ in told]
    assert len(told) == HORIZON
    first, second = medians[6 : 6 + A_DAY], medians[6 + A_DAY :]
    assert first.index(max(first)) == pytest.approx(68, abs=8)
    assert all(second[block] > 0 for block in range(36, 66))


def test_lead_times_have_their_classes() -> None:
    leads_s = (-600, 0, 600, 1200, 1800, 3600, 36 * 3600, 99 * 3600)
    assert [lead_class(lead_s) for lead_s in leads_s] == [0, 0, 1, 1, 2, 3, 13, 13]
    assert len(LEADS_S) == 14
