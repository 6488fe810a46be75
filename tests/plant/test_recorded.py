import logging
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitgrid.config import PlantConfig
from bitgrid.config.house import Location
from bitgrid.plant.errors import BadRecording
from bitgrid.plant.recorded import DAY_S, RecordedHome
from bitgrid.plant.source import SimulatedHome, open_source
from plant.house import MakeSite

MUNICH = Location(latitude=48.14, longitude=11.58)
HEADER = "time_utc,pv_power_w,house_load_w,pv_forecast_w"
JUNE_1_10H_S = 1_748_772_000


def read(path: Path, *rows: str, header: str = HEADER) -> RecordedHome:
    file = path / "home.csv"
    file.write_text("\n".join([header, *rows, ""]))
    return RecordedHome.read(file, MUNICH)


def test_a_row_holds_until_the_next(tmp_path: Path) -> None:
    home = read(tmp_path, "2025-06-01T10:00:00Z,1200.4,300,7", "2025-06-01T10:30:00Z,1500.6,310,7")
    assert home.at(JUNE_1_10H_S) == (1200, 300)
    assert home.at(JUNE_1_10H_S + 1799) == (1200, 300)
    assert home.at(JUNE_1_10H_S + 1800) == (1501, 310)
    assert home.at(JUNE_1_10H_S + 60) == (1200, 300)
    assert (home.starts_s, home.ends_s) == (JUNE_1_10H_S, JUNE_1_10H_S + 1800)


def test_an_empty_pv_cell_at_night_is_zero_and_no_news(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        home = read(tmp_path, "2025-06-01T19:30:00Z,12,300,", "2025-06-01T23:00:00Z,,280,")
    assert home.at(home.ends_s) == (0, 280)
    assert not caplog.records


def test_other_empty_cells_hold_the_value_before_them_and_that_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rows = ["2025-06-01T10:00:00Z,1200,300,", "2025-06-01T10:30:00Z,,,", "2025-06-01T11:00:00Z,900,,"]
    with caplog.at_level(logging.WARNING):
        home = read(tmp_path, *rows)
    assert home.at(JUNE_1_10H_S + 1800) == (1200, 300)
    assert home.at(JUNE_1_10H_S + 3600) == (900, 300)
    assert "3 empty cells" in caplog.text
    assert "line 3 pv_power_w" in caplog.text


def test_times_without_a_zone_are_utc_and_zones_are_honoured(tmp_path: Path) -> None:
    home = read(tmp_path, "2025-06-01T10:00:00,1,2,", "2025-06-01T12:30:00+02:00,3,4,")
    assert (home.starts_s, home.ends_s) == (JUNE_1_10H_S, JUNE_1_10H_S + 1800)


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("2025-06-01T10:30:00Z,many,300,", "home.csv:3 pv_power_w is 'many'"),
        ("2025-06-01T10:30:00Z,1,-3,", "home.csv:3 house_load_w is -3"),
        ("2025-06-01T10:30:00Z,nan,300,", "home.csv:3 pv_power_w is nan"),
        ("2025-06-01T10:30:00Z,inf,300,", "home.csv:3 pv_power_w is inf"),
        ("noon,1,300,", "home.csv:3 time_utc is 'noon'"),
        ("2025-06-01T10:00:00Z,1,300,", "home.csv:3 time_utc does not rise"),
        ("2025-06-01T09:00:00Z,1,300,", "home.csv:3 time_utc does not rise"),
    ],
)
def test_a_bad_row_is_refused_with_its_line(tmp_path: Path, row: str, says: str) -> None:
    with pytest.raises(BadRecording) as refused:
        read(tmp_path, "2025-06-01T10:00:00Z,1,300,", row)
    assert says in str(refused.value)


def test_a_row_that_ends_early_has_empty_cells(tmp_path: Path) -> None:
    home = read(tmp_path, "2025-06-01T10:00:00Z,5,300,", "2025-06-01T10:30:00Z,1")
    assert home.at(JUNE_1_10H_S + 1800) == (1, 300)


def test_a_first_cell_with_nothing_before_it_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadRecording, match=r"home.csv:2 house_load_w is empty"):
        read(tmp_path, "2025-06-01T10:00:00Z,1,,")


def test_a_file_without_its_columns_without_rows_or_without_itself_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadRecording, match=r"home.csv:1 has no column pv_power_w"):
        read(tmp_path, "x", header="time_utc,house_load_w")
    with pytest.raises(BadRecording, match="holds no rows"):
        read(tmp_path)
    with pytest.raises(BadRecording, match="has no column"):
        read(tmp_path, header="")
    with pytest.raises(BadRecording, match="cannot be read"):
        RecordedHome.read(tmp_path / "absent.csv", MUNICH)
    (tmp_path / "raw.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadRecording, match="no CSV text"):
        RecordedHome.read(tmp_path / "raw.csv", MUNICH)


TWO_DAYS = RecordedHome(list(range(0, 2 * DAY_S, 1800)), [(i, 1000 + i) for i in range(96)])


@given(st.integers(-10 * DAY_S, 10 * DAY_S))
def test_a_moment_outside_the_recording_keeps_its_time_of_day(epoch_s: int) -> None:
    pv_w, house_w = TWO_DAYS.at(epoch_s)
    assert pv_w % 48 == (epoch_s % DAY_S) // 1800
    assert house_w == 1000 + pv_w


def test_the_last_part_of_a_day_in_a_recording_is_told_as_recorded() -> None:
    rows = range(0, 2 * DAY_S + DAY_S // 2, 1800)
    home = RecordedHome(list(rows), [(i, 0) for i in range(len(rows))])
    assert home.at(2 * DAY_S + 3600) == (98, 0)
    assert home.at(2 * DAY_S + DAY_S // 2 + 3600) == (26, 0)  # past its end: the same time of the first day


@given(st.lists(st.integers(-3 * DAY_S, 5 * DAY_S), min_size=2, max_size=30))
def test_a_recording_answers_the_same_in_any_order(times: list[int]) -> None:
    fresh = [RecordedHome(list(range(0, 2 * DAY_S, 1800)), [(i, 0) for i in range(96)]).at(t) for t in times]
    reused = RecordedHome(list(range(0, 2 * DAY_S, 1800)), [(i, 0) for i in range(96)])
    assert [reused.at(t) for t in times] == fresh


def test_a_recording_drives_the_house_where_one_is_named_and_the_weather_where_not(
    tmp_path: Path, make_site: MakeSite, plant_config: PlantConfig
) -> None:
    read(tmp_path, "2025-06-01T10:00:00Z,1200,300,")
    assert isinstance(open_source(make_site(), plant_config, None), SimulatedHome)
    recorded = open_source(make_site(), plant_config, tmp_path / "home.csv")
    assert recorded.at(JUNE_1_10H_S) == (1200, 300)
    assert recorded.at(JUNE_1_10H_S + 60) == (1201, 301), "it must not look frozen"


def test_the_simulated_home_holds_its_values_for_ten_seconds(
    make_site: MakeSite, plant_config: PlantConfig
) -> None:
    home = SimulatedHome(make_site(), plant_config)
    values = [home.at(JUNE_1_10H_S + s) for s in range(20)]
    assert len(set(values[:10])) == 1
    assert values[0][0] > 0
    assert home.at(JUNE_1_10H_S) == values[0]
