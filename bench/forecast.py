"""`make bench`: how good the PV forecast is on a recorded year, and what it costs.

    python bench/forecast.py home.csv [NIGHTS]     or BITGRID_HOME_CSV=home.csv make bench

Walk-forward: the roof is not told, every model is learned from the rows before its night alone, each forecast from
those before its issue. Anew learned every NIGHTS nights (7; the product learns every night). Rows are half-hour
means, held over three blocks. The file does not say where the home stands: the middle of France is assumed.
"""

from __future__ import annotations

import csv
import math
import sys
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from time import perf_counter

from bitgrid.config.site import Location
from bitgrid.feeds.pv.check import check
from bitgrid.feeds.pv.clearness import Clearness
from bitgrid.feeds.pv.forecast import Outlook
from bitgrid.feeds.pv.learning import Home, night
from bitgrid.feeds.pv.model import Model
from bitgrid.feeds.pv.record import Record
from bitgrid.feeds.pv.sky import Sky
from bitgrid.feeds.pv.trust import Trust

PLACE = Location(latitude=46.2, longitude=2.2, timezone="Europe/Paris")
BLOCK_S, ROW_S, DAY_S = 600, 1800, 86_400
A_DAY, ROW, KEEP_DAYS = DAY_S // BLOCK_S, ROW_S // BLOCK_S, 400
FIRST_NIGHT = 30
CHOSEN_TO_S = datetime.fromisoformat("2024-07-01T00:00:00Z").timestamp()
RIVALS = ("forecast", "persistence", "sky as it is", "sky as today", "yesterday", "recorded column")
GOAL_MS, GOAL_MB = 200, 80
MB = 1024 * 1024


@dataclass
class Tally:
    """Errors of a period at a horizon."""

    errors: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in RIVALS})
    below: list[tuple[bool, bool, bool]] = field(default_factory=list)

    def row(self, name: str) -> str:
        """For the table."""
        means = [f"{sum(self.errors[rival]) / max(1, len(self.errors[rival])):>16.0f}" for rival in RIVALS]
        shares = [100 * sum(column) / max(1, len(self.below)) for column in zip(*self.below, strict=True)]
        return f"{name:<34}{len(self.below):>9}{''.join(means)}   {'/'.join(f'{share:.0f}' for share in shares)}"

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
        known = since(record, day - KEEP_DAYS * A_DAY).cut(day)
        if model is None or number % nights == 0:
            model = night(home, known, day * BLOCK_S, model, (trust, None)).model
            assert model is not None  # noqa: S101  a month was measured
            sky = Sky(model.roof, home.place, BLOCK_S)
        yet = Clearness(since(record, day - 60 * A_DAY).cut(day + A_DAY), sky)
        trust = check(Outlook(model, sky, yet, trust), record.cut(day), day)
        outlook = Outlook(model, sky, yet, trust)
        yield from ((issue, outlook) for issue in range(day, day + A_DAY, ROW))


def since(record: Record, block: int) -> Record:
    """Without what is older."""
    drop = max(0, block - record.first_block)
    return Record(record.first_block + drop, record.pv_w[drop:])


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
    home = Home(PLACE, (), BLOCK_S)
    chosen, later, fallen = (Tally(), Tally()), (Tally(), Tally()), 0
    begun, issues = perf_counter(), 0
    for issue, outlook in walk(home, record, nights):
        judge(outlook, issue, record, told, chosen if issue * BLOCK_S < CHOSEN_TO_S else later)
        issues += 1
        fallen += outlook.trust.falls_back("day")
    say(f"{issues} forecasts in {perf_counter() - begun:.0f} s, learned every {nights} nights, roof not told")
    say(
        f"{'mean absolute error, W, in daylight':<34}{'half hours':>9}{''.join(f'{name:>16}' for name in RIVALS)}   below p10/p50/p90, %"
    )
    for period, (day, hour) in (("method chosen on this, to June", chosen), ("not looked at, from July", later)):
        say(hour.row(f"30 min, {period}"))
        say(day.row(f"24 h, {period}"))
    for period, (day, hour) in (("to June", chosen), ("from July", later)):
        say(
            f"{period}: the next 30 min {hour.gain('persistence'):.0f} % better than persistence (goal: 15 %), the day "
            f"ahead {day.gain('sky as it is'):.0f} % better than a sky that stays as it is (goal: 10 %)"
        )
    say(f"persistence stood in for the day ahead in {100 * fallen / max(1, issues):.0f} % of them")


def say(text: str) -> None:
    """Print at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    quality(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 7)
