"""What the house did, block by block: the means that each tick was decided on, remembered for the forecasts."""

from __future__ import annotations

import logging
from typing import Any

from bitgrid.bus import DecisionEvent, Received, decode
from bitgrid.kernel import EnergyState, state_from_record
from bitgrid.store.errors import StoreError
from bitgrid.store.feeds import BlockMeans, FeedsStore

log = logging.getLogger(__name__)

KEEP_S = 800 * 86_400
"""Two years and some weeks: 5 MB."""
TICK = "TICK"


class History:
    """Hears the decisions; a tick's state holds the means of the block that just ended.

    Args:
        store: where they are remembered.
        block_s: length of a block, s.
    """

    def __init__(self, store: FeedsStore, block_s: int) -> None:
        self._store, self._block_s = store, block_s
        self._last_start_s = -1

    def on_decision(self, received: Received) -> None:
        """A decision; of several loads' ticks in a block the first counts."""
        event = decode(DecisionEvent, received.payload)
        means = None if event is None else block_means(event.record, self._block_s)
        if means is None or means.start_s == self._last_start_s:
            return
        try:
            self._store.add(means)
            if means.start_s // 86_400 != self._last_start_s // 86_400:
                self._store.forget_but(KEEP_S // self._block_s)
            self._last_start_s = means.start_s
        except StoreError as error:
            log.warning("the forecasts learn nothing of this block: %s", error)


def block_means(record: dict[str, Any], block_s: int) -> BlockMeans | None:
    """The means of the block before a tick, from its record; None where it is no tick or tells nothing.

    Args:
        record: as `kernel.record` writes it.
        block_s: length of a block, s.
    """
    try:
        if record["trigger"] != TICK:
            return None
        state: EnergyState = state_from_record(record["state"], None)
    except (KeyError, TypeError, ValueError):
        return None
    pv_w, load_w = state.good("pv_power_w"), state.house_load_w
    if pv_w is None and load_w is None:
        return None
    return BlockMeans((state.block - 1) * block_s, pv_w, load_w)
