"""evcc's database, in the shapes that its versions left."""

from __future__ import annotations

from pathlib import Path

import pytest

from imports.databases import HOUR_S, JUNE_S, Evcc, HomeAssistant
from imports.making import kwh, made, refused, spans_of, value_at

QUARTERS = range(96)


def steady(
    kwh: float, back: float = 0.0, soc: float | None = None, quarters: range = QUARTERS
) -> list[tuple[float, float, float, float | None]]:
    return [(JUNE_S + 900 * n, kwh, back, soc) for n in quarters]


def house(path: Path, energy: str = "energy") -> Evcc:
    """A day: 2 kW of sun from two roofs; 0.4 kW fed in, to the battery and to the car each; 0.8 kW home."""
    db = Evcc(path / "evcc.db", energy)
    db.meter("home", "home", steady(0.2))
    db.meter("pv", "roof", steady(0.3))
    db.meter("pv", "garage", steady(0.2))
    db.meter("grid", "grid", steady(0.0, 0.1))
    db.meter("battery", "cellar", steady(0.1, 0.0, 55.0))
    db.meter("loadpoint", "carport", steady(0.1))
    db.meter("consumer", "fridge", steady(0.02))
    return db


@pytest.mark.parametrize("energy", ["energy", "import", "pos"])
def test_every_shape_of_meters_tells_the_same(tmp_path: Path, energy: str) -> None:
    told = made("evcc", house(tmp_path, energy).close(), to=tmp_path / "out")
    found = spans_of(tmp_path / "out")
    at = {signal: value_at(spans, JUNE_S + 6 * HOUR_S) for signal, spans in found.items()}
    powers = {signal: value for signal, value in at.items() if signal.endswith("_w")}
    assert powers == pytest.approx(
        {"pv_power_w": 2000, "grid_power_w": -400, "battery_power_w": 400, "house_load_w": 1200}
    )
    assert at.get("battery_soc_pct") == (55.0 if energy == "energy" else None)
    assert told["signals"]["house_load_w"]["from"] == ["home home", "loadpoint carport"]
    assert any("consumer fridge" in note for note in told["notes"])
    assert told["period"] == {"from": "2024-06-01T00:00:00Z", "to": "2024-06-02T00:00:00Z", "days": 1.0}


def test_the_balance_of_evcc_holds_in_the_archive(tmp_path: Path) -> None:
    """PV plus grid less battery is the household: so the signs are those of this house."""
    made("evcc", house(tmp_path).close(), to=tmp_path / "out")
    found = {signal: kwh(spans) for signal, spans in spans_of(tmp_path / "out").items()}
    balance = found["pv_power_w"] + found["grid_power_w"] - found["battery_power_w"]
    assert balance == pytest.approx(found["house_load_w"])


def test_a_quarter_hour_that_is_missing_stays_missing(tmp_path: Path) -> None:
    db = house(tmp_path)
    db.db.execute("DELETE FROM meters WHERE ts = ? AND meter = 2", (JUNE_S + 900 * 40,))
    told = made("evcc", db.close(), to=tmp_path / "out")
    assert value_at(spans_of(tmp_path / "out")["pv_power_w"], JUNE_S + 900 * 40 + 10) is None
    assert told["signals"]["pv_power_w"]["longest_gaps"] == [{"from": "2024-06-01T10:00:00Z", "hours": 0.25}]


def test_a_charging_point_of_later_counts_from_then_and_that_is_told(tmp_path: Path) -> None:
    db = house(tmp_path)
    db.meter("loadpoint", "garage", steady(0.5, quarters=range(48, 96)))
    told = made("evcc", db.close(), to=tmp_path / "out")
    load = spans_of(tmp_path / "out")["house_load_w"]
    assert [value_at(load, JUNE_S + hour * HOUR_S) for hour in (6, 18)] == pytest.approx([1200, 3200])
    assert any("charging point garage is kept from 2024-06-01 only" in note for note in told["notes"])


def test_several_batteries_have_no_common_charge(tmp_path: Path) -> None:
    db = house(tmp_path)
    db.meter("battery", "attic", steady(0.0, 0.1, 20.0))
    told = made("evcc", db.close(), to=tmp_path / "out")
    assert "battery_soc_pct" in told["missing"]
    assert any("state of charge of 2 batteries" in note for note in told["notes"])
    assert value_at(spans_of(tmp_path / "out")["battery_power_w"], JUNE_S) == pytest.approx(0)


def test_prices_come_with_it(tmp_path: Path) -> None:
    db = house(tmp_path)
    db.prices((JUNE_S + 900 * n, 0.31 if n < 48 else None, 0.08) for n in QUARTERS)
    made("evcc", db.close(), to=tmp_path / "out")
    found = spans_of(tmp_path / "out")
    assert [value_at(found["import_price_ct_kwh"], JUNE_S + hour * HOUR_S) for hour in (1, 13)] == [31.0, None]
    assert value_at(found["export_price_ct_kwh"], JUNE_S + 13 * HOUR_S) == 8.0


def test_the_first_version_kept_the_home_alone(tmp_path: Path) -> None:
    db = Evcc(tmp_path / "evcc.db", "val")
    db.meter("home", "home", steady(0.2))
    assert "pv_power_w is known at no time" in refused("evcc", db.close(), to=tmp_path / "out")


def test_sessions_alone_tell_nothing(tmp_path: Path) -> None:
    db = Evcc(tmp_path / "evcc.db", has_meters=False)
    db.db.execute("INSERT INTO sessions (charged_kwh) VALUES (12.5)")
    assert "holds 1 charging sessions and no meters" in refused("evcc", db.close(), to=tmp_path / "out")


def test_wh_taken_for_kwh_would_be_told(tmp_path: Path) -> None:
    db = Evcc(tmp_path / "evcc.db")
    db.meter("pv", "roof", steady(300.0))
    db.meter("home", "home", steady(200.0))
    assert "implausible 96 times" in refused("evcc", db.close(), to=tmp_path / "out")


def test_another_programs_database_is_named(tmp_path: Path) -> None:
    file = HomeAssistant(tmp_path / "ha.db").close()
    assert "This is Home Assistant's" in refused("evcc", file, to=tmp_path / "out")


def test_an_empty_one_is_told(tmp_path: Path) -> None:
    assert "no quarter hour of any meter" in refused(
        "evcc", Evcc(tmp_path / "evcc.db").close(), to=tmp_path / "out"
    )
