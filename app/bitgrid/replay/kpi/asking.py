"""Asking for the figures of a period: from the records to what is printed, sent or drawn."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any

from bitgrid.config import Config
from bitgrid.control.rule_set import battery
from bitgrid.explain.language import Language
from bitgrid.kernel import Battery
from bitgrid.replay.kpi.errors import BadPeriod
from bitgrid.replay.kpi.kept import NAME, Kept, key_of
from bitgrid.replay.kpi.period import Day, Period, midnight_s
from bitgrid.replay.kpi.reckoning import Figure, Reckoned, figures, reckon
from bitgrid.replay.kpi.recorded import Found, Recorded
from bitgrid.replay.kpi.sums import Sums, total
from bitgrid.replay.kpi.words import Words

SCHEMA = 1
_DECIMALS = 4
_DAYS_AT_ONCE = 31
"""So many days are reckoned together: memory does not grow with the period."""


def ask(recorded: Recorded, asked: Period, config: Config, now_s: float) -> Reckoned:
    """The sums of a period, up to now.

    Raises:
        BadPeriod: nothing of it is over.
        Unreadable: something that is recorded cannot be read.
    """
    over = asked.until(now_s)
    if over is None:
        raise BadPeriod("nothing of the period is over yet, so there is nothing to tell; ask for an earlier one")
    found, home, days = recorded.look(over), battery(config), over.days()
    kept = Kept(None if recorded.data is None else recorded.data / NAME)
    keys = [_key(day, over, home, found) for day in days]
    sums = {day: told for day, key in zip(days, keys, strict=True) if key and (told := kept.find(key))}
    reckoned: dict[Day, Sums] = {}
    for some in _parts([day for day in days if day not in sums]):
        part = Period(some[0].from_s, some[-1].to_s, over.zone, over.block_s)
        reckoned |= zip(some, _reckon(found, some, part, home), strict=True)
    kept.keep({key: reckoned[day] for day, key in zip(days, keys, strict=True) if key and day in reckoned})
    sums |= reckoned
    in_order = [(day, sums[day]) for day in days]
    return Reckoned(asked, over, in_order, tuple(found.notes), total([told for _day, told in in_order]))


def _key(day: Day, over: Period, home: Battery | None, found: Found) -> str | None:
    """By what a day is kept; None where it is not whole, or not archived yet."""
    if (day.from_s, day.to_s) != (day.begins_s, midnight_s(day.date + dt.timedelta(days=1), over.zone)):
        return None
    source = found.source(day, over.block_s)
    return None if source is None else key_of(day, over.block_s, home, source)


def _parts(days: Sequence[Day]) -> Iterator[list[Day]]:
    """Days in rows without a gap, none longer than `_DAYS_AT_ONCE`."""
    part: list[Day] = []
    for day in days:
        if part and (part[-1].to_s != day.from_s or len(part) == _DAYS_AT_ONCE):
            yield part
            part = []
        part.append(day)
    if part:
        yield part


def _reckon(found: Found, days: Sequence[Day], part: Period, home: Battery | None) -> list[Sums]:
    from bitgrid.replay.kpi.database import Database  # noqa: PLC0415  DuckDB, which kept days do without

    gathered = found.gather(part)
    database = Database(gathered.files, gathered.hot, is_import=gathered.is_import)
    try:
        return reckon(database, days, part, home, gathered.known_since_s)
    finally:
        database.close()


def as_json(reckoned: Reckoned, language: Language) -> dict[str, Any]:
    """The figures of the period and of its days, as JSON has them."""
    words = Words.of(language, reckoned.asked.zone)
    return {
        "schema": SCHEMA,
        "from_s": reckoned.asked.from_s,
        "to_s": reckoned.asked.to_s,
        "until_s": reckoned.over.to_s,
        "timezone": str(reckoned.asked.zone),
        "kpis": {figure.kpi.name: _figure(figure, words) for figure in reckoned.figures()},
        "days": [
            {"date": day.date.isoformat(), "from_s": day.from_s, "to_s": day.to_s, "kpis": _day(figures(sums))}
            for day, sums in reckoned.days
        ],
        "notes": list(reckoned.notes),
    }


def _figure(figure: Figure, words: Words) -> dict[str, Any]:
    return {
        "value": _rounded(figure.value),
        "unit": figure.kpi.unit,
        "version": figure.kpi.version,
        "coverage": round(figure.coverage, _DECIMALS),
        "unknown": None if figure.unknown is None else figure.unknown.value,
        "why": None if figure.unknown is None else words.why(figure.unknown),
    }


def _day(told: list[Figure]) -> dict[str, Any]:
    return {
        figure.kpi.name: {"value": _rounded(figure.value), "coverage": round(figure.coverage, _DECIMALS)}
        for figure in told
    }


def _rounded(value: float | dict[str, int] | None) -> float | dict[str, int] | None:
    return round(value, _DECIMALS) if isinstance(value, float) else value
