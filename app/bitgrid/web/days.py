"""A local day of the ledger, or of the archive, as the timeline shows it. Reads, and touches nothing else."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from bitgrid.explain import RecordView, read_record
from bitgrid.store import DecisionRow, Ledger, StoreError
from bitgrid.store.ledger_window import decisions_between, first_decision_s
from bitgrid.web.archived import ArchivedDecisions
from bitgrid.web.problems import Refusal

log = logging.getLogger(__name__)

MOST = 10_000
"""Decisions of a day that are read; a house of ten loads makes some 1,500."""
SWITCHES = frozenset({"START", "STOP", "THROTTLE"})


@dataclass(frozen=True)
class Told:
    """A decision: as stored, parsed, and checked (``view``; None for one that this version cannot read)."""

    row: DecisionRow
    record: dict[str, Any]
    view: RecordView | None

    @property
    def is_switch(self) -> bool:
        """Whether it started, stopped or changed the level."""
        return self.view is not None and self.view.action in SWITCHES

    def signal(self, name: str) -> float | None:
        """A signal it was decided on, in the unit of its name; None unless it was good."""
        told = None if self.view is None else self.view.state.signals.get(name)
        return told.value if told is not None and told.quality == "good" else None


@dataclass(frozen=True)
class Day:
    """A local day.

    Args:
        day: the date.
        begin_s: its local midnight, UTC epoch seconds.
        end_s: the next one.
        told: every decision of it, oldest record first.
    """

    day: date
    begin_s: int
    end_s: int
    told: tuple[Told, ...]

    def of_load(self, load: str) -> list[Told]:
        """The decisions on a load."""
        return [told for told in self.told if told.row.load == load]

    def find(self, decision_id: str) -> Told | None:
        """The decision of a name."""
        return next((told for told in self.told if told.row.id == decision_id), None)


class Days:
    """Days of a house.

    Args:
        data: data directory; None: there is none.
        zone: where the house is.
        archived: where days are that the ledger does not have; None: nowhere.
    """

    def __init__(self, data: Path | None, zone: ZoneInfo, archived: ArchivedDecisions | None = None) -> None:
        self.ledger = None if data is None else data / "ledger"
        self._zone, self._archived = zone, archived

    def of(self, at_s: float) -> date:
        """The local date of a time."""
        return datetime.fromtimestamp(at_s, self._zone).date()

    def ends(self) -> tuple[date, date] | None:
        """The first and the last day with a decision; None where there is none.

        Raises:
            Refusal: 503, where the ledger cannot be read.
        """
        if self.ledger is None:
            return None
        with _told_as_refusal():
            first_s = first_decision_s(self.ledger)
            newest = Ledger(self.ledger, read_only=True).decisions(limit=1)
        known = [] if first_s is None or not newest else [self.of(first_s), self.of(newest[0].at_s)]
        known += [] if self._archived is None else self._archived.days()
        return (min(known), max(known)) if known else None

    def read(self, day: date) -> Day:
        """A day.

        Raises:
            Refusal: 503, where the ledger cannot be read.
        """
        begin_s, end_s = self._midnight(day), self._midnight(day + timedelta(days=1))
        if self.ledger is None:
            return Day(day, begin_s, end_s, ())
        with _told_as_refusal():
            rows = decisions_between(self.ledger, begin_s, end_s, limit=MOST)
        if not rows and self._archived is not None:
            rows = self._archived.rows(begin_s, end_s)
        return Day(day, begin_s, end_s, tuple(map(read_row, rows)))

    def _midnight(self, day: date) -> int:
        return int(datetime(day.year, day.month, day.day, tzinfo=self._zone).timestamp())


@contextmanager
def _told_as_refusal() -> Iterator[None]:
    """What goes wrong with the ledger, in words."""
    try:
        yield
    except StoreError as error:
        log.warning("%s", error)
        raise Refusal(503, "ledger_unreadable", f"The ledger cannot be read: {error}.") from error


def read_row(row: DecisionRow) -> Told:
    """A decision as the timeline shows it, however damaged its record is."""
    try:
        record = json.loads(row.record)
        view = read_record({**record["decision"], "state": record["state"]})
    except (ValueError, KeyError, TypeError, RecursionError):
        return Told(row, {}, None)
    return Told(row, record, view)
