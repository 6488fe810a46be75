"""The band of a day: one cell a block, and above each other what was decided, by which rule, and on what.

Lengths across are percent of the width, so that nothing is stretched on a phone; lengths down are pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from bitgrid.web.days import Day, Told

HOUR_S = 3600
AXIS_H, CAPTION_H, GAP_H, RULE_H = 18, 17, 8, 22
LANE_H = 44
LETTERS_FROM_BLOCKS = 8
"""A run this long has room for its rule's name, on a phone too."""
EVERY_H = 3


@dataclass(frozen=True)
class Mark:
    """A rectangle of a lane: x and width in percent, y and height in pixels; ``text`` where it is written on."""

    x: float
    width: float
    y: float
    height: float
    kind: str
    text: str = ""


@dataclass(frozen=True)
class Lane:
    """A row of the band.

    Args:
        name: decision, rule, surplus, soc or price.
        top: where its caption begins, px.
        base: where its values begin to count, px.
        low: the lowest value it holds, in its signal's unit.
        high: the highest.
        marks: what is drawn.
    """

    name: str
    top: float
    base: float
    low: float = 0.0
    high: float = 0.0
    marks: Sequence[Mark] = ()


@dataclass(frozen=True)
class Cell:
    """A block: where it is, percent, and what was decided in it, oldest first; nothing in a gap."""

    x: float
    at_s: int
    told: tuple[Told, ...]

    @property
    def last(self) -> Told | None:
        """The decision that stood at the end of the block."""
        return self.told[-1] if self.told else None


@dataclass(frozen=True)
class Band:
    """A day of one load, ready to be drawn."""

    load: str
    cells: Sequence[Cell]
    step: float
    lanes: Sequence[Lane]
    height: float
    hours: Sequence[tuple[float, str]] = field(default=())


def band(day: Day, load: str, block_s: int, zone: ZoneInfo, highest_w: int) -> Band:
    """Lay out a day.

    Args:
        day: with its decisions.
        load: whose.
        block_s: length of a block, s.
        zone: the house's, for the hours below.
        highest_w: power of the load's highest level, W.
    """
    cells = _cells(day, load, block_s)
    step = 100 / max(1, len(cells))
    lanes: list[Lane] = []
    top = float(AXIS_H)
    for build in (_decisions(highest_w), _rules, _surplus, _measured("battery_soc_pct", "soc"), _prices):
        lane = build(cells, step, top)
        if lane is not None:
            lanes.append(lane)
            top = max(mark.y + mark.height for mark in (*lane.marks, _floor(lane))) + GAP_H
    return Band(load, cells, step, lanes, top, tuple(_hours(day, zone)))


_Build = Callable[[Sequence[Cell], float, float], Lane | None]


def _cells(day: Day, load: str, block_s: int) -> list[Cell]:
    """Every block of the day; of a step of the clock back both tellings are there, in the order they were made."""
    by_block = {
        number: tuple(told)
        for number, told in groupby(
            sorted(day.of_load(load), key=lambda told: told.row.at_s // block_s),
            key=lambda told: told.row.at_s // block_s,
        )
    }
    numbers = range(day.begin_s // block_s, -(-day.end_s // block_s))
    step = 100 / max(1, len(numbers))
    return [Cell(index * step, n * block_s, by_block.get(n, ())) for index, n in enumerate(numbers)]


def _floor(lane: Lane) -> Mark:
    height = RULE_H if lane.name == "rule" else LANE_H
    return Mark(0, 0, lane.top + CAPTION_H, height, "")


def _runs(cells: Sequence[Cell], what: Callable[[Told], str | None]) -> Iterator[tuple[int, int, str, Told]]:
    """Runs of blocks that say the same: index, number of blocks, what, and the first decision."""
    index = 0
    for said, group in groupby(cells, key=lambda cell: None if cell.last is None else what(cell.last)):
        of_run = list(group)
        if said is not None and of_run[0].last is not None:
            yield index, len(of_run), said, of_run[0].last
        index += len(of_run)


def _decisions(highest_w: int) -> _Build:
    """As high as the level is strong; a load that is off leaves a line."""

    def build(cells: Sequence[Cell], step: float, top: float) -> Lane:
        base, marks = top + CAPTION_H + LANE_H, []
        for index, blocks, level, told in _runs(cells, lambda told: told.view.level if told.view else None):
            power_w = told.view.power_w if told.view else 0
            height = 2.0 if level == "off" else max(8.0, LANE_H * power_w / max(1, highest_w))
            kind = "off" if level == "off" else "on"
            marks.append(Mark(index * step, blocks * step, base - height, height, kind))
        marks += [
            Mark(cell.x, step, base - LANE_H, LANE_H, "switch")
            for cell in cells
            if any(told.is_switch for told in cell.told)
        ]
        return Lane("decision", top, base, 0.0, float(highest_w), marks)

    return build


def _rules(cells: Sequence[Cell], step: float, top: float) -> Lane:
    y = top + CAPTION_H
    marks = [
        Mark(index * step, blocks * step, y, RULE_H, rule, _letters(rule, blocks))
        for index, blocks, rule, _told in _runs(cells, lambda told: told.view.rule if told.view else None)
    ]
    return Lane("rule", top, y + RULE_H, marks=marks)


def _letters(rule: str, blocks: int) -> str:
    return rule if blocks >= LETTERS_FROM_BLOCKS and rule.startswith("R") else ""


def _surplus(cells: Sequence[Cell], step: float, top: float) -> Lane | None:
    """Up from the line what was left over, down from it what was lacking."""
    values = _values(cells, lambda told: None if told.view is None else told.view.surplus_w)
    if not values:
        return None
    low, high = min(0.0, *(v for _, v in values)), max(0.0, *(v for _, v in values))
    scale = LANE_H / max(1.0, high - low)
    base = top + CAPTION_H + high * scale
    marks = [
        Mark(
            cell.x,
            step,
            base - max(0.0, value) * scale,
            abs(value) * scale,
            "left" if value >= 0 else "lacking",
        )
        for cell, value in values
    ]
    return Lane("surplus", top, base, low, high, marks)


def _measured(signal: str, name: str, high: float = 100.0) -> _Build:
    """A column a block, on a scale from nothing to ``high``."""

    def build(cells: Sequence[Cell], step: float, top: float) -> Lane | None:
        values = _values(cells, lambda told: told.signal(signal))
        base = top + CAPTION_H + LANE_H
        marks = [
            Mark(cell.x, step, base - LANE_H * value / high, LANE_H * value / high, name) for cell, value in values
        ]
        return Lane(name, top, base, 0.0, high, marks) if marks else None

    return build


def _prices(cells: Sequence[Cell], step: float, top: float) -> Lane | None:
    """The import price as a line; below nothing it hangs from the same line as what is lacking."""
    values = _values(cells, lambda told: told.signal("import_price_ct_kwh"))
    if not values:
        return None
    low, high = min(0.0, *(v for _, v in values)), max(0.0, *(v for _, v in values))
    scale = LANE_H / max(1.0, high - low)
    base = top + CAPTION_H + high * scale
    marks = [Mark(cell.x, step, base - value * scale - 1.5, 3.0, "price") for cell, value in values]
    return Lane("price", top, base, low, high, marks)


def _values(cells: Sequence[Cell], of: Callable[[Told], float | None]) -> list[tuple[Cell, float]]:
    told = ((cell, None if cell.last is None else of(cell.last)) for cell in cells)
    return [(cell, value) for cell, value in told if value is not None]


def _hours(day: Day, zone: ZoneInfo) -> Iterator[tuple[float, str]]:
    """Every third hour by the clock on the wall, also on the days that have 23 or 25 of them."""
    seen: set[int] = set()
    for at_s in range(day.begin_s, day.end_s, HOUR_S):
        hour = datetime.fromtimestamp(at_s, zone).hour
        if hour % EVERY_H == 0 and hour not in seen:
            seen.add(hour)
            yield 100 * (at_s - day.begin_s) / (day.end_s - day.begin_s), f"{hour:02}"


def share_on(cells: Iterable[Cell]) -> int:
    """Blocks in which the load was to run at their end."""
    return sum(cell.last is not None and cell.last.view is not None and cell.last.view.is_on for cell in cells)
