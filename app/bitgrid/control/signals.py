"""What was measured, and when: the newest value of every signal, and the last minutes of those averaged."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from itertools import chain, pairwise

from bitgrid.bus import Curve, Quality, Telemetry, on_its_way_s
from bitgrid.kernel import Quality as KernelQuality
from bitgrid.kernel import Signal, to_scaled

LARGEST = 1e7
"""Nothing in a house is more, in whatever unit; a number beyond it is no value."""

AGE_NOISE_S = 0.001
"""The same value told again, a minute older, is no older one: its age is a difference of large numbers."""


@dataclass
class Sample:
    """A signal of a device: the last value that was good, and how the newest message was.

    Args:
        value: the last good value; None: there was none.
        value_boot_s: when the device learned it.
        heard_boot_s: when its teller last said it, however old it was then.
        taken_boot_s: when the device told the newest message.
        source: who told it.
        is_good: whether that message was good; if not, the value grows old as in silence.
        first_block: of a curve, the block of its first value.
    """

    value: float | Curve | None
    value_boot_s: float
    taken_boot_s: float
    source: str
    heard_boot_s: float
    is_good: bool = True
    first_block: int | None = None


@dataclass
class History:
    """Values of the last ``keep_s`` seconds, for means in which each value holds until the next.

    After a silence of more than ``gap_s`` it begins anew: what was before tells nothing of the time since.
    """

    keep_s: float
    gap_s: float
    _points: deque[tuple[float, float]] = field(default_factory=deque)

    def add(self, at_boot_s: float, value: float) -> None:
        """Add a value; what is older than ``keep_s`` goes, but for the one that still holds at its start."""
        if self._points and at_boot_s - self._points[-1][0] > self.gap_s:
            self._points.clear()
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


@dataclass
class CounterHistory:
    """Readings of a counter over the last ``keep_s`` seconds. One that falls has begun anew from 0."""

    keep_s: float
    _points: deque[tuple[float, float]] = field(default_factory=deque)

    def add(self, at_boot_s: float, value: float) -> None:
        """Add a reading; what is older than ``keep_s`` goes, but for the one that holds at its start."""
        self._points.append((at_boot_s, value))
        while len(self._points) > 1 and self._points[1][0] <= at_boot_s - self.keep_s:
            self._points.popleft()

    def increase(self, from_boot_s: float, to_boot_s: float) -> int | None:
        """By how much it rose between two boot times; None when no two readings tell of them."""
        told = [(at, value) for at, value in self._points if at <= to_boot_s]
        rises = [
            later - earlier if later >= earlier else later
            for (_, earlier), (at, later) in pairwise(told)
            if at > from_boot_s
        ]
        return round(sum(rises)) if rises else None


COUNTED = frozenset({"accepted_shares", "rejected_shares"})
AVERAGED = frozenset({"grid_power_w", "pv_power_w", "house_load_w", "battery_power_w", "power_w", "hashrate_ths"})


class SignalBook:
    """Every signal by device. Retained messages never get in: their true age is not known.

    Args:
        window_s: how long values are kept for means.
        gap_s: a silence longer than this is not bridged in them.
    """

    def __init__(self, window_s: float, gap_s: float) -> None:
        self._window_s, self._gap_s = window_s, gap_s
        self._samples: dict[tuple[str, str], Sample] = {}
        self._histories: dict[tuple[str, str], History] = {}
        self._counters: dict[tuple[str, str], CounterHistory] = {}

    def take(self, device: str, name: str, told: Telemetry, now_boot_s: float) -> None:
        """Take in a message. An older value than the one known changes nothing."""
        key, taken_boot_s = (device, name), now_boot_s - told.age_at_s(now_boot_s)
        heard_boot_s = now_boot_s - on_its_way_s(told.sent_boot_s, now_boot_s)
        known = self._samples.get(key)
        if told.quality is Quality.STALE and _can_be(told.value):
            self._samples[key] = _old(told, taken_boot_s, heard_boot_s)
            return
        if known is not None and taken_boot_s < known.taken_boot_s - AGE_NOISE_S:
            return
        if told.quality is Quality.GOOD and _can_be(told.value):
            self._samples[key] = Sample(
                told.value, taken_boot_s, taken_boot_s, told.source, heard_boot_s, first_block=told.first_block
            )
            if name in AVERAGED and isinstance(told.value, float):
                history = self._histories.setdefault(key, History(self._window_s, self._gap_s))
                history.add(taken_boot_s, told.value)
            if name in COUNTED and isinstance(told.value, float):
                self._counters.setdefault(key, CounterHistory(self._window_s)).add(taken_boot_s, told.value)
        elif known is None:
            self._samples[key] = Sample(None, taken_boot_s, taken_boot_s, told.source, heard_boot_s, is_good=False)
        else:
            known.is_good, known.taken_boot_s = False, taken_boot_s

    def newest(self, device: str, name: str) -> Sample | None:
        """The newest sample of a device's signal."""
        return self._samples.get((device, name))

    def signal(
        self, device: str, name: str, now_boot_s: float, stale_after_s: float, missing_after_s: float
    ) -> Signal:
        """A signal as the kernel wants it: quality by the age of its last good value, value in its integers."""
        sample = self._samples.get((device, name))
        if sample is None:
            return Signal(None, None, KernelQuality.MISSING, device)
        if not isinstance(sample.value, float):
            return Signal(None, None, KernelQuality.INVALID, sample.source)
        age_s = max(0.0, now_boot_s - sample.value_boot_s)
        whole_age_s = math.ceil(age_s)
        if age_s > missing_after_s:
            return Signal(None, whole_age_s, KernelQuality.MISSING, sample.source)
        is_fresh = sample.is_good and age_s <= stale_after_s
        quality = KernelQuality.GOOD if is_fresh else KernelQuality.STALE
        return Signal(to_scaled(name, sample.value), whole_age_s, quality, sample.source)

    def mean(self, device: str, name: str, from_boot_s: float, to_boot_s: float) -> int | None:
        """Mean of a signal between two boot times, in the kernel's integers."""
        history = self._histories.get((device, name))
        mean = None if history is None else history.mean(from_boot_s, to_boot_s)
        return None if mean is None else to_scaled(name, mean)

    def increase(self, device: str, name: str, from_boot_s: float, to_boot_s: float) -> int | None:
        """By how much a counter rose between two boot times; None when that is not known."""
        counter = self._counters.get((device, name))
        return None if counter is None else counter.increase(from_boot_s, to_boot_s)


def _old(told: Telemetry, taken_boot_s: float, heard_boot_s: float) -> Sample:
    """A value that its own teller calls old: kept with its age, and not good. It is in no mean."""
    return Sample(
        told.value,
        taken_boot_s,
        taken_boot_s,
        told.source,
        heard_boot_s,
        is_good=False,
        first_block=told.first_block,
    )


def _can_be(value: float | Curve | None) -> bool:
    """Whether it is a value at all, and none beyond `LARGEST`."""
    if value is None:
        return False
    entries = value if isinstance(value, list) else [value]
    numbers = chain.from_iterable((entry,) if isinstance(entry, float) else entry for entry in entries)
    return all(abs(number) <= LARGEST for number in numbers)
