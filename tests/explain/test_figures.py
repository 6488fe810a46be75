from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from bitgrid.explain import Figures

BERLIN = ZoneInfo("Europe/Berlin")
ENGLISH, GERMAN = Figures("en", BERLIN), Figures("de", BERLIN)
NOON_S = 1_750_068_000


@pytest.mark.parametrize(
    ("name", "value", "english", "german"),
    [
        ("power_w", 1674, "1,674 W", "1.674 W"),
        ("surplus_w", -300, "−300 W", "−300 W"),
        ("temp_c", 61.5, "61.5 °C", "61,5 °C"),
        ("battery_soc_pct", 50.0, "50 %", "50 %"),
        ("soc_hard_min_pct", 49.5, "49.5 %", "49,5 %"),
        ("import_price_ct_kwh", 25.25, "25.25 ct/kWh", "25,25 ct/kWh"),
        ("hashrate_ths", 88.4, "88.4 TH/s", "88,4 TH/s"),
        ("age_s", 75, "75 s", "75 s"),
        ("comm_timeout_s", 300, "5 min", "5 min"),
        ("ends_at_s", NOON_S, "12:00", "12:00"),
        ("lockout_until_s", NOON_S, "12:00", "12:00"),
        ("max_starts_per_day", 6, "6", "6"),
        ("surplus_w", -0.2, "0 W", "0 W"),
    ],
)
def test_a_value_is_written_with_the_unit_of_its_name(name: str, value: float, english: str, german: str) -> None:
    assert ENGLISH.value(name, value).replace("\u00a0", " ") == english
    assert GERMAN.value(name, value).replace("\u00a0", " ") == german


@pytest.mark.parametrize(
    ("seconds", "text"), [(45, "45 s"), (119, "119 s"), (120, "2 min"), (7199, "119 min"), (11_100, "3 h 05 min")]
)
def test_a_duration_is_as_long_as_it_sounds(seconds: int, text: str) -> None:
    assert ENGLISH.duration(seconds).replace("\u00a0", " ") == text


def test_power_at_a_glance() -> None:
    assert ENGLISH.watts(999).replace("\u00a0", " ") == "999 W"
    assert ENGLISH.watts(1960).replace("\u00a0", " ") == "2.0 kW"
    assert GERMAN.watts(-12_340).replace("\u00a0", " ") == "−12,3 kW"


def test_a_countdown_never_runs_below_zero() -> None:
    assert ENGLISH.countdown(425) == "7:05"
    assert ENGLISH.countdown(-3) == "0:00"


def test_times_are_the_house_s_own_in_summer_and_in_winter() -> None:
    assert GERMAN.time_of_day(NOON_S, seconds=True) == "12:00:00"
    assert GERMAN.time_of_day(1_735_729_200) == "12:00"  # 2025-01-01 11:00 UTC


def test_another_day_is_named() -> None:
    assert GERMAN.moment(NOON_S - 86_400, NOON_S) == "15.06. 12:00"
    assert ENGLISH.moment(NOON_S - 86_400, NOON_S) == "15 Jun 12:00"
    assert ENGLISH.moment(NOON_S - 60, NOON_S) == "11:59"


def test_long_times_in_hours_and_days_with_their_year() -> None:
    assert ENGLISH.hours(135_000).replace("\u00a0", " ") == "37.5 h"
    assert GERMAN.hours(135_000).replace("\u00a0", " ") == "37,5 h"
    assert ENGLISH.date(1_750_068_000) == "2025-06-16 12:00"
    assert GERMAN.date(1_750_068_000) == "16.06.2025 12:00"
