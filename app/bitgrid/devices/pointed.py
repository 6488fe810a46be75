"""A figure in a JSON document, by its pointer (RFC 6901); for whatever carries the document."""

from __future__ import annotations

import math

from jsonpointer import JsonPointerException, resolve_pointer

from bitgrid.config.profiles import Point
from bitgrid.devices.parsing import number

_RAW = (-1e12, 1e12)
_ABSENT = object()


def pointed(document: object, pointer: str) -> object:
    """What stands at a place of a document; None where there is none."""
    try:
        return resolve_pointer(document, pointer, None)
    except JsonPointerException:
        return None


def has_null(document: object, pointer: str) -> bool:
    """Whether a null stands there, which is not the same as nothing."""
    try:
        return resolve_pointer(document, pointer, _ABSENT) is None
    except JsonPointerException:
        return False


def figure_at(document: object, point: Point, pointer: str) -> float | None:
    """A point's figure in the unit of its signal; None where the document has no number there.

    A text that is a number counts: several makes write their figures in quotes.
    """
    raw = number(pointed(document, pointer), _RAW)
    if raw is None:
        return None
    value = raw * point.scale + point.offset
    return value if math.isfinite(value) else None
