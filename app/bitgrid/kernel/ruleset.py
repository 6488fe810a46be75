"""What the rules compare with: thresholds and the load's profile, in the kernel's integers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

OFF = "off"


class Policy(StrEnum):
    """What a kilowatt hour is for; see RULES, energy path."""

    LOCAL_FIRST = "local_first"
    BEST_VALUE = "best_value"
    STACK = "stack"


class Level(NamedTuple):
    """A level at which a load can run: its power and the surplus (W) from which R1 proposes it."""

    name: str
    power_w: int
    min_surplus_w: int


@dataclass(frozen=True)
class LoadProfile:
    """A load.

    Args:
        id: its name in site.yaml.
        levels: rising.
        boot_grace_s: how long it may be silent after a start.
        ramp_s: how long after a change its efficiency is not yet judged.
        joules_per_terahash: its efficiency when all is well, 0.1 J/TH; None where it does not hash.
    """

    id: str
    levels: tuple[Level, ...]
    boot_grace_s: int = 180
    ramp_s: int = 180
    joules_per_terahash: int | None = None

    def index(self, level: str) -> int:
        """Rank of a level: 0 is off, 1 the lowest. A name it does not know counts as the highest."""
        if level == OFF:
            return 0
        for rank, known in enumerate(self.levels, start=1):
            if known.name == level:
                return rank
        return len(self.levels)

    def power_w(self, level: str) -> int:
        """Rated power of a level, W; 0 for off."""
        rank = self.index(level)
        return self.levels[rank - 1].power_w if rank else 0


@dataclass(frozen=True)
class RuleSet:
    """All thresholds; temperatures in 0.1 °C, SoC in 0.1 %, prices in 0.01 ct/kWh. Defaults: RULES."""

    block_s: int = 600
    hysteresis_w: int = 200
    max_import_price: int = 2500
    soc_hard_min: int = 500
    soc_soft_min: int = 580
    max_grid_import_w: int = 500
    max_grid_import_hold_w: int = 2000
    max_temp: int = 850
    resume_temp: int = 750
    max_room_temp: int = 400
    comm_timeout_s: int = 60
    safety_lockout_s: int = 3600
    r4_enabled: bool = True
    r4_prestart: bool = False
    r4_preemptive_stop: bool = False
    price_spike: int = 3000
    value_margin: int = 0
    spill_hysteresis_wh: int = 300
    min_runtime_blocks: int = 3
    min_pause_blocks: int = 2
    deadband_blocks: int = 2
    max_starts_per_day: int = 6
    override_may_use_reserve: bool = False
    battery_claim_w: int = 0
    balance_tolerance_w: int = 300
    policy: Policy = Policy.BEST_VALUE
    heat_value: int | None = None
    round_trip_efficiency_permille: int = 900
