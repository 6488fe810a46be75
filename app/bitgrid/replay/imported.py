"""A drive from an import: block means of what was known, cut where nothing was known for long.

A gap of at most an hour holds the value before it; a longer one is left out: the simulated house stops before it,
everything goes off, and it goes on behind it with the battery as it was. Both are told in the notes.
"""

from __future__ import annotations

import datetime as dt
import json
import math
from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from bitgrid.config import Config
from bitgrid.kernel import to_scaled
from bitgrid.replay.drive import Drive, clear_sky_forecast
from bitgrid.replay.errors import NothingThere, ReplayError
from bitgrid.store.archive.reader import ArchiveReader

REPORT = "import.json"
PV, HOUSE, SOC = "pv_power_w", "house_load_w", "battery_soc_pct"
FORECAST, DAY_AHEAD, IMPORT_PRICE = "pv_forecast_w", "day_ahead_eur_mwh", "import_price_ct_kwh"
DAY_S = 86_400
BRIDGED_S = 3600
KNOWN_SHARE = 0.5
"""Of a block, what must be known for its mean to count."""
_CT_SCALE_OF_EUR_MWH = 10
"""1 EUR/MWh is 0.1 ct/kWh, ten of the kernel's units."""


@dataclass
class _Blocks:
    """Means of a signal by block."""

    block_s: int
    _weighted: dict[int, float] = field(default_factory=dict)
    _known_s: dict[int, float] = field(default_factory=dict)

    def take(self, start_s: float, end_s: float, value: float) -> None:
        """Take in a value and when it held."""
        while start_s < end_s:
            block = int(start_s // self.block_s)
            until_s = min(end_s, float((block + 1) * self.block_s))
            self._weighted[block] = self._weighted.get(block, 0.0) + value * (until_s - start_s)
            self._known_s[block] = self._known_s.get(block, 0.0) + until_s - start_s
            start_s = until_s

    def means(self) -> dict[int, float]:
        """The mean of each block of which enough is known."""
        enough_s = KNOWN_SHARE * self.block_s
        return {
            block: self._weighted[block] / known_s
            for block, known_s in sorted(self._known_s.items())
            if known_s >= enough_s
        }


def is_import(directory: Path) -> bool:
    """Whether a directory was made by `bitgrid import`."""
    return (directory / REPORT).is_file()


def from_import(directory: Path, config: Config, period: tuple[int, int], surcharge: int | None) -> list[Drive]:
    """Drives from an import, one for each stretch without a long gap, oldest first; the notes are the first one's.

    Args:
        directory: what `bitgrid import` made.
        config: for block length, place and planes.
        period: from and to, UTC epoch seconds.
        surcharge: 0.01 ct/kWh on top of the day-ahead price; None: what was recorded, else the fixed tariff.

    Raises:
        NothingThere: no two blocks of the period are known, or there are no day-ahead prices.
    """
    means = _block_means(directory, config.rules.block_s, period)
    if surcharge is not None and not means[DAY_AHEAD]:
        raise NothingThere(f"the import has no {DAY_AHEAD}, so its prices cannot be taken")
    known = sorted(means[PV].keys() & means[HOUSE].keys())
    stretches = [(first, last) for first, last in _stretches(known, config.rules.block_s) if last > first]
    if not stretches:
        raise NothingThere("no two blocks of the import lie in the period asked for")
    drives = [_drive(means, config, first, last, surcharge) for first, last in stretches]
    drives[0].notes = tuple(_notes(directory, means, drives, known))
    return drives


def _block_means(directory: Path, block_s: int, period: tuple[int, int]) -> dict[str, dict[int, float]]:
    reader = ArchiveReader(directory)
    names = (PV, HOUSE, SOC, FORECAST, DAY_AHEAD, IMPORT_PRICE)
    blocks = {name: _Blocks(block_s) for name in names}
    first_s, last_s = -(-period[0] // block_s) * block_s, period[1] // block_s * block_s
    for day in reader.days("telemetry"):
        begins_s = int(dt.datetime(day.year, day.month, day.day, tzinfo=dt.UTC).timestamp())
        if begins_s + DAY_S <= first_s or begins_s >= last_s:
            continue
        table = reader.table("telemetry", day, day)
        for name in names:
            for start_s, end_s, value in _held(table, name, begins_s + DAY_S):
                blocks[name].take(max(start_s, first_s), min(end_s, last_s), value)
    return {name: found.means() for name, found in blocks.items()}


def _held(table: pa.Table, signal: str, ends_s: int) -> Iterator[tuple[float, float, float]]:
    """When each value of a day held: until the next row, at the latest until the day ended."""
    rows = table.filter(pc.equal(table.column("signal"), signal)).sort_by("at_s")
    times = [*rows.column("at_s").to_pylist(), float(ends_s)]
    for (start_s, end_s), value in zip(pairwise(times), rows.column("value").to_pylist(), strict=True):
        if value is not None:
            yield start_s, end_s, value


def _stretches(known: list[int], block_s: int) -> Iterator[tuple[int, int]]:
    """First and last block of each stretch whose gaps are short."""
    longest = BRIDGED_S // block_s + 1
    begin = None
    for block, following in pairwise([*known, None]):
        assert block is not None  # noqa: S101  only the last of the pairs' second has none
        begin = block if begin is None else begin
        if following is None or following - block > longest:
            yield begin, block
            begin = None


def _drive(
    means: Mapping[str, dict[int, float]], config: Config, first: int, last: int, surcharge: int | None
) -> Drive:
    block_s, blocks = config.rules.block_s, range(first, last + 1)
    soc = means[SOC].get(first)
    return Drive(
        block_s,
        first,
        array("i", (max(0, round(value)) for value in _bridged(means[PV], blocks))),
        array("i", (max(0, round(value)) for value in _bridged(means[HOUSE], blocks))),
        _forecast(means[FORECAST], config, blocks),
        _prices(means, config, blocks, surcharge),
        soc=None if soc is None else to_scaled(SOC, soc),
    )


def _bridged(values: dict[int, float], blocks: range) -> Iterator[float]:
    """A value for each block: where it is not known, the one before."""
    last = 0.0
    for block in blocks:
        last = values.get(block, last)
        yield last


def _forecast(known: dict[int, float], config: Config, blocks: range) -> array[int]:
    """What was forecast; in gaps of at most an hour the value before, in longer ones the clear sky."""
    block_s = config.rules.block_s
    sky = clear_sky_forecast(config.site, block_s, blocks.start, len(blocks))
    if not known:
        return sky
    told = sky or array("i", [0] * (len(blocks) + DAY_S // block_s))
    last, last_block = 0.0, -math.inf
    for index, block in enumerate(range(blocks.start, blocks.start + len(told))):
        if block in known:
            last, last_block = known[block], block
        if (block - last_block) * block_s <= BRIDGED_S:
            told[index] = round(last)
    return told


def _prices(
    means: Mapping[str, dict[int, float]], config: Config, blocks: range, surcharge: int | None
) -> array[int]:
    """What a kWh cost in each block, 0.01 ct; empty where the fixed tariff holds."""
    fixed = config.site.tariff.import_ct_kwh
    if surcharge is not None:
        market = _bridged(means[DAY_AHEAD], blocks)
        return array("i", (round(price * _CT_SCALE_OF_EUR_MWH) + surcharge for price in market))
    if not means[IMPORT_PRICE]:
        return array("i")
    return array("i", (to_scaled("ct_kwh", means[IMPORT_PRICE].get(block, fixed)) for block in blocks))


def _notes(
    directory: Path, means: Mapping[str, dict[int, float]], drives: list[Drive], known: list[int]
) -> Iterator[str]:
    """What a reader of the figures must know."""
    block_s, lived = drives[0].block_s, sum(map(len, drives))
    whole = known[-1] - known[0] + 1
    yield f"imported from {_source(directory)}"
    for name in (PV, HOUSE):
        bridged = sum(
            1
            for drive in drives
            for block in range(drive.first_block, drive.first_block + len(drive))
            if block not in means[name]
        )
        if bridged:
            yield f"{name} is not known in {bridged} of {lived} blocks, in gaps up to 1 h: the value before holds"
    if whole > lived:
        yield (
            f"{(whole - lived) * block_s / DAY_S:.1f} of {whole * block_s / DAY_S:.1f} days are left out: in "
            f"{len(drives) - 1} gaps of more than 1 h nothing is known of sun or household"
        )
    yield "forecast: as recorded, clear sky where it was not" if means[FORECAST] else "forecast: clear sky"
    if means[IMPORT_PRICE]:
        yield "import price: as recorded, the fixed tariff where it was not"


def _source(directory: Path) -> str:
    """The file an import was made of, as its report names it.

    Raises:
        ReplayError: the report cannot be read.
    """
    try:
        told = json.loads((directory / REPORT).read_text(encoding="utf-8"))["source"]
        return f"{told['file']} ({told['kind']}); what was missing stands in {directory / REPORT}"
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ReplayError(f"{directory / REPORT} cannot be read ({error}); import the file again") from None
