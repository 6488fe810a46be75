"""The surplus told twice, and which wrong sign would explain that the two contradict each other. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from bitgrid.kernel.state import EnergyState, battery_power_w

_TWO_WAYS = ("grid_power_w", "battery_power_w")
"""Powers that flow both ways, so that their sign can be wrong whatever they show."""
_ONE_WAY = ("pv_power_w", "house_load_w")


class Balance(NamedTuple):
    """The surplus, W: by the meter and the battery, and as PV less household; no claim taken off.

    Where the household is not measured it is taken for 0: the surplus cannot be more than the PV.
    """

    by_meter_w: int
    by_inverter_w: int

    @property
    def gap_w(self) -> int:
        """By how much the meter says more. Usually a wrong sign when large."""
        return self.by_meter_w - self.by_inverter_w


def balance(state: EnergyState) -> Balance | None:
    """Both forms of the surplus; None where one is not known, or where no household would contradict the meter."""
    grid, battery, pv = state.good("grid_power_w"), battery_power_w(state), state.good("pv_power_w")
    if grid is None or battery is None or pv is None:
        return None
    by_meter_w = state.loads_power_w + battery - grid
    house = state.good("house_load_w")
    if house is not None:
        return Balance(by_meter_w, pv - house)
    is_measured = "house_load_w" in state.signals
    return None if is_measured or by_meter_w <= pv else Balance(by_meter_w, pv)


def explained_by(state: EnergyState, tolerance_w: int) -> tuple[str, ...]:
    """Signals of which each alone, told the other way round, would close the balance.

    Args:
        state: one whose balance does not close.
        tolerance_w: by how much the two forms may differ.
    """
    names = [name for name in (*_TWO_WAYS, *_ONE_WAY) if _may_be_wrong(name, state.good(name))]
    return tuple(name for name in names if _closes(_turned(state, name), tolerance_w))


def _may_be_wrong(name: str, value: int | None) -> bool:
    return bool(value) and (name in _TWO_WAYS or (value is not None and value < 0))


def _turned(state: EnergyState, name: str) -> EnergyState:
    signal = state.signals[name]
    turned = signal._replace(value=-(signal.value or 0))
    return replace(state, signals={**state.signals, name: turned})


def _closes(state: EnergyState, tolerance_w: int) -> bool:
    told = balance(state)
    return told is None or abs(told.gap_w) <= tolerance_w
