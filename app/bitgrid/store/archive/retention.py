"""Retention: what telemetry is kept whole, as means of ten minutes, or not at all.

By age first: days beyond `full_days` are thinned, days beyond `keep_days` dropped. Age is counted in days that
hold something, the newest first, so that no wrong clock makes a day old. Then by room: while less than
`min_free_bytes` is free, the oldest whole day is thinned; where none is left, the oldest day is dropped. Nothing
but telemetry is ever thinned or dropped here. May touch: the archive's directory.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, NamedTuple

from bitgrid.store.archive import manifest
from bitgrid.store.archive.columns import THINNABLE
from bitgrid.store.archive.files import read_file
from bitgrid.store.archive.manifest import Entry
from bitgrid.store.archive.thinning import block_means
from bitgrid.store.archive.writer import ArchiveWriter
from bitgrid.store.errors import ArchiveError

MOST_AT_ONCE = 40
"""Days thinned or dropped in one call: some seconds of work."""


@dataclass(frozen=True)
class Limits:
    """How much is kept: days of telemetry, and bytes free on the disk."""

    full_days: int
    keep_days: int
    warn_free_bytes: int
    min_free_bytes: int


class Act(NamedTuple):
    """Something to do to a day's telemetry, and why, in words."""

    verb: Literal["thin", "drop"]
    day: dt.date
    why: str

    def __str__(self) -> str:
        what = "thinned to means of ten minutes" if self.verb == "thin" else "dropped"
        return f"the telemetry of {self.day} was {what}: {self.why}"


@dataclass
class Kept:
    """What retention did, what it could not do, and whether there is more to do; in words."""

    done: list[Act] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    is_more: bool = False


def by_age(kept: list[Entry], limits: Limits) -> Act | None:
    """The next thing to do because of age, given the telemetry files that are kept, oldest first."""
    if len(kept) > limits.keep_days:
        return Act("drop", kept[0].day, f"more than {limits.keep_days} days are there")
    beyond = kept[: max(0, len(kept) - limits.full_days)]
    whole = next((entry for entry in beyond if not entry.is_thinned), None)
    why = f"more than {limits.full_days} days are there whole"
    return None if whole is None else Act("thin", whole.day, why)


def by_room(kept: list[Entry], limits: Limits, free_bytes: int) -> Act | None:
    """The next thing to do because of scarce room, given the telemetry files that are kept, oldest first."""
    if not kept or free_bytes >= limits.min_free_bytes:
        return None
    whole = next((entry for entry in kept if not entry.is_thinned), None)
    why = f"less than {limits.min_free_bytes / 1e6:.0f} MB were free"
    return Act("drop", kept[0].day, why) if whole is None else Act("thin", whole.day, why)


class Retention:
    """Keeps one archive within its limits.

    Args:
        directory: the archive's.
        writer: its writer.
        limits: how much is kept.
        free_bytes: how much room there is on its disk; asked anew after everything done.
    """

    def __init__(
        self, directory: Path, writer: ArchiveWriter, limits: Limits, free_bytes: Callable[[], int]
    ) -> None:
        self._directory, self._writer, self._limits, self._free_bytes = directory, writer, limits, free_bytes
        self._unreadable: set[dt.date] = set()

    def keep(self, most: int = MOST_AT_ONCE) -> Kept:
        """Thin and drop what must be, at most so many days of it."""
        kept = Kept()
        while (act := self._next()) is not None:
            if len(kept.done) >= most:
                kept.is_more = True
                break
            try:
                self._do(act)
            except ArchiveError as error:
                kept.problems.append(str(error))
                if act.verb == "drop" or act.day in self._unreadable:
                    break
                self._unreadable.add(act.day)
            else:
                kept.done.append(act)
        return kept

    def _next(self) -> Act | None:
        kept = manifest.load(self._directory).kept(THINNABLE)
        kept = [
            replace(entry, state=manifest.THINNED) if entry.day in self._unreadable else entry for entry in kept
        ]
        return by_age(kept, self._limits) or by_room(kept, self._limits, self._free_bytes())

    def _do(self, act: Act) -> None:
        if act.verb == "drop":
            self._writer.drop_day(THINNABLE, act.day, act.why)
            return
        rows = read_file(self._directory / manifest.path_of(THINNABLE, act.day), THINNABLE)
        self._writer.thin_day(THINNABLE, act.day, block_means(rows), act.why)
