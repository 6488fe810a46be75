"""Key figures for programs: reckoned by a child process that ends, so that this one never holds DuckDB.

One child at a time, with a time limit and at the lowest priority: the house decides first. What it told is kept
until the next block ends, for only then can it change.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from bitgrid.clock import Clock
from bitgrid.web.problems import Refusal

LIMIT_MACHINE_S = 60.0
WAIT_MACHINE_S = 20.0
KEPT = 16
MOST_DAYS = 366
NICENESS = 19
_DATE_LENGTH = len("2025-05-01")

Run = Callable[[list[str]], "subprocess.CompletedProcess[str]"]


@dataclass(frozen=True)
class Asked:
    """A period as it was asked for, and in which language reasons are given."""

    begin: date
    end: date
    language: str


_Key = tuple[tuple[str, ...], Asked, int]


class KpiDesk:
    """Answers by period.

    Args:
        data: data directory of the house.
        config: directory of its configuration.
        block_s: length of a block, s.
        clock: the house's time.
        run: how the child is run; given by tests.
    """

    def __init__(self, data: Path, config: Path, block_s: int, clock: Clock, run: Run | None = None) -> None:
        self._places, self._block_s, self._clock = (data, config), block_s, clock
        self._run = run or run_child
        self._one = threading.Lock()
        self._known: OrderedDict[_Key, str] = OrderedDict()

    def answer(self, asked: Asked) -> str:
        """The figures of a period as JSON.

        Raises:
            Refusal: 503, where they cannot be given now.
        """
        return self._told(("kpi", "--json"), asked)

    def energy(self, asked: Asked) -> str:
        """A period for a page: its figures in words and, up to a week, its blocks; JSON of `bitgrid energy`.

        Raises:
            Refusal: 503, where it cannot be told now.
        """
        return self._told(("energy",), asked)

    def known_energy(self, asked: Asked) -> str | None:
        """What `energy` would answer at once; None where it would have to be reckoned first."""
        return self._known.get((("energy",), asked, self._block()))

    def report(self, month: str, language: str) -> str:
        """A month's report as one HTML file, to be kept or printed; each time reckoned anew.

        Args:
            month: as 2025-05.
            language: to speak.

        Raises:
            Refusal: 503, where it cannot be made now.
        """
        with self._alone(), TemporaryDirectory(prefix="bitgrid-report-") as place:
            out = Path(place) / "report.html"
            self._child(["report", month, "--out", str(out), "--language", language])
            return out.read_text(encoding="utf-8")

    def _block(self) -> int:
        return int(self._clock.now()) // self._block_s

    @contextmanager
    def _alone(self) -> Iterator[None]:
        if not self._one.acquire(timeout=WAIT_MACHINE_S):
            raise Refusal(503, "busy", "Other figures are being reckoned. Ask again in a minute.")
        try:
            yield
        finally:
            self._one.release()

    def _told(self, command: tuple[str, ...], asked: Asked) -> str:
        with self._alone():
            key = command, asked, self._block()
            if key not in self._known:
                period = ["--from", asked.begin.isoformat(), "--to", asked.end.isoformat()]
                self._known[key] = self._child([*command, *period, "--language", asked.language])
                while len(self._known) > KEPT:
                    self._known.popitem(last=False)
            return self._known[key]

    def _child(self, arguments: list[str]) -> str:
        """What a child prints.

        Raises:
            Refusal: 503, with what it complains of.
        """
        data, config = self._places
        places = ["--data", str(data), "--config", str(config)]
        try:
            done = self._run([sys.executable, "-m", "bitgrid", *arguments, *places])
        except subprocess.TimeoutExpired:
            raise Refusal(
                503,
                "too_slow",
                f"The figures were not reckoned within {LIMIT_MACHINE_S:.0f} seconds. Ask for a shorter period.",
            ) from None
        if done.returncode:
            said = done.stderr.strip().removeprefix("Error: ") or f"it ended with {done.returncode}"
            raise Refusal(503, "not_reckoned", f"The figures could not be reckoned: {said}")
        return done.stdout


def asked_for(begin: str, end: str, language: str) -> Asked:
    """A period from a request's ``from`` and ``to``.

    Raises:
        Refusal: 422, saying what would be right.
    """
    return Asked(*local_days(begin, end), language)


def local_days(begin: str, end: str) -> tuple[date, date]:
    """The first day of a period, and the day after its last.

    Raises:
        Refusal: 422, saying what would be right.
    """
    first, last = _day("from", begin), _day("to", end)
    if not first < last:
        raise Refusal(422, "bad_period", f"to ({last}) is not after from ({first}); to is the day after the last.")
    if (last - first).days > MOST_DAYS:
        raise Refusal(422, "bad_period", f"That is more than {MOST_DAYS} days. Ask year by year.")
    return first, last


def day_after(text: str) -> str:
    """The day after one, as it is written.

    Raises:
        Refusal: 422, where it is none.
    """
    return (_day("from", text) + timedelta(days=1)).isoformat()


def _day(name: str, text: str) -> date:
    try:
        return date.fromisoformat(text if len(text) == _DATE_LENGTH else "")
    except ValueError:
        raise Refusal(422, "bad_period", f"{name} is no day; write it as {name}=2025-05-01.") from None


def run_child(command: list[str]) -> subprocess.CompletedProcess[str]:
    """Run a child to its end, or end it at the time limit."""
    polite = ["nice", "-n", str(NICENESS), *command]
    return subprocess.run(  # noqa: S603  our own program, its arguments checked
        polite, capture_output=True, text=True, check=False, timeout=LIMIT_MACHINE_S, env=dict(os.environ)
    )
