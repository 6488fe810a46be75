from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from bitgrid.store import DecisionRow, EventRow, Ledger, StoreError

NOVEMBER_S = 1_700_000_000
DECEMBER_S = 1_703_000_000


def row(block: int = 5, trigger: str = "TICK", at_s: int = NOVEMBER_S, epoch: int = 0) -> DecisionRow:
    return DecisionRow("miner", epoch, block, trigger, at_s, f'{{"block":{block}}}')


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "ledger")


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


def test_a_configuration_is_kept_once(ledger: Ledger, tmp_path: Path) -> None:
    ledger.archive_configuration("abc", "{}", NOVEMBER_S)
    ledger.archive_configuration("abc", "other", NOVEMBER_S)
    ledger.close()
    with sqlite3.connect(tmp_path / "ledger" / "2023-11.sqlite") as database:
        assert database.execute("SELECT record FROM configuration").fetchall() == [("{}",)]
    database.close()


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
    assert Ledger(tmp_path / "ledger").memories() == {"miner": "kept"}


def test_a_month_whose_beginning_was_cut_short_loses_no_memory(ledger: Ledger, tmp_path: Path) -> None:
    ledger.append(row(), "kept")
    ledger.close()
    (tmp_path / "ledger" / "2023-12.sqlite").touch()
    again = Ledger(tmp_path / "ledger")
    assert again.memories() == {"miner": "kept"}
    again.append(row(at_s=DECEMBER_S), "later")
    again.close()
    assert Ledger(tmp_path / "ledger").memories() == {"miner": "later"}


def test_a_full_disk_is_told_and_a_disk_with_room_again_is_written(ledger: Ledger) -> None:
    ledger.append(row(), "before")
    database = ledger._connected()
    pages = database.execute_sql("PRAGMA page_count").fetchone()[0]
    database.execute_sql(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StoreError, match="full"):
        ledger.append(row(6), "x" * 100_000)
    assert ledger.memories() == {"miner": "before"}
    database.execute_sql("PRAGMA max_page_count = 1000000")
    ledger.append(row(6), "after")
    assert ledger.memories() == {"miner": "after"}
