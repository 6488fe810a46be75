"""A simulation on what was imported: gaps cut it, and nothing is lived through that is not known."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bitgrid.clock import HeldClock
from bitgrid.imports.quantities import Signal
from bitgrid.imports.spans import Span
from bitgrid.imports.streams import Source, Stream
from bitgrid.imports.writing import write_import
from bitgrid.replay.drive import Drive
from bitgrid.replay.errors import NothingThere, ReplayError
from bitgrid.replay.imported import from_import
from bitgrid.replay.simulation import Simulation, live, live_without_mining
from imports.making import bitgrid_
from replay.houses import CONFIG_DIRECTORY, shipped

CONFIG = shipped()
ALWAYS = (0, 1 << 40)
NOON_S = int(dt.datetime(2024, 6, 1, 12, tzinfo=dt.UTC).timestamp())
HOUR_S = 3600


def spans(*pieces: tuple[float, float, float]) -> list[Span]:
    """From when to when, in hours from noon, and the value."""
    return [Span(NOON_S + begin * HOUR_S, NOON_S + end * HOUR_S, value) for begin, end, value in pieces]


def imported(path: Path, told: dict[Signal, list[Span]]) -> Path:
    streams = [Stream(signal, signal, iter(found)) for signal, found in told.items()]
    write_import(Source("csv", streams), {"file": "home.csv"}, path / "out", HeldClock(), lambda _: None)
    return path / "out"


def drives(path: Path, told: dict[Signal, list[Span]], surcharge: int | None = None) -> list[Drive]:
    return from_import(imported(path, told), CONFIG, ALWAYS, surcharge)


def test_blocks_are_means_of_what_held_in_them(tmp_path: Path) -> None:
    pv = spans((0, 0.05, 1000), (0.05, 0.5, 3000))
    (drive,) = drives(tmp_path, {"pv_power_w": pv, "house_load_w": spans((0, 0.5, 400))})
    assert drive.first_block == NOON_S // 600
    assert list(drive.pv_w) == [2400, 3000, 3000]
    assert list(drive.house_w) == [400, 400, 400]
    assert drive.notes == (
        f"imported from home.csv (csv); what was missing stands in {tmp_path / 'out' / 'import.json'}",
        "forecast: clear sky",
    )


def test_a_short_gap_holds_the_value_before_and_a_long_one_is_left_out(tmp_path: Path) -> None:
    pv = spans((0, 2, 1000), (3, 5, 2000), (9, 10, 50))
    found = drives(tmp_path, {"pv_power_w": pv, "house_load_w": spans((0, 10, 400))})
    assert [(drive.first_block - NOON_S // 600, len(drive)) for drive in found] == [(0, 30), (54, 6)]
    assert list(found[0].pv_w) == [1000] * 18 + [2000] * 12
    assert "pv_power_w is not known in 6 of 36 blocks, in gaps up to 1 h: the value before holds" in found[0].notes
    assert any(note.startswith("0.2 of 0.4 days are left out: in 1 gaps") for note in found[0].notes)


def test_the_household_below_zero_and_the_inverters_own_draw_are_nothing(tmp_path: Path) -> None:
    (drive,) = drives(tmp_path, {"pv_power_w": spans((0, 1, -5)), "house_load_w": spans((0, 1, -3))})
    assert set(drive.pv_w) | set(drive.house_w) == {0}


def test_the_battery_begins_as_recorded_and_goes_on_behind_a_gap_as_it_was(tmp_path: Path) -> None:
    told: dict[Signal, list[Span]] = {
        "pv_power_w": spans((0, 3, 5000), (9, 12, 0)),
        "house_load_w": spans((0, 3, 500), (9, 12, 1000)),
        "battery_soc_pct": spans((0, 3, 30), (9, 12, 10)),
    }
    found = drives(tmp_path, told)
    assert found[0].soc == 300
    whole, first = live(CONFIG, found), Simulation(CONFIG, found[0]).run()
    assert (whole.soc_start, first.soc_start) == (300, 300)
    assert first.soc_end is not None
    assert whole.soc_end is not None
    assert 300 < whole.soc_end < first.soc_end, "not the 10 % of the record: it mined meanwhile"
    assert whole.seconds == 6 * HOUR_S
    assert whole.pv_ws == 5000 * 3 * HOUR_S
    assert live_without_mining(CONFIG, found).house_ws == (500 + 1000) * 3 * HOUR_S


def test_recorded_prices_count_and_the_fixed_one_where_there_are_none(tmp_path: Path) -> None:
    told: dict[Signal, list[Span]] = {
        "pv_power_w": spans((0, 1, 0)),
        "house_load_w": spans((0, 1, 500)),
        "import_price_ct_kwh": spans((0, 0.5, 31.5)),
    }
    (drive,) = drives(tmp_path, told)
    assert list(drive.prices) == [3150] * 3 + [2400] * 3
    assert "import price: as recorded, the fixed tariff where it was not" in drive.notes


def test_day_ahead_prices_are_taken_with_what_comes_on_top(tmp_path: Path) -> None:
    told: dict[Signal, list[Span]] = {
        "pv_power_w": spans((0, 1, 0)),
        "house_load_w": spans((0, 1, 500)),
        "day_ahead_eur_mwh": spans((0, 1, 80.0)),
    }
    assert list(drives(tmp_path, told, 1500)[0].prices) == [2300] * 6


def test_a_recorded_forecast_counts_and_the_clear_sky_behind_it(tmp_path: Path) -> None:
    told: dict[Signal, list[Span]] = {
        "pv_power_w": spans((0, 6, 0)),
        "house_load_w": spans((0, 6, 500)),
        "pv_forecast_w": spans((0, 1, 123), (1.5, 2, 456)),
    }
    forecast = list(drives(tmp_path, told)[0].forecast_w)
    assert forecast[:18] == [123] * 9 + [456] * 9
    assert forecast[18] > 1000, "an hour and more without one: the clear sky"
    assert len(forecast) == 36 + 144


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(1, 30), st.integers(0, 6000)), min_size=2, max_size=30))
def test_what_is_wholly_known_is_simulated_with_the_same_energy(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[tuple[int, int]]
) -> None:
    path, at, pv = tmp_path_factory.mktemp("energy"), 0, list[Span]()
    for minutes, watts in pieces:
        pv.append(Span(NOON_S + 60 * at, NOON_S + 60 * (at + minutes), float(watts)))
        at += minutes
    end_s = NOON_S + -(-60 * at // 600) * 600 + 600
    pv.append(Span(NOON_S + 60 * at, end_s, 0.0))
    (drive,) = drives(path, {"pv_power_w": pv, "house_load_w": [Span(NOON_S, end_s, 100.0)]})
    told_wh = sum(watts * minutes for minutes, watts in pieces) / 60
    assert sum(drive.pv_w) / 6 == pytest.approx(told_wh, abs=len(drive) / 12 + 1e-6)


# -- as a person types it ------------------------------------------------------------------------------------

MAP = """schema: 1
source: csv
time: {columns: [time_utc], format: iso, timezone: UTC, interval_s: 1800}
signals:
  pv_power_w: [{column: pv_power_w, kind: power, unit: W}]
  house_load_w: [{column: house_load_w, kind: power, unit: W}]
"""


def two_days(path: Path) -> tuple[Path, Path]:
    """A CSV without gaps, and the directory that came of its import."""
    file, known = path / "home.csv", path / "map.yaml"
    times = [(day, hour, minute) for day in (14, 15) for hour in range(24) for minute in (0, 30)]
    lines = [
        f"2025-05-{day}T{hour:02}:{minute:02}:00Z,{4000 if 8 <= hour < 16 else 0},300"
        for day, hour, minute in times
    ]
    file.write_text("\n".join(["time_utc,pv_power_w,house_load_w", *lines, ""]))
    known.write_text(MAP)
    code, text = bitgrid_("import", "csv", file, "--map", known, "--to", path / "out")
    assert code == 0, text
    assert f"bitgrid simulate {path / 'out'}" in text
    return file, path / "out"


def test_imported_or_read_as_it_is_a_file_without_gaps_gives_the_same_figures(tmp_path: Path) -> None:
    file, directory = two_days(tmp_path)
    code, text = bitgrid_("simulate", directory, "--config", CONFIG_DIRECTORY)
    assert code == 0, text
    plain = bitgrid_("simulate", "--data", file, "--config", CONFIG_DIRECTORY)[1]
    assert text.startswith("2.0 days simulated\n- imported from home.csv (csv)")
    assert text.split("\n\n")[1] == plain.split("\n\n")[1]
    assert "mined" in text


def test_a_part_of_an_import_can_be_simulated(tmp_path: Path) -> None:
    directory = two_days(tmp_path)[1]
    code, text = bitgrid_(
        "simulate", directory, "--config", CONFIG_DIRECTORY, "--from", "2025-05-15", "--to", "2025-05-15T12:00"
    )
    assert code == 0, text
    assert text.startswith("0.5 days simulated")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--data", "home.csv"], "two recordings; name one of them"),
        (["--prices", "20"], "has no day_ahead_eur_mwh"),
        (["--from", "2030-01-01"], "no two blocks of the import"),
    ],
)
def test_what_an_import_cannot_give_is_told(tmp_path: Path, arguments: list[str], says: str) -> None:
    code, text = bitgrid_("simulate", two_days(tmp_path)[1], "--config", CONFIG_DIRECTORY, *arguments)
    assert code == 1
    assert says in text


def test_a_directory_that_is_no_import_is_told(tmp_path: Path) -> None:
    code, text = bitgrid_("simulate", tmp_path, "--config", CONFIG_DIRECTORY)
    assert code == 1
    assert "was not made by bitgrid import" in text


def test_a_recording_that_is_not_there_is_said_to_be_missing(tmp_path: Path) -> None:
    code, text = bitgrid_("simulate", tmp_path / "home.zip")
    assert code == 1
    assert "home.zip is not there" in text


def test_a_report_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    directory = imported(tmp_path, {"pv_power_w": spans((0, 1, 1)), "house_load_w": spans((0, 1, 1))})
    (directory / "import.json").write_text("{")
    with pytest.raises(ReplayError, match="import the file again"):
        from_import(directory, CONFIG, ALWAYS, None)


def test_nothing_to_live_through_is_told() -> None:
    with pytest.raises(NothingThere):
        live(CONFIG, [])
