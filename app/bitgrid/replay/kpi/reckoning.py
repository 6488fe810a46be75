"""The figures of a period: its sums day by day, then each figure with how much of the period it is known for."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bitgrid.kernel import Battery
from bitgrid.replay.kpi import queries
from bitgrid.replay.kpi.baseline import LivedBlock, live_again
from bitgrid.replay.kpi.catalogue import CATALOGUE, Kpi, Unknown, Value
from bitgrid.replay.kpi.database import Database
from bitgrid.replay.kpi.period import Day, Period
from bitgrid.replay.kpi.recorded import Gathered
from bitgrid.replay.kpi.sums import Sums, total

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
    database: Database,
    asked: Period,
    over: Period,
    battery: Battery | None,
    gathered: Gathered,
) -> Reckoned:
    """Add up a period.

    Args:
        database: what is recorded.
        asked: the period asked for.
        over: what of it is over.
        battery: the home's; None without one.
        gathered: what the records say of themselves.
    """
    days = over.days()
    sums = [Sums(due_blocks=_blocks(day, over)) for day in days]
    _prepare(database, days, over)
    for query in queries.ADDED_UP:
        for record in database.records(query, **_bounds(over)):
            _take(sums[record.pop("day")], record)
    for day, rule, holds, vetoes in database.rows(queries.BY_RULE, **_bounds(over)):
        sums[day].holds[rule] += holds
        sums[day].vetoes[rule] += vetoes
    _count_trips(database, days, sums)
    _count_due(database, days, sums, over, gathered.known_since_s)
    lived = database.rows(queries.BASELINE, has_battery=battery is not None, **_bounds(over))
    live_again(map(LivedBlock._make, lived), sums, battery, over.block_s)
    return Reckoned(asked, over, list(zip(days, sums, strict=True)), tuple(gathered.notes), total(sums))


def _prepare(database: Database, days: Sequence[Day], over: Period) -> None:
    """The tables that the queries share."""
    database.run(queries.day_of(days, over.block_s))
    database.take_in(before=queries.FLAP_S // over.block_s, **_bounds(over))


def _bounds(over: Period) -> dict[str, int]:
    return {
        "block_s": over.block_s,
        "first": over.first_block,
        "end": over.end_block,
        "now_s": over.to_s,
    }


def _take(sums: Sums, record: Mapping[str, Any]) -> None:
    for name, value in record.items():
        getattr(sums, name)  # a sum that has no place is a fault in a query
        setattr(sums, name, value)


def _count_trips(database: Database, days: Sequence[Day], sums: Sequence[Sums]) -> None:
    """The guard's stops for heat; each is an event once."""
    seen = set()
    for at_s, record in database.rows(queries.SAFETY_EVENTS):
        told = json.loads(record)
        if told.get("cause") != HEAT or told.get("trip_id") in seen:
            continue
        for day, mine in zip(days, sums, strict=True):
            if day.from_s <= at_s < day.to_s:
                seen.add(told["trip_id"])
                mine.heat_trips += 1


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
