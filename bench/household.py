"""The load forecast on a recorded home, walked forward: what is known at each moment is what lies before it.

Usage: python bench/household.py [CSV] (`make bench DATA=…`). The file needs the columns time_utc and
house_load_w, W, half-hour means; without one nothing is measured.
"""

from __future__ import annotations

import csv
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from statistics import fmean
from zoneinfo import ZoneInfo

from bitgrid.feeds.household.forecast import LEARN_DAYS, Household, Learned, learn
from bitgrid.feeds.household.profile import QUANTILES
from bitgrid.feeds.household.table import DAY_S, LocalTime
from bitgrid.store.feeds import BlockMeans

ZONE = ZoneInfo("Europe/Paris")
BLOCK_S = 1800
WARM_UP_DAYS = 28
WEEK_S = 7 * DAY_S
Forecast = tuple[float, float, float]


@dataclass
class Score:
    """Errors of one way to forecast."""

    absolute_w: list[float] = field(default_factory=list)

    def add(self, forecast_w: float | None, true_w: float) -> None:
        """A forecast that there was none of counts nothing."""
        if forecast_w is not None:
            self.absolute_w.append(abs(forecast_w - true_w))

    @property
    def mean_w(self) -> float:
        """Mean absolute error, W."""
        return fmean(self.absolute_w)


@dataclass
class Quantiles:
    """How good the quantiles were."""

    pinball_w: list[float] = field(default_factory=list)
    below: int = 0
    above: int = 0

    def add(self, forecast: Forecast, true_w: float) -> None:
        """One forecast."""
        losses = [
            max(quantile * (true_w - told_w), (quantile - 1) * (true_w - told_w))
            for quantile, told_w in zip(QUANTILES, forecast, strict=True)
        ]
        self.pinball_w.append(fmean(losses))
        self.below += true_w < forecast[0]
        self.above += true_w > forecast[2]

    def __str__(self) -> str:
        count = len(self.pinball_w)
        return (
            f"pinball loss {fmean(self.pinball_w):.0f} W; below p10 {self.below / count:.0%}, "
            f"above p90 {self.above / count:.0%}"
        )


def read(path: Path) -> list[BlockMeans]:
    """The recorded home; empty cells are missing."""
    with path.open(newline="") as file:
        return [
            BlockMeans(
                int(datetime.fromisoformat(row["time_utc"]).timestamp()),
                None,
                round(float(row["house_load_w"])) if row["house_load_w"] else None,
            )
            for row in csv.DictReader(file)
        ]


class Walk:
    """A walk through the year, from the day on which four weeks are known."""

    def __init__(self, rows: Sequence[BlockMeans]) -> None:
        self._rows, self._local = rows, LocalTime(ZONE, BLOCK_S)
        self._known = {row.start_s: row.load_w for row in rows if row.load_w is not None}
        self._learned: Learned | None = None
        self._day = 0
        self.learning_s: list[float] = []
        self.forecasting_s: list[float] = []

    def run(self, told: Callable[[int, list[Forecast], bool], None]) -> None:
        """Tell of each block its forecast, and whether it is the first of its local day."""
        first = self._local.slot(self._rows[0].start_s).day + WARM_UP_DAYS
        for index, row in enumerate(self._rows):
            slot = self._local.slot(row.start_s)
            if slot.day < first:
                continue
            if is_new_day := slot.day != self._day:
                self._learn(index, slot.day)
            if self._learned is not None:
                forecast = self._forecast(self._learned, index, row.start_s, 48 if is_new_day else 1)
                told(row.start_s, forecast, is_new_day)

    def true_w(self, start_s: int) -> float | None:
        """What was drawn."""
        return self._known.get(start_s)

    def _learn(self, index: int, day: int) -> None:
        began_s = time.perf_counter()
        self._learned = learn(self._rows[max(0, index - (LEARN_DAYS + 1) * 48) : index], day, self._local)
        self._day = day
        self.learning_s.append(time.perf_counter() - began_s)

    def _forecast(self, learned: Learned, index: int, start_s: int, blocks: int) -> list[Forecast]:
        began_s = time.perf_counter()
        recent = self._rows[max(0, index - 3 * 48) : index]
        forecast = Household(learned, recent, self._local).forecast(start_s, blocks)
        self.forecasting_s.append(time.perf_counter() - began_s)
        return forecast


def say(line: str) -> None:
    """A line of the bench's output."""
    sys.stdout.write(f"{line}\n")


def main() -> None:
    """Walk, and print one table."""
    if len(sys.argv) == 1:
        say("load forecast: not measured; give a recorded home with DATA=")
        return
    walk = Walk(read(Path(sys.argv[1])))
    names = ("learned", "persistence", "yesterday", "last week")
    next_half, day_ahead = ({name: Score() for name in names} for _ in range(2))
    next_quantiles, day_quantiles = Quantiles(), Quantiles()

    def told(start_s: int, forecast: list[Forecast], is_new_day: bool) -> None:
        _score(walk, start_s, forecast[:1], next_half, next_quantiles)
        if is_new_day:
            _score(walk, start_s, forecast, day_ahead, day_quantiles)

    walk.run(told)
    say("load forecast, mean absolute error, W (Europe/Paris, half hours, walked forward)")
    say(f"{'':14}{'next 30 min':>14}{'day ahead':>14}")
    for name in names:
        say(f"{name:14}{next_half[name].mean_w:>14.0f}{day_ahead[name].mean_w:>14.0f}")
    say(f"quantiles, next 30 min: {next_quantiles}")
    say(f"quantiles, day ahead: {day_quantiles}")
    say(
        f"{len(walk.learning_s)} nights; learning {fmean(walk.learning_s) * 1000:.0f} ms, "
        f"a forecast {fmean(walk.forecasting_s) * 1000:.2f} ms"
    )


def _score(
    walk: Walk, issued_s: int, forecast: list[Forecast], scores: dict[str, Score], quantiles: Quantiles
) -> None:
    """The blocks of a forecast beside what else could have been said when it was issued."""
    for lead, told in enumerate(forecast):
        start_s = issued_s + lead * BLOCK_S
        true_w = walk.true_w(start_s)
        others = {
            "persistence": walk.true_w(issued_s - BLOCK_S),
            "yesterday": walk.true_w(start_s - DAY_S),
            "last week": walk.true_w(start_s - WEEK_S),
        }
        if true_w is None or None in others.values():
            continue
        quantiles.add(told, true_w)
        for name, value_w in {"learned": told[1], **others}.items():
            scores[name].add(value_w, true_w)


if __name__ == "__main__":
    main()
