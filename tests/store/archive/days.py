"""Days to archive, small ones of each kind."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pyarrow as pa

from bitgrid.store.archive.columns import KINDS
from bitgrid.store.archive.schema import schema

DAY = dt.date(2026, 3, 1)
START_S = 1_772_323_200  # 2026-03-01T00:00Z
_VALUES: dict[str, Any] = {"f64": 1.5, "i64": 7, "i32": 1, "text": "told", "name": "one"}


def telemetry(values: list[float | None], start_s: float = START_S, signal: str = "grid_power_w") -> pa.Table:
    """A value every ten seconds."""
    rows = [
        {
            "at_s": start_s + 10.0 * number,
            "device": "meter",
            "signal": signal,
            "value": value,
            "quality": "good" if value is not None else "missing",
        }
        for number, value in enumerate(values)
    ]
    return pa.Table.from_pylist(rows, schema=schema("telemetry"))


def any_day(kind: str, rows: int = 3) -> pa.Table:
    """Rows of a kind, whatever they mean."""
    row = {column.name: _VALUES[column.type] for column in KINDS[kind]}
    return pa.Table.from_pylist([row] * rows, schema=schema(kind))
