"""Ledgers to verify: three months of decisions and events, and a hand that tampers with them."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from bitgrid.kernel import canonical_json
from bitgrid.store import DecisionRow, EventRow, Ledger, schema
from bitgrid.store.month import months

BLOCK_S = 600
NOVEMBER_END_S = 1_701_388_800  # 2023-12-01T00:00Z
CONFIGURATION = canonical_json({"rules": 1})
FORECAST = canonical_json({"pv_w": [1, 2, 3]})


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def decision(at_s: int, trigger: str = "TICK", load: str = "miner", epoch: int = 0) -> DecisionRow:
    """A decision with the parts of a record that verification reads."""
    told = {"load": load, "clock_epoch": epoch, "block": at_s // BLOCK_S, "trigger": trigger, "at_s": at_s}
    record = {
        "decision": {**told, "action": "HOLD", "config_hash": sha256(CONFIGURATION)},
        "state": {"forecast": sha256(FORECAST)},
    }
    return DecisionRow(load, epoch, at_s // BLOCK_S, trigger, at_s, canonical_json(record))


def fill(ledger: Ledger, months_apart_s: int = 31 * 86_400, blocks: int = 5) -> None:
    """Three months, each with some decisions and an event in their midst: 6 records a month."""
    for number in range(3):
        start_s = NOVEMBER_END_S - 10 * BLOCK_S + number * months_apart_s
        ledger.archive_configuration(sha256(CONFIGURATION), CONFIGURATION, start_s)
        ledger.archive_forecast(sha256(FORECAST), FORECAST, start_s)
        for block in range(blocks):
            at_s = start_s + block * BLOCK_S
            ledger.append(decision(at_s), f'{{"block":{block}}}')
            if block == 2:
                ledger.append_event(EventRow(at_s + 1, "safety", '{"what":"heat"}'))


def book(directory: Path) -> Path:
    """A sound ledger of three months, closed."""
    with closing(Ledger(directory)) as ledger:
        fill(ledger)
    return directory


@contextmanager
def tampering(path: Path) -> Iterator[sqlite3.Connection]:
    """An open file without its triggers, which are put back afterwards so that only the deed itself shows."""
    path.chmod(0o640)
    with closing(sqlite3.connect(path)) as connection, connection:
        triggers = [name for name, sql in schema.expected().items() if sql.startswith("CREATE TRIGGER")]
        for name in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        yield connection
        for name in triggers:
            connection.execute(schema.expected()[name])


def file(directory: Path, number: int) -> Path:
    """The file of the first, second or third month."""
    return months(directory)[number]
