"""A load without a miner: a heating rod, a boiler, anything behind a relay.

It has nothing that could be asked or told to sleep: the guard closes and opens its relay, and that is all. Its
power is what the relay's meter says; where that has none, an open relay is what proves that it is off.
"""

from __future__ import annotations

from bitgrid.config import LevelConfig
from bitgrid.devices.ports import MinerReading


class NoMiner:
    """Does nothing, tells nothing."""

    def read(self) -> MinerReading:
        """Nothing is told."""
        return MinerReading(None, None, None, None)

    def set_level(self, level: LevelConfig) -> None:
        """Its only level is power."""

    def stop(self) -> None:
        """Its only stop is the relay's."""
