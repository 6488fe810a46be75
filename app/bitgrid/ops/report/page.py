"""The report's page: headline figures, charts by day, every figure with its coverage, and the formulas."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import jinja2
from markupsafe import Markup

import bitgrid
from bitgrid.explain.language import Language
from bitgrid.ops.report import charts
from bitgrid.replay.kpi.catalogue import CATALOGUE, GROUPS
from bitgrid.replay.kpi.period import Day
from bitgrid.replay.kpi.reckoning import Figure, Reckoned, figures
from bitgrid.replay.kpi.sums import Sums
from bitgrid.replay.kpi.words import Words

HEADLINES = (
    "autarky_pct",
    "self_consumption_pct",
    "import_reduction_kwh",
    "loads_kwh",
    "sats",
    "availability_pct",
)
_ENOUGH = 0.995
_DAY_CHARTS: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    (
        "chart-used",
        (("household_kwh", charts.HOUSE), ("loads_kwh", charts.LOADS), ("grid_export_kwh", charts.FED_IN)),
    ),
    ("chart-import", (("import_modelled_kwh", charts.GRID), ("import_uncontrolled_kwh", charts.FED_IN))),
    ("chart-pv", (("pv_kwh", charts.SUN),)),
    ("chart-sats", (("sats", charts.LOADS),)),
)
_STACKED = ("chart-used",)


@dataclass(frozen=True)
class Chart:
    """A chart and what stands above it."""

    title: str
    svg: Markup


@dataclass(frozen=True)
class House:
    """Whose report it is."""

    name: str
    language: Language


def render(reckoned: Reckoned, house: House, month: str) -> str:
    """The page, as HTML that needs nothing else.

    Args:
        reckoned: the month's figures.
        house: its name, and the language to speak.
        month: as 2025-05.
    """
    words = Words.of(house.language, reckoned.asked.zone)
    told = {figure.kpi.name: figure for figure in reckoned.figures()}
    page = _environment().get_template("report.html")
    return page.render(
        w=words,
        house=house,
        title=_title(words, month),
        span=words.span(reckoned.asked, reckoned.over),
        headlines=[told[name] for name in HEADLINES],
        charts=list(_charts(reckoned.days, words)),
        groups=[(group, [figure for figure in told.values() if figure.kpi.group == group]) for group in GROUPS],
        rules=_rules(told),
        catalogue=CATALOGUE,
        is_partial=any(0 < figure.coverage < _ENOUGH for figure in told.values()),
        enough=_ENOUGH,
        notes=reckoned.notes,
        version=bitgrid.__version__,
    )


def _title(words: Words, month: str) -> str:
    year, number = month.split("-")
    return f"{words.t(f'month-{int(number)}')} {year}"


def _charts(days: Sequence[tuple[Day, Sums]], words: Words) -> list[Chart]:
    """The charts that have anything to show."""
    by_day = [{figure.kpi.name: figure for figure in figures(sums)} for _day, sums in days]
    labels = [str(day.date.day) for day, _sums in days]
    found = []
    for title, parts in _DAY_CHARTS:
        units = {kpi.name: kpi.unit for kpi in CATALOGUE}
        series = [(words.t(name), colour, [_value(day[name]) for day in by_day]) for name, colour in parts]
        if any(value is not None for _name, _colour, values in series for value in values):
            draw = charts.stacked if title in _STACKED else charts.grouped
            found.append(Chart(words.t(title), Markup(draw(labels, series, units[parts[0][0]]))))  # noqa: S704  drawn here from numbers and our own words
    return found


def _value(figure: Figure) -> float | None:
    return round(figure.value, 2) if isinstance(figure.value, int | float) else None


def _rules(told: dict[str, Figure]) -> list[tuple[str, int, int]]:
    """Holds and vetoes side by side, a rule a row."""
    holds, vetoes = (told[name].value for name in ("holds_by_rule", "vetoes_by_rule"))
    if not isinstance(holds, dict) or not isinstance(vetoes, dict):
        return []
    return [(rule, holds.get(rule, 0), vetoes.get(rule, 0)) for rule in sorted({*holds, *vetoes})]


def _environment() -> jinja2.Environment:
    loader = jinja2.FileSystemLoader(Path(__file__).parent / "templates")
    return jinja2.Environment(
        loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
