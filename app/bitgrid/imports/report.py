"""What came of an import: ``import.json``, and the same as a person reads it."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import bitgrid
from bitgrid.imports.coverage import Coverage
from bitgrid.imports.errors import BadSource
from bitgrid.imports.quantities import POWERS, SIGNALS, Signal
from bitgrid.imports.spans import DAY_S
from bitgrid.imports.streams import Household, Source

REPORT = "import.json"
SCHEMA = 1
_WS_PER_KWH = 3_600_000
NEEDED: tuple[Signal, ...] = ("pv_power_w", "house_load_w")
"""Without these two nothing can be simulated."""


@dataclass(frozen=True)
class Report:
    """``import.json``, as data."""

    data: dict[str, Any]

    def text(self) -> str:
        """As it is written."""
        return json.dumps(self.data, indent=1, ensure_ascii=False) + "\n"

    def told(self) -> Iterator[str]:
        """As it is printed, line by line."""
        period, signals = self.data["period"], self.data["signals"]
        yield f"{self.data['source']['file']} ({self.data['source']['kind']}), {period['days']:.1f} days"
        yield f"from {period['from']} to {period['to']}"
        yield ""
        yield from _table(signals)
        yield ""
        for name, told in signals.items():
            yield from _told_of(name, told)
        if self.data["missing"]:
            yield f"not in the file: {', '.join(self.data['missing'])}"
        yield from (f"note: {note}" for note in self.data["notes"])


def report(
    source: Source,
    household: Household | None,
    known: dict[Signal, Coverage],
    told_of: dict[str, object],
    now_s: int,
) -> Report:
    """Sum up an import.

    Raises:
        BadSource: the sun or the household are known at no time.
    """
    for signal in NEEDED:
        if signal not in known or known[signal].first_s is None:
            raise BadSource(_nothing(signal, source, household))
    begins_s = min(found.first_s for found in known.values() if found.first_s is not None)
    ends_s = max(found.last_s for found in known.values() if found.last_s is not None)
    for found in known.values():
        found.close(begins_s, ends_s)
    data = {
        "schema": SCHEMA,
        "source": {"kind": source.kind, **told_of},
        "made_at": _utc(now_s),
        "version": bitgrid.__version__,
        "period": {"from": _utc(begins_s), "to": _utc(ends_s), "days": round((ends_s - begins_s) / DAY_S, 2)},
        "signals": {name: _signal(name, source, household, known[name], begins_s, ends_s) for name in known},
        "missing": [name for name in SIGNALS if name not in known],
        "notes": [*source.notes, *([] if household is None else household.warnings())],
    }
    return Report(data)


def _signal(  # noqa: PLR0913, PLR0917  what one line of the report is made of
    name: Signal, source: Source, household: Household | None, found: Coverage, begins_s: float, ends_s: float
) -> dict[str, Any]:
    streams = [stream for stream in source.streams if stream.signal == name]
    tallies = [stream.tally for stream in streams]
    if not streams and household is not None:
        tallies = [household.tally]
    not_taken: dict[str, int] = {}
    for tally in tallies:
        for reason, count in tally.counts.items():
            not_taken[reason] = not_taken.get(reason, 0) + count
    told: dict[str, Any] = {
        "from": [f"{'- ' if stream.invert_sign else ''}{stream.told_by}" for stream in streams],
        "reckoned": household.formula if not streams and household is not None else None,
        "rows": found.rows,
        "known": round(found.share(begins_s, ends_s), 4),
        "months": {month: round(share, 3) for month, share in found.shares(begins_s, ends_s).items()},
        "longest_gaps": [
            {"from": _utc(from_s), "hours": round(length_s / 3600, 2)} for from_s, length_s in found.longest_gaps
        ],
        "counted": not_taken,
    }
    if name in POWERS:
        plus_ws, minus_ws = found.energy_ws
        told |= {"kwh": round(plus_ws / _WS_PER_KWH, 1), "kwh_negative": round(minus_ws / _WS_PER_KWH, 1)}
        told["kwh_of_unknown_hour"] = round(sum(tally.unplaced_wh for tally in tallies) / 1000, 1)
    return told


def _nothing(signal: Signal, source: Source, household: Household | None) -> str:
    if signal == "house_load_w" and household is not None:
        return (
            "the household cannot be reckoned: its parts are never known at one time "
            f"({household.formula}). Map what tells house_load_w, or a file in which they overlap"
        )
    streams = [stream for stream in source.streams if stream.signal == signal]
    counts = "; ".join(
        f"{stream.told_by}: {reason} {count} times"
        for stream in streams
        for reason, count in stream.tally.counts.items()
    )
    names = ", ".join(stream.told_by for stream in streams) or "nothing"
    return f"{signal} is known at no time: {names} gives no usable value{' (' + counts + ')' if counts else ''}"


def _table(signals: dict[str, dict[str, Any]]) -> Iterator[str]:
    """How much is known, by month."""
    names = list(signals)
    months = list(next(iter(signals.values()))["months"])
    yield "known of the time  " + "  ".join(names)
    for month in [*months, "all"]:
        shares = [signals[name]["known"] if month == "all" else signals[name]["months"][month] for name in names]
        cells = (f"{100 * share:.0f} %".rjust(len(name)) for name, share in zip(names, shares, strict=True))
        yield month.ljust(19) + "  ".join(cells)


def _told_of(name: str, told: dict[str, Any]) -> Iterator[str]:
    energy = f", {told['kwh']:.0f} kWh" if "kwh" in told else ""
    if told.get("kwh_negative"):
        energy += f" and {told['kwh_negative']:.0f} kWh the other way"
    yield f"{name}: {told['reckoned'] or ' + '.join(told['from'])}{energy}"
    gaps = [f"{gap['hours']:.1f} h from {gap['from']}" for gap in told["longest_gaps"][:3]]
    if gaps:
        yield f"  longest gaps: {', '.join(gaps)}"
    for reason, count in told["counted"].items():
        yield f"  {reason}: {count}"
    if told.get("kwh_of_unknown_hour"):
        yield f"  passed in gaps, its hour not known, left out: {told['kwh_of_unknown_hour']:.1f} kWh"


def _utc(at_s: float) -> str:
    return dt.datetime.fromtimestamp(at_s, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
