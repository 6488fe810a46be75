"""Chance without a state: numbers that depend on seed, channel and index alone, never on the order of calls."""

from __future__ import annotations

_MASK = (1 << 64) - 1


def chance(seed: int, channel: int, index: int) -> float:
    """A number in [0, 1), evenly spread; the mixing is that of SplitMix64 (Steele, Lea, Flood 2014)."""
    x = (seed * 0x9E3779B97F4A7C15 + channel * 0xD1B54A32D192ED03 + index * 0x8CB92BA72F3D8DD7) & _MASK
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & _MASK
    return ((x ^ (x >> 31)) >> 11) / (1 << 53)


def drift(seed: int, channel: int, epoch_s: float, period_s: float) -> float:
    """A smooth curve in [0, 1) over time with a fresh value every ``period_s``."""
    index, part = divmod(epoch_s / period_s, 1.0)
    before, after = chance(seed, channel, int(index)), chance(seed, channel, int(index) + 1)
    return before + (after - before) * part * part * (3.0 - 2.0 * part)
