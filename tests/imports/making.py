"""What the tests of imports share: a command typed, and what it made read again."""

from __future__ import annotations

import json
from collections import defaultdict
from itertools import pairwise
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from bitgrid.cli import main
from bitgrid.imports.spans import DAY_S, Span
from bitgrid.store.archive.reader import ArchiveReader


def bitgrid_(*arguments: str | Path) -> tuple[int, str]:
    done = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output


def made(*arguments: str | Path, to: Path) -> dict[str, Any]:
    """Import, and give what import.json says."""
    code, text = bitgrid_("import", *arguments, "--to", to)
    assert code == 0, text
    told: dict[str, Any] = json.loads((to / "import.json").read_text())
    return told


def refused(*arguments: str | Path, to: Path) -> str:
    """An import that is refused and leaves nothing behind; what it says."""
    code, text = bitgrid_("import", *arguments, "--to", to)
    assert code == 1, text
    assert [path.name for path in to.parent.iterdir() if "import" in path.name or path == to] == []
    return text


def spans_of(directory: Path) -> dict[str, list[Span]]:
    """What an archive says, by signal: from when to when a value held; over midnight as one."""
    reader, found = ArchiveReader(directory), defaultdict[str, list[Span]](list)
    for day in reader.days("telemetry"):
        by_signal = defaultdict[str, list[tuple[float, float | None]]](list)
        for row in reader.table("telemetry", day, day).to_pylist():
            by_signal[row["signal"]].append((row["at_s"], row["value"]))
        for signal, rows in by_signal.items():
            ends_s = (rows[0][0] // DAY_S + 1) * DAY_S
            for (start_s, value), (end_s, _) in pairwise([*sorted(rows), (ends_s, None)]):
                if value is None:
                    continue
                last = found[signal][-1] if found[signal] else None
                if last is not None and last.end_s == start_s and last.value == value:
                    found[signal][-1] = last._replace(end_s=end_s)
                else:
                    found[signal].append(Span(start_s, end_s, value))
    return dict(found)


def kwh(spans: list[Span]) -> float:
    """The energy of powers, kWh."""
    return sum(span.value * (span.end_s - span.start_s) for span in spans) / 3.6e6


def value_at(spans: list[Span], at_s: float) -> float | None:
    """What held at a time; None where nothing is known."""
    return next((span.value for span in spans if span.start_s <= at_s < span.end_s), None)
