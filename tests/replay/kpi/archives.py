"""Small archives made by hand: a house told block by block, written as the archive's own writer writes it."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from bitgrid.clock import HeldClock
from bitgrid.store.archive.columns import KINDS
from bitgrid.store.archive.schema import schema
from bitgrid.store.archive.writer import ArchiveWriter

BLOCK_S = 600
WH = BLOCK_S / 3600


@dataclass
class ArchivedHouse:
    """What a house recorded; ``lived`` tells a block's means, which stand in the state of the tick after it."""

    rows: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: {kind: [] for kind in KINDS})
    seq: int = 0

    def lived(self, block: int, *, epoch: int = 0, bad: Iterable[str] = (), **signals: float | None) -> None:
        """The means of a block; ``miner__power_w`` is the load's signal ``miner.power_w``."""
        for name, value in signals.items():
            told = name.replace("__", ".")
            is_good = value is not None and told not in bad
            self.rows["states"].append(
                {
                    "block": block + 1,
                    "clock_epoch": epoch,
                    "at_s": (block + 1) * BLOCK_S + 1,
                    "signal": told,
                    "value": value,
                    "quality": "good" if is_good else "missing",
                    "age_s": 1,
                    "source": "meter",
                }
            )

    def decided(self, block: int, action: str = "HOLD", level: str = "off", **more: Any) -> str:
        """A decision; its id."""
        self.seq += 1
        row = {
            "seq": self.seq,
            "load": "miner",
            "clock_epoch": 0,
            "block": block,
            "trigger": "TICK",
            "at_s": block * BLOCK_S + 1,
            "action": action,
            "level": level,
            "rule": "R1",
            "code": "R1_INSUFFICIENT_SURPLUS",
            "record": "{}",
            "hash": "0" * 64,
            **more,
        }
        self.rows["decisions"].append(row)
        return "-".join(
            str(part) for part in (row["load"], row["clock_epoch"], block, row["trigger"].lower(), row["at_s"])
        )

    def explained(self, decision_id: str, at_s: float) -> None:
        self.rows["explain_sessions"].append(
            {"at_s": at_s, "decision_id": decision_id, "load": "miner", "texts": "{}"}
        )

    def worth(self, block: int, energy_wh: float | None, surplus_wh: float | None, **more: Any) -> None:
        """What the load's energy of a block was worth."""
        told = {column.name: None for column in KINDS["energy_to_value"]}
        own = {"block": block, "at_s": block * BLOCK_S, "load": "miner", "energy_wh": energy_wh}
        self.rows["energy_to_value"].append({**told, **own, "surplus_wh": surplus_wh, **more})

    def happened(self, at_s: int, kind: str, **record: Any) -> None:
        self.seq += 1
        told = {"seq": self.seq, "at_s": at_s, "kind": kind, "record": json.dumps(record), "hash": "0" * 64}
        self.rows["events"].append(told)

    def write(self, directory: Path) -> Path:
        """Each UTC day of each kind, by the archive's writer."""
        writer = ArchiveWriter(directory, HeldClock())
        for kind, rows in self.rows.items():
            for day, told in _by_day(rows).items():
                writer.write_day(kind, day, pa.Table.from_pylist(told, schema=schema(kind)))
        return directory


def _by_day(rows: list[dict[str, Any]]) -> Mapping[dt.date, list[dict[str, Any]]]:
    days: dict[dt.date, list[dict[str, Any]]] = {}
    for row in sorted(rows, key=lambda row: float(row["at_s"])):
        days.setdefault(dt.datetime.fromtimestamp(row["at_s"], dt.UTC).date(), []).append(row)
    return days
