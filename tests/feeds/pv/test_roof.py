"""A roof is learned from what it yielded: through clouds, holes, a limit, a tree, on both hemispheres."""

from __future__ import annotations

import math

import pytest

from bitgrid.config.house import Location, PvPlane
from bitgrid.feeds.pv.record import Record
from bitgrid.feeds.pv.roof import learn_roof
from bitgrid.feeds.pv.sky import Roof, Sky, let_through
from bitgrid.sun import SunPosition
from feeds.pv.sunny import A_DAY, BLOCK_S, MUNICH, ROOF, Weather, measured

SYDNEY = Location(latitude=-33.87, longitude=151.21, timezone="Australia/Sydney")
NORTH_ROOF = (PvPlane(peak_w=5000, tilt_deg=25, azimuth_deg=20),)


def learned(record: Record, days: int, place: Location = MUNICH, given: tuple[PvPlane, ...] = ()) -> Roof:
    roof = learn_roof(record, place, BLOCK_S, given, days)
    assert roof is not None
    return roof


def clear_days(roof: Roof, clear: Record, place: Location = MUNICH) -> float:
    """Mean error over mean yield, against a cloudless record."""
    sky = Sky(roof, place, BLOCK_S)
    pairs = [(sky.light(block).clear_w, watts) for block, watts in enumerate(clear.pv_w, clear.first_block)]
    return sum(abs(told - watts) for told, watts in pairs) / sum(watts for _, watts in pairs)


def test_under_clouds_the_cloudless_roof_is_found() -> None:
    roof = learned(measured(40), 40)
    assert clear_days(roof, measured(40, Weather(cloudless=True))) < 0.08
    assert roof.limit_w is None
    assert roof.peak_w == pytest.approx(5800, rel=0.08)


def test_holes_and_curtailed_noons_do_not_change_it() -> None:
    record = measured(40)
    for block in range(record.first_block, record.end_block):
        index, hour = block - record.first_block, block % A_DAY // 6
        if index // A_DAY % 5 == 2:
            record.pv_w[index] = math.nan
        if index // A_DAY % 4 == 1 and 10 <= hour < 14:
            record.pv_w[index] = 0.0
    assert clear_days(learned(record, 32), measured(40, Weather(cloudless=True))) < 0.12


def test_on_the_other_half_of_the_earth_it_looks_north() -> None:
    record = measured(30, place=SYDNEY, roof=NORTH_ROOF)
    clear = measured(30, Weather(cloudless=True), SYDNEY, NORTH_ROOF)
    assert clear_days(learned(record, 30, SYDNEY), clear, SYDNEY) < 0.11


def test_an_inverters_limit_is_noticed_and_not_taken_for_the_roof() -> None:
    cut = Weather(seed=2, limit_w=4000)
    roof = learned(measured(40, cut), 40)
    assert roof.limit_w == pytest.approx(4000, abs=1)
    assert clear_days(roof, measured(40, Weather(cloudless=True, limit_w=4000))) < 0.08


def test_a_tree_in_the_east_is_learned_where_the_sun_stood_behind_it() -> None:
    tree = Weather(tree_deg=18)
    roof = learned(measured(40, tree), 40)
    assert roof.shade is not None
    assert let_through(roof.shade, SunPosition(10, 95)) < 0.45
    assert let_through(roof.shade, SunPosition(40, 150)) > 0.85
    assert let_through(roof.shade, SunPosition(10, 265)) > 0.75


def test_the_planes_of_the_site_are_kept_and_only_scaled() -> None:
    planes = tuple(plane.model_copy(update={"peak_w": plane.peak_w * 2}) for plane in ROOF)
    roof = learned(measured(30), 30, given=planes)
    assert [(plane.tilt_deg, plane.azimuth_deg) for plane in roof.planes] == [(35, 160), (20, 250)]
    assert roof.planes[0].peak_w / roof.planes[1].peak_w == pytest.approx(4000 / 2500)
    assert roof.planes[0].peak_w == pytest.approx(4000, rel=0.08)


def test_in_the_first_days_the_sites_planes_stand_as_they_are() -> None:
    roof = learned(measured(3), 3, given=ROOF)
    assert [plane.peak_w for plane in roof.planes] == [4000, 2500]
    assert roof.shade is None


def test_without_planes_an_hour_and_a_half_of_sun_give_a_scale_and_less_gives_none() -> None:
    morning = measured(1, Weather(cloudless=True))
    assert learn_roof(morning.cut(morning.first_block + 30), MUNICH, BLOCK_S, (), 0) is None
    roof = learn_roof(morning.cut(morning.first_block + 60), MUNICH, BLOCK_S, (), 1)
    assert roof is not None
    assert 2500 < roof.peak_w < 9000


def test_a_dead_inverter_teaches_nothing() -> None:
    record = measured(20)
    for index in range(len(record.pv_w)):
        record.pv_w[index] = 0.0
    assert learn_roof(record, MUNICH, BLOCK_S, (), 0) is None
    assert learn_roof(record.cut(0), MUNICH, BLOCK_S, (), 0) is None
