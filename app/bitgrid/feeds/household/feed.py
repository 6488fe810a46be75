"""The load forecast as a feed: learned at the start and every night, reckoned anew in each block."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from zoneinfo import ZoneInfo

from bitgrid.bus import Telemetry
from bitgrid.clock import Clock
from bitgrid.feeds.errands import Errands
from bitgrid.feeds.household.forecast import LEARN_DAYS, Household, Learned, learn
from bitgrid.feeds.household.table import DAY_S, LocalTime
from bitgrid.feeds.port import Told
from bitgrid.store.errors import StoreError
from bitgrid.store.feeds import BlockMeans, FeedsStore

log = logging.getLogger(__name__)

DEVICE, SIGNAL = "forecast", "load_forecast_w"
HORIZON_S = 36 * 3600
ERRAND = "learn the household"


class LoadForecastFeed:
    """What the household will draw in the next 36 hours; nothing is told before a whole day is known.

    Args:
        store: holds the home's block means.
        errands: learning is one.
        clock: of the house.
        zone: of the house.
        block_s: length of a block, s.
    """

    def __init__(self, store: FeedsStore, errands: Errands, clock: Clock, zone: ZoneInfo, block_s: int) -> None:
        self._store, self._errands, self._clock = store, errands, clock
        self._local, self._block_s = LocalTime(zone, block_s), block_s
        self._learned: Learned | None = None
        self._asked_day: int | None = None
        self._made_of: tuple[int, bool, Learned | None] | None = None
        self._first_block, self._made_boot_s = 0, 0.0
        self._forecast_w: list[tuple[float, float, float]] = []
        self._problem = ""

    def step(self) -> None:
        """Send for learning on a new local day; reckon anew in a new block, and once its last block is known."""
        start_s = int(self._clock.now() // self._block_s) * self._block_s
        try:
            self._learn(start_s)
            self._reckon(start_s)
            self._problem = ""
        except StoreError as error:
            self._problem = f"the household is not forecast: {error}"

    def told(self) -> Iterator[Told]:
        """The forecast from its block on."""
        if self._forecast_w and self._learned is not None:
            days = self._learned.days
            source = f"learned from {days} day{'s' if days != 1 else ''}"
            age_s = max(0.0, self._clock.boot() - self._made_boot_s)
            telemetry = Telemetry(
                value=self._forecast_w, source=source, age_s=age_s, first_block=self._first_block
            )
            yield Told(DEVICE, SIGNAL, telemetry)

    def problem(self) -> str:
        """That the history cannot be read."""
        return self._problem

    def _learn(self, start_s: int) -> None:
        day = self._local.slot(start_s).day
        if day == self._asked_day or self._errands.is_out(ERRAND):
            return
        rows, local = self._rows(start_s, LEARN_DAYS + 1), self._local
        self._asked_day = day
        self._errands.send(ERRAND, lambda: learn(rows, day, local), self._take, self._not_learned)

    def _take(self, learned: Learned | None) -> None:
        self._learned = learned or self._learned

    def _not_learned(self, reason: str) -> None:
        log.warning("the household's habits could not be learned: %s", reason)

    def _reckon(self, start_s: int) -> None:
        if self._learned is None:
            return
        block, made_of = start_s // self._block_s, self._made_of
        if made_of == (block, True, self._learned):
            return
        is_known = bool(list(self._store.means(start_s - self._block_s, start_s)))
        if made_of == (block, is_known, self._learned):
            return
        rows = self._rows(start_s, 3)
        forecast = Household(self._learned, rows, self._local).forecast(start_s, HORIZON_S // self._block_s)
        self._made_of = (block, is_known, self._learned)
        self._first_block, self._forecast_w, self._made_boot_s = block, forecast, self._clock.boot()

    def _rows(self, start_s: int, days: int) -> list[BlockMeans]:
        """What is known of the last days; nothing of a block that has not ended."""
        return list(self._store.means(start_s - days * DAY_S, start_s))
