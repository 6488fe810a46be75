"""Finds devices that answer, but for ever with the same figures: frozen firmware, a gateway that repeats itself.

A measured power is never exactly the same for a quarter of an hour; a device that tells nothing but zeros and a
constant charge is a device at night. May touch: nothing; it is told values and times.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bitgrid.config.signals import SignalName

POWERS = frozenset({"grid_power_w", "pv_power_w", "house_load_w", "battery_power_w"})
ALONE: SignalName = "grid_power_w"
"""Judged by itself, too: an inverter lives on while the meter behind it hangs, and this is the figure that starts
loads. The others may honestly stand still beside a device that moves: a battery at its limit, a curtailed roof."""


@dataclass(frozen=True)
class _Held:
    """Figures, and since when they have been told."""

    figures: tuple[float | None, ...]
    since_boot_s: float


class FrozenWatch:
    """Watches one device.

    Args:
        frozen_after_s: how long the same figures may be told while power flows.
    """

    def __init__(self, frozen_after_s: float) -> None:
        self._frozen_after_s = frozen_after_s
        self._held: dict[tuple[SignalName, ...], _Held] = {}

    def step(self, figures: Mapping[SignalName, float | None], now_boot_s: float) -> frozenset[SignalName]:
        """Take in what was told at a boot time; the signals that are frozen."""
        groups: list[tuple[SignalName, ...]] = [tuple(sorted(figures))]
        if ALONE in figures and len(figures) > 1:
            groups.append((ALONE,))
        return frozenset(name for group in groups if self._is_frozen(group, figures, now_boot_s) for name in group)

    def _is_frozen(
        self, group: tuple[SignalName, ...], figures: Mapping[SignalName, float | None], now_boot_s: float
    ) -> bool:
        told = tuple(figures[name] for name in group)
        held = self._held.get(group)
        if held is None or held.figures != told:
            held = self._held[group] = _Held(told, now_boot_s)
        flows = any(figures[name] for name in group if name in POWERS)
        return flows and now_boot_s - held.since_boot_s >= self._frozen_after_s
