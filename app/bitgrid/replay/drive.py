"""What drives a simulated house, block by block: sun, household, what was forecast, what a kWh cost.

Sixteen bytes a block, and a name for every forecast; this is all of a simulation that grows with the period.
"""

from __future__ import annotations

import json
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import pairwise

from bitgrid.config import Config, Site
from bitgrid.kernel import Forecast, state_from_record
from bitgrid.plant.recorded import DAY_AHEAD, DAY_S, FORECAST, HOUSE, PV, Recording
from bitgrid.plant.source import Source
from bitgrid.replay.errors import NothingThere
from bitgrid.store import DecisionRow
from bitgrid.sun import clear_sky_w

SAMPLES_A_BLOCK = 10
_CT_SCALE_OF_EUR_MWH = 10
"""1 EUR/MWh is 0.1 ct/kWh, ten of the kernel's units."""


@dataclass
class ArchivedForecasts:
    """Which archived forecast was in force from which block on; None: none was.

    Args:
        recall: an archived forecast by its name.
    """

    recall: Callable[[str], Forecast]
    _blocks: list[int] = field(default_factory=list)
    _names: list[str | None] = field(default_factory=list)

    def note(self, block: int, name: str | None) -> None:
        """From this block on; blocks rise."""
        if not self._names or self._names[-1] != name:
            self._blocks.append(block)
            self._names.append(name)

    def at(self, block: int) -> Forecast | None:
        """What was in force in a block."""
        index = bisect_right(self._blocks, block) - 1
        name = None if index < 0 else self._names[index]
        return None if name is None else self.recall(name)

    def covered(self, first_block: int, blocks: int) -> int:
        """In how many blocks of a period one was in force."""
        ends = [*self._blocks[1:], first_block + blocks]
        spans = zip(self._blocks, ends, self._names, strict=True)
        return sum(
            max(0, min(end, first_block + blocks) - max(begin, first_block))
            for begin, end, name in spans
            if name is not None
        )


@dataclass
class Drive:
    """A period, by block.

    Args:
        block_s: length of a block, s.
        first_block: number of the first.
        pv_w, house_w: means, W.
        forecast_w: PV forecast, W, perhaps beyond the period; empty where there is none.
        prices: import price, 0.01 ct/kWh; empty where the fixed tariff holds.
        notes: what a reader must know of these figures.
        soc: the battery's charge at the start, 0.1 %, where it is known.
        archived: the forecasts that were in force, where a house recorded them; they go before ``forecast_w``.
    """

    block_s: int
    first_block: int
    pv_w: array[int]
    house_w: array[int]
    forecast_w: array[int]
    prices: array[int]
    notes: tuple[str, ...] = ()
    soc: int | None = None
    archived: ArchivedForecasts | None = None

    def __len__(self) -> int:
        return len(self.pv_w)


Blocks = Callable[[int], int]


def _block_array(first_block: int, blocks: int, value: Blocks) -> array[int]:
    return array("i", map(value, range(first_block, first_block + blocks)))


def clear_sky_forecast(site: Site, block_s: int, first_block: int, blocks: int) -> array[int]:
    """The forecast that the house's own feed gives: a cloudless sky at the middle of each block; empty without PV.

    It reaches a day beyond the period, so that its last decisions look ahead as far as its first.
    """
    if not site.pv:
        return array("i")
    place, half_s = site.location, block_s / 2
    return _block_array(
        first_block,
        blocks + DAY_S // block_s,
        lambda block: clear_sky_w(block * block_s + half_s, place.latitude, place.longitude, site.pv),
    )


def from_recording(recording: Recording, config: Config, period: tuple[int, int], surcharge: int | None) -> Drive:
    """A drive from a recorded home.

    Args:
        recording: its rows.
        config: for block length, and place and planes where no forecast is recorded.
        period: from and to, UTC epoch seconds; what lies outside the recording is left out.
        surcharge: 0.01 ct/kWh on top of the day-ahead price; None: the fixed tariff holds.

    Raises:
        NothingThere: no whole block of the recording lies in the period, or it has no prices.
    """
    block_s, times_s = config.rules.block_s, recording.times_s
    row_s = _usual_gap_s(times_s, block_s)
    start_s, end_s = max(times_s[0], period[0]), min(times_s[-1] + row_s, period[1])
    first, blocks = -(-start_s // block_s), end_s // block_s - -(-start_s // block_s)
    if blocks < 2:  # noqa: PLR2004  one to look at, one to decide
        raise NothingThere("no two whole blocks of the recording lie in the period asked for")
    if surcharge is not None and DAY_AHEAD not in recording.columns:
        raise NothingThere(f"the recording has no column {DAY_AHEAD}, so its prices cannot be taken")
    samples = max(1, min(SAMPLES_A_BLOCK, block_s // max(1, row_s)))
    offsets = [index * block_s // samples for index in range(samples)]

    def column(name: str, scale: int = 1) -> array[int]:
        values = recording.columns[name]

        def mean(block: int) -> int:
            rows = (bisect_right(times_s, block * block_s + offset) - 1 for offset in offsets)
            return round(scale * sum(values[row] for row in rows) / samples)

        return _block_array(first, blocks, mean)

    has_forecast = FORECAST in recording.columns
    forecast = column(FORECAST) if has_forecast else clear_sky_forecast(config.site, block_s, first, blocks)
    prices = array("i")
    if surcharge is not None:
        prices = array("i", (price + surcharge for price in column(DAY_AHEAD, _CT_SCALE_OF_EUR_MWH)))
    notes = _notes(recording, row_s, block_s, has_forecast=has_forecast)
    return Drive(block_s, first, column(PV), column(HOUSE), forecast, prices, notes)


def from_source(source: Source, config: Config, start_s: int, blocks: int) -> Drive:
    """A drive from the simulated weather and household, sampled by the minute."""
    block_s = config.rules.block_s
    first = start_s // block_s
    pv, house = array("i"), array("i")
    for block in range(first, first + blocks):
        seen = [
            source.at(block * block_s + index * block_s // SAMPLES_A_BLOCK) for index in range(SAMPLES_A_BLOCK)
        ]
        pv.append(round(sum(pv_w for pv_w, _house_w in seen) / SAMPLES_A_BLOCK))
        house.append(round(sum(house_w for _pv_w, house_w in seen) / SAMPLES_A_BLOCK))
    return Drive(block_s, first, pv, house, clear_sky_forecast(config.site, block_s, first, blocks), array("i"))


def from_ledger(rows: Iterable[DecisionRow], config: Config, recall: Callable[[str], Forecast]) -> Drive:
    """A drive from what a running house has recorded, one block each; where it had no forecast, the clear sky's.

    Args:
        rows: what it decided.
        config: for block length, place and planes.
        recall: an archived forecast by its name.

    Raises:
        NothingThere: nothing there tells sun and household.
    """
    block_s, pv, house = config.rules.block_s, array("i"), array("i")
    first, soc, gaps, archived = 0, None, 0, ArchivedForecasts(recall)
    for row in rows:
        record = json.loads(row.record)["state"]
        state = state_from_record(record, None)
        pv_w, house_w = state.good("pv_power_w"), state.house_load_w
        if row.trigger != "TICK" or pv_w is None or house_w is None:
            continue
        block = row.block - 1
        if not pv:
            first, soc = block, state.good("battery_soc_pct")
        missing = block - first - len(pv)
        if missing < 0:
            continue
        gaps += missing
        archived.note(row.block, record["forecast"])
        pv.extend(pv[-1:] * missing + array("i", [pv_w]))
        house.extend(house[-1:] * missing + array("i", [max(0, house_w)]))
    if len(pv) < 2:  # noqa: PLR2004  one to look at, one to decide
        raise NothingThere("no two blocks are recorded in which both the sun and the household were known")
    covered = archived.covered(first + 1, len(pv) - 1)
    notes = [f"forecast: as archived in {covered} of {len(pv) - 1} decided blocks, clear sky in the others"]
    if gaps:
        notes.append(f"{gaps} of {len(pv)} blocks are not recorded and hold the value before them")
    forecast = clear_sky_forecast(config.site, block_s, first, len(pv))
    return Drive(block_s, first, pv, house, forecast, array("i"), tuple(notes), soc, archived)


def _usual_gap_s(times_s: list[int], block_s: int) -> int:
    gaps = sorted(later - earlier for earlier, later in pairwise(times_s))
    return gaps[len(gaps) // 2] if gaps else block_s


def _notes(recording: Recording, row_s: int, block_s: int, *, has_forecast: bool) -> tuple[str, ...]:
    notes = []
    if row_s > block_s:
        notes.append(f"rows every {row_s // 60} min: blocks of {block_s // 60} min hold their row's value")
    if recording.held_cells:
        notes.append(f"{recording.held_cells} empty cells hold the value before them")
    longest_s = max((later - earlier for earlier, later in pairwise(recording.times_s)), default=row_s)
    if longest_s > 2 * row_s:
        notes.append(f"the recording has gaps, the longest of {longest_s // 60} min: the row before holds on")
    notes.append("forecast: the recording's own" if has_forecast else "forecast: clear sky")
    return tuple(notes)
