"""What the guard has measured of one load over its own connections, and what that proves.

Pure. Every measurement bears the boot time at which it was asked for; one asked for too early, or too long
ago, proves nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from bitgrid.devices.ports import MinerReading, RelayReading, own_power_w

FRESH_S = 30.0
SETTLE_S = 5.0
FED_W = 5.0


@dataclass(frozen=True)
class _Power:
    watts: float
    at_boot_s: float


class Evidence:
    """The measurements of one load.

    Args:
        off_below_w: measured power below this is off.
        now: boot time; what was asked for earlier does not prove that the load is off.
    """

    def __init__(self, off_below_w: float, now: float) -> None:
        self.temp_c: float | None = None
        self.temp_at_boot_s: float | None = None
        self.answer_at_boot_s: float | None = None
        self.low_since_boot_s: float | None = None
        self._off_below_w = off_below_w
        self._proves_from = now
        self._settled_from = -math.inf
        self._powers: dict[str, _Power] = {}
        self._is_closed: bool | None = None
        self.relay_at_boot_s = -math.inf

    def forget_off(self, now: float) -> None:
        """Only what is asked for from now on proves that the load is off. What shows power still shows it."""
        self._proves_from = now

    def miner_told(self, reading: MinerReading, at: float) -> None:
        """The miner answered. What is no number is not told; nor is 0 °C, which chips asleep report."""
        self.answer_at_boot_s = at
        temp_c = _number(reading.temp_c)
        if temp_c is not None and temp_c > 0:
            self.temp_c, self.temp_at_boot_s = temp_c, at
        self._power_told("miner", own_power_w(reading, self._off_below_w), at)

    def relay_told(self, reading: RelayReading, at: float) -> None:
        """The relay answered. Power measured before it opened, or while meters settle, is of the past."""
        if reading.is_closed is not self._is_closed:
            self._settled_from = at if reading.is_closed else at + SETTLE_S
        self._is_closed, self.relay_at_boot_s = reading.is_closed, at
        self._power_told("relay", reading.power_w, at)

    def relay_silent(self) -> None:
        """The relay did not answer: its state is unknown, whatever it was."""
        self._is_closed = None

    def relay(self, now: float) -> Literal["open", "closed", "unknown"]:
        """The relay's state, as far as it is known now."""
        if self._is_closed is None or now - self.relay_at_boot_s > FRESH_S:
            return "unknown"
        return "closed" if self._is_closed else "open"

    def power_w(self, now: float) -> float | None:
        """The highest power that any fresh measurement tells: one that lies low is not believed alone."""
        return max((power.watts for power in self._fresh(now)), default=None)

    def draws(self, now: float) -> bool:
        """Whether power that counts as running is measured."""
        power_w = self.power_w(now)
        return power_w is not None and power_w >= self._off_below_w

    def is_fed_past_relay(self, now: float) -> bool:
        """Whether the relay reads open and yet the load has power: it draws some, or its miner answers."""
        if self.relay(now) != "open":
            return False
        answered = self.answer_at_boot_s
        answers = answered is not None and answered >= self._settled_from and now - answered <= FRESH_S
        return answers or (self.power_w(now) or 0.0) >= FED_W

    def is_off(self, now: float) -> bool:
        """Whether it is proven that the load draws no power: its relay reads open, or its power is low."""
        if self.draws(now) or self.is_fed_past_relay(now):
            return False
        if self.relay(now) == "open" and self.relay_at_boot_s >= self._proves_from:
            return True
        return any(power.at_boot_s >= self._proves_from for power in self._fresh(now))

    def _fresh(self, now: float) -> list[_Power]:
        """What is not of the past: not too old, and not from before the relay opened."""
        powers = self._powers.values()
        return [at for at in powers if at.at_boot_s >= self._settled_from and now - at.at_boot_s <= FRESH_S]

    def _power_told(self, source: str, power_w: float | None, at: float) -> None:
        watts = _number(power_w)
        if watts is None:
            self._powers.pop(source, None)
            return
        watts = abs(watts)  # a meter wired the wrong way round still measures a load
        self._powers[source] = _Power(watts, at)
        if watts >= self._off_below_w:
            self.low_since_boot_s = None
        elif self.low_since_boot_s is None:
            self.low_since_boot_s = at


def _number(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
