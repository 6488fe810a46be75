"""`bitgrid ledger`: what a person reads of a sound ledger, and of one that is not."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from bitgrid.cli import main
from bitgrid.ops import places
from bitgrid.ops.commands import ledger as command
from bitgrid.store import DecisionRow, Ledger
from store.books import NOVEMBER_END_S, book, file, tampering


@pytest.fixture
def data(tmp_path: Path) -> Path:
    book(tmp_path / "data" / "ledger")
    return tmp_path / "data"


def ledger_(*arguments: str, data: Path | None = None) -> tuple[int, str]:
    named = [] if data is None else ["--data", str(data)]
    done = CliRunner().invoke(main, ["ledger", *arguments, *named])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output


def head_in(text: str) -> str:
    return next(line.removeprefix("head ") for line in text.splitlines() if line.startswith("head "))


def test_a_sound_ledger_is_told_with_what_was_checked(data: Path) -> None:
    code, text = ledger_("verify", data=data)
    assert code == 0
    assert "3 files, 15 decisions, 3 events" in text
    assert "from 2023-11-30T22:20:00Z to 2024-01-31T23:00:00Z" in text
    assert "Every record is as it was written." in text
    assert head_in(text).startswith("18:")


def test_every_fault_is_a_line_and_the_exit_code_is_1(data: Path) -> None:
    with tampering(file(data / "ledger", 1)) as connection:
        connection.execute("UPDATE event SET record = '{}'")
    code, text = ledger_("verify", data=data)
    assert code == 1
    assert "NOT SOUND, 1 faults:\n  2023-12.sqlite, record 10: it was changed" in text
    assert "Every record is as it was written." not in text


def test_many_faults_are_counted_not_listed(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "MOST_TOLD", 2)
    for name in ("a", "b", "c"):
        (data / "ledger" / name).touch()
    code, text = ledger_("verify", data=data)
    assert code == 1
    assert "NOT SOUND, 3 faults:" in text
    assert "… and 1 more" in text


def test_a_head_noted_down_is_held_against_the_chain(data: Path) -> None:
    head = head_in(ledger_("verify", data=data)[1])
    assert ledger_("verify", "--head", head, data=data)[0] == 0
    code, text = ledger_("verify", "--head", head.replace("18:", "19:"), data=data)
    assert code == 1
    assert "is not in the chain" in text
    assert "is no head" in ledger_("verify", "--head", "18", data=data)[1]


def test_a_long_ledger_shows_how_far_it_is(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "LONG_RECORDS", 18)
    code, text = ledger_("verify", data=data)
    assert code == 0
    assert "Verifying" in text
    assert "Every record is as it was written." in text


def test_the_last_records_are_shown_the_newest_last(data: Path) -> None:
    code, text = ledger_("show", "--limit", "3", data=data)
    assert code == 0
    lines = [line.split() for line in text.splitlines()]
    assert [line[0] for line in lines] == ["16", "17", "18"]
    assert lines[0][2:] == ["safety", "event", '{"what":"heat"}']
    assert lines[2][2:] == ["miner", "TICK", "HOLD", "?", "?", "?"]


def test_a_record_that_is_no_decision_is_shown_all_the_same(data: Path) -> None:
    at_s = NOVEMBER_END_S + 80 * 86_400
    with closing(Ledger(data / "ledger")) as writer:
        writer.append(DecisionRow("miner", 0, 1, "TICK", at_s, "[]"), "{}")
    code, text = ledger_("show", "--limit", "1", data=data)
    assert code == 0
    assert "?  ?  ?  ?" in text


@pytest.mark.parametrize("verb", ["show", "verify"])
def test_where_there_is_no_ledger_nothing_is_made_up(tmp_path: Path, verb: str) -> None:
    code, text = ledger_(verb, data=tmp_path)
    assert code == 1
    assert f"there is no ledger in {tmp_path}/ledger" in text
    assert list(tmp_path.iterdir()) == []


def test_the_house_on_this_machine_is_meant_when_none_is_named(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BITGRID_DATA_DIR", str(data))
    assert str(data / "ledger") in ledger_("verify")[1]


def test_data_of_a_run_that_is_over_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    book(tmp_path / "var" / "0" / "data" / "ledger")
    monkeypatch.delenv("BITGRID_DATA_DIR", raising=False)
    monkeypatch.setattr(places, "project_root", lambda: tmp_path)
    monkeypatch.setattr(command, "project_root", lambda: tmp_path)
    monkeypatch.setattr(places, "APPLIANCE_DATA", tmp_path / "no appliance")
    assert str(tmp_path / "var" / "0" / "data" / "ledger") in ledger_("verify")[1]


@pytest.mark.parametrize("verb", ["show", "verify"])
def test_a_file_that_is_no_database_is_no_traceback(data: Path, verb: str) -> None:
    path = file(data / "ledger", 2)
    path.write_bytes(b"no database" * 1000)
    code, text = ledger_(verb, data=data)
    assert code == 1
    assert "2024-01.sqlite cannot be opened" in text
