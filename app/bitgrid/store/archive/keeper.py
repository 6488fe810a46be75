"""What is done for the archive when a day has ended: one run, some seconds long, by a process that then ends.

It archives finished days, at most so many a run, keeps retention, and tells which days' hot telemetry may be
deleted: of each it has looked whether all of it is in the archive, and tells how many values that is, so that not
one more is deleted. It deletes nothing hot itself; the recorder, which alone writes there, does. May touch: the
archive's directory; the hot database and the ledger for reading.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bitgrid.clock import Clock
from bitgrid.store.archive import manifest
from bitgrid.store.archive.book import LedgerSource
from bitgrid.store.archive.columns import THINNABLE
from bitgrid.store.archive.fill import Filler
from bitgrid.store.archive.hot import DAY_S, HotSource, day_of, start_of
from bitgrid.store.archive.outcome import Outcome
from bitgrid.store.archive.retention import Limits, Retention
from bitgrid.store.archive.writer import ArchiveWriter
from bitgrid.store.errors import ArchiveError, StoreError

DAYS_AT_ONCE = 5
SETTLED_S = 900.0
"""A day is archived when it has been over for so long: what was measured in it is written by then."""
HOT_KEEP_S = float(DAY_S)
"""The hot copy of a day is kept for so long after its end. Nobody reads older telemetry out of it: what the feeds
learn from they keep themselves, and the pages look at the present."""
LOCK = ".lock"


class Keeper:
    """Keeps the archive of one house.

    Args:
        data: the house's data directory.
        limits: how much is kept.
        clock: the house's.
        free_bytes: how much room there is on a directory's disk.
    """

    def __init__(
        self, data: Path, limits: Limits, clock: Clock, free_bytes: Callable[[Path], int] | None = None
    ) -> None:
        self._archive, self._limits, self._clock = data / "archive", limits, clock
        self._free_bytes = free_bytes or room
        self._hot = HotSource(data / "bitgrid.sqlite")
        self._writer = ArchiveWriter(self._archive, clock)
        self._filler = Filler(self._archive, self._hot, LedgerSource(data / "ledger"), self._writer)

    def run(self) -> Outcome:
        """Do what is due, at most `DAYS_AT_ONCE` days of it.

        Raises:
            ArchiveError: another process is writing the archive.
        """
        outcome = Outcome()
        with locked(self._archive):
            self._try(outcome, lambda: outcome.done.extend(self._writer.recover()))
            self._fill(outcome)
            self._retain(outcome)
            self._try(outcome, lambda: outcome.ready.update(self._settled(outcome)))
            self._try(outcome, lambda: outcome.given_up.update(self._given_up(outcome)))
        return outcome

    def _fill(self, outcome: Outcome) -> None:
        days, problems = self._filler.missing(day_of(self._clock.now() - SETTLED_S))
        outcome.problems += problems
        for day in days[:DAYS_AT_ONCE]:
            found = self._filler.archive(day)
            outcome.problems += found
            if not found:
                outcome.done.append(f"{day} was archived")
        outcome.is_more = len(days) > DAYS_AT_ONCE and not outcome.problems

    def _retain(self, outcome: Outcome) -> None:
        kept = Retention(self._archive, self._writer, self._limits, self._free).keep()
        outcome.done += [str(act) for act in kept.done]
        outcome.problems += kept.problems
        outcome.is_more |= kept.is_more
        free_mb = self._free() / 1e6
        if self._free() < self._limits.min_free_bytes:
            outcome.warnings.append(
                f"only {free_mb:.0f} MB are free on the disk, and no telemetry is left in the archive to give "
                "way; make room, or drop more with: bitgrid archive drop"
            )
        elif self._free() < self._limits.warn_free_bytes:
            outcome.warnings.append(
                f"only {free_mb:.0f} MB are free on the disk; below {self._limits.min_free_bytes / 1e6:.0f} MB "
                "the oldest telemetry is thinned to means of ten minutes, and then dropped"
            )

    def _settled(self, outcome: Outcome) -> Iterator[tuple[str, int]]:
        """The days whose hot telemetry may go, and how many values each holds."""
        due = self._due()
        outcome.is_more |= len(due) > DAYS_AT_ONCE and not outcome.problems
        for day in due[:DAYS_AT_ONCE]:
            held = self._hot.rows(THINNABLE, day)
            problems = self._filler.archive(day)
            entry = manifest.load(self._archive).find(THINNABLE, day)
            if entry is not None and (entry.state != manifest.WHOLE or entry.rows >= held) and not problems:
                yield day.isoformat(), held
            outcome.problems += problems

    def _given_up(self, outcome: Outcome) -> Iterator[tuple[str, int]]:
        """The oldest hot day, where it cannot be archived, the disk is full and no archived day is left."""
        if self._free() >= self._limits.min_free_bytes or manifest.load(self._archive).kept(THINNABLE):
            return
        for day in [day for day in self._due() if day.isoformat() not in outcome.ready][:1]:
            yield day.isoformat(), self._hot.rows(THINNABLE, day)

    def _due(self) -> list[dt.date]:
        """The days, oldest first, whose hot copy has been kept long enough."""
        now_s = self._clock.now()
        return [day for day in self._hot.days(THINNABLE) if start_of(day) + DAY_S + HOT_KEEP_S <= now_s]

    def _free(self) -> int:
        return self._free_bytes(self._archive)

    def _try(self, outcome: Outcome, work: Callable[[], None]) -> None:
        try:
            work()
        except StoreError as error:
            outcome.problems.append(str(error))


def room(directory: Path) -> int:
    """How many bytes are free on the disk of a directory, for whoever is no root."""
    told = os.statvfs(directory)
    return told.f_bavail * told.f_frsize


@contextmanager
def locked(archive: Path) -> Iterator[None]:
    """Hold an archive against other writers.

    Raises:
        ArchiveError: another process is writing it, or it cannot be written at all.
    """
    try:
        manifest.make_directory(archive)
        handle = os.open(archive / LOCK, os.O_RDWR | os.O_CREAT, 0o640)
    except OSError as error:
        raise ArchiveError(f"the archive {archive} cannot be written: {error}") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(handle)
        raise ArchiveError(
            f"another process is writing the archive {archive}; try again when it has ended"
        ) from error
    try:
        yield
    finally:
        os.close(handle)
