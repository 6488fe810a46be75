"""The grid operator's limit, as an event: when it began to bind, what it is now, and when it ended.

The limit itself is R3's business; this only writes down that it was there. It touches nothing but the events.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bitgrid.kernel.rules.r3_safety import LIMIT

if TYPE_CHECKING:
    from bitgrid.control.engine import Engine


class GridLimit:
    """Follows the limit on behalf of an engine. It binds when it is less than all loads together can draw."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._told: int | None = None
        self._told_block = -1

    def step(self) -> None:
        """Record a beginning and an end at once, a change once a block; a silent limit has not ended."""
        engine = self._engine
        if LIMIT not in engine.config.site.measured:
            return
        signal = engine.builder.measured(LIMIT, engine.clock.boot())
        if signal.value is None:
            return
        most_w = sum(load.profile.levels[-1].power_w for load in engine.loads.values())
        limit_w = signal.value if signal.value < most_w else None
        is_change = limit_w is not None and self._told is not None
        if limit_w == self._told or (is_change and engine.blocks.block() == self._told_block):
            return
        what = "grid_limit" if limit_w is not None else "grid_limit_ended"
        record = {"what": what, "limit_w": signal.value, "loads_w": most_w, "source": signal.source}
        if engine.tell_event("safety", record):
            self._told, self._told_block = limit_w, engine.blocks.block()
