"""What each block's energy became: `energy_to_value`, from the tick decisions and what the loads measured.

A load's energy is the mean of its own measured power times the length of the block, and is not known where its
power was not measured for at least half of the block: nothing is made up. A value holds until the next, at most a
minute. A block's surplus is what the next tick's decision measured of it; where there is none (a gap, the end of a
clock's epoch) how much of the energy was surplus is not known. Several loads share it in the order they were
decided. A block that was decided in two clock epochs counts once, as decided last. Pure.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import Any

from bitgrid.store.archive.told import Told

BLOCK_S = 600
HOLDS_S = 60.0
LEAST_COVERED = 0.5
_FINENESS = 1 << 13
Series = tuple[Sequence[float], Sequence[float | None]]
"""Times, ascending, and what was measured then; None where that was no good value."""


def worth_rows(
    told: Sequence[Told], measured: Mapping[tuple[str, str], Series], before_s: int
) -> list[dict[str, Any]]:
    """A row a load and block that was decided before ``before_s``; later decisions tell the last block's surplus.

    Args:
        told: the decisions, oldest record first.
        measured: by load and signal (``power_w``, ``hashrate_ths``).
        before_s: where the day ends, UTC epoch seconds.
    """
    ticks = [row for row in told if row.trigger == "TICK"]
    surplus_w: dict[tuple[int, int], float | None] = {}
    for row in ticks:
        surplus_w.setdefault((row.clock_epoch, row.block), row.parts[0].get("surplus_w"))
    last = {(row.block, row.load): row for row in ticks if row.at_s < before_s}
    left_w: dict[int, float | None] = {}
    rows = []
    for row in sorted(last.values(), key=lambda row: row.seq):
        left_w.setdefault(row.block, surplus_w.get((row.clock_epoch, row.block + 1)))
        taken_w = mean(measured.get((row.load, "power_w"), ((), ())), *_span(row.block))
        spare_w = _spare_w(taken_w, left_w[row.block])
        left_w[row.block] = _less(left_w[row.block], spare_w)
        rows.append(_row(row, measured, taken_w, spare_w))
    return rows


def mean(series: Series, first_s: float, before_s: float) -> float | None:
    """Mean of what was measured in a span; None where less than half of it was."""
    times, values = series
    begin = max(0, bisect_left(times, first_s - HOLDS_S))
    end = bisect_left(times, before_s)
    area = covered_s = 0.0
    for index in range(begin, end):
        next_s = times[index + 1] if index + 1 < end else before_s
        until_s = min(next_s, times[index] + HOLDS_S, before_s)
        lasted_s = until_s - max(times[index], first_s)
        value = values[index]
        if value is not None and lasted_s > 0:
            area += value * lasted_s
            covered_s += lasted_s
    return area / covered_s if covered_s >= LEAST_COVERED * (before_s - first_s) else None


def _span(block: int) -> tuple[int, int]:
    return block * BLOCK_S, (block + 1) * BLOCK_S


def _spare_w(taken_w: float | None, left_w: float | None) -> float | None:
    """How much of what a load took was surplus."""
    return None if taken_w is None or left_w is None else max(0.0, min(taken_w, left_w))


def _less(left_w: float | None, spare_w: float | None) -> float | None:
    """What is left for the next load; not known any more where it is not known what this one took."""
    return None if left_w is None or spare_w is None else left_w - spare_w


def _row(
    told: Told, measured: Mapping[tuple[str, str], Series], taken_w: float | None, spare_w: float | None
) -> dict[str, Any]:
    decision, state = told.parts
    path = decision.get("energy_path") or {}
    signals = state.get("signals") or {}
    energy_wh, surplus_wh = _wh(taken_w), _wh(spare_w)
    hashrate_ths = mean(measured.get((told.load, "hashrate_ths"), ((), ())), *_span(told.block))
    return {
        "block": told.block,
        "at_s": told.at_s,
        "load": told.load,
        "energy_wh": energy_wh,
        "surplus_wh": surplus_wh,
        "path": path.get("preferred"),
        "value_ct": _yields(energy_wh, path.get("hodl")),
        "export_value_ct": _yields(surplus_wh, path.get("export")),
        "sats": _yields(energy_wh, _value(signals, "sats_per_kwh")),
        "j_per_th": _short(taken_w / hashrate_ths) if taken_w is not None and hashrate_ths else None,
        "import_price_ct_kwh": _value(signals, "import_price_ct_kwh"),
        "export_price_ct_kwh": _value(signals, "export_price_ct_kwh"),
    }


def _wh(power_w: float | None) -> float | None:
    return None if power_w is None else _short(power_w * BLOCK_S / 3600)


def _yields(energy_wh: float | None, per_kwh: float | None) -> float | None:
    return None if energy_wh is None or per_kwh is None else _short(energy_wh / 1000 * per_kwh)


def _short(value: float) -> float:
    """A value to a ten-thousandth, as a short binary fraction: what is finer only fills the file."""
    return round(value * _FINENESS) / _FINENESS


def _value(signals: Mapping[str, Any], name: str) -> float | None:
    """A signal's value where it was good."""
    told = signals.get(name) or {}
    return float(told["value"]) if told.get("quality") == "good" and told.get("value") is not None else None
