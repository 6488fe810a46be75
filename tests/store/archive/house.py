"""A house that has recorded some days: its hot telemetry, its ledger, its explain sessions."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bitgrid.clock import HeldClock
from bitgrid.kernel import canonical_json
from bitgrid.store import DecisionRow, EventRow, Ledger, TelemetryStore
from bitgrid.store.archive.hot import DAY_S, start_of
from bitgrid.store.archive.keeper import Keeper
from bitgrid.store.archive.retention import Limits
from bitgrid.store.telemetry import Measured
from store.archive.days import DAY

BLOCK_S = 600
AMPLE = Limits(full_days=1000, keep_days=1000, warn_free_bytes=0, min_free_bytes=0)


def signal(value: float | None, quality: str = "good") -> dict[str, Any]:
    return {"value": value, "age_s": 3, "quality": quality, "source": "meter"}


def tick(
    at_s: int, load: str = "miner", surplus_w: float | None = 900, epoch: int = 0, **more: Any
) -> DecisionRow:
    """A tick decision, with what the archive reads of it."""
    block = at_s // BLOCK_S
    told = {"load": load, "clock_epoch": epoch, "block": block, "trigger": "TICK", "at_s": at_s}
    path = {"preferred": "hodl", "hodl": 16.0, "export": 8.0, "store": None, "heat": None, "difference": 8.0}
    decision = {
        **told,
        "action": "HOLD",
        "level": "eco",
        "rule": "R1",
        "code": "R1_SURPLUS_OK",
        "surplus_w": surplus_w,
    }
    signals = {
        "grid_power_w": signal(-900),
        "import_price_ct_kwh": signal(30.0),
        "export_price_ct_kwh": signal(8.0),
        "sats_per_kwh": signal(200),
    }
    record = {"decision": {**decision, "energy_path": path, **more}, "state": {"signals": signals}, "memory": {}}
    return DecisionRow(load, epoch, block, "TICK", at_s, canonical_json(record))


@dataclass
class RecordedHouse:
    """Its data directory, and a clock in the hand that stands in the day after `DAY`."""

    data: Path
    clock: HeldClock = field(default_factory=lambda: HeldClock(wall_s=float(start_of(DAY) + DAY_S + 1000)))
    free_bytes: Callable[[Path], int] = lambda _place: 10**12

    @property
    def archive(self) -> Path:
        return self.data / "archive"

    def keeper(self, limits: Limits = AMPLE) -> Keeper:
        return Keeper(self.data, limits, self.clock, self.free_bytes)

    def measure(self, rows: list[Measured]) -> None:
        store = TelemetryStore(self.data / "bitgrid.sqlite")
        store.append(rows)
        store.close()

    def measure_day(self, day: dt.date = DAY, power_w: float = 600.0, every_s: int = 60) -> None:
        """A meter and a miner, a value a minute."""
        times = [float(start_of(day) + second) for second in range(0, DAY_S, every_s)]
        self.measure([Measured(at_s, "meter", "grid_power_w", -900.0, "good") for at_s in times])
        self.measure([Measured(at_s, "miner", "power_w", power_w, "good") for at_s in times])
        self.measure([Measured(at_s, "miner", "hashrate_ths", 30.0, "good") for at_s in times])

    def decide(self, *rows: DecisionRow) -> None:
        with closing(Ledger(self.data / "ledger")) as ledger:
            for row in rows:
                ledger.append(row, "{}")

    def happen(self, at_s: int, what: str) -> None:
        with closing(Ledger(self.data / "ledger")) as ledger:
            ledger.append_event(EventRow(at_s, "safety", json.dumps({"what": what})))

    def explain(self, at_s: float, decision_id: str) -> None:
        with closing(sqlite3.connect(self.data / "bitgrid.sqlite")) as connection, connection:
            connection.execute(
                "INSERT INTO explain_session (decision_id, load, at_s, texts) VALUES (?, 'miner', ?, '{}')",
                (decision_id, at_s),
            )
