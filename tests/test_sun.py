"""The sun's place against published values, and the shape of a clear day."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitgrid.sun import SOLAR_CONSTANT_W_M2, clear_sky, clear_sky_w, plane_irradiance_w_m2, sun_position

MUNICH = (48.14, 11.58)


@dataclass(frozen=True)
class Plane:
    peak_w: int = 6000
    tilt_deg: float = 30.0
    azimuth_deg: float = 180.0


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("moment", "place", "elevation_deg", "azimuth_deg"),
    [
        # Reda and Andreas, Solar Position Algorithm (NREL/TP-560-34302), table A5.1; elevation without refraction
        ("2003-10-17T19:30:30", (39.742476, -105.1786), 39.872046, 194.340241),
        # the same algorithm as implemented in pvlib (nrel_numpy), without refraction
        ("2024-06-21T11:15:00", MUNICH, 65.2957, 179.6734),
        ("2024-12-21T11:10:00", MUNICH, 18.4179, 179.5276),
        ("2024-03-20T11:20:00", MUNICH, 41.9932, 179.6647),
    ],
)
def test_position_agrees_with_the_published_algorithm(
    moment: str, place: tuple[float, float], elevation_deg: float, azimuth_deg: float
) -> None:
    sun = sun_position(at(moment), *place)
    assert sun.elevation_deg == pytest.approx(elevation_deg, abs=0.012)
    assert sun.azimuth_deg == pytest.approx(azimuth_deg, abs=0.015)


def test_at_the_solstices_the_noon_sun_stands_as_high_as_the_earths_tilt_says() -> None:
    def noon_deg(day: str) -> float:
        midday_s = at(f"{day}T11:15:00")
        return max(sun_position(midday_s + minute * 60, *MUNICH).elevation_deg for minute in range(-40, 41))

    assert noon_deg("2024-06-20") == pytest.approx(90 - 48.14 + 23.44, abs=0.01)
    assert noon_deg("2024-12-21") == pytest.approx(90 - 48.14 - 23.44, abs=0.01)


def test_the_sun_rises_in_the_east_and_sets_in_the_west() -> None:
    morning, evening = (sun_position(at(f"2024-03-20T{hour}:30:00"), *MUNICH) for hour in ("05", "17"))
    assert morning.azimuth_deg == pytest.approx(92, abs=5)
    assert evening.azimuth_deg == pytest.approx(268, abs=5)


def test_south_of_the_equator_the_noon_sun_stands_in_the_north() -> None:
    sun = sun_position(at("2024-06-21T02:00:00"), -33.87, 151.21)
    assert min(sun.azimuth_deg, 360 - sun.azimuth_deg) < 5


def test_a_sun_below_the_horizon_gives_nothing() -> None:
    assert clear_sky(0).global_w_m2 == 0
    assert clear_sky(-10).diffuse_w_m2 == 0
    assert clear_sky_w(at("2024-06-21T00:00:00"), *MUNICH, [Plane()]) == 0


@pytest.mark.parametrize("elevation_deg", [0.01, 0.5, 2, 10, 30, 60, 90])
def test_the_parts_of_the_sky_add_up_and_none_is_negative(elevation_deg: float) -> None:
    sky = clear_sky(elevation_deg)
    assert sky.diffuse_w_m2 >= 0
    assert 0 <= sky.direct_normal_w_m2 < 1361
    horizontal_w_m2 = sky.direct_normal_w_m2 * math.sin(math.radians(elevation_deg)) + sky.diffuse_w_m2
    assert horizontal_w_m2 == pytest.approx(sky.global_w_m2)


def test_on_a_flat_plane_only_the_global_irradiance_counts() -> None:
    sun = sun_position(at("2024-06-21T11:00:00"), *MUNICH)
    assert plane_irradiance_w_m2(sun, 0, 77) == pytest.approx(clear_sky(sun.elevation_deg).global_w_m2)


def test_a_clear_summer_noon_in_munich_gives_about_the_peak_power() -> None:
    assert clear_sky_w(at("2024-06-21T11:00:00"), *MUNICH, [Plane()]) == pytest.approx(6000, rel=0.05)


def test_an_east_roof_gives_more_in_the_morning_and_a_west_roof_in_the_evening() -> None:
    east, west = Plane(azimuth_deg=90), Plane(azimuth_deg=270)
    morning, evening = at("2024-06-21T07:00:00"), at("2024-06-21T16:00:00")
    assert clear_sky_w(morning, *MUNICH, [east]) > 2 * clear_sky_w(morning, *MUNICH, [west])
    assert clear_sky_w(evening, *MUNICH, [west]) > 2 * clear_sky_w(evening, *MUNICH, [east])


def test_planes_add_up() -> None:
    noon = at("2024-06-21T11:00:00")
    both = clear_sky_w(noon, *MUNICH, [Plane(), Plane(peak_w=3000)])
    assert both == pytest.approx(1.5 * clear_sky_w(noon, *MUNICH, [Plane()]), abs=1)
    assert clear_sky_w(noon, *MUNICH, []) == 0


@given(
    st.integers(0, 2_000_000_000),
    st.floats(-66, 66),
    st.floats(-180, 180),
    st.integers(0, 90),
    st.integers(0, 359),
)
def test_light_is_never_negative_and_never_much_more_than_the_sun_gives(
    epoch_s: int, latitude: float, longitude: float, tilt: int, facing: int
) -> None:
    sun = sun_position(epoch_s, latitude, longitude)
    assert -90 <= sun.elevation_deg <= 90
    assert 0 <= sun.azimuth_deg <= 360
    assert 0 <= plane_irradiance_w_m2(sun, tilt, facing) < SOLAR_CONSTANT_W_M2 * 1.1
