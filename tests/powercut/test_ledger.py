from __future__ import annotations

from functools import cache, partial

import pytest

from bitgrid.store import Ledger
from powercut import ledger_days
from powercut.judge import judge
from powercut.oplog import Kind, NotUnderstood
from powercut.recording import Recording, record


@cache
def sound() -> Recording:
    return record("powercut.ledger_days:short")


def test_no_cut_takes_a_decision_its_memory_an_event_or_the_start() -> None:
    verdict = judge(sound(), ledger_days.check, every=9, at_most=70)
    assert list(map(str, verdict.failures)) == []
    assert verdict.at_syncs > 30
    assert verdict.states > 100


def test_the_recording_sees_what_a_month_is_made_of() -> None:
    kinds = {op.kind for op in sound().ops}
    assert kinds >= {Kind.MKDIR, Kind.CREATE, Kind.WRITE, Kind.TRUNCATE, Kind.SYNC, Kind.RENAME, Kind.UNLINK}
    assert kinds >= {Kind.CHMOD, Kind.MAPPED, Kind.TOLD}
    assert [op.other for op in sound().ops if op.kind is Kind.RENAME] == [
        f"ledger/{month}.sqlite" for month in ("2023-11", "2023-12", "2024-01", "2024-02")
    ]


CARELESS = {
    "never_synced": "lost",
    "synced_like_telemetry": "lost",
    "told_too_soon": "acknowledged decisions are lost",
    "directory_left_to_chance": "acknowledged decisions are lost",
    "renamed_before_synced": "cannot be opened",
    "without_a_journal": "SQLite finds it damaged",
}


@pytest.mark.parametrize("careless", CARELESS)
def test_a_ledger_that_is_careless_in_one_thing_is_caught(careless: str) -> None:
    verdict = judge(record(f"powercut.sabotage:{careless}"), ledger_days.check, every=20, at_most=60)
    assert verdict.failed
    assert any(CARELESS[careless] in str(failure) for failure in verdict.failures), verdict.failures[0]


def test_a_month_closed_beside_a_journal_is_caught_where_nothing_looks_at_it_first() -> None:
    """Three steps of a thousand; the look at the start mends what `Ledger` alone could not."""
    recording = record("powercut.sabotage:closed_beside_a_journal")
    verdict = judge(recording, partial(ledger_days.check, start=Ledger), every=1000)
    assert "cannot be opened: attempt to write a readonly database" in str(verdict.failures)


def test_a_write_that_the_shim_does_not_see_fails_the_recording() -> None:
    with pytest.raises(NotUnderstood, match="something wrote past the shim"):
        record("powercut.sabotage:past_the_shim")


def test_so_does_a_file_that_is_written_through_a_map() -> None:
    with pytest.raises(NotUnderstood, match="through a map"):
        record("powercut.sabotage:through_a_map")


def test_and_a_scenario_that_fails() -> None:
    with pytest.raises(NotUnderstood, match="AttributeError"):
        record("powercut.sabotage:nothing_of_this_name")
