"""A miner behind its relay: boots, hashes, sleeps, warms up and cools down. No protocol here."""

from __future__ import annotations

from math import exp

from bitgrid.config import LoadConfig
from bitgrid.config.plant import PlantMiner
from bitgrid.plant.faults import Fault

BLOCKED_AIR_C = 110.0
"""Where the chips settle when the air is blocked: hot enough to pass 90 °C in minutes from any level."""
STARTS_ITSELF_AFTER_S = 30
WORN_RATE = 5 / 6
"""What is left of the hash rate of one that has become inefficient."""
SHARE_TH = 65_536 * 2**32 / 1e12
"""Hashes that a share costs on average, at the difficulty its pool has set, TH."""
REJECTED_EVERY = 200


class SimulatedMiner:
    """A miner stepped by the second; a new one is without power and set to its highest level.

    Args:
        load: its levels and its efficiency.
        physics: how it behaves.
    """

    def __init__(self, load: LoadConfig, physics: PlantMiner) -> None:
        self._physics = physics
        self._terahash_per_joule = 1 / load.joules_per_terahash if load.joules_per_terahash else 0.0
        self.setting_w = load.levels[-1].power_w
        self.is_powered = self.is_hashing = False
        self.powered_s = 0
        self.asleep_s = 0
        self.power_w = 0
        self.temp_c = physics.ambient_c
        self.hashed_th = 0.0
        self.claims_off = False
        self._worn = 1.0
        self._exact_w = 0.0
        self._slope_w_s = 0.0
        self.asked_s: dict[bool, float] = {}
        self._pending: set[bool] = set()
        self._warming = 1 - exp(-1 / physics.thermal_time_constant_s)

    @property
    def is_up(self) -> bool:
        """Whether it has booted and its API can answer."""
        return self.is_powered and self.powered_s >= self._physics.boot_s

    @property
    def ambient_c(self) -> float:
        """Temperature of the air it draws in, °C."""
        return self._physics.ambient_c

    @property
    def hashrate_ths(self) -> float:
        """Hash rate, TH/s."""
        return self.power_w * self._terahash_per_joule * self._worn if self.is_hashing else 0.0

    @property
    def accepted_shares(self) -> int:
        """Shares its pool took since it booted."""
        found = int(self.hashed_th / SHARE_TH)
        return found - found // REJECTED_EVERY

    @property
    def rejected_shares(self) -> int:
        """Shares its pool did not take since it booted."""
        return int(self.hashed_th / SHARE_TH) // REJECTED_EVERY

    @property
    def told_hashing(self) -> bool:
        """Whether it says that it hashes."""
        return self.is_hashing and not self.claims_off

    @property
    def told_power_w(self) -> int:
        """The power it says that it draws, W."""
        return self._physics.standby_w if self.claims_off else self.power_w

    @property
    def told_ths(self) -> float:
        """The hash rate it tells, TH/s."""
        return 0.0 if self.claims_off else self.hashrate_ths

    @property
    def nominal_ths(self) -> float:
        """Hash rate at the power it is set to, TH/s."""
        return self.setting_w * self._terahash_per_joule

    def set_power(self, power_w: int) -> None:
        """Set what it draws while it hashes; kept through sleep and loss of power."""
        if power_w != self.setting_w:
            self.setting_w = power_w
            self._aim()

    def ask(self, hashing: bool, at_s: float) -> None:
        """Have it hash or sleep from a moment on; a moment that has passed means at once."""
        self.asked_s.pop(hashing, None)
        self.asked_s[hashing] = at_s
        self._pending.add(hashing)

    def restart(self) -> None:
        """Boot again."""
        if self.is_powered:
            self._forget()

    def step(self, now_s: int, has_power: bool, faults: set[Fault]) -> int:
        """Live through one second; its power, W."""
        if not has_power:
            self._lose_power()
        elif not self.is_powered:
            self.is_powered = True
        else:
            self.powered_s += 1
            if self.powered_s == max(1, self._physics.boot_s) and self._physics.starts_by_itself:
                self._wake()
        self._worn = WORN_RATE if Fault.MINER_INEFFICIENT in faults else 1.0
        self.claims_off = self.claims_off and Fault.MINER_LIES_OFF in faults
        if self.is_up:
            self._follow(now_s, faults)
        self._draw()
        self._warm(faults)
        return self.power_w

    def _lose_power(self) -> None:
        if self.is_powered:
            self.is_powered = False
            self._forget()

    def _forget(self) -> None:
        self.is_hashing = self.claims_off = False
        self.powered_s = self.asleep_s = 0
        self.hashed_th = 0.0
        self.asked_s.clear()
        self._pending.clear()

    def _follow(self, now_s: int, faults: set[Fault]) -> None:
        self.asleep_s = 0 if self.is_hashing else self.asleep_s + 1
        if self._pending:
            for hashing in sorted(self.asked_s, key=self.asked_s.__getitem__):
                if hashing in self._pending and self.asked_s[hashing] <= now_s:
                    self._pending.remove(hashing)
                    self._obey(hashing, faults)
        if self.asleep_s >= STARTS_ITSELF_AFTER_S and Fault.MINER_STARTS_ITSELF in faults:
            self._wake()

    def _obey(self, hashing: bool, faults: set[Fault]) -> None:
        if hashing:
            self.claims_off = False
            self._wake()
        elif Fault.MINER_LIES_OFF in faults:
            self.claims_off = self.is_hashing
        elif Fault.MINER_IGNORES_STOP not in faults:
            self.is_hashing = False

    def _wake(self) -> None:
        if not self.is_hashing:
            self.is_hashing = True
            self._exact_w = float(self._physics.standby_w)
            self._aim()

    def _aim(self) -> None:
        """Take the ramp from the present power to the set one."""
        self._slope_w_s = (self.setting_w - self._exact_w) / max(1, self._physics.ramp_s)

    def _draw(self) -> None:
        if not self.is_hashing:
            self.power_w = self._physics.standby_w if self.is_powered else 0
            return
        if self._exact_w != self.setting_w:
            self._exact_w += self._slope_w_s
            if (self.setting_w - self._exact_w) * self._slope_w_s <= 0:
                self._exact_w = float(self.setting_w)
        self.power_w = round(self._exact_w)
        self.hashed_th += self.hashrate_ths

    def _warm(self, faults: set[Fault]) -> None:
        settles_c = self._physics.ambient_c + self._physics.kelvin_per_watt * self.power_w
        if self.is_hashing and Fault.MINER_HOT in faults:
            settles_c = max(settles_c, BLOCKED_AIR_C)
        self.temp_c += (settles_c - self.temp_c) * self._warming
