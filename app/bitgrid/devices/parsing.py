"""What a device sent, made safe: JSON objects and finite numbers, or nothing. No I/O; it may all be garbage."""

from __future__ import annotations

import json
import math
from typing import Any

from bitgrid.devices.errors import DeviceNonsense

_SHOWN_BYTES = 60
POWER_W = (-20_000.0, 20_000.0)
"""What a load of a home may be measured to draw, W; a meter wired the wrong way round tells it negative."""
CHIP_C = (-40.0, 200.0)
"""What a chip's sensor may tell, °C; sensors that are absent or broken tell 0, -1, -273, 255 or 65535."""
RATE_THS = (0.0, 10_000.0)
"""What a miner may tell of its hash rate, TH/s."""
_COUNT = (0.0, 2.0**53)


def json_document(body: bytes, device: str) -> object:
    """The JSON in an answer, whatever it is.

    Raises:
        DeviceNonsense: it is none; the text shows how it begins.
    """
    try:
        return json.loads(body.rstrip(b"\0 \r\n"), strict=False)
    except (ValueError, RecursionError):
        raise DeviceNonsense(f"{device} answered {body[:_SHOWN_BYTES]!r} instead of JSON") from None


def json_object(body: bytes, device: str) -> dict[str, Any]:
    """The JSON object in an answer.

    Raises:
        DeviceNonsense: it is none; the text shows how it begins.
    """
    value = json_document(body, device)
    if not isinstance(value, dict):
        raise DeviceNonsense(f"{device} answered {body[:_SHOWN_BYTES]!r} instead of a JSON object")
    return value


def number(value: object, limits: tuple[float, float]) -> float | None:
    """A finite number within limits, from a JSON number or a text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    low, high = limits
    return found if math.isfinite(found) and low <= found <= high else None


def count(value: object) -> int | None:
    """A counter, from a JSON number or a text; None for anything else."""
    found = number(value, _COUNT)
    return None if found is None else int(found)


def hottest(*values: object) -> float | None:
    """The highest of some chip temperatures, °C; None where none was measured, which devices tell as 0 or -1."""
    told = [number(value, CHIP_C) for value in values]
    measured = [temp_c for temp_c in told if temp_c is not None and temp_c not in {0.0, -1.0}]
    return max(measured, default=None)
