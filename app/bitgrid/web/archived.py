"""Decisions of days that the ledger does not have: it was begun anew, and the archive still holds them.

A Parquet file takes pyarrow to be read, so a child process reads it and ends; the manifest beside it says at once
which days there are. May touch: the archive, for reading.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import subprocess
import sys
import threading
from collections import OrderedDict
from pathlib import Path

from bitgrid.store import DecisionRow
from bitgrid.store.archive import manifest
from bitgrid.store.errors import StoreError
from bitgrid.web.kpis import WAIT_MACHINE_S, Run, run_child
from bitgrid.web.problems import Refusal

log = logging.getLogger(__name__)

KIND = "decisions"
KEPT = 4
_NAMES = ("load", "clock_epoch", "block", "trigger", "at_s", "record", "seq")


class ArchivedDecisions:
    """The archive of a house, as far as decisions go.

    Args:
        data: data directory of the house.
        run: how the child is run; given by tests.
    """

    def __init__(self, data: Path, run: Run = run_child) -> None:
        self._data, self._run = data, run
        self._one = threading.Lock()
        self._known: OrderedDict[tuple[dt.date, str], list[DecisionRow]] = OrderedDict()

    def days(self) -> dict[dt.date, str]:
        """The UTC days there are, oldest first, each with the hash of its file."""
        directory = self._data / "archive"
        if not directory.is_dir():
            return {}
        try:
            return {entry.day: entry.sha256 for entry in manifest.load(directory).kept(KIND)}
        except (StoreError, OSError):
            return {}

    def rows(self, begin_s: int, end_s: int) -> list[DecisionRow]:
        """The decisions of a span, oldest record first.

        Args:
            begin_s: UTC epoch seconds.
            end_s: the same; left out itself.

        Raises:
            Refusal: 503, where they are there and cannot be read now.
        """
        first, last = (dt.datetime.fromtimestamp(at_s, dt.UTC).date() for at_s in (begin_s, end_s - 1))
        wanted = [key for key in self.days().items() if first <= key[0] <= last]
        return [row for key in wanted for row in self._of(key) if begin_s <= row.at_s < end_s]

    def _of(self, key: tuple[dt.date, str]) -> list[DecisionRow]:
        if not self._one.acquire(timeout=WAIT_MACHINE_S):
            raise Refusal(503, "busy", "Another day is being read from the archive. Ask again in a minute.")
        try:
            if key not in self._known:
                self._known[key] = self._read(key[0])
                while len(self._known) > KEPT:
                    self._known.popitem(last=False)
            return self._known[key]
        finally:
            self._one.release()

    def _read(self, day: dt.date) -> list[DecisionRow]:
        command = [sys.executable, "-m", "bitgrid", "archive", KIND, day.isoformat(), "--data", str(self._data)]
        try:
            done = self._run(command)
            if done.returncode == 0:
                told = (json.loads(line) for line in done.stdout.splitlines())
                return [DecisionRow(**{name: one[name] for name in _NAMES}) for one in told]
            said = done.stderr.strip().removeprefix("Error: ")
        except (subprocess.TimeoutExpired, ValueError, KeyError) as error:
            said = str(error)
        log.warning("the archive of %s cannot be read: %s", day, said)
        raise Refusal(503, "archive_unreadable", f"The archive of {day} cannot be read: {said}")
