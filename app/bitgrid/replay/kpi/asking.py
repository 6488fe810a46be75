"""Asking for the figures of a period: from the records to what is printed, sent or drawn."""

from __future__ import annotations

from typing import Any

from bitgrid.config import Config
from bitgrid.control.rule_set import battery
from bitgrid.explain.language import Language
from bitgrid.replay.kpi.errors import BadPeriod
from bitgrid.replay.kpi.period import Period
from bitgrid.replay.kpi.reckoning import Figure, Reckoned, figures, reckon
from bitgrid.replay.kpi.recorded import Recorded
from bitgrid.replay.kpi.words import Words

SCHEMA = 1
_DECIMALS = 4


def ask(recorded: Recorded, asked: Period, config: Config, now_s: float) -> Reckoned:
    """The sums of a period, up to now.

    Raises:
        BadPeriod: nothing of it is over.
        Unreadable: something that is recorded cannot be read.
    """
    over = asked.until(now_s)
    if over is None:
        raise BadPeriod("nothing of the period is over yet, so there is nothing to tell; ask for an earlier one")
    gathered = recorded.gather(over)
    database = gathered.open()
    try:
        return reckon(database, asked, over, battery(config), gathered)
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
