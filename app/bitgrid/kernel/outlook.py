"""The outlook: the battery carried forward over the forecast, without the load. Does it spill or empty first?

If it spills first, a kilowatt hour mined now displaces only export; if it runs empty first, it is bought back
later. Computed once for a forecast and a block, handed to `decide()` in the state. Integers: energies in W·block,
that is watts held for one block, so that nothing is rounded on the way; Wh at the end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from bitgrid.kernel.state import EnergyState

WEIGHTS_PERCENT = (30, 40, 30)
"""Of p10, p50 and p90: Swanson's rule for the mean of a distribution known by these three."""
MIN_BLOCKS = 72
"""Twelve hours; a shorter forecast says nothing about the night."""
_PERMILLE = 1000


class Battery(NamedTuple):
    """The home's battery: Wh, W, one-way efficiency in permille, and the SoC (0.1 %) at which it is empty."""

    capacity_wh: int
    max_charge_w: int = 5000
    max_discharge_w: int = 5000
    one_way_efficiency_permille: int = 950
    empty_soc: int = 50


class Course(NamedTuple):
    """What happens on one quantile of the forecast; blocks count from the one now beginning, None: not within it.

    Args:
        spill_block: when the battery is full and the sun still has more.
        empty_block: when the house must first buy.
        spilled_wh: what is spilled before it first runs empty.
    """

    spill_block: int | None
    empty_block: int | None
    spilled_wh: int

    @property
    def spills_first(self) -> bool:
        """Whether it spills before it runs empty."""
        return self.spill_block is not None and (self.empty_block is None or self.spill_block < self.empty_block)


@dataclass(frozen=True)
class Outlook:
    """The courses on p10, p50 and p90 of the PV forecast, each with the median load."""

    courses: tuple[Course, Course, Course]
    blocks: int

    @property
    def likely(self) -> Course:
        """The course on the median."""
        return self.courses[1]


def outlook(state: EnergyState, battery: Battery | None, block_s: int = 600) -> Outlook | None:
    """Carry the battery forward; None without a battery, its SoC, or twelve hours of forecast.

    Where no load forecast is given the present house load stands in, as everywhere in the kernel.
    """
    soc, house, p50 = state.good("battery_soc_pct"), state.house_load_w, state.coming("pv_w")
    blocks = len(p50)
    if battery is None or soc is None or blocks < MIN_BLOCKS:
        return None
    loads = state.coming("load_w")
    if len(loads) < blocks:
        if house is None:
            return None
        loads = (house,) * blocks
    likely = _course(p50, loads, soc, battery, block_s)
    low, high = (
        _course(pv, loads, soc, battery, block_s) if pv else likely
        for pv in (state.coming("pv_low_w"), state.coming("pv_high_w"))
    )
    return Outlook((low, likely, high), blocks)


def _course(pv: Sequence[int], loads: Sequence[int], soc: int, battery: Battery, block_s: int) -> Course:
    """One quantile, in milliwatt blocks: a block at 1 W is 1000 of them."""
    full = battery.capacity_wh * 3600 * _PERMILLE // block_s
    empty = full * battery.empty_soc // 1000
    stored, spilled = full * soc // 1000, 0
    spill_block = empty_block = None
    efficiency = battery.one_way_efficiency_permille
    for block, (pv_w, load_w) in enumerate(zip(pv, loads, strict=False)):
        net_w = pv_w - load_w
        if net_w >= 0:
            taken_w = min(net_w, battery.max_charge_w)
            room = full - stored
            charged = min(taken_w * efficiency, room)
            stored += charged
            if charged < net_w * efficiency:
                spilled += net_w * _PERMILLE - charged * _PERMILLE // efficiency
                spill_block = block if spill_block is None else spill_block
        else:
            needed = min(-net_w, battery.max_discharge_w) * _PERMILLE * _PERMILLE // efficiency
            given = min(needed, max(0, stored - empty))
            stored -= given
            if given < needed:
                empty_block = block
                break
    return Course(spill_block, empty_block, spilled * block_s // (3600 * _PERMILLE))
