"""CSV files as people have them, by their mapping."""

from __future__ import annotations

import datetime as dt
import random
import zipfile
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from imports.making import bitgrid_, kwh, made, refused, spans_of, value_at

BERLIN = ZoneInfo("Europe/Berlin")
NOON_S = int(dt.datetime(2024, 6, 1, 12, tzinfo=dt.UTC).timestamp())
PLAIN_TIME = "time: {columns: [time], format: iso, timezone: UTC, interval_s: 900}"
PLAIN_SIGNALS = """signals:
  pv_power_w: [{column: pv, kind: power, unit: W}]
  house_load_w: [{column: house, kind: power, unit: W}]
"""


def mapping(path: Path, *lines: str) -> Path:
    file = path / "map.yaml"
    file.write_text("\n".join(["schema: 1", "source: csv", *lines]) + "\n")
    return file


def plain(path: Path, text: str, *more: str) -> tuple[str | Path, ...]:
    """A file and its plain mapping, as arguments."""
    file = path / "home.csv"
    file.write_text(text)
    return "csv", file, "--map", mapping(path, PLAIN_TIME, PLAIN_SIGNALS, *more)


def utc(at_s: float) -> str:
    return dt.datetime.fromtimestamp(at_s, dt.UTC).isoformat()


def rows(*cells: str, header: str = "time,pv,house", step_s: int = 900) -> str:
    """A file whose rows are a quarter hour apart from noon on."""
    return (
        "\n".join([header, *(f"{utc(NOON_S + index * step_s)},{cell}" for index, cell in enumerate(cells))]) + "\n"
    )


def test_values_hold_for_their_row_and_a_gap_stays_a_gap(tmp_path: Path) -> None:
    text = rows("1000,300", "2000,400", ",500", "4000,600") + f"{utc(NOON_S + 10 * 900)},100,200\n"
    told = made(*plain(tmp_path, text), to=tmp_path / "out")
    pv = spans_of(tmp_path / "out")["pv_power_w"]
    assert [value_at(pv, NOON_S + offset_s) for offset_s in (0, 899, 900, 1800, 2700, 3600, 9000)] == [
        1000.0,
        1000.0,
        2000.0,
        None,
        4000.0,
        None,
        100.0,
    ]
    signal = told["signals"]["pv_power_w"]
    assert signal["counted"] == {"empty": 1}
    assert signal["longest_gaps"][0] == {"from": "2024-06-01T13:00:00Z", "hours": 1.5}
    assert signal["months"] == {"2024-06": round(4 / 11, 3)}
    assert told["period"] == {"from": "2024-06-01T12:00:00Z", "to": "2024-06-01T14:45:00Z", "days": 0.11}
    assert told["missing"][0] == "grid_power_w"


def test_the_german_way_of_writing(tmp_path: Path) -> None:
    """A BOM, semicolons, decimal commas, points between thousands, quotes, date and time apart, local time, kW."""
    file = tmp_path / "meine anlage.csv"
    lines = [
        "Export vom 2. Juni",
        '"Datum";"Uhrzeit";"PV; gesamt [kW]";"Haus (Wh)"',
        '01.06.2024;14:00;"1,5";"1.250"',
        "01.06.2024;14:15;2,25;-0,5",
        "01.06.2024;14:30;1.5;12.50",
        "01.06.2024;14:45;2,5 kW;100",
    ]
    file.write_text("\ufeff" + "\r\n".join(lines), encoding="utf-8")
    known = mapping(
        tmp_path,
        "separator: ';'",
        "decimal: ','",
        "thousands: '.'",
        "skip_lines: 1",
        "time: {columns: [Datum, Uhrzeit], format: '%d.%m.%Y %H:%M', timezone: Europe/Berlin, interval_s: 900}",
        "signals:",
        "  pv_power_w: [{column: 'PV; gesamt [kW]', kind: power, unit: kW}]",
        "  house_load_w: [{column: Haus (Wh), kind: energy, unit: Wh}]",
    )
    told = made("csv", file, "--map", known, to=tmp_path / "out")
    found = spans_of(tmp_path / "out")
    assert [value_at(found["pv_power_w"], NOON_S + offset_s) for offset_s in (0, 900, 1800)] == [1500, 2250, None]
    assert [value_at(found["house_load_w"], NOON_S + offset_s) for offset_s in (0, 900, 1800, 2700)] == [
        5000,
        -2,
        None,
        400,
    ]
    assert told["signals"]["pv_power_w"]["counted"] == {"no number": 2}
    assert "PV; gesamt [kW]: the first cell that is no number is '1.5' in line 5" in told["notes"]


def test_counters_of_import_and_feed_in_become_one_power(tmp_path: Path) -> None:
    """And the household is reckoned from it; the counter's new beginning costs nothing."""
    file = tmp_path / "meter.csv"
    file.write_text(
        rows(
            "0,100.0,50.0",
            "2400,100.1,50.0",
            "4000,100.1,50.5",
            "4000,0.0,51.0",
            "4000,0.1,51.5",
            header="time,pv,in,out",
        )
    )
    known = mapping(
        tmp_path,
        PLAIN_TIME,
        "signals:",
        "  pv_power_w: [{column: pv, kind: power, unit: W}]",
        "  grid_power_w:",
        "    - {column: in, kind: counter, unit: kWh}",
        "    - {column: out, kind: counter, unit: kWh, invert_sign: true}",
    )
    told = made("csv", file, "--map", known, to=tmp_path / "out")
    found = spans_of(tmp_path / "out")
    grid = [value_at(found["grid_power_w"], NOON_S + offset_s) for offset_s in (0, 900, 1800, 2700, 3600)]
    assert grid == pytest.approx([400, -2000, -2000, -1600, None], nan_ok=True)
    assert value_at(found["house_load_w"], NOON_S + 900) == pytest.approx(2400 - 2000)
    assert told["signals"]["grid_power_w"]["counted"] == {"counter began anew": 1}
    assert told["signals"]["grid_power_w"]["from"] == ["in", "- out"]
    assert "reckoned: pv_power_w + grid_power_w" in told["signals"]["house_load_w"]["reckoned"]


def test_a_wrong_sign_is_named(tmp_path: Path) -> None:
    file = tmp_path / "meter.csv"
    file.write_text(rows(*["3000,-3500"] * 8, "0,-400", "0,-400", header="time,pv,grid"))
    known = mapping(
        tmp_path,
        PLAIN_TIME,
        "signals:",
        "  pv_power_w: [{column: pv, kind: power, unit: W}]",
        "  grid_power_w: [{column: grid, kind: power, unit: W}]",
    )
    told = made("csv", file, "--map", known, to=tmp_path / "out")
    assert any("WRONG SIGN?" in note and "invert_sign" in note for note in told["notes"])
    assert told["signals"]["house_load_w"]["kwh"] == 0
    assert told["signals"]["house_load_w"]["counted"]["below 0, taken as 0"] == 30


@pytest.mark.parametrize("order", ["sorted", "falling", "shuffled"])
def test_the_order_of_rows_does_not_matter(tmp_path: Path, order: str) -> None:
    lines = rows(*(f"{index * 10},{300 + index}" for index in range(300))).splitlines()
    body = lines[1:]
    if order == "falling":
        body.reverse()
    if order == "shuffled":
        random.Random(5).shuffle(body)
    told = made(*plain(tmp_path, "\n".join([lines[0], *body])), to=tmp_path / "out")
    pv = spans_of(tmp_path / "out")["pv_power_w"]
    assert [span.value for span in pv] == [index * 10 for index in range(300)]
    assert pv[0].start_s == NOON_S
    assert any("out of order" in note for note in told["notes"]) is (order == "shuffled")


def test_times_given_twice_are_counted(tmp_path: Path) -> None:
    text = rows("1000,300", "2000,400") + f"{utc(NOON_S)},1000,999\n"
    told = made(*plain(tmp_path, text), to=tmp_path / "out")
    assert told["signals"]["pv_power_w"]["counted"] == {"given twice": 1}
    assert told["signals"]["house_load_w"]["counted"] == {"given twice with other values, the first taken": 1}
    assert value_at(spans_of(tmp_path / "out")["house_load_w"], NOON_S) == 300


def test_what_no_home_can_have_is_left_out(tmp_path: Path) -> None:
    told = made(
        *plain(tmp_path, rows("65535000,300", "2000,-60000", "-2000,300", "3000,300")), to=tmp_path / "out"
    )
    assert told["signals"]["pv_power_w"]["counted"] == {"implausible": 2}
    assert told["signals"]["house_load_w"]["counted"] == {"implausible": 1}


def test_rows_that_are_no_rows_are_counted(tmp_path: Path) -> None:
    text = rows("1,2", "3,4", "5,6") + "yesterday,1,2\n\n2024-06-01T12:45:00Z,1\n2024-06-01T13:0"
    told = made(*plain(tmp_path, text), to=tmp_path / "out")
    assert "rows with too many or too few cells, left out: 2" in told["notes"]
    assert "rows without a time that can be read, left out: 1" in told["notes"]


def test_empty_at_night_is_zero_where_the_mapping_says_so(tmp_path: Path) -> None:
    file = tmp_path / "home.csv"
    midnight = dt.datetime(2024, 6, 1, tzinfo=dt.UTC)
    lines = [
        f"{(midnight + dt.timedelta(hours=hour)).isoformat()},{700 if hour == 9 else ''},300" for hour in range(24)
    ]
    file.write_text("\n".join(["time,pv,house", *lines]))
    known = mapping(
        tmp_path,
        "time: {columns: [time], format: iso, timezone: UTC, interval_s: 3600}",
        "location: {latitude: 48.1, longitude: 11.6}",
        "signals:",
        "  pv_power_w: [{column: pv, kind: power, unit: W, empty: zero_at_night}]",
        "  house_load_w: [{column: house, kind: power, unit: W}]",
    )
    told = made("csv", file, "--map", known, to=tmp_path / "out")
    pv = spans_of(tmp_path / "out")["pv_power_w"]
    at = [value_at(pv, midnight.timestamp() + hour * 3600) for hour in (1, 9, 12, 23)]
    assert at == [0.0, 700.0, None, 0.0]
    assert told["signals"]["pv_power_w"]["counted"] == {"empty at night, taken as 0": 8, "empty": 15}


@pytest.mark.parametrize(("empty", "is_told"), [(30, True), (10, False)])
def test_many_empty_cells_of_the_sun_bring_a_word_on_nights(tmp_path: Path, empty: int, is_told: bool) -> None:
    text = rows(*["1,2"] * (100 - empty), *[",2"] * empty)
    notes = made(*plain(tmp_path, text), to=tmp_path / "out")["notes"]
    assert any("zero_at_night" in note for note in notes) is is_told


# -- time ----------------------------------------------------------------------------------------------------

LOCAL = "time: {{columns: [time], format: '%Y-%m-%d %H:%M', timezone: {zone}, interval_s: 900{more}}}"


def local_file(path: Path, begin: dt.datetime, quarters: int, *, is_falling: bool = False) -> Path:
    """Quarter hours in Berlin's time without any offset, each with its number as the PV power."""
    lines = [
        f"{(begin + dt.timedelta(minutes=15 * index)).astimezone(BERLIN):%Y-%m-%d %H:%M},{index},300"
        for index in range(quarters)
    ]
    if is_falling:
        lines.reverse()
    file = path / "local.csv"
    file.write_text("\n".join(["time,pv,house", *lines]))
    return file


@pytest.mark.parametrize("is_falling", [False, True])
def test_the_hour_that_comes_twice_is_told_apart_by_the_order(tmp_path: Path, is_falling: bool) -> None:
    begin = dt.datetime(2024, 10, 26, 22, tzinfo=dt.UTC)
    file = local_file(tmp_path, begin, 40, is_falling=is_falling)
    known = mapping(tmp_path, LOCAL.format(zone="Europe/Berlin", more=", repeated_hour: in_order"), PLAIN_SIGNALS)
    told = made("csv", file, "--map", known, to=tmp_path / "out")
    pv = spans_of(tmp_path / "out")["pv_power_w"]
    assert [(span.start_s, span.value) for span in pv] == [(begin.timestamp() + 900 * n, n) for n in range(40)]
    assert "in the hour that comes twice, told apart by their order: 8" in told["notes"]


def test_the_hour_that_comes_twice_is_refused_where_nothing_is_said_of_it(tmp_path: Path) -> None:
    file = local_file(tmp_path, dt.datetime(2024, 10, 26, 22, tzinfo=dt.UTC), 40)
    known = mapping(tmp_path, LOCAL.format(zone="Europe/Berlin", more=""), PLAIN_SIGNALS)
    says = refused("csv", file, "--map", known, to=tmp_path / "out")
    assert "line 10: 2024-10-27 02:00:00 comes twice in Europe/Berlin" in says
    assert "repeated_hour: in_order" in says


def test_an_hour_that_never_was_betrays_the_wrong_zone(tmp_path: Path) -> None:
    lines = [f"2024-03-31 0{hour}:{minute:02},1,2" for hour in (1, 2, 3) for minute in (0, 15, 30, 45)]
    file = tmp_path / "winter.csv"
    file.write_text("\n".join(["time,pv,house", *lines]))
    says = refused(
        "csv",
        file,
        "--map",
        mapping(tmp_path, LOCAL.format(zone="Europe/Berlin", more=""), PLAIN_SIGNALS),
        to=tmp_path / "out",
    )
    assert "line 6: 2024-03-31 02:00:00 does not exist in Europe/Berlin" in says
    known = mapping(tmp_path, LOCAL.format(zone="Etc/GMT-1", more=""), PLAIN_SIGNALS)
    assert made("csv", file, "--map", known, to=tmp_path / "out")["period"]["from"] == "2024-03-31T00:00:00Z"


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.datetimes(dt.datetime(2023, 1, 1), dt.datetime(2025, 12, 1)),  # noqa: DTZ001  a wall clock's
    st.sampled_from(["Europe/Berlin", "UTC", "Australia/Lord_Howe", "America/St_Johns", "Asia/Kathmandu"]),
    st.integers(2, 300),
)
def test_local_times_come_out_as_they_were_in_any_zone(
    tmp_path_factory: pytest.TempPathFactory, begin: dt.datetime, zone: str, quarters: int
) -> None:
    path = tmp_path_factory.mktemp("zones")
    start_s = int(begin.replace(tzinfo=dt.UTC).timestamp()) // 900 * 900
    times = [dt.datetime.fromtimestamp(start_s + 900 * index, ZoneInfo(zone)) for index in range(quarters)]
    # A file that begins in the second of two equal hours cannot say so.
    times = [time for time in times if not (times[0].fold and time.fold)]
    if len(times) < 2:
        return
    file = path / "local.csv"
    file.write_text(
        "\n".join(["time,pv,house", *(f"{time:%Y-%m-%d %H:%M},1,{300 + n}" for n, time in enumerate(times))])
    )
    known = mapping(path, LOCAL.format(zone=zone, more=", repeated_hour: in_order"), PLAIN_SIGNALS)
    made("csv", file, "--map", known, to=path / "out")
    house = spans_of(path / "out")["house_load_w"]
    assert [span.start_s for span in house] == [time.timestamp() for time in times]


def test_a_rows_time_at_its_end_belongs_to_the_interval_before(tmp_path: Path) -> None:
    file = tmp_path / "home.csv"
    file.write_text(rows("100,300", "200,400"))
    known = mapping(
        tmp_path,
        "time: {columns: [time], format: iso, timezone: UTC, interval_s: 900, marks: end}",
        PLAIN_SIGNALS,
    )
    made("csv", file, "--map", known, to=tmp_path / "out")
    assert value_at(spans_of(tmp_path / "out")["pv_power_w"], NOON_S - 1) == 100


@pytest.mark.parametrize(("form", "factor"), [("unix_s", 1), ("unix_ms", 1000)])
def test_unix_times(tmp_path: Path, form: str, factor: int) -> None:
    file = tmp_path / "home.csv"
    file.write_text("\n".join(["time,pv,house", *(f"{(NOON_S + 900 * n) * factor},{n},1" for n in range(3))]))
    known = mapping(
        tmp_path, f"time: {{columns: [time], format: {form}, timezone: UTC, interval_s: 900}}", PLAIN_SIGNALS
    )
    made("csv", file, "--map", known, to=tmp_path / "out")
    assert value_at(spans_of(tmp_path / "out")["pv_power_w"], NOON_S + 900) == 1


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(0, 20_000), min_size=2, max_size=400))
def test_the_round_trip_conserves_energy(tmp_path_factory: pytest.TempPathFactory, wh: list[int]) -> None:
    """Told as energy, as a counter or as power, a period is the same kWh in the archive."""
    path = tmp_path_factory.mktemp("trip")
    counter, cells = 1_000_000, []
    for energy in [*wh, 0]:
        cells.append(f"{energy},{counter},{energy * 4}")
        counter += energy
    file = path / "home.csv"
    file.write_text(rows(*cells, header="time,energy,counter,power"))
    known = mapping(
        path,
        PLAIN_TIME,
        "max_power_w: 100000",
        "signals:",
        "  pv_power_w: [{column: energy, kind: energy, unit: Wh}]",
        "  house_load_w: [{column: counter, kind: counter, unit: Wh}]",
        "  grid_power_w: [{column: power, kind: power, unit: W}]",
    )
    told = made("csv", file, "--map", known, to=path / "out")
    found = spans_of(path / "out")
    for signal in ("pv_power_w", "house_load_w", "grid_power_w"):
        assert kwh(found[signal]) == pytest.approx(sum(wh) / 1000, abs=1e-6)
        assert told["signals"][signal]["kwh"] == pytest.approx(sum(wh) / 1000, abs=0.051)


# -- what is refused -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"time,pv,house\n", "has no two rows at different times"),
        (b"time;pv;house\n2024-06-01;1;2\n", "one column only: see separator in the mapping"),
        (b"zeit,pv,house\n2024-06-01,1,2\n", "has no column 'time'"),
        (b"time,pv,pv,house\n2024-06-01,1,2,3\n2024-06-02,1,2,3\n", "has 2 columns 'pv'"),
        (b"time,pv,haus\n2024-06-01,1,2\n2024-06-02,1,2\n", "did you mean 'haus'"),
        (b"time,pv,house\n1.6.2024,1,2\n2.6.2024,1,2\n", "line 2: '1.6.2024' is no time in the form iso"),
        (b'time,pv,house\n2024-06-01,1,"2\n', "is no CSV"),
        (b"time,pv,house\n2024-06-01,1,\xff\n2024-06-02,1,2\n", "is no text in utf-8"),
        (b"time,pv,house\n2024-06-01T00:00,1,2\n2024-06-01T01:00,1,2\n2024-06-01T02:00,1,2\n", "3600 s apart"),
        (
            b"time,pv,house\n2024-06-01T00:00,,2\n2024-06-01T00:15,,2\n",
            "pv_power_w is known at no time: pv gives no",
        ),
        (b"0" * 70_000, "has no line break in its first"),
        (b"\x1f\x8b\x08\x00\x00", "gzip"),
        (b"SQLite format 3\x00" + bytes(200), "an SQLite database; import it with: bitgrid import home-assistant"),
    ],
)
def test_what_cannot_be_imported_says_why_and_leaves_nothing(tmp_path: Path, content: bytes, says: str) -> None:
    file = tmp_path / "home.csv"
    file.write_bytes(content)
    known = mapping(tmp_path, PLAIN_TIME, PLAIN_SIGNALS)
    assert says in refused("csv", file, "--map", known, to=tmp_path / "out")


def test_a_zip_a_directory_and_nothing_at_all(tmp_path: Path) -> None:
    known = mapping(tmp_path, PLAIN_TIME, PLAIN_SIGNALS)
    with zipfile.ZipFile(tmp_path / "home.csv", "w") as packed:
        packed.writestr("home.csv", "time,pv")
    assert "a zip file" in refused("csv", tmp_path / "home.csv", "--map", known, to=tmp_path / "out")
    assert "is a directory" in refused("csv", tmp_path, "--map", known, to=tmp_path / "out")
    assert "No such file" in refused("csv", tmp_path / "gone.csv", "--map", known, to=tmp_path / "out")


def test_what_is_there_already_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "precious").write_text("yes")
    code, text = bitgrid_("import", *plain(tmp_path, rows("1,2", "3,4")), "--to", tmp_path / "out")
    assert code == 1
    assert "is there already" in text
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home.csv", "map.yaml", "out"]
    assert (tmp_path / "out" / "precious").read_text() == "yes"


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        (
            [PLAIN_TIME, "signals: {pv_power_w: [{column: pv, kind: power, unit: W}]}"],
            "house_load_w or grid_power_w",
        ),
        ([PLAIN_TIME.replace("UTC", "Mars"), PLAIN_SIGNALS], "unknown time zone"),
        (
            [PLAIN_TIME, PLAIN_SIGNALS.replace("unit: W", "unit: kWh")],
            "kWh is no unit of a power; known: W, kW, MW",
        ),
        ([PLAIN_TIME, PLAIN_SIGNALS.replace("kind: power", "kind: level")], "cannot be told as level"),
        ([PLAIN_TIME, PLAIN_SIGNALS.replace("column: pv", "colum: pv")], "did you mean column?"),
        ([PLAIN_TIME, PLAIN_SIGNALS.replace("pv_power_w", "pv_power")], "pv_power"),
        ([PLAIN_TIME, "decimal: ','", "thousands: ','", PLAIN_SIGNALS], "cannot be the same sign"),
        (
            [PLAIN_TIME, PLAIN_SIGNALS.replace("unit: W}", "unit: W, empty: zero_at_night}")],
            "zero_at_night needs location",
        ),
        ([PLAIN_SIGNALS], "time: is missing"),
    ],
)
def test_a_mapping_that_is_wrong_is_told_with_its_place(tmp_path: Path, lines: list[str], says: str) -> None:
    file = tmp_path / "home.csv"
    file.write_text(rows("1,2", "3,4"))
    text = refused("csv", file, "--map", mapping(tmp_path, *lines), to=tmp_path / "out")
    assert says in text
    assert "map.yaml" in text


def test_what_went_wrong_while_writing_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device", "telemetry")

    monkeypatch.setattr("bitgrid.store.archive.files.write_file", full)
    says = refused(*plain(tmp_path, rows("1,2", "3,4")), to=tmp_path / "out")
    assert "No space left on device" in says
