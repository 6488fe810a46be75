"""A load without a miner behind its relay: a heating rod, a boiler. It draws when it has power."""

from __future__ import annotations

from bitgrid.config import LoadConfig
from bitgrid.plant.faults import Fault


class SimulatedRod:
    """A heating rod stepped by the second.

    Args:
        load: what it draws.
    """

    def __init__(self, load: LoadConfig) -> None:
        self._level = load.levels[0]
        self.power_w = 0

    def step(self, _now_s: int, has_power: bool, _faults: set[Fault]) -> int:
        """Live through one second; its power, W."""
        self.power_w = self._level.power_w if has_power else 0
        return self.power_w

    def status(self) -> dict[str, object]:
        """The truth about it; JSON."""
        return {"power_w": self.power_w, "level": self._level.name if self.power_w else "off"}
