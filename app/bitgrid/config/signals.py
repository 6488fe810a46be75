"""The signals a device may measure, by their names on the bus."""

from __future__ import annotations

from typing import Literal

SignalName = Literal[
    "grid_power_w",
    "pv_power_w",
    "house_load_w",
    "battery_power_w",
    "battery_soc_pct",
    "room_temp_c",
    "grid_limit_w",
    "emergency_stop",
]
"""What is told in words: docs/configuration.md. ``grid_limit_w`` is what the grid operator lets the loads draw
together; ``emergency_stop`` is 1 while a button or contact asks for a stop."""
ADDED_UP = frozenset({"pv_power_w", "battery_power_w"})
"""Signals that several devices may measure; they are added up."""
