"""What the room *Energy* shows of a period: charts, ways of the energy, tables and CSV, out of one JSON answer.

The answer is that of `bitgrid energy` (see `bitgrid.ops.commands.energy`): reckoned by a child process. Pure.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from bitgrid.web.words import UNKNOWN, Words

Told = Mapping[str, Any]
Row = list[str]
HEADLINES = (
    "autarky_pct",
    "self_consumption_pct",
    "import_reduction_kwh",
    "loads_kwh",
    "sats",
    "value_against_export_eur",
)
_POWERS = (
    ("pv_w", "sun"), ("house_w", "blue"), ("loads_w", "hold"), ("grid_w", "bad"), ("battery_w", "good"),
)  # fmt: skip
_ENERGIES = (("household_kwh", "blue"), ("loads_kwh", "hold"), ("grid_export_kwh", "violet"))
_SATS = (("sats", "hold"),)
_PATHS = (
    ("hodl", "loads_kwh", "sats", "mined_value_eur"),
    ("export", "grid_export_kwh", None, "export_income_eur"),
    ("store", "battery_charged_kwh", None, None),
    ("heat", None, None, None),
)
_HOUR_S = 3600


@dataclass(frozen=True)
class Chart:
    """A chart and what it is: ``told`` is handed to the script as it is, ``legend`` is its tones and names."""

    title: str
    told: dict[str, Any]
    legend: list[tuple[str, str]]


@dataclass(frozen=True)
class Path:
    """A way that energy took: for how long it was held for the best, how much took it, what that brought."""

    name: str
    hours: str
    energy: str
    sats: str
    euros: str


@dataclass(frozen=True)
class Table:
    """The chart's values to be read: one row an hour or a day."""

    heads: Row
    rows: list[Row]


class Energy:
    """A period as it is shown.

    Args:
        told: what `bitgrid energy` answered.
        words: of the language of the page, in which it was asked, too.
        zone: of the house.
        by_month: whether a chart has a bar a month instead of a day.
    """

    def __init__(self, told: Told, words: Words, zone: ZoneInfo, *, by_month: bool = False) -> None:
        self._told, self._words, self._zone = told, words, zone
        self._figures = {one["kpi"]: one for group in told["groups"] for one in group["figures"]}
        self._bars = list(_months(told["days"])) if by_month else [_day(day) for day in told["days"]]

    @property
    def headlines(self) -> list[Told]:
        """The figures that stand above."""
        return [self._figures[name] for name in HEADLINES]

    @property
    def until(self) -> str:
        """Up to when it is told, where the period is not over; else nothing."""
        told = self._told
        return self._words.figures.date(told["until_s"]) if told["until_s"] < told["to_s"] else ""

    @property
    def groups(self) -> list[Told]:
        """All figures, by their headings."""
        return list(self._told["groups"])

    @property
    def notes(self) -> list[str]:
        """What a reader must know of the records, in the words of whoever read them."""
        return list(self._told["notes"])

    @property
    def charts(self) -> list[Chart]:
        """By block where there are blocks, else by day or month; a chart of which nothing is known is left out."""
        blocks = self._told["blocks"]
        found = [self._powers(blocks)] if blocks else [self._stacked("use", _ENERGIES, "kWh")]
        if not blocks:
            found.append(self._stacked("sats", _SATS, "sat"))
        return [chart for chart in found if _is_known(chart)]

    @property
    def paths(self) -> list[Path]:
        """Each way the energy could take, as far as anything took it or was better off with it."""
        counts = self._whole("blocks_by_path") or {}
        shown = [path for path in _PATHS if path[0] != "heat" or "heat" in counts]
        least = 0 if counts else None
        return [self._path(name, counts.get(name, least), parts) for name, *parts in shown]

    @property
    def table(self) -> Table:
        """What the charts show, for whoever reads instead of looking."""
        blocks, t = self._told["blocks"], self._words.t
        if blocks:
            names = [name for name, _tone in _POWERS]
            heads = [t("energy-hour"), *(t(f"energy-{name.replace('_', '-')}") for name in names)]
            return Table([*heads, t("energy-soc-pct")], list(self._hours(blocks, [*names, "soc_pct"])))
        names = [name for name, _tone in (*_ENERGIES, *_SATS)]
        rows = [[bar["label"], *(self._text(name, bar["kpis"].get(name)) for name in names)] for bar in self._bars]
        return Table([t("energy-day"), *(self._figures[name]["name"] for name in names)], rows)

    def _powers(self, blocks: Told) -> Chart:
        t = self._words.t
        series = [
            {"label": t(f"energy-{name.replace('_', '-')}"), "tone": tone, "unit": "W", "values": blocks[name]}
            for name, tone in _POWERS
        ]
        charge = {"label": t("energy-soc-pct"), "tone": "quiet", "unit": "%", "values": blocks["soc_pct"]}
        series = [one for one in (*series, charge) if any(value is not None for value in one["values"])]
        return self._chart("power", {"kind": "lines", "x": blocks["at_s"], "series": series})

    def _stacked(self, title: str, parts: Sequence[tuple[str, str]], unit: str) -> Chart:
        series = [
            {
                "label": self._figures[name]["name"],
                "tone": tone,
                "unit": unit,
                "values": [bar["kpis"].get(name) for bar in self._bars],
            }
            for name, tone in parts
        ]
        labels = [bar["short"] for bar in self._bars]
        return self._chart(title, {"kind": "bars", "labels": labels, "series": series})

    def _chart(self, title: str, told: dict[str, Any]) -> Chart:
        more = {"language": self._words.language, "zone": str(self._zone)}
        legend = [(one["tone"], f"{one['label']} ({one['unit']})") for one in told["series"]]
        return Chart(self._words.t(f"energy-chart-{title}"), told | more, legend)

    def _path(self, name: str, blocks: int | None, parts: Sequence[str | None]) -> Path:
        hours = UNKNOWN if blocks is None else self._words.figures.hours(blocks * self._told["block_s"])
        energy, sats, euros = (self._figures[part]["text"] if part else UNKNOWN for part in parts)
        return Path(self._words.t(f"energy-path-{name}"), hours, energy, sats, euros)

    def _hours(self, blocks: Told, names: Sequence[str]) -> Iterator[Row]:
        """Means of the hours; the charge at its end."""
        by_hour: dict[int, list[int]] = {}
        for index, at_s in enumerate(blocks["at_s"]):
            by_hour.setdefault(at_s // _HOUR_S * _HOUR_S, []).append(index)
        for hour_s, indices in by_hour.items():
            label = dt.datetime.fromtimestamp(hour_s, self._zone).strftime("%d.%m. %H:%M")
            yield [label, *(self._mean(name, [blocks[name][index] for index in indices]) for name in names)]

    def _mean(self, name: str, values: Sequence[float | None]) -> str:
        known = [value for value in values if value is not None]
        if not known:
            return UNKNOWN
        return self._words.figures.value(name, known[-1] if name == "soc_pct" else sum(known) / len(known))

    def _text(self, name: str, value: float | None) -> str:
        if value is None:
            return UNKNOWN
        return self._words.figures.kwh(value) if name.endswith("_kwh") else self._words.figures.number(value, 0)

    def _whole(self, name: str) -> Any:  # noqa: ANN401  a number or counts
        return self._told["kpis"][name]["value"]


def as_csv(told: Told, zone: ZoneInfo) -> str:
    """A period for a spreadsheet (RFC 4180): its blocks where there are any, else its days with every figure.

    Values are in people's units with a point, times ISO 8601 with the house's own offset; what is not known is
    empty.
    """
    out = io.StringIO()
    writer = csv.writer(out)
    blocks = told["blocks"]
    if blocks:
        names = [name for name in blocks if name not in {"block_s", "at_s"}]
        writer.writerow(["begins_at", *names])
        for index, at_s in enumerate(blocks["at_s"]):
            begins = dt.datetime.fromtimestamp(at_s, zone).isoformat()
            writer.writerow([begins, *(blocks[name][index] for name in names)])
        return out.getvalue()
    names = [name for name, figure in told["kpis"].items() if not isinstance(figure["value"], dict)]
    names = [name for name in names if not name.endswith(("_by_rule", "_by_path"))]
    writer.writerow(["date", *names])
    for day in told["days"]:
        writer.writerow([day["date"], *(day["kpis"][name]["value"] for name in names)])
    return out.getvalue()


def _is_known(chart: Chart) -> bool:
    return any(value is not None for one in chart.told["series"] for value in one["values"])


def _day(day: Told) -> dict[str, Any]:
    date = day["date"]
    return {
        "label": date,
        "short": str(int(date[8:])),
        "kpis": {name: told["value"] for name, told in day["kpis"].items()},
    }


def _months(days: Sequence[Told]) -> Iterator[dict[str, Any]]:
    """Days added up by month; a month of which nothing is known stays empty."""
    by_month: dict[str, list[Told]] = {}
    for day in days:
        by_month.setdefault(day["date"][:7], []).append(day)
    for month, its in by_month.items():
        names = [name for name, _tone in (*_ENERGIES, *_SATS)]
        known = {
            name: [day["kpis"][name]["value"] for day in its if day["kpis"][name]["value"] is not None]
            for name in names
        }
        sums = {name: round(sum(values), 4) if values else None for name, values in known.items()}
        yield {"label": month, "short": str(int(month[5:])), "kpis": sums}
