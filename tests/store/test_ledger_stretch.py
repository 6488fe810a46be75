"""Where halving finds a stretch: exactly its decisions, over months, events in between and steps of the clock."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bitgrid.store import EventRow, Ledger, StoreError
from bitgrid.store.ledger_window import decision_named, decisions_between, first_decision_s
from store.books import BLOCK_S, NOVEMBER_END_S, book, decision

SPAN_S = st.integers(NOVEMBER_END_S - 40 * BLOCK_S, NOVEMBER_END_S + 75 * 86_400)


@pytest.fixture(scope="module")
def three_months(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return book(tmp_path_factory.mktemp("ledger"))


@settings(max_examples=60)
@given(ends=st.tuples(SPAN_S, SPAN_S))
def test_a_span_has_its_decisions_and_no_others(three_months: Path, ends: tuple[int, int]) -> None:
    begin_s, end_s = sorted(ends)
    everything = list(Ledger(three_months, read_only=True).records())
    wanted = [row for row in everything if begin_s <= row.at_s < end_s]
    assert decisions_between(three_months, begin_s, end_s, limit=99) == wanted


@pytest.mark.parametrize("blocks", [1, 2, 3, 17])
def test_each_decision_is_found_by_its_name(tmp_path: Path, blocks: int) -> None:
    ledger = Ledger(tmp_path)
    for block in range(blocks):
        at_s = NOVEMBER_END_S + block * BLOCK_S
        ledger.append(decision(at_s, load="heating-rod"), "{}")
        ledger.append_event(EventRow(at_s, "audit", "{}"))
        ledger.append(decision(at_s, "PROTECT", load="heating-rod"), "{}")
    for row in ledger.records():
        assert decision_named(tmp_path, row.id) == row
    ledger.close()


@pytest.mark.parametrize(
    "name", ["", "miner", "miner-0-1-tick-x", "miner-0-1-tick-5", "miner-0-1-tick-" + "9" * 30, "a-b-c-d-²"]
)
def test_a_name_that_nothing_has_finds_nothing(three_months: Path, name: str) -> None:
    assert decision_named(three_months, name) is None


def test_a_clock_that_was_set_back_hides_nothing(tmp_path: Path) -> None:
    """The second epoch begins three hours before the first one's end."""
    ledger = Ledger(tmp_path)
    for epoch, begins_s in ((0, NOVEMBER_END_S), (1, NOVEMBER_END_S + 7 * 3600)):
        for block in range(60):
            ledger.append(decision(begins_s + block * BLOCK_S, epoch=epoch), "{}")
    ledger.close()
    found = decisions_between(tmp_path, NOVEMBER_END_S + 8 * 3600, NOVEMBER_END_S + 9 * 3600, limit=99)
    assert [row.clock_epoch for row in found] == [0] * 6 + [1] * 6


def test_the_beginning_is_known(three_months: Path, tmp_path: Path) -> None:
    assert first_decision_s(three_months) == NOVEMBER_END_S - 10 * BLOCK_S
    assert first_decision_s(tmp_path) is None


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "2023-12.sqlite").write_bytes(b"no database at all" * 300)
    for read in (
        lambda: decisions_between(tmp_path, NOVEMBER_END_S, NOVEMBER_END_S + 1, limit=9),
        lambda: first_decision_s(tmp_path),
    ):
        with pytest.raises(StoreError):
            read()
