"""What the roof yielded, block by block, in one array; readings that cannot be so are left out."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable
from dataclasses import dataclass

from bitgrid.store.feeds import BlockMeans

UNKNOWN = math.nan
NIGHT_DRAW_W = 50
"""An inverter draws a little at night; more below zero than this is no yield."""
MOST_W = 1_000_000
TIMES_USUAL = 6
"""More than so many times what is hardly ever exceeded is no sunshine either."""
HARDLY_EVER = 0.98


@dataclass(frozen=True)
class Record:
    """PV power of the blocks from ``first_block`` on, W; NaN where nothing is known."""

    first_block: int
    pv_w: array[float]

    @property
    def end_block(self) -> int:
        """The block after the last."""
        return self.first_block + len(self.pv_w)

    def at(self, block: int) -> float:
        """W, or NaN."""
        return self.pv_w[block - self.first_block] if self.first_block <= block < self.end_block else UNKNOWN

    def cut(self, before: int) -> Record:
        """The same, without the blocks from ``before`` on."""
        return Record(self.first_block, self.pv_w[: max(0, before - self.first_block)])

    def since(self, block: int) -> Record:
        """The same, without the blocks before ``block``."""
        drop = max(0, block - self.first_block)
        return Record(self.first_block + drop, self.pv_w[drop:])


def record_of(means: Iterable[BlockMeans], block_s: int) -> Record:
    """A record of what the store remembers, oldest first; of two rows within a block the later counts."""
    known = {row.start_s // block_s: row.pv_w for row in means if row.pv_w is not None}
    if not known:
        return Record(0, array("d"))
    bounds, most_w = (min(known), max(known)), _most_w([w for w in known.values() if w > 0])
    pv_w = array("d", [UNKNOWN]) * (bounds[1] - bounds[0] + 1)
    for block, watts in known.items():
        if -NIGHT_DRAW_W <= watts <= most_w:
            pv_w[block - bounds[0]] = max(0, watts)
    return Record(bounds[0], pv_w)


def _most_w(yields_w: list[int]) -> float:
    possible = sorted(watts for watts in yields_w if watts <= MOST_W)
    return TIMES_USUAL * possible[int(len(possible) * HARDLY_EVER)] if possible else MOST_W


def quantile(values: list[float], share: float) -> float:
    """The value that a share of them lies below; of at least one value."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]
