"""What a terahash costs each miner: measured over whole blocks, and its profile's until then."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from typing import Any, NamedTuple

from bitgrid.bus import DecisionEvent, Received, decode
from bitgrid.config import LoadConfig
from bitgrid.feeds.history import TICK
from bitgrid.store.errors import StoreError
from bitgrid.store.feeds import FeedsStore

log = logging.getLogger(__name__)

KEPT = "joules per terahash"
FARTHEST = 4.0
"""A measured value further from the profile's than this factor is a meter's fault or a miner's."""


class Efficiency(NamedTuple):
    """Joules per terahash, and whether they were measured."""

    joules_per_terahash: float
    is_measured: bool


class Efficiencies:
    """Hears the decisions: the record of a tick holds the J/TH of the block before it.

    Args:
        loads: of the site; those without a miner hash nothing.
        store: keeps what was measured over a restart.
        block_s: length of a block, s.
    """

    def __init__(self, loads: Iterable[LoadConfig], store: FeedsStore, block_s: int) -> None:
        self._store, self._block_s = store, block_s
        self._profile = {
            load.id: load.joules_per_terahash
            for load in loads
            if load.miner is not None and load.joules_per_terahash is not None
        }
        self._measured = self._kept()

    def of_miners(self) -> dict[str, Efficiency]:
        """By load."""
        return {
            load: Efficiency(self._measured.get(load, joules), load in self._measured)
            for load, joules in self._profile.items()
        }

    def on_decision(self, received: Received) -> None:
        """A decision; what it says of a block that the load did not run through counts nothing."""
        event = decode(DecisionEvent, received.payload)
        told = None if event is None else measured(event.record, self._block_s)
        if event is None or told is None or not self._can_be(event.load, told):
            return
        self._measured[event.load] = told
        try:
            self._store.keep(KEPT, float(event.record["at_s"]), json.dumps(self._measured))
        except (StoreError, KeyError, TypeError, ValueError) as error:
            log.warning("a restart would forget what a terahash costs: %s", error)

    def _can_be(self, load: str, joules: float) -> bool:
        profile = self._profile.get(load)
        return profile is not None and profile / FARTHEST <= joules <= profile * FARTHEST

    def _kept(self) -> dict[str, float]:
        try:
            kept = self._store.kept(KEPT)
            told = {} if kept is None else json.loads(kept.text)
        except (StoreError, ValueError) as error:
            log.warning("what a terahash cost last cannot be read: %s", error)
            return {}
        pairs = told.items() if isinstance(told, dict) else ()
        return {load: float(joules) for load, joules in pairs if _is_number(joules) and self._can_be(load, joules)}


def measured(record: dict[str, Any], block_s: int) -> float | None:
    """The J/TH of the block before a tick; None where the load did not run through all of it.

    Args:
        record: as `kernel.record` writes it.
        block_s: length of a block, s.
    """
    try:
        load, signals = record["load"], record["state"]["signals"]
        if record["trigger"] != TICK or not signals[f"{load}.on_for_s"]["value"] >= block_s:
            return None
        told = signals[f"{load}.block_j_per_th"]
        return float(told["value"]) if told["quality"] == "good" and _is_number(told["value"]) else None
    except (KeyError, TypeError):
        return None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
