"""The same days without control, in closed loop: what the meter would have told had the loads run otherwise.

A battery is carried forward from block to block over the measured sun and household, once for each of three ways
the loads could have run: as they did; their energy of each local day spread evenly over it, as a load runs that
nobody controls; and not at all. The first tells how far the model is from the meter, and the reduction is the
difference of two runs of the same model, so that what the model does not know of the battery drops out.

Each local day begins with the charge measured before it, so that its sums are the same whatever period it is asked
for in. Where a block is missing the thread is cut: all three begin anew with the measured charge, and no block is
made up.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from bitgrid.kernel import Battery
from bitgrid.replay.battery_bank import BatteryBank
from bitgrid.replay.kpi.sums import Sums

_WS_PER_WH = 3600
_MWS_PER_WH = 3_600_000
_SOC_SCALE = 10


class LivedBlock(NamedTuple):
    """A block as it was: of which day, means in W, and the charges measured before and at its end, in percent.

    Without a battery there may be no charges.
    """

    block: int
    day: int
    begin_pct: float | None
    pv_w: float
    house_w: float
    loads_w: float
    even_w: float
    grid_w: float
    soc_pct: float | None


class _Run:
    """One way the loads could have run."""

    def __init__(self, battery: Battery | None, soc: int) -> None:
        self._bank = None if battery is None else BatteryBank(battery, soc)

    @property
    def stored_mws(self) -> int:
        """What is in the battery."""
        return 0 if self._bank is None else self._bank.stored_mws

    def live(self, surplus_w: float, seconds: int) -> float:
        """Live a block with so much over (− missing); what was bought in it, Wh."""
        surplus_ws = round(surplus_w * seconds)
        if self._bank is not None:
            surplus_ws -= self._bank.balance(surplus_ws, seconds)
        return max(0, -surplus_ws) / _WS_PER_WH


class _Thread:
    """The three runs, from where the charge was measured last."""

    def __init__(self, battery: Battery | None, soc_pct: float | None) -> None:
        self._soc = round((soc_pct or 0) * _SOC_SCALE)
        self._capacity_wh = 0 if battery is None else battery.capacity_wh
        self._as_it_was, self._even, self._without = (_Run(battery, self._soc) for _ in range(3))

    def live(self, told: LivedBlock, seconds: int, sums: Sums) -> None:
        """Add a block."""
        over_w, stored_mws = told.pv_w - told.house_w, self._even.stored_mws
        sums.base_blocks += 1
        sums.base_measured_wh += max(0.0, told.grid_w) * seconds / _WS_PER_WH
        sums.base_as_it_was_wh += self._as_it_was.live(over_w - told.loads_w, seconds)
        sums.base_even_wh += self._even.live(over_w - told.even_w, seconds)
        sums.base_without_wh += self._without.live(over_w, seconds)
        soc = round((told.soc_pct or 0) * _SOC_SCALE)
        measured_wh = (soc - self._soc) * self._capacity_wh / (100 * _SOC_SCALE)
        sums.base_stored_wh += measured_wh - (self._even.stored_mws - stored_mws) / _MWS_PER_WH
        self._soc = soc


def live_again(blocks: Iterable[LivedBlock], days: Sequence[Sums], battery: Battery | None, block_s: int) -> None:
    """Live blocks again and add what was bought to their days' sums.

    Args:
        blocks: in order; after a gap, and with each day, all runs begin anew with the charge measured before.
        days: to add to, by the blocks' ``day``.
        battery: the home's; None without one.
        block_s: length of a block, s.
    """
    thread, follows = _Thread(battery, None), (-1, -1)
    for told in blocks:
        if (told.block, told.day) != follows:
            thread = _Thread(battery, told.begin_pct)
        thread.live(told, block_s, days[told.day])
        follows = told.block + 1, told.day
