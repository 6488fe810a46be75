"""An import written: telemetry by UTC day into an archive of its own, whole or not at all.

In a day's file a value of a signal holds until the signal's next row, at the latest until the day ends; a row
without a value, of quality ``missing``, begins a gap. So nothing has to be guessed when it is read.
"""

from __future__ import annotations

import datetime as dt
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa

from bitgrid.clock import Clock
from bitgrid.imports.coverage import Coverage
from bitgrid.imports.errors import BadSource, ImportRefused
from bitgrid.imports.quantities import Signal
from bitgrid.imports.report import REPORT, Report, report
from bitgrid.imports.spans import DAY_S, Span
from bitgrid.imports.streams import Day, Household, Source, days
from bitgrid.store.archive.writer import ArchiveWriter
from bitgrid.store.errors import ArchiveError
from bitgrid.store.files import sync

DEVICE = "import"
GOOD, MISSING = "good", "missing"
Progress = Callable[[float], None]
"""Told which share of the work is done."""


def write_import(source: Source, told_of: dict[str, object], to: Path, clock: Clock, progress: Progress) -> Report:
    """Write what a source gives into a directory that is not there yet.

    Args:
        source: its figures.
        told_of: the file they come from, for ``import.json``.
        to: where the archive goes.
        clock: for the manifest.
        progress: told how far it is.

    Raises:
        ImportRefused: nothing was written.
    """
    with _made_whole(to) as unfinished:
        writer = ArchiveWriter(unfinished, clock)
        household = _household(source)
        known: dict[Signal, Coverage] = {}
        begins_s, ends_s = source.ends_s
        for day, found in days(source):
            if household is not None:
                found["house_load_w"] = household.of(found)
            rows = _rows(found, known)
            if rows["at_s"]:
                table = pa.table(rows)
                writer.write_day("telemetry", dt.date(1970, 1, 1) + dt.timedelta(days=day), table)
            progress(min(1.0, ((day + 1) * DAY_S - begins_s) / max(1.0, ends_s - begins_s)))
        made = report(source, household, known, told_of, int(clock.now()))
        _write_durably(unfinished / REPORT, made.text())
    return made


def _household(source: Source) -> Household | None:
    """How to reckon the household; None where the source tells it."""
    if "house_load_w" in source.signals:
        return None
    return Household(has_battery="battery_power_w" in source.signals)


def _rows(found: Day, known: dict[Signal, Coverage]) -> dict[str, list[object]]:
    rows: dict[str, list[object]] = {"at_s": [], "device": [], "signal": [], "value": [], "quality": []}
    for signal, spans in found.items():
        coverage = known.setdefault(signal, Coverage())
        coverage.take(spans)
        before = len(rows["at_s"])
        for at_s, value in _changes(spans):
            rows["at_s"].append(float(at_s))
            rows["value"].append(value)
            rows["quality"].append(MISSING if value is None else GOOD)
        added = len(rows["at_s"]) - before
        rows["device"] += [DEVICE] * added
        rows["signal"] += [signal] * added
        coverage.rows += added
    return rows


def _changes(spans: list[Span]) -> Iterator[tuple[float, float | None]]:
    """When a day's value changes, and when it stops to be known."""
    before: Span | None = None
    for span in spans:
        is_next = before is not None and span.start_s <= before.end_s
        if before is not None and not is_next:
            yield before.end_s, None
        if not (is_next and before is not None and span.value == before.value):
            yield span.start_s, span.value
        before = span
    if before is not None and before.end_s % DAY_S:
        yield before.end_s, None


@contextmanager
def _made_whole(to: Path) -> Iterator[Path]:
    """A directory to work in; it takes its name when all went well, and is gone when not."""
    if to.exists() or to.is_symlink():
        raise ImportRefused(
            f"{to} is there already and is left as it is. Name another with --to, or delete it first"
        )
    unfinished = to.with_name(f".{to.name}.unfinished-{os.getpid()}")
    try:
        unfinished.mkdir(parents=True)
        yield unfinished
        unfinished.rename(to)
        sync(to.parent)
    except ArchiveError as error:
        raise ImportRefused(f"the archive could not be written, so nothing was kept of it: {error}") from None
    except OSError as error:
        raise BadSource(f"{error.filename or to}: {error.strerror}; nothing was kept of the import") from None
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _write_durably(path: Path, text: str) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
