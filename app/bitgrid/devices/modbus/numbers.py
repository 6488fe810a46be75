"""Which numbers can have been measured. Pure."""

from __future__ import annotations

import math

_SMALLEST_NORMAL = 2.0**-126
"""Of 32-bit floats (IEEE 754). Below it are only the numbers that integers, sentinels and swapped words look like
when they are read as floats: 0x80008000 is -4.6e-41, and would pass for 0 W."""


def is_measured(value: float) -> bool:
    """Whether a meter can have measured it: finite, and not closer to 0 than a float is exact."""
    return math.isfinite(value) and (value == 0 or abs(value) >= _SMALLEST_NORMAL)
