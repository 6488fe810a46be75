"""Ready-made states, memories and loads for kernel tests."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bitgrid.kernel import EnergyState, Forecast, Level, LoadProfile, Quality, Signal, to_scaled

BLOCK = 1_000
AT_S = BLOCK * 600
MINER = LoadProfile("miner", (Level("eco", 800, 800), Level("full", 1674, 1500)))


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
