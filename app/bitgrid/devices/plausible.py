"""How far a figure of a device is believed: turned as site.yaml says, and within what a home can have. Pure."""

from __future__ import annotations

from bitgrid.bus import Quality
from bitgrid.config import DeviceConfig
from bitgrid.config.signals import SignalName

_POWER_W = (-200_000.0, 200_000.0)
_MAKING_W = (-1_000.0, 200_000.0)
_PLAUSIBLE: dict[SignalName, tuple[float, float]] = {
    "grid_power_w": _POWER_W,
    "battery_power_w": _POWER_W,
    "pv_power_w": _MAKING_W,
    "house_load_w": _MAKING_W,
    "battery_soc_pct": (0.0, 100.0),
    "room_temp_c": (-40.0, 80.0),
    "grid_limit_w": (0.0, 200_000.0),
    "emergency_stop": (0.0, 1.0),
}


def judged(device: DeviceConfig, signal: SignalName, value: float | None) -> tuple[float | None, Quality]:
    """A figure in the house's sign, and whether it may be used."""
    if value is None:
        return None, Quality.MISSING
    value = -value if signal in device.invert_sign else value
    low, high = _PLAUSIBLE[signal]
    return value, Quality.GOOD if low <= value <= high else Quality.INVALID
