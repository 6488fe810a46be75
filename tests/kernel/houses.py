"""Ready-made states, memories and loads for kernel tests."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bitgrid.kernel import EnergyState, Forecast, Level, LoadProfile, Quality, Signal, to_scaled

BLOCK = 1_000
AT_S = BLOCK * 600
MINER = LoadProfile("miner", (Level("eco", 800, 800), Level("full", 1674, 1500)), joules_per_terahash=186)
HEATER = LoadProfile("heater", (Level("full", 1000, 1000),))

RANGES = {
    "grid_power_w": (-8000, 8000),
    "grid_power_60s_w": (-8000, 8000),
    "pv_power_w": (0, 10_000),
    "house_load_w": (0, 6000),
    "battery_power_w": (-5000, 5000),
    "battery_soc_pct": (0, 1000),
    "room_temp_c": (100, 420),
    "grid_limit_w": (0, 4000),
    "loads_before_w": (0, 2000),
    "miner.power_w": (0, 1700),
    "miner.temp_c": (100, 1100),
    "miner.hashrate_ths": (0, 950),
    "miner.age_s": (0, 200),
    "miner.on_for_s": (0, 900),
    "miner.guard_trip": (0, 2),
    "import_price_ct_kwh": (-500, 5000),
    "export_price_ct_kwh": (0, 1500),
    "hodl_ct_kwh": (0, 3000),
    "emergency_stop": (0, 1),
    "ups_on_battery": (0, 1),
    "first_run": (0, 1),
    "controller_lost": (0, 1),
    "clock_stepped": (0, 1),
    "evaluation_overrun": (0, 1),
}
"""What a house can show, in the kernel's integers: from, to."""
RARE = frozenset(name for name, (_low, high) in RANGES.items() if high <= 2)
"""What is mostly not the case, and would end every other thought."""


def good(name: str, value: float, age_s: int = 0) -> Signal:
    return Signal(to_scaled(name, value), age_s, Quality.GOOD, "test")


def house(*, at_s: int = AT_S, required: tuple[str, ...] = (), **values: Any) -> EnergyState:
    """A state from people's units; `miner__temp_c` stands for `miner.temp_c`."""
    signals = {}
    for name, value in values.items():
        dotted = name.replace("__", ".")
        signals[dotted] = value if isinstance(value, Signal) else good(dotted, value)
    return EnergyState(
        at_s=at_s, block=at_s // 600, local_day=20260101, signals=signals, required=required, load_ids=("miner",)
    )


def ahead(state: EnergyState, **curves: tuple[int, ...]) -> EnergyState:
    """The same house with a forecast that begins now; curves by their names in `Forecast`."""
    return replace(state, forecast=Forecast(state.block, **curves))
