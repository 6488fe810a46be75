"""What a device sent, made safe: JSON objects and finite numbers, or nothing. No I/O; it may all be garbage."""

from __future__ import annotations

import json
import math
from collections import Counter
from reprlib import Repr
from typing import Any

from bitgrid.devices.errors import DeviceNonsense

_SHOWN_BYTES = 60
MAX_DEPTH = 32
"""How deeply an answer may be nested; the deepest of a device that is known has eight levels."""
POWER_W = (-20_000.0, 20_000.0)
"""What a load of a home may be measured to draw, W; a meter wired the wrong way round tells it negative."""
CHIP_C = (-40.0, 200.0)
"""What a chip's sensor may tell, °C; sensors that are absent or broken tell 0, -1, -273, 255 or 65535."""
RATE_THS = (0.0, 10_000.0)
"""What a miner may tell of its hash rate, TH/s."""
_COUNT = (0.0, 2.0**53)
_SHORT = Repr()
_SHORT.maxstring = _SHORT.maxother = _SHOWN_BYTES


def json_document(body: bytes, device: str) -> object:
    """The JSON in an answer, whatever it is. Of what an object tells twice nothing is believed: it is left out.

    Raises:
        DeviceNonsense: it is none, or nested deeper than any answer; the text shows how it begins.
    """
    try:
        told = json.loads(body.rstrip(b"\0 \r\n"), strict=False, object_pairs_hook=_told_once)
    except (ValueError, RecursionError):
        raise DeviceNonsense(f"{device} answered {body[:_SHOWN_BYTES]!r} instead of JSON") from None
    if not _is_shallow(told):
        raise DeviceNonsense(f"{device} answered JSON of more than {MAX_DEPTH} levels: {body[:_SHOWN_BYTES]!r}")
    return told


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
    if isinstance(value, str) and ("_" in value or not value.isascii()):
        return None  # Python would take 1_000 and other scripts' digits; no device writes a figure so
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


def no_page(body: bytes, device: str) -> None:
    """What a command is answered with where no form of the answer is known; a web page is no "done".

    Raises:
        DeviceNonsense: it is a page, of a login or of another device.
    """
    if body.lstrip()[:1] == b"<":
        raise DeviceNonsense(f"{device} answered with a web page, {body[:_SHOWN_BYTES]!r}; nothing was done")


def shown(value: object) -> str:
    """Something a device told, for a person: short, however much it is."""
    return _SHORT.repr(value)


def _told_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    told = dict(pairs)
    if len(told) == len(pairs):
        return told
    times = Counter(name for name, _ in pairs)
    return {name: value for name, value in told.items() if times[name] == 1}


def _is_shallow(told: object) -> bool:
    level = [told]
    for _ in range(MAX_DEPTH):
        level = [inner for value in level for inner in _inside(value)]
        if not level:
            return True
    return False


def _inside(value: object) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []
