"""Research bundles of this house: what a form asks for, and the files that were made.

May touch: ``exports`` in the house's data directory.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from bitgrid.research.layout import KINDS
from bitgrid.web.problems import Refusal

DIRECTORY = "exports"
MOST_DAYS = 3660
MOST_SHOWN = 30
_NAME = re.compile(r"bitgrid-\d{4}-\d\d-\d\d-\d{4}-\d\d-\d\d-[0-9a-f]{8}\.zip")


@dataclass(frozen=True)
class Wish:
    """A bundle that is asked for: kinds of records, first and last day of the house's calendar."""

    kinds: tuple[str, ...]
    first: dt.date
    last: dt.date

    def between(self, zone: ZoneInfo) -> tuple[int, int]:
        """Its period in UTC epoch seconds, the end left out."""
        end = self.last + dt.timedelta(days=1)
        moments = (dt.datetime(day.year, day.month, day.day, tzinfo=zone) for day in (self.first, end))
        from_s, to_s = (int(moment.timestamp()) for moment in moments)
        return from_s, to_s

    def arguments(self) -> list[str]:
        """The same for `bitgrid research export`."""
        end = self.last + dt.timedelta(days=1)
        return ["--from", self.first.isoformat(), "--to", end.isoformat(), "--kinds", ",".join(self.kinds)]

    def file(self, bundle_id: str) -> str:
        """What its file is called."""
        return f"bitgrid-{self.first}-{self.last}-{bundle_id[:8]}.zip"


@dataclass(frozen=True)
class Bundle:
    """A bundle that was made."""

    name: str
    bytes: int
    made_s: float


def read_wish(kinds: Sequence[str], first: str, last: str, today: dt.date) -> Wish:
    """What a form asks for.

    Raises:
        Refusal: 422, with a code that says what is wrong with it.
    """
    known = tuple(kind for kind in KINDS if kind in kinds)
    if not known:
        raise Refusal(422, "no_kinds", "No kind of record was chosen, so nothing was begun.")
    try:
        wish = Wish(known, dt.date.fromisoformat(first), dt.date.fromisoformat(last))
    except ValueError:
        raise Refusal(422, "no_days", "First and last day were not given as days, so nothing was begun.") from None
    if not wish.first <= wish.last <= today or (wish.last - wish.first).days >= MOST_DAYS:
        raise Refusal(422, "no_days", "The last day is before the first, or yet to come; nothing was begun.")
    return wish


def made(data: Path) -> list[Bundle]:
    """The bundles there are, newest first."""
    found = []
    for path in (data / DIRECTORY).glob("*.zip"):
        if _NAME.fullmatch(path.name):
            told = path.stat()
            found.append(Bundle(path.name, told.st_size, told.st_mtime))
    return sorted(found, key=lambda one: one.made_s, reverse=True)[:MOST_SHOWN]


def place_of(data: Path, name: str) -> Path:
    """Where a bundle is.

    Raises:
        Refusal: 404, where there is none of this name.
    """
    path = data / DIRECTORY / name
    if not _NAME.fullmatch(name) or not path.is_file():
        raise Refusal(404, "no_bundle", "There is no bundle of this name; it may have been removed.")
    return path


def room_for(data: Path) -> Path:
    """The directory for bundles, made where it is missing.

    Raises:
        Refusal: 503, where it cannot be.
    """
    place = data / DIRECTORY
    try:
        place.mkdir(mode=0o750, exist_ok=True)
    except OSError as error:
        raise Refusal(
            503, "no_room", f"{place} cannot be made: {error.strerror}. The page may not write there; see docs."
        ) from None
    return place
