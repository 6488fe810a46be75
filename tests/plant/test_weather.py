import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitgrid.plant.noise import chance, drift
from bitgrid.plant.weather import Clouds, Weather
from plant.house import MakeSite

DAY_S = 86_400
JUNE_17_S = 1_750_118_400
DECEMBER_17_S = 1_765_929_600


def energy_kwh(weather: Weather, day_s: int) -> float:
    return sum(weather.pv_power_w(day_s + s) for s in range(0, DAY_S, 300)) * 300 / 3.6e6


def test_a_clear_june_day_in_munich_yields_seven_hours_of_peak_and_a_december_day_far_less(
    make_site: MakeSite,
) -> None:
    weather = Weather(make_site(), seed=1, cloudiness=0.0)
    june, december = energy_kwh(weather, JUNE_17_S), energy_kwh(weather, DECEMBER_17_S)
    assert 6.0 < june / 6 < 8.0
    assert december < 0.5 * june


def test_nights_are_dark(make_site: MakeSite) -> None:
    weather = Weather(make_site(), seed=1, cloudiness=0.0)
    assert all(weather.pv_power_w(JUNE_17_S + s) == 0 for s in range(0, 2 * 3600, 600))


def test_clouds_take_energy_and_a_cloudier_place_has_less(make_site: MakeSite) -> None:
    def month(cloudiness: float) -> float:
        weather = Weather(make_site(), seed=7, cloudiness=cloudiness)
        return sum(energy_kwh(weather, JUNE_17_S + day * DAY_S) for day in range(8))

    clear, fair, dull = month(0.0), month(0.4), month(1.0)
    assert dull < 0.5 * clear
    assert dull < fair < clear


def test_a_passing_cloud_darkens_within_minutes_and_moves_on() -> None:
    clouds = Clouds(seed=1, cloudiness=0.4)
    light = [clouds.transmittance(JUNE_17_S + s) for s in range(0, 4 * 3600, 60)]
    falls = [later / earlier for earlier, later in zip(light, light[10:], strict=False)]
    assert min(falls) < 0.6
    assert max(falls) > 1.6


@given(st.integers(), st.floats(0, 1), st.integers(0, 2_000_000_000))
def test_clouds_never_take_all_and_never_give(seed: int, cloudiness: float, epoch_s: int) -> None:
    assert 0 < Clouds(seed, cloudiness).transmittance(epoch_s) <= 1


@given(st.integers(), st.lists(st.integers(0, 2_000_000_000), min_size=2, max_size=8))
def test_weather_depends_on_seed_and_time_and_not_on_the_order_of_questions(seed: int, times: list[int]) -> None:
    asked, asked_again = Clouds(seed, 0.5), Clouds(seed, 0.5)
    forwards = {t: asked.transmittance(t) for t in times}
    assert {t: asked_again.transmittance(t) for t in reversed(times)} == forwards


def test_another_seed_is_another_sky() -> None:
    skies = {tuple(Clouds(seed, 0.5).transmittance(t) for t in range(0, DAY_S, 3600)) for seed in range(20)}
    assert len(skies) == 20


def test_chance_is_even_and_independent_between_channels() -> None:
    numbers = [chance(1, 1, i) for i in range(4000)]
    others = [chance(1, 2, i) for i in range(4000)]
    together = sum(a * b for a, b in zip(numbers, others, strict=True)) / 4000
    assert sum(numbers) / 4000 == pytest.approx(0.5, abs=0.02)
    assert together == pytest.approx(0.25, abs=0.02)
    assert all(0 <= n < 1 for n in numbers)


@given(st.integers(), st.floats(0, 1e6))
def test_drift_has_no_jumps(seed: int, epoch_s: float) -> None:
    assert abs(drift(seed, 1, epoch_s, 600) - drift(seed, 1, epoch_s + 1, 600)) < 0.005
