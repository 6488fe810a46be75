"""A day that has ended: archived, looked at again before its hot copy goes, made up for where it was missed."""

from __future__ import annotations

import datetime as dt
import fcntl
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bitgrid.store import TelemetryStore
from bitgrid.store.archive import manifest
from bitgrid.store.archive.hot import DAY_S, start_of
from bitgrid.store.archive.keeper import DAYS_AT_ONCE, HOT_KEEP_S, LOCK
from bitgrid.store.archive.reader import ArchiveReader
from bitgrid.store.archive.retention import Limits
from bitgrid.store.archive.verify import verify
from bitgrid.store.errors import ArchiveError
from bitgrid.store.month import months
from bitgrid.store.telemetry import Measured
from store.archive.days import DAY, START_S
from store.archive.house import BLOCK_S, RecordedHouse, tick

FULL_DAY = 3 * 1440


def archived(house: RecordedHouse, kind: str) -> list[dict[str, object]]:
    return list(ArchiveReader(house.archive).table(kind).to_pylist())


def a_day(house: RecordedHouse) -> None:
    house.measure_day()
    house.decide(*(tick(START_S + BLOCK_S * number + 2) for number in range(144)))
    house.happen(START_S + 50, "heat")
    house.explain(START_S + 60.5, "miner-0-1-tick-2")


def test_a_day_that_has_ended_is_archived_kind_by_kind(house: RecordedHouse) -> None:
    a_day(house)
    outcome = house.keeper().run()
    assert outcome.problems == []
    assert outcome.done == ["2026-03-01 was archived"]
    counts = {
        kind: len(archived(house, kind)) for kind in ("telemetry", "decisions", "events", "explain_sessions")
    }
    assert counts == {"telemetry": FULL_DAY, "decisions": 144, "events": 1, "explain_sessions": 1}
    assert len(archived(house, "states")) == 144 * 4
    assert len(archived(house, "energy_to_value")) == 144
    assert verify(house.archive) == []


def test_a_day_that_goes_on_is_left_and_so_is_one_that_ended_just_now(house: RecordedHouse) -> None:
    house.measure_day()
    for after_s in (-10, 200):
        house.clock.wall_s = START_S + DAY_S + after_s
        assert house.keeper().run().done == []
    assert not list(house.archive.glob("*/*"))


def test_a_second_run_writes_nothing(house: RecordedHouse) -> None:
    a_day(house)
    house.keeper().run()
    before = (house.archive / manifest.NAME).read_bytes()
    assert house.keeper().run().done == []
    assert (house.archive / manifest.NAME).read_bytes() == before


def test_what_is_archived_of_the_ledger_is_what_it_says(house: RecordedHouse) -> None:
    a_day(house)
    house.keeper().run()
    (event,) = archived(house, "events")
    assert (event["at_s"], event["kind"], json.loads(str(event["record"]))) == (
        START_S + 50,
        "safety",
        {"what": "heat"},
    )
    first = archived(house, "decisions")[0]
    assert first["record"] == tick(START_S + 2).record
    assert (first["action"], first["level"], first["rule"], first["code"]) == (
        "HOLD",
        "eco",
        "R1",
        "R1_SURPLUS_OK",
    )
    state = archived(house, "states")[0]
    assert state == {
        "block": START_S // BLOCK_S,
        "clock_epoch": 0,
        "at_s": START_S + 2,
        "signal": "export_price_ct_kwh",
        "value": 8.0,
        "quality": "good",
        "age_s": 3,
        "source": "meter",
    }


def test_hot_telemetry_may_go_a_day_after_its_own_and_not_before(house: RecordedHouse) -> None:
    a_day(house)
    house.clock.wall_s = START_S + DAY_S + HOT_KEEP_S - 1
    assert house.keeper().run().ready == {}
    house.clock.advance(1)
    assert house.keeper().run().ready == {"2026-03-01": FULL_DAY}


def test_hot_telemetry_that_could_not_be_archived_stays(house: RecordedHouse) -> None:
    a_day(house)
    (house.archive).mkdir(parents=True)
    (house.archive / "telemetry").write_text("in the way")
    house.clock.wall_s = START_S + 5 * DAY_S
    outcome = house.keeper().run()
    assert outcome.ready == {}
    assert any("telemetry/2026-03-01.parquet cannot be archived" in words for words in outcome.problems)
    assert len(archived(house, "decisions")) == 144


def test_what_comes_late_joins_what_is_archived_before_the_hot_copy_goes(house: RecordedHouse) -> None:
    a_day(house)
    house.keeper().run()
    late = Measured(START_S + 7.5, "meter", "grid_power_w", 5.0, "good")
    house.measure([late])
    house.clock.wall_s = START_S + 2 * DAY_S
    assert house.keeper().run().ready == {"2026-03-01": FULL_DAY + 1}
    assert late._asdict() in archived(house, "telemetry")
    assert verify(house.archive) == []


def test_what_comes_when_the_hot_copy_is_gone_joins_it_too(house: RecordedHouse) -> None:
    a_day(house)
    house.clock.wall_s = START_S + 2 * DAY_S
    house.keeper().run()
    store = TelemetryStore(house.data / "bitgrid.sqlite")
    assert store.drop_day(DAY, FULL_DAY)
    store.close()
    house.measure([Measured(START_S + 7.5, "meter", "grid_power_w", 5.0, "good")])
    assert house.keeper().run().ready == {"2026-03-01": 1}
    assert len(archived(house, "telemetry")) == FULL_DAY + 1


def test_what_comes_for_a_day_that_was_thinned_or_dropped_is_not_taken(house: RecordedHouse) -> None:
    a_day(house)
    house.measure_day(DAY + dt.timedelta(days=1))
    house.clock.wall_s = START_S + 3 * DAY_S
    house.keeper().run()
    tight = Limits(full_days=1, keep_days=1000, warn_free_bytes=0, min_free_bytes=0)
    assert any("2026-03-01 was thinned" in words for words in house.keeper(tight).run().done)
    house.measure([Measured(START_S + 7.5, "meter", "grid_power_w", 5.0, "good")])
    assert house.keeper(tight).run().ready["2026-03-01"] == FULL_DAY + 1
    assert ArchiveReader(house.archive).table("telemetry", DAY, DAY).num_rows == 3 * 144
    assert len(archived(house, "energy_to_value")) == 144


def test_days_that_were_missed_are_made_up_for_some_at_a_time(house: RecordedHouse) -> None:
    days = [DAY + dt.timedelta(days=number) for number in range(DAYS_AT_ONCE + 2)]
    for day in days:
        house.measure([Measured(start_of(day) + 1.0, "meter", "grid_power_w", 1.0, "good")])
    house.clock.wall_s = START_S + 30 * DAY_S
    first = house.keeper().run()
    assert (len(first.done), first.is_more) == (DAYS_AT_ONCE, True)
    assert len(house.keeper().run().done) == 2
    assert ArchiveReader(house.archive).days("telemetry") == days


def test_without_telemetry_the_ledger_is_archived_all_the_same(house: RecordedHouse) -> None:
    house.decide(tick(START_S + 2))
    assert house.keeper().run().problems == []
    (row,) = archived(house, "energy_to_value")
    assert (row["energy_wh"], row["path"]) == (None, "hodl")


def test_a_ledger_that_cannot_be_read_keeps_no_telemetry_from_the_archive(house: RecordedHouse) -> None:
    a_day(house)
    (path,) = months(house.data / "ledger")
    path.write_bytes(b"no database" * 1000)
    outcome = house.keeper().run()
    assert any("ledger" in problem for problem in outcome.problems)
    assert len(archived(house, "telemetry")) == FULL_DAY


def test_a_damaged_hot_database_is_told(house: RecordedHouse) -> None:
    house.data.mkdir()
    (house.data / "bitgrid.sqlite").write_bytes(b"no database" * 1000)
    (problem, *_) = house.keeper().run().problems
    assert "cannot be read" in problem


def test_two_never_write_at_once(house: RecordedHouse) -> None:
    house.archive.mkdir(parents=True)
    with (house.archive / LOCK).open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(ArchiveError, match="another process"):
            house.keeper().run()


def test_an_owner_is_warned_before_anything_is_thinned(house: RecordedHouse) -> None:
    a_day(house)
    limits = Limits(1000, 1000, warn_free_bytes=2_000_000, min_free_bytes=1_000_000)
    house.free_bytes = lambda _place: 1_500_000
    outcome = house.keeper(limits).run()
    assert "only 2 MB are free" in outcome.warnings[0]
    assert outcome.done == ["2026-03-01 was archived"]


def test_a_full_disk_takes_telemetry_first_thinned_then_dropped_and_nothing_else(house: RecordedHouse) -> None:
    a_day(house)
    limits = Limits(1000, 1000, warn_free_bytes=2_000_000, min_free_bytes=1_000_000)
    house.free_bytes = lambda _place: 500_000
    outcome = house.keeper(limits).run()
    assert [words.split(":")[0] for words in outcome.done[1:]] == [
        "the telemetry of 2026-03-01 was thinned to means of ten minutes",
        "the telemetry of 2026-03-01 was dropped",
    ]
    assert "no telemetry is left" in outcome.warnings[0]
    assert len(archived(house, "decisions")) == 144
    assert archived(house, "telemetry") == []
    assert verify(house.archive) == []


def test_what_can_be_kept_nowhere_is_given_up_a_day_at_a_time_oldest_first(house: RecordedHouse) -> None:
    house.archive.mkdir(parents=True)
    (house.archive / "telemetry").write_text("in the way")
    for number in range(3):
        at_s = START_S + number * DAY_S + 1.0
        house.measure([Measured(at_s, "meter", "grid_power_w", 1.0, "good")])
    house.clock.wall_s = START_S + 9 * DAY_S
    assert house.keeper().run().given_up == {}
    house.free_bytes = lambda _place: 0
    outcome = house.keeper(Limits(1000, 1000, 2, 1)).run()
    assert (outcome.ready, outcome.given_up) == ({}, {"2026-03-01": 1})


MEASURED = st.lists(
    st.builds(
        Measured,
        st.integers(0, DAY_S * 10 - 1).map(lambda tenth: START_S + tenth / 10),
        st.sampled_from(["meter", "miner"]),
        st.sampled_from(["power_w", "temp_c"]),
        st.none() | st.floats(allow_nan=False),
        st.sampled_from(["good", "stale", "missing"]),
    ),
    max_size=40,
    unique_by=lambda row: (row.at_s, row.device, row.signal),
)


@settings(max_examples=25, deadline=None)
@given(early=MEASURED, late=MEASURED)
def test_what_was_hot_is_what_is_cold_whenever_it_came(
    tmp_path_factory: pytest.TempPathFactory, early: list[Measured], late: list[Measured]
) -> None:
    house = RecordedHouse(tmp_path_factory.mktemp("house"))
    house.measure(early)
    house.keeper().run()
    house.measure(late)
    house.clock.wall_s = START_S + 2 * DAY_S
    outcome = house.keeper().run()
    keyed = {(row.device, row.signal, row.at_s): row for row in [*late, *early]}
    assert archived(house, "telemetry") == [row._asdict() for _key, row in sorted(keyed.items())]
    assert outcome.ready == ({"2026-03-01": len(keyed)} if keyed else {})
    assert verify(house.archive) == []


def test_rows_are_in_order_so_that_a_signal_is_read_in_one_go(house: RecordedHouse) -> None:
    a_day(house)
    house.keeper().run()
    rows = pq.read_table(house.archive / "telemetry/2026-03-01.parquet").select(["device", "signal", "at_s"])
    keys = [tuple(row.values()) for row in rows.to_pylist()]
    assert keys == sorted(keys)


def test_no_file_of_another_house_is_touched(house: RecordedHouse, tmp_path: Path) -> None:
    a_day(house)
    house.keeper().run()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data"]
    assert sorted(
        path.name for path in house.data.iterdir() if path.suffix != ".sqlite" and "-" not in path.name
    ) == [
        "archive",
        "ledger",
    ]
