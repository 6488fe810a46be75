from __future__ import annotations

import os
import sqlite3
import tracemalloc
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bitgrid.clock import HeldClock
from bitgrid.store import DecisionRow, EventRow, Ledger, StoreError, month
from bitgrid.store.ledger_opening import open_ledger
from bitgrid.store.verify import verify
from store.books import NOVEMBER_END_S, book, decision

NOVEMBER_S = 1_700_000_000
DECEMBER_S = 1_703_000_000


def row(block: int = 5, trigger: str = "TICK", at_s: int = NOVEMBER_S, epoch: int = 0) -> DecisionRow:
    return DecisionRow("miner", epoch, block, trigger, at_s, f'{{"block":{block}}}')


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with closing(Ledger(tmp_path / "ledger")) as opened:
        yield opened


def test_a_decision_and_the_memory_it_leaves_are_there_after_a_restart(ledger: Ledger, tmp_path: Path) -> None:
    ledger.append(row(), '{"level":"eco"}')
    ledger.close()
    again = Ledger(tmp_path / "ledger")
    assert again.memories() == {"miner": '{"level":"eco"}'}
    assert [found.record for found in again.decisions(limit=9)] == ['{"block":5}']
    assert again.has_tick("miner", 0, 5)
    again.close()


def test_a_block_has_one_tick_decision_and_a_second_changes_nothing(ledger: Ledger) -> None:
    ledger.append(row(), "first")
    with pytest.raises(StoreError, match="refused"):
        ledger.append(row(), "second")
    assert ledger.memories() == {"miner": "first"}
    assert len(ledger.decisions(limit=9)) == 1


def test_protection_may_decide_a_block_again(ledger: Ledger) -> None:
    ledger.append(row(), "first")
    ledger.append(row(trigger="PROTECT"), "second")
    ledger.append(row(epoch=1), "third")
    assert ledger.memories() == {"miner": "third"}


def test_a_new_month_has_a_new_file_and_the_memory_goes_on(ledger: Ledger, tmp_path: Path) -> None:
    ledger.append(row(), "kept")
    ledger.append_event(EventRow(DECEMBER_S, "safety", "{}"))
    names = sorted(path.name for path in (tmp_path / "ledger").glob("*.sqlite"))
    assert names == ["2023-11.sqlite", "2023-12.sqlite"]
    assert ledger.memories() == {"miner": "kept"}


def test_a_clock_that_steps_back_does_not_reopen_an_old_month(ledger: Ledger, tmp_path: Path) -> None:
    ledger.append(row(at_s=DECEMBER_S), "december")
    ledger.append(row(6, at_s=NOVEMBER_S), "later")
    assert [path.name for path in (tmp_path / "ledger").glob("*.sqlite")] == ["2023-12.sqlite"]
    assert ledger.memories() == {"miner": "later"}


def test_a_configuration_and_a_forecast_are_kept_once_and_found_in_every_month(ledger: Ledger) -> None:
    for record in ("{}", "other"):
        ledger.archive_configuration("abc", record, NOVEMBER_S)
        ledger.archive_forecast("def", f"[{record}]", NOVEMBER_S)
    ledger.append(row(at_s=DECEMBER_S), "{}")
    assert (ledger.configuration("abc"), ledger.forecast("def")) == ("{}", "[{}]")
    assert (ledger.configuration("def"), ledger.forecast("abc")) == (None, None)


def test_memory_may_change_without_a_decision(ledger: Ledger) -> None:
    ledger.save_memories({"miner": "locked", "heater": "free"}, NOVEMBER_S)
    assert ledger.memories() == {"miner": "locked", "heater": "free"}


def test_events_come_newest_first(ledger: Ledger) -> None:
    for number in range(3):
        ledger.append_event(EventRow(NOVEMBER_S + number, "safety", str(number)))
    assert [event.record for event in ledger.events(limit=2)] == ["2", "1"]


def test_readers_see_what_the_writer_has_written(ledger: Ledger, tmp_path: Path) -> None:
    ledger.append(row(), "{}")
    reader = Ledger(tmp_path / "ledger", read_only=True)
    assert len(reader.decisions(limit=1, load="miner")) == 1
    assert reader.decisions(limit=1, load="heater") == []
    with pytest.raises(StoreError):
        reader.append(row(6), "{}")
    reader.close()


def test_an_empty_ledger_knows_nothing_and_can_be_read(tmp_path: Path) -> None:
    reader = Ledger(tmp_path / "none", read_only=True)
    assert (reader.memories(), reader.decisions(limit=1), reader.events(limit=1)) == ({}, [], [])
    assert not reader.has_tick("miner", 0, 0)
    assert not (tmp_path / "none").exists()


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "2023-11.sqlite").write_bytes(b"no database at all" * 100)
    with pytest.raises(StoreError, match=r"2023-11\.sqlite cannot be opened"):
        Ledger(tmp_path)
    assert (tmp_path / "2023-11.sqlite").read_bytes() == b"no database at all" * 100


def test_what_is_acknowledged_survives_without_a_clean_end(ledger: Ledger, tmp_path: Path) -> None:
    ledger.append(row(), "{}")
    copy = tmp_path / "after_the_power_cut"
    copy.mkdir()
    for path in (tmp_path / "ledger").iterdir():
        (copy / path.name).write_bytes(path.read_bytes())
    survivor = Ledger(copy)
    assert len(survivor.decisions(limit=9)) == 1
    survivor.close()


def test_a_month_that_could_not_begin_loses_no_memory(ledger: Ledger, tmp_path: Path) -> None:
    ledger.append(row(), "kept")
    blocked = tmp_path / "ledger" / "2023-12.sqlite"
    blocked.mkdir()
    with pytest.raises(StoreError):
        ledger.append_event(EventRow(DECEMBER_S, "safety", "{}"))
    assert ledger.memories() == {"miner": "kept"}
    blocked.rmdir()
    ledger.append_event(EventRow(DECEMBER_S, "safety", "{}"))
    ledger.close()
    with closing(Ledger(tmp_path / "ledger", read_only=True)) as reader:
        assert reader.memories() == {"miner": "kept"}
        assert reader.head().seq == 2


def test_an_empty_file_is_set_aside_and_told_and_the_memory_goes_on(ledger: Ledger, tmp_path: Path) -> None:
    ledger.append(row(), "kept")
    ledger.close()
    (tmp_path / "ledger" / "2023-12.sqlite").touch()
    with pytest.raises(StoreError, match="its format is 0"):
        Ledger(tmp_path / "ledger")
    with closing(open_ledger(tmp_path / "ledger", HeldClock())) as again:
        assert again.memories()["miner"] == "kept"
        again.append(row(6, at_s=DECEMBER_S), "later")
        assert again.memories()["miner"] == "later"
    (aside,) = (tmp_path / "set-aside").iterdir()
    assert (aside / "2023-12.sqlite").stat().st_size == 0


def test_a_full_disk_is_told_and_a_disk_with_room_again_is_written(ledger: Ledger) -> None:
    ledger.append(row(), "before")
    database = ledger._connection
    assert database is not None
    pages = database.execute("PRAGMA page_count").fetchone()[0]
    database.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StoreError, match="full"):
        ledger.append(row(6), "x" * 100_000)
    assert ledger.memories() == {"miner": "before"}
    database.execute("PRAGMA max_page_count = 1000000")
    ledger.append(row(6), "after")
    assert ledger.memories() == {"miner": "after"}


GUARDED = ("chain", "decision", "event", "configuration", "forecast", "seal")
DEEDS = [
    *(f"DELETE FROM {table}" for table in GUARDED),  # noqa: S608  own names
    "UPDATE chain SET previous_file = 'x'",
    "UPDATE decision SET record = 'x'",
    "UPDATE event SET record = 'x'",
    "UPDATE configuration SET record = 'x'",
    "UPDATE forecast SET record = 'x'",
    "UPDATE seal SET decisions = 0",
    *(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}" for table in GUARDED),  # noqa: S608  own names
]
NEW = [
    "INSERT INTO decision SELECT seq + 99, load, 9, seq, trigger, at_s, record, hash, hash FROM decision",
    "INSERT INTO event SELECT 99, at_s, kind, record, hash, hash FROM event",
    "INSERT INTO configuration VALUES ('x', 'x', 0)",
    "INSERT INTO forecast VALUES ('x', 'x', 0)",
]


@pytest.mark.parametrize("deed", [*DEEDS, *NEW])
def test_the_database_itself_refuses_to_change_a_sealed_month(tmp_path: Path, deed: str) -> None:
    path = book(tmp_path / "ledger") / "2023-11.sqlite"
    path.chmod(0o640)
    with closing(sqlite3.connect(path)) as database, pytest.raises(sqlite3.IntegrityError, match="append-only"):
        database.execute(deed)
    assert verify(tmp_path / "ledger") == []


@pytest.mark.parametrize("deed", [deed for deed in DEEDS if "seal" not in deed])
def test_and_in_the_open_month_it_refuses_all_but_what_is_new(tmp_path: Path, deed: str) -> None:
    path = book(tmp_path / "ledger") / "2024-01.sqlite"
    with closing(sqlite3.connect(path)) as database, pytest.raises(sqlite3.IntegrityError, match="append-only"):
        database.execute(deed)


def test_a_tick_cannot_be_replaced_under_another_number(tmp_path: Path) -> None:
    path = book(tmp_path / "ledger") / "2024-01.sqlite"
    deed = (
        "INSERT OR REPLACE INTO decision SELECT 99, load, clock_epoch, block, trigger, at_s, 'x', hash, hash"
        " FROM decision WHERE seq = 13"
    )
    with closing(sqlite3.connect(path)) as database, pytest.raises(sqlite3.IntegrityError, match="append-only"):
        database.execute(deed)


def test_a_month_that_is_over_is_one_read_only_file(tmp_path: Path) -> None:
    directory = book(tmp_path / "ledger")
    assert sorted(path.name for path in directory.iterdir()) == [
        "2023-11.sqlite",
        "2023-12.sqlite",
        "2024-01.sqlite",
    ]
    assert [oct(path.stat().st_mode & 0o777) for path in month.months(directory)[:2]] == ["0o440", "0o440"]
    assert month.months(directory)[2].stat().st_mode & 0o200
    with closing(sqlite3.connect(directory / "2023-11.sqlite")) as database:
        assert database.execute("PRAGMA journal_mode").fetchone() == ("delete",)
        assert database.execute("SELECT decisions, events, last_seq FROM seal").fetchone() == (5, 1, 6)


def test_a_reader_in_the_way_does_not_keep_a_month_from_being_sealed(ledger: Ledger, tmp_path: Path) -> None:
    ledger.append(decision(NOVEMBER_S), "{}")
    path = tmp_path / "ledger" / "2023-11.sqlite"
    with closing(sqlite3.connect(path)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM decision").fetchone()
        ledger.append(decision(DECEMBER_S), "{}")
    assert path.stat().st_mode & 0o200
    ledger.close()
    Ledger(tmp_path / "ledger").close()
    assert path.stat().st_mode & 0o777 == 0o440
    assert {fault.what.split(" it names")[0] for fault in verify(tmp_path / "ledger")} == {
        "the configuration",
        "the forecast",
    }


def test_the_last_decisions_and_events_reach_back_over_months(tmp_path: Path) -> None:
    with closing(Ledger(book(tmp_path / "ledger"), read_only=True)) as reader:
        assert [found.seq for found in reader.decisions(limit=7)] == [18, 17, 15, 14, 13, 12, 11]
        assert [found.seq for found in reader.events(limit=9)] == [16, 10, 4]
        assert len(reader.decisions(limit=99, load="miner")) == 15


def test_records_come_in_order_over_all_months(tmp_path: Path) -> None:
    with closing(Ledger(book(tmp_path / "ledger"), read_only=True)) as reader:
        assert [found.seq for found in reader.records()] == [n for n in range(1, 19) if n not in {4, 10, 16}]


def test_memory_does_not_grow_with_the_records_read(ledger: Ledger) -> None:
    for block in range(300):
        ledger.append(DecisionRow("miner", 0, block, "TICK", NOVEMBER_S, "x" * 20_000), "{}")
    tracemalloc.start()
    count = sum(1 for _ in ledger.records())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 300
    assert peak < 600_000


def test_a_clock_that_slips_back_over_the_end_of_a_month_decides_no_block_twice(tmp_path: Path) -> None:
    last, first = decision(NOVEMBER_END_S - 600), decision(NOVEMBER_END_S)
    with closing(Ledger(tmp_path / "ledger")) as ledger:
        ledger.append(last, "{}")
        ledger.append(first, "{}")
        assert ledger.has_tick("miner", 0, last.block)
        with pytest.raises(StoreError, match="decided in the month before"):
            ledger.append(last, "{}")
    for read_only in (True, False):
        with closing(Ledger(tmp_path / "ledger", read_only=read_only)) as again:
            assert again.has_tick("miner", 0, last.block)
            assert again.has_tick("miner", 0, first.block)
            assert not again.has_tick("miner", 0, first.block + 1)


def test_what_was_sealed_stays_so_though_the_clock_goes_back(ledger: Ledger, tmp_path: Path) -> None:
    ledger.append(decision(NOVEMBER_S), "kept")
    ledger.close()
    path = tmp_path / "ledger" / "2023-11.sqlite"
    with closing(month.open_writing(path)) as database:
        month.seal(database, NOVEMBER_S)  # and the power goes before December begins
    again = Ledger(tmp_path / "ledger")
    assert again.memories() == {"miner": "kept"}
    again.append_event(EventRow(NOVEMBER_S, "health", "{}"))
    again.close()
    assert sorted(path.name for path in (tmp_path / "ledger").iterdir()) == ["2023-11.sqlite", "2023-12.sqlite"]


def test_a_ledger_from_before_records_were_chained_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "2023-11.sqlite")) as database:
        database.execute("CREATE TABLE decision (seq INTEGER PRIMARY KEY, record TEXT)")
        database.execute("INSERT INTO decision VALUES (1, 'x')")
        database.commit()
    before = (tmp_path / "2023-11.sqlite").read_bytes()
    with pytest.raises(StoreError, match=r"its format is 0, .* Move the directory .* away"):
        Ledger(tmp_path)
    with closing(Ledger(tmp_path, read_only=True)) as reader, pytest.raises(StoreError, match="its format is 0"):
        reader.memories()
    assert (tmp_path / "2023-11.sqlite").read_bytes() == before


def test_an_old_month_that_is_damaged_does_not_stop_the_house(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    directory = book(tmp_path / "ledger")
    path = directory / "2023-12.sqlite"
    path.chmod(0o640)
    path.write_bytes(b"damaged" * 1000)
    with closing(Ledger(directory)) as ledger:
        ledger.append(decision(NOVEMBER_END_S + 70 * 86_400), "{}")
    assert "an old month of the ledger is damaged" in caplog.text
    assert "2023-12.sqlite" in caplog.text


@pytest.mark.parametrize("at_s", [10**15, 2**63, -(10**15)])
def test_a_time_that_is_none_is_refused(ledger: Ledger, at_s: int) -> None:
    with pytest.raises(StoreError, match="cannot be written"):
        ledger.append(row(at_s=at_s), "{}")
    ledger.append(row(), "{}")
    assert len(ledger.decisions(limit=9)) == 1


def test_text_that_cannot_be_written_leaves_nothing_behind(ledger: Ledger) -> None:
    ledger.append(row(), "first")
    with pytest.raises(StoreError, match="cannot be written"):
        ledger.append(DecisionRow("miner", 0, 6, "TICK", NOVEMBER_S, "\ud800"), "second")
    assert ledger.memories() == {"miner": "first"}
    ledger.append(row(6), "third")
    assert [found.seq for found in ledger.decisions(limit=9)] == [2, 1]


def test_a_directory_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "ledger").write_text("a file in the way")
    with pytest.raises(StoreError, match="cannot be opened"):
        Ledger(tmp_path / "ledger")


def test_a_damaged_record_is_told_where_it_is_read(tmp_path: Path) -> None:
    directory = book(tmp_path / "ledger")
    path = directory / "2024-01.sqlite"
    path.write_bytes(path.read_bytes()[: 3 * 4096] + os.urandom(path.stat().st_size - 3 * 4096))
    with closing(Ledger(directory, read_only=True)) as reader, pytest.raises(StoreError, match="cannot be read"):
        list(reader.records())
