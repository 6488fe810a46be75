"""Sums of finished days, kept once they are reckoned: a line a day, in a file that anybody may delete.

A day's key names all that its sums follow from: its bounds, the battery, the hashes of its files, and the program
that reckons. A line is used only where its key is the wanted one and its own hash is right; so what is damaged,
outdated or not there is reckoned anew, and a process that may not write does without.
May touch: ``kpi/days.txt`` below a house's data directory.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path

import bitgrid
from bitgrid.kernel import Battery
from bitgrid.replay import battery_bank
from bitgrid.replay.kpi.period import MOST_DAYS, Day
from bitgrid.replay.kpi.sums import Sums

NAME = Path("kpi") / "days.txt"
_DIGITS = 16
_COUNTED = ("holds", "vetoes", "paths")


class Kept:
    """The days that are kept.

    Args:
        path: the file; None keeps nothing.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._lines = {} if path is None else _read(path)

    def find(self, key: str) -> Sums | None:
        """A day's sums; None where they are not kept."""
        line = self._lines.get(key)
        if line is None or _hash(line[_DIGITS + 1 :]) != line[:_DIGITS]:
            return None
        told = json.loads(line[_DIGITS + 1 :])["sums"]
        return Sums(**{**told, **{name: Counter(told[name]) for name in _COUNTED}})

    def keep(self, days: Mapping[str, Sums]) -> None:
        """Keep days by their keys, one a date, the newest `MOST_DAYS`; where that fails, nothing is kept."""
        if self._path is None or not days:
            return
        self._lines |= {key: _line(key, sums) for key, sums in days.items()}
        by_date = {key[:10]: line for key, line in self._lines.items()}
        newest = [by_date[date] for date in sorted(by_date)[-MOST_DAYS:]]
        with suppress(OSError):
            _write(self._path, "".join(f"{line}\n" for line in newest))


def key_of(day: Day, block_s: int, battery: Battery | None, source: list[str]) -> str:
    """What a day's sums follow from: its date and a hash."""
    told = [_program(), day.begins_s, day.from_s, day.to_s, block_s, battery, source]
    return f"{day.date.isoformat()} {hashlib.sha256(json.dumps(told).encode()).hexdigest()}"


@cache
def _program() -> str:
    """The program that reckons, as it stands: its version need not be raised for an older sum to be outdated."""
    sources = [*sorted(Path(__file__).parent.glob("*.py")), Path(battery_bank.__file__)]
    told = hashlib.sha256(bitgrid.__version__.encode())
    for path in sources:
        told.update(path.read_bytes())
    return told.hexdigest()


def _line(key: str, sums: Sums) -> str:
    told = json.dumps({"key": key, "sums": vars(sums)}, separators=(",", ":"))
    return f"{_hash(told)} {told}"


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]


def _read(path: Path) -> dict[str, str]:
    """Lines by key, not yet held against their hashes; none where the file cannot be read."""
    begin, length = _DIGITS + len(' {"key":"'), len("2025-05-01 ") + 64
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        return {}
    return {line[begin : begin + length]: line for line in lines}


def _write(path: Path, text: str) -> None:
    """The whole file or nothing of it; what a power cut leaves is found out by the lines' hashes."""
    path.parent.mkdir(mode=0o750, exist_ok=True)
    unfinished = path.with_suffix(f".{os.getpid()}")
    try:
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
