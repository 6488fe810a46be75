"""What the miners on the cgminer API share: one JSON request a connection, and a STATUS in every answer.

Where the format comes from: cgminer's API-README.
"""

from __future__ import annotations

from typing import Any

from bitgrid.devices.errors import DeviceNonsense
from bitgrid.devices.parsing import count

_FINE = {"S", "I", "W"}


def status_of(told: dict[str, Any], device: str) -> dict[str, Any]:
    """The status of an answer.

    Raises:
        DeviceNonsense: it has none.
    """
    status = told.get("STATUS")
    first = status[0] if isinstance(status, list) and status else status
    if not isinstance(first, dict):
        raise DeviceNonsense(f"{device} answered without a STATUS; it does not speak the cgminer API")
    return first


def is_fine(status: dict[str, Any]) -> bool:
    """Whether it did what it was asked: success, information or warning."""
    return str(status.get("STATUS")) in _FINE


def rows(told: dict[str, Any], section: str) -> list[dict[str, Any]]:
    """The rows of a section that are rows."""
    found = told.get(section)
    return [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []


def shares(summary: dict[str, Any]) -> tuple[int | None, int | None]:
    """Accepted and rejected shares of an answer to ``summary``, counted since the miner's own start."""
    row = next(iter(rows(summary, "SUMMARY")), {})
    return count(row.get("Accepted")), count(row.get("Rejected"))
