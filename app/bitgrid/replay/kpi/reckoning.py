"""The figures of a period: its sums day by day, then each figure with how much of the period it is known for."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bitgrid.kernel import Battery
from bitgrid.replay.kpi import queries
from bitgrid.replay.kpi.baseline import LivedBlock, live_again
from bitgrid.replay.kpi.catalogue import CATALOGUE, Kpi, Unknown, Value
from bitgrid.replay.kpi.period import Day, Period
from bitgrid.replay.kpi.sums import Sums

if TYPE_CHECKING:  # DuckDB takes memory and time, and kept days need none of it
    from bitgrid.replay.kpi.database import Database

HEAT = "heat"


@dataclass(frozen=True)
class Figure:
    """A figure of a period or a day.

    Args:
        kpi: what it is.
        value: None where it is not known.
        unknown: why not.
        coverage: for what share of the blocks that are over it is known, 0–1.
    """

    kpi: Kpi
    value: float | dict[str, int] | None
    unknown: Unknown | None
    coverage: float


@dataclass(frozen=True)
class Reckoned:
    """A period's sums.

    Args:
        asked: the period asked for.
        over: what of it is over.
        days: its local days, each with its sums.
        notes: what a reader must know.
    """

    asked: Period
    over: Period
    days: list[tuple[Day, Sums]]
    notes: tuple[str, ...] = ()
    whole: Sums = field(default_factory=Sums)

    def figures(self) -> list[Figure]:
        """Every figure of the whole period."""
        return figures(self.whole)


def figures(sums: Sums) -> list[Figure]:
    """Every figure, from the sums of a period or a day."""
    return [_figure(kpi, kpi.value(sums), sums) for kpi in CATALOGUE]


def reckon(
    database: Database, days: Sequence[Day], part: Period, battery: Battery | None, known_since_s: int | None
) -> list[Sums]:
    """Add up some days in a row, each by itself.

    Args:
        database: what is recorded of them.
        days: the days.
        part: from the first to the end of the last.
        battery: the home's; None without one.
        known_since_s: when the house first decided, where that was before what is recorded here.
    """
    sums = [Sums(due_blocks=_blocks(day, part)) for day in days]
    bounds = _bounds(part)
    database.run(queries.day_of(days, part.block_s))
    database.take_in(before=-(-queries.FLAP_S // part.block_s), **bounds)
    for query in queries.ADDED_UP:
        for record in database.records(query, **bounds):
            _take(sums[record.pop("day")], record)
    for day, rule, holds, vetoes in database.rows(queries.BY_RULE, **bounds):
        sums[day].holds[rule] += holds
        sums[day].vetoes[rule] += vetoes
    for day, path, blocks in database.rows(queries.BY_PATH):
        sums[day].paths[path] += blocks
    _count_trips(database, days, sums)
    _count_due(database, days, sums, part, known_since_s)
    lived = database.rows(queries.BASELINE, has_battery=battery is not None, **bounds)
    live_again(map(LivedBlock._make, lived), sums, battery, part.block_s)
    return sums


def _bounds(over: Period) -> dict[str, int]:
    return {
        "block_s": over.block_s,
        "first": over.first_block,
        "end": over.end_block,
        "now_s": over.to_s,
        "after_s": queries.AFTER_S,
    }


def _take(sums: Sums, record: Mapping[str, Any]) -> None:
    for name, value in record.items():
        getattr(sums, name)  # a sum that has no place is a fault in a query
        setattr(sums, name, value)


def _count_trips(database: Database, days: Sequence[Day], sums: Sequence[Sums]) -> None:
    """The guard's stops for heat; one that is told again within a day is the same."""
    told = [(at_s, json.loads(record)) for at_s, record in database.rows(queries.SAFETY_EVENTS)]
    trips = [(at_s, record.get("trip_id")) for at_s, record in told if record.get("cause") == HEAT]
    for day, mine in zip(days, sums, strict=True):
        before = {trip for at_s, trip in trips if day.from_s - queries.BEFORE_S <= at_s < day.from_s}
        mine.heat_trips = len({trip for at_s, trip in trips if day.from_s <= at_s < day.to_s} - before)


def _count_due(
    database: Database, days: Sequence[Day], sums: Sequence[Sums], over: Period, known_since_s: int | None
) -> None:
    """In how many blocks a tick was due: in all since the house first decided."""
    ((first,),) = database.rows(queries.FIRST_TICK, **_bounds(over))
    if known_since_s is not None:
        first = -(-known_since_s // over.block_s)
    if first is None:
        return
    for day, mine in zip(days, sums, strict=True):
        begin_s = max(day.from_s, first * over.block_s)
        mine.ticks_due = max(0, -(-day.to_s // over.block_s) - -(-begin_s // over.block_s))


def _blocks(day: Day, over: Period) -> int:
    """How many blocks begin in a day."""
    return -(-day.to_s // over.block_s) - -(-day.from_s // over.block_s)


def _figure(kpi: Kpi, value: Value, sums: Sums) -> Figure:
    coverage = min(1.0, kpi.known_blocks(sums) / sums.due_blocks) if sums.due_blocks else 0.0
    if isinstance(value, Unknown):
        return Figure(kpi, None, value, coverage)
    return Figure(kpi, value, None, coverage)
