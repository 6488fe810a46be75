"""Home Assistant's recorder database, in the shapes that its versions left."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from imports.databases import CHARGE, DAY_S, HOUR_S, JUNE_S, KWH, WATT, Evcc, HomeAssistant
from imports.making import bitgrid_, kwh, made, refused, spans_of, value_at

PV, IMPORT, EXPORT, CHARGED = "sensor.pv_energy", "sensor.grid_import", "sensor.grid_export", "sensor.battery_soc"
MAP = f"""schema: 1
source: home-assistant
signals:
  pv_power_w: [{{entity: {PV}, kind: counter, unit: kWh}}]
  grid_power_w:
    - {{entity: {IMPORT}, kind: counter, unit: kWh}}
    - {{entity: {EXPORT}, kind: counter, unit: kWh, invert_sign: true}}
  battery_soc_pct: [{{entity: {CHARGED}, kind: level, unit: '%'}}]
"""
WITHOUT_BATTERY = MAP.split("  battery", maxsplit=1)[0]


def mapping(path: Path, text: str = MAP) -> Path:
    file = path / "map.yaml"
    file.write_text(text)
    return file


def counter(house: HomeAssistant, entity: str, kw: float, hours: int) -> None:
    """A counter that rises steadily from June on, told every ten minutes."""
    rows = ((JUNE_S + n * 600, round(100 + kw * n / 6, 4)) for n in range(hours * 6 + 1))
    house.states(entity, KWH, rows)


def small_house(path: Path, schema: int = 43) -> HomeAssistant:
    """Six hours: 3 kW of sun, 1 kW fed in, nothing taken; the battery fills."""
    house = HomeAssistant(path / "home-assistant_v2.db", schema)
    counter(house, PV, 3.0, 6)
    counter(house, IMPORT, 0.0, 6)
    counter(house, EXPORT, 1.0, 6)
    house.states(CHARGED, CHARGE, ((JUNE_S + n * HOUR_S, 40 + n) for n in range(7)))
    return house


@pytest.mark.parametrize("schema", [43, 36, 30, 23])
def test_every_shape_of_states_tells_the_same(tmp_path: Path, schema: int) -> None:
    file = small_house(tmp_path, schema).close()
    told = made("home-assistant", file, "--map", mapping(tmp_path), to=tmp_path / "out")
    found = spans_of(tmp_path / "out")
    assert kwh(found["pv_power_w"]) == pytest.approx(18, abs=0.01)
    assert kwh(found["grid_power_w"]) == pytest.approx(-6, abs=0.01)
    assert kwh(found["house_load_w"]) == pytest.approx(12, abs=0.01)
    assert value_at(found["battery_soc_pct"], JUNE_S + 3.5 * HOUR_S) == 43
    assert f"Home Assistant's recorder, schema {schema}" in told["notes"]
    assert f"{PV}: every change from 2024-06-01" in told["notes"]


def statistics(house: HomeAssistant, entity: str, kw: float, hours: range) -> None:
    """Hourly sums of a counter; each is that at the end of its hour."""
    house.statistics(entity, "kWh", ((JUNE_S + n * HOUR_S, None, kw * (n + 1)) for n in hours))


def test_hourly_statistics_tell_what_is_purged_and_states_what_is_not(tmp_path: Path) -> None:
    house = HomeAssistant(tmp_path / "ha.db")
    for entity, kw in ((PV, 3.0), (IMPORT, 0.0), (EXPORT, 1.0)):
        statistics(house, entity, kw, range(-720, 6))
        counter(house, entity, 2 * kw, 6)
    told = made(
        "home-assistant",
        house.close(),
        "--map",
        mapping(tmp_path, WITHOUT_BATTERY),
        to=tmp_path / "out",
    )
    pv = spans_of(tmp_path / "out")["pv_power_w"]
    assert value_at(pv, JUNE_S - 300 * HOUR_S) == pytest.approx(3000)
    assert value_at(pv, JUNE_S + 2 * HOUR_S) == pytest.approx(6000, rel=1e-3)
    assert f"{PV}: hourly means from 2024-05-02, every change from 2024-06-01" in told["notes"]
    assert told["signals"]["pv_power_w"]["known"] == 1.0


def test_statistics_of_powers_five_minutes_before_states(tmp_path: Path) -> None:
    house = HomeAssistant(tmp_path / "ha.db")
    for entity, watts in (("sensor.pv", 2.0), ("sensor.house", 0.5)):
        house.statistics(entity, "kW", ((JUNE_S + n * HOUR_S, watts, None) for n in range(-48, 0)))
        house.statistics(
            entity, "kW", ((JUNE_S + n * 300, 2 * watts, None) for n in range(-24, 0)), "statistics_short_term"
        )
        house.states(entity, {"unit_of_measurement": "W"}, [(JUNE_S, 900), (JUNE_S + 60, 950), (JUNE_S + 90, 950)])
    known = mapping(
        tmp_path,
        "schema: 1\nsource: home-assistant\nsignals:\n"
        "  pv_power_w: [{entity: sensor.pv, kind: power, unit: W}]\n"
        "  house_load_w: [{entity: sensor.house, kind: power, unit: W}]\n",
    )
    made("home-assistant", house.close(), "--map", known, to=tmp_path / "out")
    pv = spans_of(tmp_path / "out")["pv_power_w"]
    at = [value_at(pv, JUNE_S + offset_s) for offset_s in (-10 * HOUR_S, -7201, -7200, -1, 0, 60)]
    assert at == [2000, 2000, 4000, 4000, 900, 950]


def test_states_that_a_migration_has_not_reached_are_told(tmp_path: Path) -> None:
    house = small_house(tmp_path)
    house.db.execute(
        "INSERT INTO states (entity_id, state, last_updated_ts) VALUES (?, '1', ?)", (PV, JUNE_S - 60)
    )
    told = made("home-assistant", house.close(), "--map", mapping(tmp_path), to=tmp_path / "out")
    assert "1 states that Home Assistant had not migrated yet were not read" in told["notes"]


def test_statistics_of_the_first_weeks_that_named_no_entity_are_passed_over(tmp_path: Path) -> None:
    house = small_house(tmp_path, 23)
    house.statistics(PV, "kWh", [(JUNE_S - HOUR_S, None, 1.0)])
    for table in ("statistics", "statistics_short_term"):
        house.db.execute(f"ALTER TABLE {table} RENAME COLUMN metadata_id TO statistic_id")
    told = made("home-assistant", house.close(), "--map", mapping(tmp_path), to=tmp_path / "out")
    assert f"{PV}: every change from 2024-06-01" in told["notes"]


def test_a_gap_in_statistics_stays_one_and_its_energy_is_told(tmp_path: Path) -> None:
    house = HomeAssistant(tmp_path / "ha.db")
    for entity in (PV, IMPORT, EXPORT):
        statistics(house, entity, 2.0, range(10))
        statistics(house, entity, 2.0, range(15, 20))
    told = made(
        "home-assistant",
        house.close(),
        "--map",
        mapping(tmp_path, WITHOUT_BATTERY),
        to=tmp_path / "out",
    )
    pv = told["signals"]["pv_power_w"]
    assert pv["kwh_of_unknown_hour"] == 12.0
    assert pv["longest_gaps"][0]["hours"] == 6.0
    assert pv["kwh"] == 2.0 * (9 + 4)


def test_unavailable_and_a_recorder_that_stood_still_are_gaps(tmp_path: Path) -> None:
    house = HomeAssistant(tmp_path / "ha.db")
    for entity in ("sensor.pv", "sensor.house"):
        house.states(
            entity,
            WATT,
            [
                (JUNE_S, 1000),
                (JUNE_S + 600, "unavailable"),
                (JUNE_S + 1200, 1200),
                (JUNE_S + 1800, "12_0"),
                (JUNE_S + 2400, 1300),
                (JUNE_S + 9000, 1400),
                (JUNE_S + 90_000, 1500),
                (JUNE_S + 90_600, 1500),
            ],
        )
    house.run(JUNE_S - 100, JUNE_S + 3000)
    house.run(JUNE_S + 9000, JUNE_S + 90_000, crashed=True)
    house.run(JUNE_S + 90_000, None)
    known = mapping(
        tmp_path,
        "schema: 1\nsource: home-assistant\nsignals:\n"
        "  pv_power_w: [{entity: sensor.pv, kind: power, unit: W}]\n"
        "  house_load_w: [{entity: sensor.house, kind: power, unit: W}]\n",
    )
    told = made("home-assistant", house.close(), "--map", known, to=tmp_path / "out")
    pv = spans_of(tmp_path / "out")["pv_power_w"]
    at = [value_at(pv, JUNE_S + second) for second in (0, 700, 1300, 1900, 2500, 3100, 9000, 20_000, 90_000)]
    assert at == [1000, None, 1200, None, 1300, None, 1400, None, 1500]
    assert told["signals"]["pv_power_w"]["counted"] == {"unavailable": 1, "no number": 1}


def test_a_unit_that_changed_on_the_way(tmp_path: Path) -> None:
    house = HomeAssistant(tmp_path / "ha.db")
    house.states(PV, KWH, [(JUNE_S, 1.0), (JUNE_S + HOUR_S, 2.0)])
    house.states(PV, {"unit_of_measurement": "Wh"}, [(JUNE_S + 2 * HOUR_S, 3000), (JUNE_S + 3 * HOUR_S, 4000)])
    house.states(PV, {"unit_of_measurement": "°C"}, [(JUNE_S + 4 * HOUR_S, 20)])
    house.states("sensor.house", WATT, [(JUNE_S, 300), (JUNE_S + 4 * HOUR_S, 300)])
    known = mapping(
        tmp_path,
        "schema: 1\nsource: home-assistant\nsignals:\n"
        f"  pv_power_w: [{{entity: {PV}, kind: counter, unit: kWh}}]\n"
        "  house_load_w: [{entity: sensor.house, kind: power, unit: W}]\n",
    )
    told = made("home-assistant", house.close(), "--map", known, to=tmp_path / "out")
    assert told["signals"]["pv_power_w"]["kwh"] == 3.0
    assert told["signals"]["pv_power_w"]["counted"] == {"in a unit that is none of a counter": 1}


def test_an_entity_that_is_not_there_is_named_with_those_that_are_near(tmp_path: Path) -> None:
    file = small_house(tmp_path).close()
    known = mapping(tmp_path, MAP.replace("sensor.pv_energy", "sensor.pv_enery"))
    says = refused("home-assistant", file, "--map", known, to=tmp_path / "out")
    assert "there is no entity sensor.pv_enery" in says
    assert "Did you mean sensor.pv_energy" in says


def test_an_energy_sensor_is_a_counter(tmp_path: Path) -> None:
    file = small_house(tmp_path).close()
    known = mapping(tmp_path, MAP.replace("kind: counter", "kind: energy"))
    assert "write kind: counter" in refused("home-assistant", file, "--map", known, to=tmp_path / "out")


# -- proposals -----------------------------------------------------------------------------------------------


def dashboard(path: Path, sources: list[dict[str, Any]]) -> Path:
    file = path / "energy"
    file.write_text(json.dumps({"version": 1, "key": "energy", "data": {"energy_sources": sources}}))
    return file


def test_where_each_has_one_candidate_the_proposal_can_be_imported_by(tmp_path: Path) -> None:
    file, place = small_house(tmp_path).close(), tmp_path / "proposal.yaml"
    code, text = bitgrid_("import", "home-assistant", file, "--propose", place)
    assert code == 0, text
    assert "the only one that looks like it" in place.read_text()
    told = made("home-assistant", file, "--map", place, to=tmp_path / "out")
    assert told["signals"]["grid_power_w"]["from"] == [IMPORT, f"- {EXPORT}"]
    assert bitgrid_("import", "home-assistant", file, "--propose", place)[0] == 1, "it is not written over"


def test_where_several_could_be_meant_none_is_taken(tmp_path: Path) -> None:
    house = small_house(tmp_path)
    counter(house, "sensor.solar_total_yield", 3.0, 6)
    file, place = house.close(), tmp_path / "proposal.yaml"
    code, text = bitgrid_("import", "home-assistant", file)
    assert code == 1
    assert "must be said with --map" in text
    assert "CHOOSE" in text
    assert "sensor.solar_total_yield" in text
    bitgrid_("import", "home-assistant", file, "--propose", place)
    assert "pv_power_w is needed" in refused("home-assistant", file, "--map", place, to=tmp_path / "out")


@pytest.mark.parametrize("is_new", [True, False])
def test_the_energy_dashboard_says_which_counter_is_which(tmp_path: Path, is_new: bool) -> None:
    house = small_house(tmp_path)
    counter(house, "sensor.solar_total_yield", 3.0, 6)
    counter(house, "sensor.in_2", 0.0, 6)
    grid: dict[str, Any] = {"type": "grid", "stat_energy_from": "sensor.in_2", "stat_energy_to": EXPORT}
    if not is_new:
        grid = {
            "type": "grid",
            "flow_from": [{"stat_energy_from": "sensor.in_2"}],
            "flow_to": [{"stat_energy_to": EXPORT}],
        }
    sources = [
        grid,
        {"type": "solar", "stat_energy_from": PV},
        {"type": "battery", "stat_energy_from": "sensor.gave", "stat_energy_to": "sensor.took"},
        {"type": "gas", "stat_energy_from": "sensor.gas"},
    ]
    place = tmp_path / "proposal.yaml"
    code, text = bitgrid_(
        "import", "home-assistant", house.close(), "--propose", place, "--energy", dashboard(tmp_path, sources)
    )
    assert code == 0, text
    lines = [line.strip() for line in place.read_text().splitlines()]
    assert "- {entity: 'sensor.in_2', kind: counter, unit: 'kWh'}" in lines
    assert f"- {{entity: '{EXPORT}', kind: counter, unit: 'kWh', invert_sign: true}}" in lines
    assert f"- {{entity: '{PV}', kind: counter, unit: 'kWh'}}" in lines
    assert "- {entity: 'sensor.gave', kind: counter, unit: 'kWh', invert_sign: true}" in lines
    assert "gas" not in "".join(lines)


@pytest.mark.parametrize("text", ["{", "[]", '{"data": {}}', '{"data": {"energy_sources": [{}]}}'])
def test_what_is_no_dashboard_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "energy").write_text(text)
    file = small_house(tmp_path).close()
    code, says = bitgrid_("import", "home-assistant", file, "--energy", tmp_path / "energy")
    assert code == 1
    assert "is not what Home Assistant keeps of its energy dashboard" in says


# -- what is refused -----------------------------------------------------------------------------------------


def test_another_programs_database_is_named(tmp_path: Path) -> None:
    file = Evcc(tmp_path / "evcc.db").close()
    says = refused("home-assistant", file, "--map", mapping(tmp_path), to=tmp_path / "out")
    assert "This is evcc's: bitgrid import evcc" in says


def test_a_write_ahead_log_is_read_from_a_copy_and_nothing_given_is_touched(tmp_path: Path) -> None:
    house = small_house(tmp_path)
    house.db.commit()
    house.db.execute("PRAGMA journal_mode=WAL")
    house.states("sensor.late", WATT, [(JUNE_S, 1)])
    counter(house, "sensor.pv_more", 1.0, 6)
    house.db.commit()
    given = tmp_path / "given"
    given.mkdir()
    for name in ("home-assistant_v2.db", "home-assistant_v2.db-wal"):
        (given / name).write_bytes((tmp_path / name).read_bytes())
    before = {path.name: path.read_bytes() for path in given.iterdir()}
    known = mapping(tmp_path, MAP.replace("sensor.pv_energy", "sensor.pv_more"))
    told = made("home-assistant", given / "home-assistant_v2.db", "--map", known, to=tmp_path / "out")
    assert told["signals"]["pv_power_w"]["kwh"] == pytest.approx(6, abs=0.1)
    assert any("the copy was read" in note for note in told["notes"])
    assert {path.name: path.read_bytes() for path in given.iterdir()} == before
    house.db.close()


def test_a_database_that_is_cut_off_damaged_or_being_written(tmp_path: Path) -> None:
    house = small_house(tmp_path)
    house.states("sensor.filler", WATT, ((JUNE_S + n, n) for n in range(20_000)))
    file, known = house.close(), mapping(tmp_path)
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    assert "is cut off" in refused("home-assistant", file, "--map", known, to=tmp_path / "out")
    file.write_bytes(whole[:4096] + b"\xa5" * (len(whole) - 4096))
    assert "the file is damaged" in refused("home-assistant", file, "--map", known, to=tmp_path / "out")
    file.write_bytes(whole[:50])
    assert "is no SQLite database" in refused("home-assistant", file, "--map", known, to=tmp_path / "out")
    file.write_bytes(whole)
    file.with_name(file.name + "-journal").write_bytes(b"\xd9\xd5\x05\xf9")
    assert "is being written" in refused("home-assistant", file, "--map", known, to=tmp_path / "out")


def test_a_locked_database_is_read_all_the_same(tmp_path: Path) -> None:
    house = small_house(tmp_path)
    house.db.commit()
    house.db.execute("BEGIN EXCLUSIVE")
    told = made("home-assistant", house.path, "--map", mapping(tmp_path), to=tmp_path / "out")
    assert told["period"]["days"] == pytest.approx(0.25, abs=0.01)
    house.db.rollback()
    house.db.close()


def test_a_year_in_the_archive_has_a_file_for_each_utc_day(tmp_path: Path) -> None:
    house = HomeAssistant(tmp_path / "ha.db")
    for entity in (PV, IMPORT, EXPORT):
        statistics(house, entity, 1.0, range(24 * 40))
    made(
        "home-assistant",
        house.close(),
        "--map",
        mapping(tmp_path, WITHOUT_BATTERY),
        to=tmp_path / "out",
    )
    files = sorted((tmp_path / "out" / "telemetry").glob("*.parquet"))
    assert len(files) == 40
    pv = spans_of(tmp_path / "out")["pv_power_w"]
    assert (pv[0].start_s, pv[-1].end_s) == (JUNE_S + HOUR_S, JUNE_S + 40 * DAY_S)
