"""Every kind of tampering is found and named; a sound ledger is sound."""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bitgrid.store import EventRow, Ledger
from bitgrid.store.chain import GENESIS, Head, event_payload, link
from bitgrid.store.verify import inspect, verify
from store.books import NOVEMBER_END_S, book, decision, file, sha256, tampering


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return book(tmp_path / "ledger")


def told(directory: Path) -> str:
    return "\n".join(map(str, verify(directory)))


def test_a_sound_ledger_has_no_fault_and_tells_what_was_looked_at(ledger: Path) -> None:
    heard: list[int] = []
    found = inspect(ledger, heard=heard.append)
    assert found.faults == []
    assert (found.files, found.decisions, found.events) == (3, 15, 3)
    assert found.first_at_s == NOVEMBER_END_S - 6000
    with closing(Ledger(ledger, read_only=True)) as reader:
        assert found.head == reader.head()
    assert found.head.seq == 18


def test_the_hashes_are_what_the_specification_says(ledger: Path) -> None:
    with closing(sqlite3.connect(file(ledger, 0))) as connection:
        rows = connection.execute("SELECT prev_hash, hash, record FROM decision ORDER BY seq").fetchall()
    assert rows[0][0] == GENESIS
    for prev_hash, found, record in rows:
        assert found == hashlib.sha256(bytes.fromhex(prev_hash) + record.encode()).hexdigest()


def test_verifying_changes_nothing_on_the_disk(ledger: Path) -> None:
    before = {path.name: path.read_bytes() for path in ledger.iterdir()}
    assert verify(ledger) == []
    after = {path.name: path.read_bytes() for path in ledger.iterdir() if not path.name.endswith(("-wal", "-shm"))}
    assert after == before


def test_an_empty_ledger_and_none_at_all_are_sound(tmp_path: Path) -> None:
    assert verify(tmp_path) == []
    assert verify(tmp_path / "none") == []


def test_a_ledger_that_is_being_written_can_be_verified(tmp_path: Path) -> None:
    book(tmp_path / "ledger")
    with closing(Ledger(tmp_path / "ledger")) as writer:
        writer.append(decision(NOVEMBER_END_S + 90 * 86_400), "{}")
        found = inspect(tmp_path / "ledger")
        assert found.faults == []
        assert found.head == writer.head()


SHIFT = (
    "UPDATE decision SET seq = -8 WHERE seq = 8; UPDATE decision SET seq = 8 WHERE seq = 7;"
    "UPDATE decision SET seq = 7 WHERE seq = -8"
)
DEEDS = [
    ("UPDATE decision SET record = replace(record, 'HOLD', 'STOP') WHERE seq = 8", "record 8 (block ", "changed"),
    ("UPDATE event SET record = '{}' WHERE seq = 10", "record 10: ", "it was changed"),
    ("UPDATE event SET kind = 'audit' WHERE seq = 10", "record 10: ", "it was changed"),
    ("UPDATE event SET at_s = at_s + 1 WHERE seq = 10", "record 10: ", "it was changed"),
    ("UPDATE decision SET block = block + 100 WHERE seq = 8", "record 8 (block ", "its column block says"),
    ("UPDATE decision SET at_s = at_s + 1 WHERE seq = 8", "record 8 (block ", "its column at_s says"),
    ("UPDATE decision SET load = 'heater' WHERE seq = 8", "record 8 (block ", "its column load says 'heater'"),
    ("UPDATE decision SET trigger = 'USER' WHERE seq = 8", "record 8 (block ", "its column trigger says 'USER'"),
    ("UPDATE decision SET clock_epoch = 7 WHERE seq = 8", "record 8 (block ", "its column clock_epoch says 7"),
    ("UPDATE decision SET hash = prev_hash WHERE seq = 8", "record 8 (block ", "it was changed"),
    ("UPDATE decision SET prev_hash = 'no hash' WHERE seq = 8", "record 8 (block ", "does not follow"),
    ("UPDATE decision SET record = '{}' WHERE seq = 8", "record 8 (block ", "its record None"),
    ("UPDATE decision SET record = 'no JSON' WHERE seq = 8", "record 8 (block ", "it was changed"),
    ("UPDATE decision SET record = '[1]' WHERE seq = 8", "record 8 (block ", "it was changed"),
    ("DELETE FROM decision WHERE seq = 8", "record 8: ", "record 8 is missing"),
    ("DELETE FROM decision WHERE seq IN (8, 9)", "record 8: ", "records 8 to 9 are missing"),
    ("DELETE FROM event WHERE seq = 10", "record 10: ", "record 10 is missing"),
    ("DELETE FROM decision WHERE seq = 7", "record 7: ", "record 7 is missing"),
    ("DELETE FROM decision WHERE seq = 12", "", "the last decision is record 11, but 12 was written"),
    ("DELETE FROM event", "", "the last event is record None, but 10 was written"),
    (SHIFT, "record 7 (block ", "does not follow the record before it"),
    (
        "INSERT INTO event SELECT 8, at_s, kind, record, prev_hash, hash FROM event",
        "record 8",
        "two of this number",
    ),
    ("INSERT INTO event SELECT 13, at_s, kind, record, prev_hash, hash FROM event", "record 13: ", "not follow"),
    ("UPDATE configuration SET record = '{}'", "", "the configuration archived as "),
    ("UPDATE forecast SET record = '{}'", "", "the forecast archived as "),
    ("INSERT INTO forecast VALUES ('abc', '{}', 0)", "", "its seal is broken"),
    ("DELETE FROM seal", "", "its seal is missing"),
    ("UPDATE seal SET decisions = 4", "", "its seal is broken"),
    ("UPDATE seal SET sealed_at_s = 0", "", "its seal was changed"),
    ("UPDATE seal SET prev_hash = hash", "", "its seal is broken"),
    ("DELETE FROM chain", "", "its header is missing"),
    ("UPDATE chain SET previous_file = ''", "", "follows no file, not 2023-11.sqlite"),
    ("UPDATE chain SET previous_hash = 'x'", "", "but 2023-11.sqlite ends with 6:"),
    ("UPDATE chain SET file = 'x'", "", "was written as x"),
    ("DROP INDEX decision_one_tick", "", "decision_one_tick is missing"),
    ("CREATE TABLE more (x)", "", "more is not the ledger's"),
    ("DROP TABLE forecast", "", "forecast is missing"),
]


@pytest.mark.parametrize(("deed", "where", "what"), DEEDS, ids=[deed for deed, _, _ in DEEDS])
def test_a_deed_in_a_sealed_month_is_found_and_named(ledger: Path, deed: str, where: str, what: str) -> None:
    path = file(ledger, 1)
    if deed.startswith("DROP TABLE"):
        path.chmod(0o640)
        with closing(sqlite3.connect(path)) as connection:
            connection.executescript(deed)
    else:
        with tampering(path) as connection:
            for statement in deed.split(";"):
                connection.execute(statement)
    found = [str(fault) for fault in verify(ledger)]
    assert any(path.name + (f", {where}" if where else "") in text and what in text for text in found), found


def test_triggers_taken_out_are_told_even_when_nothing_else_was_done(ledger: Path) -> None:
    with closing(sqlite3.connect(file(ledger, 2))) as connection:
        connection.execute("DROP TRIGGER decision_no_update")
    assert "decision_no_update is missing" in told(ledger)


def test_a_change_made_with_its_own_hash_reckoned_anew_breaks_the_link_to_the_next(ledger: Path) -> None:
    with tampering(file(ledger, 1)) as connection:
        (prev_hash,) = connection.execute("SELECT prev_hash FROM event WHERE seq = 10").fetchone()
        forged = link(prev_hash, event_payload(1, "audit", "{}"))
        connection.execute("UPDATE event SET at_s = 1, kind = 'audit', record = '{}', hash = ?", (forged,))
    assert [fault.seq for fault in verify(ledger)] == [11]


def forge(path: Path, record: str) -> None:
    """Put another record in place of the last one, with a sound hash; the seal is left."""
    with tampering(path) as connection:
        seq, prev_hash = connection.execute("SELECT seq, prev_hash FROM decision ORDER BY seq DESC").fetchone()
        values = (record, link(prev_hash, record), seq)
        connection.execute("UPDATE decision SET record = ?, hash = ? WHERE seq = ?", values)


def test_the_last_record_of_a_sealed_month_cannot_be_forged_either(ledger: Path) -> None:
    with closing(Ledger(ledger, read_only=True)) as reader:
        record = list(reader.records())[9].record
    forge(file(ledger, 1), record.replace("HOLD", "STOP"))
    assert [fault.what for fault in verify(ledger)] == [
        "its seal is broken: the file does not hold what was sealed"
    ]


def test_a_forged_end_of_the_open_month_is_seen_by_whoever_noted_the_head_down(ledger: Path) -> None:
    head = inspect(ledger).head
    with closing(Ledger(ledger, read_only=True)) as reader:
        record = reader.decisions(limit=1)[0].record
    forge(file(ledger, 2), record.replace("HOLD", "STOP"))
    assert verify(ledger) == []  # the limit that the module tells of
    assert "is not in the chain" in str(verify(ledger, head)[0])


def test_an_end_cut_off_with_the_counter_set_back_is_seen_by_the_head(ledger: Path) -> None:
    head = inspect(ledger).head
    with tampering(file(ledger, 2)) as connection:
        connection.execute("DELETE FROM decision WHERE seq = 18")
        connection.execute("UPDATE sqlite_sequence SET seq = 17 WHERE name = 'decision'")
    assert verify(ledger) == []
    assert [str(fault) for fault in verify(ledger, head)] == [
        f"the ledger: the head noted down, {head}, is not in the chain: its end was cut off or rewritten"
    ]


def test_the_end_of_the_open_month_cut_off_is_found(ledger: Path) -> None:
    with tampering(file(ledger, 2)) as connection:
        connection.execute("DELETE FROM decision WHERE seq > 16")
    assert [fault.what for fault in verify(ledger)] == [
        "the last decision is record 15, but 18 was written: cut off"
    ]


@pytest.mark.parametrize("seq", [0, 3, 6, 12, 18])
def test_a_head_noted_at_any_time_is_found_again(tmp_path: Path, seq: int) -> None:
    heads: dict[int, Head] = {}
    with closing(Ledger(tmp_path / "ledger")) as ledger:
        heads[0] = ledger.head()
        for number in range(1, 19):
            at_s = NOVEMBER_END_S + number * 5 * 86_400
            ledger.append_event(EventRow(at_s, "health", "{}"))
            heads[number] = ledger.head()
    assert verify(tmp_path / "ledger", heads[seq]) == []


def test_a_decision_whose_configuration_is_not_archived_is_named(tmp_path: Path) -> None:
    with closing(Ledger(tmp_path / "ledger")) as ledger:
        ledger.append(decision(NOVEMBER_END_S), "{}")
    found = [fault.what for fault in verify(tmp_path / "ledger")]
    assert [what.split(" it names")[0] for what in found] == ["the configuration", "the forecast"]


def rename_middle(ledger: Path) -> None:
    file(ledger, 1).rename(ledger / "2023-12-copy.sqlite")


def take_anothers_name(ledger: Path) -> None:
    file(ledger, 1).rename(ledger / "2023-10.sqlite")


def replace_by_a_copy(ledger: Path) -> None:
    file(ledger, 1).unlink()
    shutil.copy(file(ledger, 0), ledger / "2023-12.sqlite")


def cut(ledger: Path) -> None:
    path = file(ledger, 1)
    path.chmod(0o640)
    path.write_bytes(path.read_bytes()[:9000])


def overwrite(ledger: Path) -> None:
    path = file(ledger, 1)
    path.chmod(0o640)
    path.write_bytes(b"no database" * 1000)


def empty(ledger: Path) -> None:
    path = file(ledger, 1)
    path.chmod(0o640)
    path.write_bytes(b"")


FILES: list[tuple[Callable[[Path], object], list[str]]] = [
    (lambda ledger: file(ledger, 0).unlink(), ["2023-12.sqlite: follows 2023-11.sqlite, not no file"]),
    (lambda ledger: file(ledger, 1).unlink(), ["2024-01.sqlite: follows 2023-12.sqlite, not 2023-11.sqlite"]),
    (rename_middle, ["2023-12-copy.sqlite: does not belong", "2024-01.sqlite: follows 2023-12.sqlite, not"]),
    (take_anothers_name, ["2023-10.sqlite: was written as 2023-12.sqlite"]),
    (replace_by_a_copy, ["2023-12.sqlite: was written as 2023-11.sqlite"]),
    (lambda ledger: shutil.copy(file(ledger, 0), ledger / "2023-10.sqlite"), ["2023-10.sqlite: was written as"]),
    (lambda ledger: (ledger / "notes.txt").write_text("hi"), ["notes.txt: does not belong to the ledger"]),
    (lambda ledger: (ledger / "2023-13.sqlite").write_text(""), ["2023-13.sqlite: does not belong"]),
    (cut, ["2023-12.sqlite: "]),
    (overwrite, ["2023-12.sqlite: the ledger"]),
    (empty, ["2023-12.sqlite: the ledger"]),
]


@pytest.mark.parametrize(("deed", "what"), FILES)
def test_a_file_missing_renamed_replaced_added_or_broken_is_named(
    ledger: Path, deed: Callable[[Path], object], what: list[str]
) -> None:
    deed(ledger)
    assert all(expected in told(ledger) for expected in what), told(ledger)


def test_a_broken_file_does_not_hide_what_is_wrong_after_it(ledger: Path) -> None:
    overwrite(ledger)
    with tampering(file(ledger, 2)) as connection:
        connection.execute("UPDATE event SET kind = 'audit'")
    assert {fault.file for fault in verify(ledger)} == {"2023-12.sqlite", "2024-01.sqlite"}


def test_a_flipped_bit_in_a_page_is_found(ledger: Path) -> None:
    path = file(ledger, 1)
    pages = bytearray(path.read_bytes())
    where = pages.index(b'"action":"HOLD"')
    pages[where + 10] ^= 1
    path.chmod(0o640)
    path.write_bytes(pages)
    assert "it was changed" in told(ledger)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return book(tmp_path_factory.mktemp("book") / "ledger")


COLUMNS = {
    "decision": ("seq", "load", "clock_epoch", "block", "trigger", "at_s", "record", "prev_hash", "hash"),
    "event": ("seq", "at_s", "kind", "record", "prev_hash", "hash"),
}


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_change_of_any_column_of_any_record_is_found_there_or_right_after(
    template: Path, tmp_path: Path, data: st.DataObject
) -> None:
    seq = data.draw(st.integers(1, 18), "record")
    month, table = (seq - 1) // 6, "event" if seq % 6 == 4 else "decision"
    column = data.draw(st.sampled_from(COLUMNS[table]), "column")
    directory = tmp_path / "tampered"
    shutil.rmtree(directory, ignore_errors=True)
    shutil.copytree(template, directory)
    path = file(directory, month)
    with tampering(path) as connection:
        query = f"SELECT {column} FROM {table} WHERE seq = ?"  # noqa: S608  own names
        (old,) = connection.execute(query, (seq,)).fetchone()
        values = (
            st.integers(100, 10**9) if isinstance(old, int) else st.text(st.characters(exclude_categories=["Cs"]))
        )
        new = data.draw(values.filter(lambda value: value != old), "value")
        connection.execute(f"UPDATE {table} SET {column} = ? WHERE seq = ?", (new, seq))  # noqa: S608  own names
    found = verify(directory)
    assert path.name in {fault.file for fault in found}
    assert seq in {fault.seq for fault in found}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(gone=st.sets(st.integers(1, 18), min_size=1))
def test_any_records_taken_out_are_found(template: Path, tmp_path: Path, gone: set[int]) -> None:
    directory = tmp_path / "tampered"
    shutil.rmtree(directory, ignore_errors=True)
    shutil.copytree(template, directory)
    for month in {(seq - 1) // 6 for seq in gone}:
        with tampering(file(directory, month)) as connection:
            for seq in gone:
                connection.execute("DELETE FROM decision WHERE seq = ?", (seq,))
                connection.execute("DELETE FROM event WHERE seq = ?", (seq,))
    found = {fault.file for fault in verify(directory)}
    assert {file(directory, (seq - 1) // 6).name for seq in gone} <= found


def test_the_figures_are_told_as_it_goes(tmp_path: Path) -> None:
    with closing(Ledger(tmp_path / "ledger")) as ledger:
        for number in range(1001):
            ledger.append_event(EventRow(NOVEMBER_END_S + number, "health", sha256(str(number))))
    heard: list[int] = []
    assert inspect(tmp_path / "ledger", heard=heard.append).faults == []
    assert heard == [500, 500]
