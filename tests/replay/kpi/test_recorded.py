"""Where figures come from: sound files alone, today's rows out of the ledger, an import's telemetry, a bundle."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest

from bitgrid.clock import HeldClock
from bitgrid.replay.kpi.asking import ask
from bitgrid.replay.kpi.configuration import brought_along
from bitgrid.replay.kpi.errors import BadPeriod, Unreadable
from bitgrid.replay.kpi.period import Period
from bitgrid.replay.kpi.reckoning import Reckoned
from bitgrid.replay.kpi.recorded import Recorded
from bitgrid.store import DecisionRow, EventRow, Ledger
from bitgrid.store.archive.schema import schema
from bitgrid.store.archive.writer import ArchiveWriter
from replay.houses import shipped
from replay.kpi.archives import BLOCK_S, ArchivedHouse

UTC = ZoneInfo("UTC")
DAY = dt.date(2025, 5, 14)
DAY_S = 1_747_180_800  # 2025-05-14T00:00Z
FIRST = DAY_S // BLOCK_S
PERIOD = Period(DAY_S, DAY_S + 86_400, UTC, BLOCK_S)


def asked(recorded: Recorded, period: Period = PERIOD, now_s: float = DAY_S + 7 * 86_400) -> Reckoned:
    return ask(recorded, period, shipped(), now_s)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    house = ArchivedHouse()
    house.lived(FIRST, pv_power_w=600, grid_power_w=0, house_load_w=600)
    house.decided(FIRST)
    return house.write(tmp_path / "archive")


def test_a_file_that_was_cut_off_is_left_out_and_told(archive: Path) -> None:
    path = archive / "states" / f"{DAY}.parquet"
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-100])
    told = asked(Recorded(archive))
    assert told.notes == (f"states/{DAY}.parquet is not as it was written, so that day is not used",)
    assert (told.whole.pv_blocks, told.whole.ticks) == (0, 1)


def test_a_byte_that_was_changed_is_found_by_the_report(archive: Path) -> None:
    path = archive / "states" / f"{DAY}.parquet"
    path.chmod(0o644)
    spoiled = bytearray(path.read_bytes())
    spoiled[len(spoiled) // 2] ^= 1
    path.write_bytes(spoiled)
    told = asked(Recorded(archive, is_verified=True))
    assert "is not as it was written" in told.notes[0]
    assert told.whole.pv_blocks == 0


def test_a_file_that_is_gone_is_told(archive: Path) -> None:
    (archive / "decisions" / f"{DAY}.parquet").unlink()
    told = asked(Recorded(archive))
    assert told.notes == (f"decisions/{DAY}.parquet is missing, so that day is not known",)
    assert (told.whole.pv_blocks, told.whole.ticks) == (1, 0)


def test_a_file_of_nonsense_is_said_to_be_unreadable_and_nothing_is_told(archive: Path) -> None:
    path = archive / "decisions" / f"{DAY}.parquet"
    path.chmod(0o644)
    path.write_bytes(b"x" * path.stat().st_size)
    with pytest.raises(Unreadable, match="bitgrid archive verify"):
        asked(Recorded(archive))


def test_nothing_recorded_is_no_error(tmp_path: Path) -> None:
    told = asked(Recorded(tmp_path))
    assert told.whole.due_blocks == 144
    assert all(figure.value is None and figure.coverage == 0 for figure in told.figures())


def test_who_asks_for_a_period_without_records_is_told_where_they_are(archive: Path) -> None:
    later = Period(DAY_S + 30 * 86_400, DAY_S + 31 * 86_400, UTC, BLOCK_S)
    told = asked(Recorded(archive), later, later.to_s)
    assert told.notes == (f"nothing is recorded of this period; the archive holds {DAY} to {DAY}",)


def test_what_is_not_over_is_not_due(archive: Path) -> None:
    told = asked(Recorded(archive), now_s=DAY_S + 2 * BLOCK_S + 599)
    assert (told.whole.due_blocks, told.over.to_s) == (2, DAY_S + 2 * BLOCK_S)


def test_nothing_can_be_told_of_a_period_to_come(archive: Path) -> None:
    with pytest.raises(BadPeriod, match="nothing of the period is over"):
        asked(Recorded(archive), now_s=DAY_S - 1)


def decision(block: int, action: str, level: str, **signals: float) -> DecisionRow:
    told = {name.replace("__", "."): {"value": value, "quality": "good"} for name, value in signals.items()}
    record = {
        "decision": {"action": action, "level": level, "rule": "R1", "code": "R1_SURPLUS_ECO", "surplus_w": 600},
        "state": {"signals": told},
    }
    return DecisionRow("miner", 0, block, "TICK", block * BLOCK_S + 1, json.dumps(record))


@pytest.fixture
def data(archive: Path) -> Path:
    """An archived day, and a ledger that holds it and the day after."""
    ledger = Ledger(archive.parent / "ledger")
    ledger.append(decision(FIRST, "HOLD", "off"), "{}")
    ledger.append(decision(FIRST + 144, "START", "eco", pv_power_w=1200, grid_power_w=0, house_load_w=1200), "{}")
    ledger.append(decision(FIRST + 145, "HOLD", "eco", pv_power_w=600, grid_power_w=0, house_load_w=600), "{}")
    ledger.append_event(EventRow(DAY_S + 86_400, "safety", json.dumps({"cause": "heat", "trip_id": "a"})))
    ledger.close()
    with sqlite3.connect(archive.parent / "bitgrid.sqlite") as hot:
        hot.execute("CREATE TABLE explain_session (decision_id TEXT, load TEXT, at_s REAL, texts TEXT)")
        at_s = (FIRST + 144) * BLOCK_S + 1
        hot.execute(
            "INSERT INTO explain_session VALUES (?, 'miner', ?, '{}')",
            (f"miner-0-{FIRST + 144}-tick-{at_s}", at_s + 2),
        )
        hot.execute("CREATE TABLE telemetry (at_s REAL, device TEXT, signal TEXT, value REAL, quality TEXT)")
        values = [((FIRST + 144) * BLOCK_S + 30 * step, 600.0) for step in range(20)]
        hot.executemany("INSERT INTO telemetry VALUES (?, 'miner', 'power_w', ?, 'good')", values)
    hot.close()
    return archive.parent


def test_todays_rows_stand_beside_the_archived_days_and_nothing_counts_twice(data: Path) -> None:
    both = Period(DAY_S, DAY_S + 86_400 + 2 * BLOCK_S, UTC, BLOCK_S)
    told = asked(Recorded(data / "archive", data), both)
    assert told.notes == ()
    yesterday, today = (sums for _day, sums in told.days)
    assert (yesterday.ticks, yesterday.pv_wh, yesterday.starts) == (
        1,
        300,
        0,
    )  # the tick after midnight tells 1200 W
    assert (today.ticks, today.pv_wh, today.starts, today.explained) == (2, 100, 1, 1)
    assert (today.said_after_s, today.heat_trips) == (2, 1)
    assert (today.split_blocks, today.split_wh, today.split_surplus_wh) == (
        1,
        100,
        100,
    )  # all surplus


def test_who_asks_for_a_period_after_the_last_decision_is_told_its_day(data: Path) -> None:
    later = Period(DAY_S + 30 * 86_400, DAY_S + 31 * 86_400, UTC, BLOCK_S)
    told = asked(Recorded(data / "archive", data), later, later.to_s)
    assert told.notes == ("nothing is recorded of this period; the last decision is of 2025-05-15",)


def test_a_damaged_record_of_today_is_said(data: Path) -> None:
    ledger = Ledger(data / "ledger")
    ledger.append(DecisionRow("miner", 0, FIRST + 150, "TICK", (FIRST + 150) * BLOCK_S + 1, "{"), "{}")
    ledger.close()
    with pytest.raises(Unreadable, match="bitgrid ledger verify"):
        asked(Recorded(data / "archive", data), Period(DAY_S, DAY_S + 2 * 86_400, UTC, BLOCK_S))


def test_an_import_is_reckoned_from_its_telemetry(tmp_path: Path) -> None:
    """A value holds until the next, at the latest until the day ends; a row without one begins a gap."""
    rows: list[dict[str, Any]] = [
        {"at_s": float(DAY_S + at_s), "device": "import", "signal": name, "value": value}
        | {"quality": "missing" if value is None else "good"}
        for name, value, at_s in (
            ("pv_power_w", 600.0, 0),
            ("pv_power_w", 1200.0, BLOCK_S + 300),
            ("pv_power_w", None, 3 * BLOCK_S + 200),
            ("house_load_w", 600.0, 0),
            ("house_load_w", None, 3 * BLOCK_S),
        )
    ]
    ArchiveWriter(tmp_path, HeldClock()).write_day(
        "telemetry", DAY, pa.Table.from_pylist(rows, schema("telemetry"))
    )
    (tmp_path / "import.json").write_text("{}")
    sums = asked(Recorded(tmp_path)).whole
    assert sums.pv_blocks == 3  # of the fourth only a third is known
    assert sums.pv_wh == pytest.approx(100 + 150 + 200)
    assert sums.house_wh == pytest.approx(300)


def test_a_bundle_brings_its_configuration_along(tmp_path: Path) -> None:
    config, house = shipped(), ArchivedHouse()
    house.decided(FIRST, record=json.dumps({"decision": {"config_hash": config.config_hash}}))
    archive = house.write(tmp_path)
    assert brought_along(archive) is None
    (archive / "configurations").mkdir()
    with pytest.raises(Unreadable, match="name one with --config"):
        brought_along(archive)
    (archive / "configurations" / f"{config.config_hash}.json").write_text(config.canonical_json)
    found = brought_along(archive)
    assert found is not None
    assert found.config_hash == config.config_hash
