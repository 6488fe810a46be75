"""A measured signal in words: its figure with its unit, and what its sign means. Pure text."""

from __future__ import annotations

from collections.abc import Mapping

from bitgrid.config.signals import SignalName

STILL_W = 10.0
"""Below this a power's sign means nothing."""
_UNITS = {"_w": "W", "_pct": "%", "_c": "°C", "_ths": "TH/s", "_s": "s"}
_MEANINGS: Mapping[SignalName, tuple[str, str]] = {
    "grid_power_w": ("taken from the grid", "fed into the grid"),
    "pv_power_w": ("generated", "drawn by the inverter itself; a power by day means that its sign is wrong"),
    "house_load_w": ("used by the household", "a household cannot give power: its sign is wrong"),
    "battery_power_w": ("charging the battery", "taken out of the battery"),
    "grid_limit_w": ("what the grid operator lets the loads draw", ""),
}
"""What a positive and a negative figure mean."""


def figure(signal: str, value: float) -> str:
    """The value with thousands apart and its unit."""
    unit = next((unit for ending, unit in _UNITS.items() if signal.endswith(ending)), "")
    digits = 0 if unit in {"W", "s"} else 1
    return f"{value:,.{digits}f} {unit}".strip()


def meaning(signal: SignalName, value: float) -> str:
    """What the figure's sign says of the house; empty where it has none."""
    if signal == "emergency_stop":
        return "a stop is asked for" if value else "no stop is asked for"
    if signal not in _MEANINGS:
        return ""
    if abs(value) < STILL_W and signal != "grid_limit_w":
        return "nothing flows"
    return _MEANINGS[signal][value < 0]
