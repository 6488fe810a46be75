"""Scenario: the ledger over two ends of a month, with everything that `rules` writes into it.

Promised: each decision from when `append` has returned, with the memory it left; each event; the sealed months.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from bitgrid.clock import HeldClock
from bitgrid.kernel import canonical_json
from bitgrid.store import DecisionRow, EventRow, Ledger, month
from bitgrid.store.ledger_opening import open_ledger
from bitgrid.store.opening import SET_ASIDE
from bitgrid.store.verify import verify
from powercut.child import Teller
from powercut.judge import Told
from store.books import BLOCK_S, CONFIGURATION, FORECAST, NOVEMBER_END_S, decision, sha256

RECORD_BYTES = 6000
"""Like a real one, with every vote and its inputs."""
LARGE_RECORD_BYTES = 100_000
"""So that the write-ahead log is written back within a month of some dozen decisions."""
LATER_S = 400 * 86_400


def long_decision(at_s: int, record_bytes: int = RECORD_BYTES) -> DecisionRow:
    """A decision with a record of so many bytes."""
    row = decision(at_s)
    votes = [sha256(f"{at_s} {number}") for number in range(record_bytes // 64)]
    record = canonical_json({**json.loads(row.record), "votes": votes})
    return DecisionRow(row.load, row.clock_epoch, row.block, row.trigger, row.at_s, record)


def short(root: Path, tell: Teller) -> None:
    """Three months of six decisions."""
    _play(root, tell, blocks=6)


def long(root: Path, tell: Teller) -> None:
    """Three months of thirty large decisions, so that the log is written back in between, with restarts."""
    _play(root, tell, blocks=30, restart_every=25, record_bytes=LARGE_RECORD_BYTES)


def _play(
    root: Path, tell: Teller, blocks: int, restart_every: int = 10_000, record_bytes: int = RECORD_BYTES
) -> None:
    ledger = Ledger(root / "ledger")
    for number in range(3):
        start_s = NOVEMBER_END_S - (blocks // 2) * BLOCK_S + number * 31 * 86_400
        for at_s in range(start_s, start_s + blocks * BLOCK_S, BLOCK_S):
            if at_s // BLOCK_S % restart_every == restart_every - 1:
                ledger.close()
                ledger = Ledger(root / "ledger")
            _block(ledger, at_s, tell, record_bytes)
    ledger.close()


def _block(ledger: Ledger, at_s: int, tell: Teller, record_bytes: int) -> None:
    """What a block writes: what it decides by, sometimes an event or a lockout, and the decision."""
    ledger.archive_configuration(sha256(CONFIGURATION), CONFIGURATION, at_s)
    ledger.archive_forecast(sha256(FORECAST), FORECAST, at_s)
    if at_s // BLOCK_S % 5 == 0:
        ledger.append_event(EventRow(at_s, "safety", '{"what":"heat"}'))
        tell("event", at_s=at_s)
    row = long_decision(at_s, record_bytes)
    memory = canonical_json({"block": row.block, "level": "eco"})
    tell("to write", record=row.record, memory=memory)
    ledger.append(row, memory)
    tell("decision", record=row.record, memory=memory)


def start_of_rules(directory: Path) -> Ledger:
    """As `rules` opens it."""
    return open_ledger(directory, HeldClock())


def check(root: Path, told: Told, start: Callable[[Path], Ledger] = start_of_rules) -> None:
    """The house starts from what is left, nothing promised is missing, and it goes on."""
    directory = root / "ledger"
    found = _read(directory, start)
    decided = [one["record"] for one in told.done("decision")]
    possible = [one["record"] for one in told.all("to write")]
    assert found.records == possible[: len(found.records)], "records that nobody wrote, or in another order"
    assert len(found.records) >= len(decided), (
        f"{len(decided) - len(found.records)} acknowledged decisions are lost"
    )
    assert len(found.records) <= len(told.done("to write")), "a decision that was not made yet"
    assert found.memory == _memory(told, len(found.records)), "the memory is not that of the last decision"
    events = [one["at_s"] for one in told.done("event")]
    assert found.events[: len(events)] == events, "acknowledged events are lost"
    _go_on(directory)


def _memory(told: Told, decisions: int) -> dict[str, str]:
    return {"miner": told.all("to write")[decisions - 1]["memory"]} if decisions else {}


class _Found:
    def __init__(self, ledger: Ledger) -> None:
        self.records = [row.record for row in ledger.records()]
        self.events = sorted(row.at_s for row in ledger.events(limit=10_000))
        self.memory: dict[str, Any] = ledger.memories()


def _read(directory: Path, start: Callable[[Path], Ledger]) -> _Found:
    """As it is after the start of `rules`; a reader alone may not mend a journal that is left."""
    with closing(start(directory)) as ledger:
        found = _Found(ledger)
    assert not (faults := verify(directory)), f"after the start: {faults[0]}"
    return found


def _go_on(directory: Path) -> None:
    """The next decision is taken, in a new month."""
    with closing(Ledger(directory)) as ledger:
        ledger.archive_configuration(sha256(CONFIGURATION), CONFIGURATION, NOVEMBER_END_S + LATER_S)
        ledger.archive_forecast(sha256(FORECAST), FORECAST, NOVEMBER_END_S + LATER_S)
        ledger.append(decision(NOVEMBER_END_S + LATER_S), "later")
        assert ledger.memories() == {"miner": "later"}
    assert not (faults := verify(directory)), f"after going on: {faults[0]}"
    assert not (directory.parent / SET_ASIDE).exists(), "a month was taken as damaged"
    assert all(not path.stat().st_mode & 0o222 for path in month.months(directory)[:-1]), "a month is not put away"
