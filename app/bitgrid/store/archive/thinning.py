"""Telemetry as means of ten minutes: what stays of a day that is old, or where room is scarce."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from bitgrid.store.archive.schema import schema

BLOCK_S = 600
_DIGITS = 6
_KEYS = ["device", "signal", "at_s"]


def block_means(rows: pa.Table) -> pa.Table:
    """A row a signal and block of ten minutes, at the block's start, sorted by device, signal and time.

    The value is the mean of the block's good values, to six significant digits, and good where at least half of
    its values were; else there is none and the quality is missing.
    """
    at_s = pc.multiply(pc.floor(pc.divide(rows["at_s"], float(BLOCK_S))), float(BLOCK_S))
    is_good = pc.and_(pc.equal(rows["quality"], "good"), pc.is_valid(rows["value"]))
    blocks = pa.table(
        {
            "device": rows["device"].cast(pa.string()),
            "signal": rows["signal"].cast(pa.string()),
            "at_s": at_s,
            "good": pc.if_else(is_good, rows["value"], None),
            "value": pc.if_else(is_good, 1, 0),
        }
    )
    told = blocks.group_by(_KEYS).aggregate([("good", "mean"), ("value", "mean")])
    is_known = pc.greater_equal(told["value_mean"], 0.5)
    values = pc.if_else(is_known, told["good_mean"], None)
    return (
        pa.table(
            {
                "at_s": told["at_s"],
                "device": told["device"],
                "signal": told["signal"],
                "value": pa.array([_rounded(value) for value in values.to_pylist()], pa.float64()),
                "quality": pc.if_else(is_known, "good", "missing"),
            }
        )
        .sort_by([(key, "ascending") for key in _KEYS])
        .cast(schema("telemetry"))
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.{_DIGITS}g}")
