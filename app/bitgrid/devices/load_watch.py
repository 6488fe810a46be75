"""Reads one load, its miner and its relay, publishes what they tell, and remembers it with the time it was asked.

The relay's meter is believed before the miner itself. What is not told is published as missing, never made up.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from bitgrid.bus import Bus, Quality, Telemetry, Topics
from bitgrid.clock import Clock
from bitgrid.config import LoadConfig
from bitgrid.devices.errors import DeviceError
from bitgrid.devices.ports import MinerDriver, MinerReading, RelayDriver, RelayReading

READ_EVERY_S = 5.0
READ_CUT_EVERY_S = 30.0
"""How often a miner is asked whose relay is open: it should not be able to answer."""
FRESH_S = 30.0
"""A measurement asked for longer ago proves nothing."""
_METER_FRESH_S = 3 * READ_EVERY_S


class LoadWatch:
    """The newest measurements of a load.

    Args:
        load: the load.
        miner: its miner.
        relay: its relay; None when it has none.
        bus: where its measurements go.
        topics: how they are called.
        clock: the house's.
    """

    def __init__(  # noqa: PLR0913, PLR0917  a load has this many sides
        self,
        load: LoadConfig,
        miner: MinerDriver,
        relay: RelayDriver | None,
        bus: Bus,
        topics: Topics,
        clock: Clock,
    ) -> None:
        self.miner_error = self.relay_error = ""
        self._load, self._miner_driver, self._relay_driver = load, miner, relay
        self._bus, self._topics, self._clock = bus, topics, clock
        self._miner: MinerReading | None = None
        self._relay: RelayReading | None = None
        self._miner_at = self._relay_at = -math.inf
        self._miner_due = self._relay_due = -math.inf

    # -- what is known ------------------------------------------------------------------------------------

    def power_w(self, now: float, since: float = -math.inf) -> float | None:
        """Power lately measured, asked not before ``since``. An open relay without a meter lets none through."""
        oldest = max(since, now - FRESH_S)
        metered_w = self._metered_w(max(oldest, now - _METER_FRESH_S))
        if metered_w is not None:
            return metered_w
        if self._miner is not None and self._miner_at >= oldest and self._miner.power_w is not None:
            return abs(self._miner.power_w)
        return None

    def is_cut(self, now: float, since: float = -math.inf) -> bool:
        """Whether the relay was lately read to be open, asked not before ``since``."""
        is_fresh = self._relay_at >= max(since, now - FRESH_S)
        return is_fresh and self._relay is not None and not self._relay.is_closed

    def is_asleep(self, now: float, since: float) -> bool:
        """Whether the miner lately said that it does not hash, asked not before ``since``."""
        is_fresh = self._miner_at >= max(since, now - FRESH_S)
        return is_fresh and self._miner is not None and self._miner.is_asleep is True

    # -- what is due --------------------------------------------------------------------------------------

    def next_read(self, now: float) -> Callable[[], None] | None:
        """The read that is due, if one is."""
        if self._relay_driver is not None and now >= self._relay_due:
            return self._read_relay
        return self._read_miner if now >= self._miner_due else None

    def read_soon(self) -> None:
        """Something was changed: read both again."""
        self._miner_due = self._relay_due = -math.inf

    def _read_relay(self) -> None:
        asked = self._clock.boot()
        self._relay_due = asked + READ_EVERY_S
        if self._relay_driver is None:
            return
        try:
            reading = self._relay_driver.read()
        except DeviceError as error:
            self.relay_error = str(error)
            return
        self.relay_error = ""
        self._relay, self._relay_at = reading, asked
        if reading.is_closed:
            self._miner_due = min(self._miner_due, asked + READ_EVERY_S)
        metered_w = self._metered_w(asked)
        if metered_w is not None:
            self._publish("power_w", metered_w, asked)

    def _read_miner(self) -> None:
        asked = self._clock.boot()
        self._miner_due = asked + (READ_CUT_EVERY_S if self.is_cut(asked) else READ_EVERY_S)
        try:
            reading = self._miner_driver.read()
        except DeviceError as error:
            self.miner_error = str(error)
            return
        self.miner_error = ""
        self._miner, self._miner_at = reading, asked
        self._publish("temp_c", reading.temp_c, asked)
        self._publish("hashrate_ths", reading.hashrate_ths, asked)
        if self._metered_w(asked - _METER_FRESH_S) is None:
            self._publish("power_w", reading.power_w, asked)

    def _metered_w(self, oldest: float) -> float | None:
        """Power by the relay; a meter wired the wrong way round still measures a load."""
        if self._relay is None or self._relay_at < oldest:
            return None
        if self._relay.power_w is not None:
            return abs(self._relay.power_w)
        return None if self._relay.is_closed else 0.0

    def _publish(self, signal: str, value: float | None, asked_boot_s: float) -> None:
        told = Telemetry(
            value=value,
            quality=Quality.MISSING if value is None else Quality.GOOD,
            age_s=max(0.0, self._clock.boot() - asked_boot_s),
            source=self._load.id,
        )
        self._bus.publish(self._topics.telemetry(self._load.id, signal), told, retain=True)
