"""Reads one load, its miner and its relay, publishes what they tell, and remembers it with the time it was asked.

The relay's meter is believed before the miner itself. What is not told is published as missing, never made up. Of
a load without a miner only the relay is asked; where that has no meter, a closed relay is taken to draw what
site.yaml says, and the value's source says so.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from bitgrid.bus import Bus, Quality, Telemetry, Topics
from bitgrid.clock import Clock
from bitgrid.config import LoadConfig
from bitgrid.devices.errors import DeviceError
from bitgrid.devices.ports import MinerDriver, MinerReading, RelayDriver, RelayReading, own_power_w

READ_EVERY_S = 5.0
FRESH_S = 30.0
"""A measurement asked for longer ago proves nothing."""
_METER_FRESH_S = 3 * READ_EVERY_S
BY_SITE = "site.yaml"
"""Source of a power that is not measured but taken from the configuration."""
SHARES = ("accepted_shares", "rejected_shares")


@dataclass(frozen=True)
class _Miner:
    reading: MinerReading
    at_boot_s: float


@dataclass(frozen=True)
class _Relay:
    reading: RelayReading
    at_boot_s: float


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
        self._miner: _Miner | None = None
        self._relay: _Relay | None = None
        self._miner_due = self._relay_due = -math.inf

    # -- what is known ------------------------------------------------------------------------------------

    def power_w(self, now: float, since: float = -math.inf) -> float | None:
        """Power lately measured, asked not before ``since``. An open relay without a meter lets none through.

        While a meter is heard the miner's own word is not: one that lies about being off is not believed for the
        moment until the meter is asked again.
        """
        oldest, miner = max(since, now - FRESH_S), self._miner
        metered_w = self._metered_w(now - _METER_FRESH_S)
        if metered_w is not None:
            return metered_w if self._metered_w(oldest) is not None else None
        if miner is None or miner.at_boot_s < oldest:
            return None
        return own_power_w(miner.reading, self._load.off_below_w)

    def is_cut(self, now: float, since: float = -math.inf) -> bool:
        """Whether the relay was lately read to be open, asked not before ``since``."""
        relay = self._relay
        return relay is not None and relay.at_boot_s >= max(since, now - FRESH_S) and not relay.reading.is_closed

    def is_fed(self, now: float, since: float = -math.inf) -> bool:
        """Whether the relay was lately read to be closed, asked not before ``since``."""
        relay = self._relay
        return relay is not None and relay.at_boot_s >= max(since, now - FRESH_S) and relay.reading.is_closed

    def has_answered(self, since: float) -> bool:
        """Whether the miner answered, asked not before ``since``."""
        return self._miner is not None and self._miner.at_boot_s >= since

    def is_hashing(self, now: float, since: float) -> bool:
        """Whether the miner lately told a hash rate, asked not before ``since``."""
        miner = self._miner
        return (
            miner is not None and miner.at_boot_s >= max(since, now - FRESH_S) and bool(miner.reading.hashrate_ths)
        )

    def is_asleep(self, now: float, since: float) -> bool:
        """Whether the miner lately said that it does not hash, asked not before ``since``."""
        miner = self._miner
        return (
            miner is not None and miner.at_boot_s >= max(since, now - FRESH_S) and miner.reading.is_asleep is True
        )

    # -- what is due --------------------------------------------------------------------------------------

    def is_miner_due(self, now: float) -> bool:
        """Whether the miner is to be read. One whose power is cut is not asked: it can only be waited for."""
        return self._load.miner is not None and now >= self._miner_due and not self.is_cut(now)

    def is_relay_due(self, now: float) -> bool:
        """Whether the relay is to be read."""
        return self._relay_driver is not None and now >= self._relay_due

    def read_soon(self) -> None:
        """Something was changed: read both again."""
        self._miner_due = self._relay_due = -math.inf

    def read_relay(self) -> None:
        """Read the relay and publish what its meter tells."""
        asked = self._clock.boot()
        if self._relay_driver is None:
            return
        try:
            reading = self._relay_driver.read()
        except DeviceError as error:
            self.relay_error = str(error)
            return
        finally:
            self._relay_due = self._clock.boot() + READ_EVERY_S
        self.relay_error = ""
        self._relay = _Relay(reading, asked)
        metered_w = self._metered_w(asked)
        if metered_w is not None:
            self._publish("power_w", metered_w, asked)
        elif self._load.miner is None:
            self._publish("power_w", self._load.levels[0].power_w, asked, BY_SITE)

    def read_miner(self) -> None:
        """Read the miner and publish what it tells; its power only where no meter tells it."""
        asked = self._clock.boot()
        try:
            reading = self._miner_driver.read()
        except DeviceError as error:
            self.miner_error = str(error)
            return
        finally:
            self._miner_due = self._clock.boot() + READ_EVERY_S
        self.miner_error = ""
        self._miner = _Miner(reading, asked)
        self._publish("temp_c", reading.temp_c, asked)
        self._publish("hashrate_ths", reading.hashrate_ths, asked)
        for name in SHARES:
            shares: int | None = getattr(reading, name)
            if shares is not None:  # asked for once in a while only: not told is not missing
                self._publish(name, shares, asked)
        if self._metered_w(asked - _METER_FRESH_S) is None:
            self._publish("power_w", reading.power_w, asked)

    def _metered_w(self, oldest: float) -> float | None:
        """Power by the relay; a meter wired the wrong way round still measures a load."""
        relay = self._relay
        if relay is None or relay.at_boot_s < oldest:
            return None
        if relay.reading.power_w is not None:
            return abs(relay.reading.power_w)
        return None if relay.reading.is_closed else 0.0

    def _publish(self, signal: str, value: float | None, asked_boot_s: float, source: str = "") -> None:
        sent_boot_s = self._clock.boot()
        told = Telemetry(
            value=value,
            quality=Quality.MISSING if value is None else Quality.GOOD,
            age_s=max(0.0, sent_boot_s - asked_boot_s),
            sent_boot_s=sent_boot_s,
            source=source or self._load.id,
        )
        self._bus.publish(self._topics.telemetry(self._load.id, signal), told, retain=True)
