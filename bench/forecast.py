"""`make bench DATA=home.csv`: how good the PV forecast is on a recorded year, and what it costs.

    python bench/forecast.py home.csv [NIGHTS]

Walk-forward: the roof is not told; every model is learned from the rows before its night alone, every forecast
made from those before its issue. Learned anew every NIGHTS nights (7; the product learns every night). Rows are
half-hour means, held over three blocks. The file does not say where the home stands: the middle of France is
assumed.

Beside it: *persistence*, the power of the last half hour; *sky as it is*, clear-sky persistence, the clearness of
the last half hour with at least a tenth of the roof's peak, on the same learned clear sky; *sky as today*, a
stronger one, drawn to the clearness of hours and weeks where there was little light; the same half hour
*yesterday*; and the *recorded* ``pv_forecast_w`` of the file, whose time of issue is not known.
"""

from __future__ import annotations

import csv
import math
import os
import sys
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from time import perf_counter

from bitgrid.config.house import Location
from bitgrid.feeds.pv.check import check
from bitgrid.feeds.pv.clearness import RECENT_S, Clearness
from bitgrid.feeds.pv.forecast import Outlook
from bitgrid.feeds.pv.learning import Home, night
from bitgrid.feeds.pv.model import Model
from bitgrid.feeds.pv.record import Record
from bitgrid.feeds.pv.sky import Sky
from bitgrid.feeds.pv.trust import Trust

PLACE = Location(latitude=46.2, longitude=2.2, timezone="Europe/Paris")
BLOCK_S, ROW_S, DAY_S = 600, 1800, 86_400
A_DAY, ROW, KEEP_DAYS = DAY_S // BLOCK_S, ROW_S // BLOCK_S, 400
FIRST_NIGHT, NIGHTS = 30, 7
HALVES_AT_S = datetime.fromisoformat("2024-07-01T00:00:00Z").timestamp()
RIVALS = ("forecast", "persistence", "sky as it is", "sky as today", "yesterday", "recorded")


@dataclass
class Tally:
    """Errors of a period at a horizon."""

    errors: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in RIVALS})
    below: list[tuple[bool, bool, bool]] = field(default_factory=list)

    def row(self, name: str) -> str:
        """For the table."""
        means = [f"{sum(self.errors[rival]) / max(1, len(self.errors[rival])):>17.0f}" for rival in RIVALS]
        shares = [100 * sum(column) / max(1, len(self.below)) for column in zip(*self.below, strict=True)]
        return f"{name:<22}{len(self.below):>10}{''.join(means)}   {'/'.join(f'{share:.0f}' for share in shares)}"

    def gain(self, rival: str) -> float:
        """How much smaller our error is, %."""
        return 100 * (1 - sum(self.errors["forecast"]) / sum(self.errors[rival]))


def read(path: Path, column: str) -> Record:
    """A column, each row held over its blocks."""
    with path.open(newline="", encoding="utf-8") as lines:
        rows = [(int(datetime.fromisoformat(r["time_utc"]).timestamp()), r[column]) for r in csv.DictReader(lines)]
    first = rows[0][0] // DAY_S * A_DAY
    watts = array("d", [math.nan]) * (rows[-1][0] // BLOCK_S + ROW - first)
    for at_s, cell in rows:
        if cell:
            begin = at_s // BLOCK_S - first
            watts[begin : begin + ROW] = array("d", [float(cell)]) * ROW
    return Record(first, watts)


def walk(home: Home, record: Record, nights: int) -> Iterator[tuple[int, Outlook]]:
    """Each block that begins a half hour, with the outlook that was in force."""
    model: Model | None = None
    trust = Trust()
    for day in range(record.first_block + FIRST_NIGHT * A_DAY, record.end_block - A_DAY, A_DAY):
        number = (day - record.first_block) // A_DAY
        known = record.since(day - KEEP_DAYS * A_DAY).cut(day)
        is_due = model is None or number % nights == 0
        if is_due:
            model, trust = night(home, known, day * BLOCK_S, model, (trust, None))
        assert model is not None  # noqa: S101  a month was measured
        sky = Sky(model.roof, home.place, BLOCK_S)
        yet = Clearness(record.since(day - RECENT_S // BLOCK_S).cut(day + A_DAY), sky)
        if not is_due:
            trust = check(Outlook(model, sky, yet, trust), known, day)
        outlook = Outlook(model, sky, yet, trust)
        yield from ((issue, outlook) for issue in range(day, day + A_DAY, ROW))


def judge(outlook: Outlook, issue: int, record: Record, told: Record, tallies: tuple[Tally, Tally]) -> None:
    """One forecast of a day against what was measured, in half hours of daylight."""
    watts, sky = outlook.watts(issue, A_DAY), outlook.sky
    stays, today = outlook.clearness.persisting(issue), outlook.clearness.at(issue).now
    last_w = or_nought(record.at(issue - 1))
    for ahead in range(0, A_DAY, ROW):
        target = issue + ahead
        measured = record.at(target)
        lit_w = sum(sky.light(target + part).clear_w for part in range(ROW)) / ROW
        if math.isnan(measured) or lit_w <= 0:
            continue
        low, median, high = (sum(column) / ROW for column in zip(*watts[ahead : ahead + ROW], strict=True))
        rivals = (
            median,
            last_w,
            (today if stays is None else stays) * lit_w,
            today * lit_w,
            or_nought(record.at(target - A_DAY)),
            or_nought(told.at(target)),
        )
        for tally in tallies[: 2 if ahead == 0 else 1]:
            for name, value in zip(RIVALS, rivals, strict=True):
                tally.errors[name].append(abs(value - measured))
            tally.below.append((measured <= low, measured <= median, measured <= high))


def or_nought(watts: float) -> float:
    """An empty cell at night is darkness."""
    return 0.0 if math.isnan(watts) else watts


def quality(path: Path, nights: int) -> None:
    """Walk through the year and print the table."""
    record, told = read(path, "pv_power_w"), read(path, "pv_forecast_w")
    first, second = (Tally(), Tally()), (Tally(), Tally())
    begun, issues, fallen = perf_counter(), 0, 0
    for issue, outlook in walk(Home(PLACE, (), BLOCK_S), record, nights):
        judge(outlook, issue, record, told, first if issue * BLOCK_S < HALVES_AT_S else second)
        issues += 1
        fallen += outlook.trust.falls_back("day")
    say(f"{issues} forecasts in {perf_counter() - begun:.0f} s, learned every {nights} nights, roof not told;")
    say("mean absolute error in daylight, W, and share of what was measured at or below p10/p50/p90, %")
    say(f"{'':<22}{'half hours':>10}{''.join(f'{name:>17}' for name in RIVALS)}   p10/p50/p90")
    for period, (day, hour) in (("to June", first), ("from July", second)):
        say(hour.row(f"next 30 min, {period}"))
        say(day.row(f"next 24 h, {period}"))
    for period, (day, hour) in (("to June", first), ("from July", second)):
        say(
            f"{period}: next 30 min {hour.gain('persistence'):.0f} % better than persistence (goal: 15 %), "
            f"day ahead {day.gain('sky as it is'):.0f} % better than clear-sky persistence (goal: 10 %)"
        )
    say(f"clear-sky persistence stood in for the day ahead in {100 * fallen / max(1, issues):.0f} % of forecasts")


def say(text: str) -> None:
    """Print at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main() -> int:
    """Measure and print."""
    given = [*sys.argv[1:], os.environ.get("BITGRID_HOME_CSV", "")]
    if given[0]:
        quality(Path(given[0]), int(given[1]) if given[1:] and given[1] else NIGHTS)
    else:
        say("PV forecast: no recorded home to walk through; name one: make bench DATA=home.csv")
    return 0


if __name__ == "__main__":
    sys.exit(main())
