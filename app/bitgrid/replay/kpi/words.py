"""Figures in words: their names, formulas, values and reasons, in one language."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from bitgrid.explain.figures import NO_BREAK_SPACE, Figures
from bitgrid.explain.language import Language, Texts
from bitgrid.replay.kpi.catalogue import Kpi, Unknown
from bitgrid.replay.kpi.period import Period
from bitgrid.replay.kpi.reckoning import Figure

TEXTS_DIRECTORY = Path(__file__).parent / "texts"
_DECIMALS = {"EUR": 2, "%": 1, "kWh": 1, "h": 1, "s": 1, "sat": 0, "sat/kWh": 0, "": 1}
_NONE = "–"


@cache
def texts() -> Texts:
    """The texts of every language."""
    return Texts(TEXTS_DIRECTORY)


@dataclass(frozen=True)
class Words:
    """What figures are called, and how they are written."""

    language: Language
    figures: Figures

    @classmethod
    def of(cls, language: Language, zone: ZoneInfo) -> Words:
        """Those of a language, times by a house's zone."""
        return cls(language, Figures(language, zone))

    def t(self, key: str, /, **values: str | int) -> str:
        """A text."""
        return texts().say(self.language, key, **values)

    def name(self, kpi: Kpi) -> str:
        """What it is called."""
        return self.t(kpi.name)

    def formula(self, kpi: Kpi) -> str:
        """How it is reckoned, in words."""
        return texts().attempt(self.language, kpi.name, {}, "formula")[0]

    def why(self, unknown: Unknown) -> str:
        """Why a figure is not known."""
        return self.t(f"why-{unknown.value}")

    def value(self, figure: Figure) -> str:
        """A figure with its unit, a dash where it is not known."""
        if figure.value is None:
            return _NONE
        if isinstance(figure.value, dict):
            counts = (
                f"{self.part(name)}{NO_BREAK_SPACE}{self.figures.number(count, 0)}"
                for name, count in figure.value.items()
            )
            return ", ".join(counts) or "0"
        return self.number(figure.value, figure.kpi.unit)

    def part(self, name: str) -> str:
        """What a counted part is called: a path by its name, a rule by its letter and number."""
        return self.t(f"path-{name}") if texts().knows(self.language, f"path-{name}") else name

    def number(self, value: float, unit: str) -> str:
        """A number with its unit."""
        text = self.figures.number(value, _DECIMALS[unit])
        return f"{text}{NO_BREAK_SPACE}{'€' if unit == 'EUR' else unit}" if unit else text

    def span(self, asked: Period, over: Period) -> str:
        """The period, and up to when it is told where it is not over."""
        text = self.t("span", begin=self.moment(asked.from_s, asked.zone), end=self.moment(asked.to_s, asked.zone))
        if over.to_s < asked.to_s:
            text += " " + self.t("span-until", end=self.moment(over.to_s, asked.zone))
        return text

    def moment(self, at_s: int, zone: ZoneInfo) -> str:
        """A moment by the house's clock; midnight as the day alone."""
        local = dt.datetime.fromtimestamp(at_s, zone)
        day = local.strftime("%d.%m.%Y" if self.language == "de" else "%Y-%m-%d")
        return day if local.time() == dt.time() else f"{day} {local:%H:%M}"

    def coverage(self, share: float) -> str:
        """For how much of the period something is known; 100 % only where all of it is."""
        percent = 100 * share
        if 0 < percent < 0.1:  # noqa: PLR2004  the least that is shown
            return f"<{NO_BREAK_SPACE}{self.number(0.1, '%')}"
        return self.number(percent if share == 1 else min(percent, 99.9), "%")
