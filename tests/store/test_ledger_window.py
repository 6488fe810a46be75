"""A stretch of the ledger, and one decision by its name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bitgrid.store import DecisionRow, Ledger, StoreError
from bitgrid.store.ledger_window import decision_named, decisions_between

NOVEMBER_END_S = 1_701_388_800  # 2023-12-01 00:00 UTC
BLOCK_S = 600


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Path]:
    """Six blocks of two loads, three before the end of a month and three after."""
    with closing(Ledger(tmp_path / "ledger")) as ledger:
        for number in range(-3, 3):
            for load in ("miner", "rod"):
                at_s = NOVEMBER_END_S + number * BLOCK_S
                row = DecisionRow(load, 0, at_s // BLOCK_S, "TICK", at_s, f'{{"of":"{load}"}}')
                ledger.append(row, "{}")
    return tmp_path / "ledger"


def test_a_stretch_is_told_oldest_first_over_the_end_of_a_month(directory: Path) -> None:
    rows = decisions_between(directory, NOVEMBER_END_S - BLOCK_S, NOVEMBER_END_S + BLOCK_S, limit=99)
    assert [(row.load, row.at_s - NOVEMBER_END_S) for row in rows] == [
        ("miner", -600), ("rod", -600), ("miner", 0), ("rod", 0),
    ]  # fmt: skip


def test_a_load_can_be_asked_for_alone(directory: Path) -> None:
    rows = decisions_between(directory, 0, NOVEMBER_END_S + 9999, load="rod", limit=99)
    assert {row.load for row in rows} == {"rod"}
    assert len(rows) == 6


def test_what_follows_a_part_is_asked_for_by_the_last_number_of_it(directory: Path) -> None:
    whole = decisions_between(directory, 0, NOVEMBER_END_S + 9999, limit=99)
    parts: list[DecisionRow] = []
    while part := decisions_between(
        directory, 0, NOVEMBER_END_S + 9999, after_seq=parts[-1].seq if parts else 0, limit=5
    ):
        parts += part
    assert len(whole) == 12
    assert parts == whole


def test_a_decision_is_found_by_its_name_in_its_own_month(directory: Path) -> None:
    for row in decisions_between(directory, 0, NOVEMBER_END_S + 9999, limit=99):
        assert decision_named(directory, row.id) == row


@pytest.mark.parametrize(
    "name",
    [
        "",
        "miner",
        "miner-0-2835648-tick-1701388801",
        "miner-1-2835648-tick-1701388800",
        "miner-0-2835648-user-1701388800",
        "other-0-2835648-tick-1701388800",
        "miner-0-2835648-tick-99999999999999999999",
        "miner-0-2835648-tick-²",
        "miner--1-2835648-tick-1701388800",
    ],
)
def test_a_name_that_nothing_bears_finds_nothing(directory: Path, name: str) -> None:
    assert decision_named(directory, name) is None


def test_a_clock_set_back_over_the_end_of_a_month_hides_no_decision(directory: Path) -> None:
    with closing(Ledger(directory)) as ledger:
        late = DecisionRow("miner", 1, 9, "TICK", NOVEMBER_END_S - 5, "{}")
        ledger.append(late, "{}")
    found = decision_named(directory, late.id)
    assert found is not None
    assert found.seq == 13
    assert decisions_between(directory, NOVEMBER_END_S - 5, NOVEMBER_END_S - 4, limit=9) == [found]


def test_without_a_ledger_there_is_nothing(tmp_path: Path) -> None:
    assert decisions_between(tmp_path / "none", 0, NOVEMBER_END_S, limit=9) == []
    assert decision_named(tmp_path / "none", "miner-0-1-tick-600") is None


def test_a_damaged_file_is_said_to_be_one(directory: Path) -> None:
    file = directory / "2023-12.sqlite"
    whole = file.read_bytes()
    for damaged in (b"no database", whole[:100] + b"\xff" * (len(whole) - 100)):
        file.write_bytes(damaged)
        with pytest.raises(StoreError, match=r"the ledger .*cannot be"):
            decisions_between(directory, NOVEMBER_END_S, NOVEMBER_END_S + 1, limit=9)
