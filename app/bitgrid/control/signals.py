"""What was measured, and when: the newest value of every signal, and the last minutes of those averaged."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field

from bitgrid.bus import Quality, Telemetry
from bitgrid.kernel import Quality as KernelQuality
from bitgrid.kernel import Signal, to_scaled


@dataclass
class Sample:
    """The newest value of a signal of a device; ``taken_boot_s`` is when the device told it."""

    value: float | list[float] | None
    quality: Quality
    taken_boot_s: float
    source: str


@dataclass
class History:
    """Values of the last ``keep_s`` seconds, for means in which each value holds until the next."""

    keep_s: float
    _points: deque[tuple[float, float]] = field(default_factory=deque)

    def add(self, at_boot_s: float, value: float) -> None:
        """Add a value; what is older than ``keep_s`` goes, but for the one that still holds at its start."""
        self._points.append((at_boot_s, value))
        while len(self._points) > 1 and self._points[1][0] <= at_boot_s - self.keep_s:
            self._points.popleft()

    def mean(self, from_boot_s: float, to_boot_s: float) -> float | None:
        """Time-weighted mean between two boot times; None when nothing is known of them."""
        total_s = weighted = 0.0
        end_s = to_boot_s
        for start_s, value in reversed(self._points):
            held_s = min(end_s, to_boot_s) - max(start_s, from_boot_s)
            if held_s > 0:
                total_s += held_s
                weighted += value * held_s
            if start_s <= from_boot_s:
                break
            end_s = start_s
        return weighted / total_s if total_s > 0 else None


AVERAGED = frozenset({"grid_power_w", "pv_power_w", "house_load_w", "battery_power_w", "power_w", "hashrate_ths"})


class SignalBook:
    """Every signal by device. Retained messages never get in: their true age is not known."""

    def __init__(self, window_s: float) -> None:
        self._window_s = window_s
        self._samples: dict[tuple[str, str], Sample] = {}
        self._histories: dict[tuple[str, str], History] = {}

    def take(self, device: str, name: str, told: Telemetry, now_boot_s: float) -> None:
        """Take in a message. An older value than the one known changes nothing."""
        key, taken_boot_s = (device, name), now_boot_s - told.age_s
        known = self._samples.get(key)
        if known is not None and taken_boot_s < known.taken_boot_s:
            return
        self._samples[key] = Sample(told.value, told.quality, taken_boot_s, told.source)
        if name in AVERAGED and told.quality is Quality.GOOD and isinstance(told.value, float):
            self._histories.setdefault(key, History(self._window_s)).add(taken_boot_s, told.value)

    def newest(self, device: str, name: str) -> Sample | None:
        """The newest sample of a device's signal."""
        return self._samples.get((device, name))

    def signal(
        self, device: str, name: str, now_boot_s: float, stale_after_s: float, missing_after_s: float
    ) -> Signal:
        """A signal as the kernel wants it: quality by age, value in its integers."""
        sample = self._samples.get((device, name))
        if sample is None:
            return Signal(None, None, KernelQuality.MISSING, device)
        age_s = max(0.0, now_boot_s - sample.taken_boot_s)
        whole_age_s = math.ceil(age_s)
        if sample.quality is not Quality.GOOD or not isinstance(sample.value, float):
            return Signal(None, whole_age_s, KernelQuality.INVALID, sample.source)
        if age_s > missing_after_s:
            return Signal(None, whole_age_s, KernelQuality.MISSING, sample.source)
        quality = KernelQuality.STALE if age_s > stale_after_s else KernelQuality.GOOD
        return Signal(to_scaled(name, sample.value), whole_age_s, quality, sample.source)

    def mean(self, device: str, name: str, from_boot_s: float, to_boot_s: float) -> int | None:
        """Mean of a signal between two boot times, in the kernel's integers."""
        history = self._histories.get((device, name))
        mean = None if history is None else history.mean(from_boot_s, to_boot_s)
        return None if mean is None else to_scaled(name, mean)
