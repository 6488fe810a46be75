"""Looking back through the ledger's events, a page at a time and over months."""

from __future__ import annotations

from pathlib import Path

import pytest

from bitgrid.store import EventRow, Ledger, StoreError
from bitgrid.store.event_log import events

MAY_S, JUNE_S = 1_747_173_600, 1_750_068_000


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    written = Ledger(tmp_path)
    for number in range(6):
        kind = ("audit", "safety", "health")[number % 3]
        written.append_event(EventRow((MAY_S if number < 3 else JUNE_S) + number, kind, f'{{"n": {number}}}'))
    written.close()
    return tmp_path


def test_the_newest_come_first_from_the_months_before_too(ledger: Path) -> None:
    assert len(list(ledger.glob("*.sqlite"))) == 2
    found = events(ledger, ("audit", "safety", "health"), 10)
    assert [row.record for row in found] == [f'{{"n": {number}}}' for number in (5, 4, 3, 2, 1, 0)]


def test_kinds_are_chosen_and_pages_follow_each_other_without_a_gap(ledger: Path) -> None:
    assert [row.record for row in events(ledger, ("audit",), 10)] == ['{"n": 3}', '{"n": 0}']
    kinds = ("audit", "safety", "health")
    first = events(ledger, kinds, 4)
    second = events(ledger, kinds, 4, first[-1].seq)
    assert [row.record for row in first + second] == [f'{{"n": {number}}}' for number in (5, 4, 3, 2, 1, 0)]


def test_a_house_without_a_ledger_has_no_events(tmp_path: Path) -> None:
    assert events(tmp_path / "nothing", ("audit",), 10) == []


def test_a_month_that_cannot_be_read_is_told(ledger: Path) -> None:
    path = max(ledger.glob("*.sqlite"))
    path.chmod(0o600)
    path.write_bytes(b"SQLite format 3\0" + b"x" * 5000)
    with pytest.raises(StoreError, match=path.name):
        events(ledger, ("audit",), 10)
