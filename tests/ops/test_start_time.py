"""When the simulated house begins."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bitgrid.config.house import Location
from bitgrid.ops.errors import Refusal
from bitgrid.ops.start_time import morning_of_a_day_in_may, morning_of_first_full_day, parse_start

BERLIN = ZoneInfo("Europe/Berlin")
MUNICH = Location(latitude=48.14, longitude=11.58, timezone="Europe/Berlin")


def utc(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("2024-05-15T12:30", "2024-05-15T10:30"),
        ("2024-05-15T12:30Z", "2024-05-15T12:30"),
        ("2024-05-15T12:30+05:00", "2024-05-15T07:30"),
        ("2024-05-15", "2024-05-15T04:00"),
        ("2024-01-15", "2024-01-15T05:00"),
    ],
)
def test_a_start_is_local_unless_it_says_otherwise(text: str, meant: str) -> None:
    assert parse_start(text, BERLIN) == utc(meant)


@pytest.mark.parametrize("text", ["noon", "", "2024-13-01", "2024-05-15T25:00", "15.05.2024 12:30"])
def test_a_start_that_is_no_time_is_refused_with_what_would_be_right(text: str) -> None:
    with pytest.raises(Refusal, match="2024-05-15T12:30 for local time"):
        parse_start(text, BERLIN)


def test_by_default_the_house_begins_on_a_morning_in_may_by_its_own_clock() -> None:
    assert morning_of_a_day_in_may(utc("2024-11-21T12:00"), BERLIN) == utc("2024-05-15T04:00")
    assert morning_of_a_day_in_may(utc("2024-12-31T23:30"), BERLIN) == utc("2025-05-15T04:00"), (
        "the local year counts"
    )


def recording(path: Path, rows: list[tuple[datetime, str, str]]) -> Path:
    lines = [f"{moment:%Y-%m-%dT%H:%M:%SZ},{pv},{load}" for moment, pv, load in rows]
    path.write_text("\n".join(["time_utc,pv_power_w,house_load_w", *lines]) + "\n")
    return path


def half_hours(begin: str, count: int) -> list[tuple[datetime, str, str]]:
    first = datetime.fromisoformat(begin)
    return [(first + timedelta(minutes=30 * i), "100.0", "300") for i in range(count)]


def test_a_recording_begins_on_its_first_whole_local_day(tmp_path: Path) -> None:
    file = recording(tmp_path / "home.csv", half_hours("2024-06-01T09:00", 48 * 3))
    assert morning_of_first_full_day(file, MUNICH) == utc("2024-06-02T04:00")


def test_a_day_with_a_gap_is_not_whole(tmp_path: Path) -> None:
    rows = half_hours("2024-06-01T09:00", 48 * 4)
    del rows[48]
    assert morning_of_first_full_day(recording(tmp_path / "home.csv", rows), MUNICH) == utc("2024-06-03T04:00")


def test_a_day_with_an_empty_load_is_not_whole_but_pv_may_be_empty_at_night(tmp_path: Path) -> None:
    rows = half_hours("2024-06-01T09:00", 48 * 4)
    rows[48] = (rows[48][0], "100", "")
    rows = [(moment, "" if moment.hour in {22, 23, 0} else pv, load) for moment, pv, load in rows]
    assert morning_of_first_full_day(recording(tmp_path / "home.csv", rows), MUNICH) == utc("2024-06-03T04:00")


def test_a_day_with_an_empty_pv_at_noon_is_not_whole(tmp_path: Path) -> None:
    rows = half_hours("2024-06-01T22:00", 48 * 3)
    rows = [(moment, "" if (moment.day, moment.hour) == (2, 11) else pv, load) for moment, pv, load in rows]
    assert morning_of_first_full_day(recording(tmp_path / "home.csv", rows), MUNICH) == utc("2024-06-03T04:00")


def test_the_day_the_clocks_change_may_be_the_first_whole_one(tmp_path: Path) -> None:
    file = recording(tmp_path / "home.csv", half_hours("2024-03-30T23:00", 46))
    assert morning_of_first_full_day(file, MUNICH) == utc("2024-03-31T04:00"), "a day of 23 hours"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("time_utc,pv_power_w,house_load_w\n2024-06-01T00:00:00Z,0,1\n", "no day from midnight to midnight"),
        ("time,pv\n1,2\n", "no column time_utc"),
        ("", "no column time_utc"),
        ("time_utc,pv_power_w,house_load_w\nyesterday,0,1\n", "cannot be read as a recorded home"),
    ],
)
def test_what_is_no_recording_is_refused(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "home.csv"
    file.write_text(text)
    with pytest.raises(Refusal, match=says):
        morning_of_first_full_day(file, MUNICH)


def test_a_recording_that_is_no_text_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "home.csv"
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(Refusal, match="cannot be read"):
        morning_of_first_full_day(file, MUNICH)
