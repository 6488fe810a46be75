"""Scenarios: a telemetry database of the release before is brought to this one's form, after a snapshot; and a
damaged month of the ledger is set aside and given back from its second copy.

Promised: no value is lost by a migration, wherever it is cut; what the second copy holds is given back.
"""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path

from bitgrid.clock import HeldClock
from bitgrid.store import Ledger, month
from bitgrid.store.hot import open_telemetry
from bitgrid.store.ledger_copy import LedgerCopy
from bitgrid.store.ledger_opening import open_ledger
from bitgrid.store.verify import verify
from powercut.child import Teller
from powercut.judge import Told
from powercut.ledger_days import long_decision
from powercut.telemetry_days import START_S, batch
from store.before import StoreBefore
from store.books import BLOCK_S, CONFIGURATION, FORECAST, NOVEMBER_END_S, sha256

_BATCHES = 12


def _clock() -> HeldClock:
    return HeldClock(wall_s=START_S + 3600)


def migrate(root: Path, tell: Teller) -> None:
    """The release before writes and ends well; this one starts, and goes on."""
    with closing(StoreBefore(root / "bitgrid.sqlite")) as before:
        for number in range(_BATCHES):
            before.append([tuple(one) for one in batch(number)])  # type: ignore[misc]
    os.sync()
    tell("before")
    store, _ = open_telemetry(root / "bitgrid.sqlite", _clock())
    with closing(store):
        tell("brought up")
        store.append(batch(_BATCHES))
        tell("batch")


def check_migration(root: Path, told: Told) -> None:
    """Everything is there, in the new form, and nothing was set aside."""
    if not told.done("before"):
        return
    store, loss = open_telemetry(root / "bitgrid.sqlite", _clock())
    with closing(store):
        assert loss is None, loss
        found = set(store.rows(0, 4e9))
        for number in range(_BATCHES + len(told.done("batch"))):
            assert set(batch(number)) <= found, f"values of batch {number} are lost"
        store.append(batch(_BATCHES + 1))
        assert set(batch(_BATCHES + 1)) <= set(store.rows(0, 4e9))


def give_back(root: Path, tell: Teller) -> None:
    """Some decisions, a second copy, more decisions; then the disk spoils the month."""
    clock = HeldClock(wall_s=float(NOVEMBER_END_S))
    with closing(Ledger(root / "ledger")) as ledger:
        copy = LedgerCopy(root / "ledger", root / "snapshots" / "ledger", clock)
        for number in range(18):
            _decide(ledger, number, tell)
            if number % 6 == 5:
                problem = copy.copy()
                assert not problem, problem
                tell("copied", records=number + 1)
    os.sync()
    tell("damaging")
    _spoil(month.months(root / "ledger")[-1])
    os.sync()
    with closing(open_ledger(root / "ledger", clock)) as ledger:
        tell("given back")
        _decide(ledger, 30, tell)


def _decide(ledger: Ledger, number: int, tell: Teller) -> None:
    at_s = NOVEMBER_END_S + number * BLOCK_S
    ledger.archive_configuration(sha256(CONFIGURATION), CONFIGURATION, at_s)
    ledger.archive_forecast(sha256(FORECAST), FORECAST, at_s)
    ledger.append(long_decision(at_s), f'{{"number":{number}}}')
    tell("decision", block=at_s // BLOCK_S, is_after=number == 30)


def _spoil(path: Path) -> None:
    with path.open("r+b", buffering=0) as file:
        size = file.seek(0, os.SEEK_END)
        os.pwrite(file.fileno(), b"spoilt! " * (size // 16), size // 4)


def check_giving_back(root: Path, told: Told) -> None:
    """Before the damage all is there; after it what was copied, and what was decided since."""
    clock = HeldClock(wall_s=float(NOVEMBER_END_S))
    with closing(open_ledger(root / "ledger", clock)) as ledger:
        blocks = [row.block for row in ledger.records()]
        _decide(ledger, 60, lambda *_args, **_facts: None)  # type: ignore[arg-type]
    assert not (faults := verify(root / "ledger")), faults[0]
    decided, copied = told.done("decision"), max([one["records"] for one in told.done("copied")], default=0)
    promised = (
        decided if not told.done("damaging") else decided[:copied] + [one for one in decided if one["is_after"]]
    )
    assert {one["block"] for one in promised} <= set(blocks), (
        f"of {len(promised)} decisions {len(blocks)} are there"
    )
