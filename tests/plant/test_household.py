from hypothesis import given
from hypothesis import strategies as st

from bitgrid.plant.household import DAY_S, Household

JUNE_17_LOCAL_S = 1_750_118_400 - 2 * 3600  # midnight in Berlin


def household(seed: int = 1, base_w: int = 250, peak_w: int = 2200) -> Household:
    return Household("Europe/Berlin", seed, base_w, peak_w)


def mean_w(home: Household, from_h: float, to_h: float, days: int = 20) -> float:
    loads = [
        home.power_w(JUNE_17_LOCAL_S + day * DAY_S + s)
        for day in range(days)
        for s in range(int(from_h * 3600), int(to_h * 3600), 60)
    ]
    return sum(loads) / len(loads)


@given(st.integers(0, 2_000_000_000), st.integers(), st.integers(0, 3000), st.integers(0, 5000))
def test_the_load_lies_between_base_and_peak(epoch_s: int, seed: int, base_w: int, peak_w: int) -> None:
    load_w = household(seed, base_w, peak_w).power_w(epoch_s)
    assert base_w <= load_w <= max(base_w, peak_w)


def test_mornings_and_evenings_need_more_than_nights_and_evenings_most() -> None:
    home = household()
    night, morning, evening = mean_w(home, 1, 4), mean_w(home, 6.5, 8), mean_w(home, 18.5, 20.5)
    assert night < 350
    assert night < morning < evening


def test_a_kettle_boils_for_three_minutes_at_nearly_two_kilowatts() -> None:
    loads = [household().power_w(JUNE_17_LOCAL_S + s) for s in range(5 * 3600, 9 * 3600)]
    boiling = [index for index, load in enumerate(loads) if load > 1700]
    assert 175 <= len(boiling) <= 185
    assert boiling[-1] - boiling[0] + 1 == len(boiling)


def test_the_kettle_is_not_put_on_at_the_same_minute_every_day() -> None:
    def first_boil_s(day: int) -> int:
        start_s = JUNE_17_LOCAL_S + day * DAY_S
        return next(s for s in range(5 * 3600, 9 * 3600, 10) if household().power_w(start_s + s) > 1700)

    assert len({first_boil_s(day) for day in range(10)}) > 5


def test_peaks_follow_the_clock_on_the_wall_through_summer_time() -> None:
    winter_s = JUNE_17_LOCAL_S + 183 * DAY_S + 3600  # midnight in Berlin in December is an hour later in UTC
    home = household()

    def evening_w(midnight_s: int) -> float:
        return sum(home.power_w(midnight_s + s) for s in range(21 * 3600, 23 * 3600, 60)) / 120

    assert abs(evening_w(winter_s) - evening_w(JUNE_17_LOCAL_S)) < 40
