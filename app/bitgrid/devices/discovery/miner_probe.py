"""Who answers the cgminer API: one request, ``version``, which every firmware answers without a password.

Where the names come from: the recorded answers under tests/devices/answers.py, and pyasic's factory, which tells
firmware apart by the same words.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bitgrid.devices.discovery.found import Found, MinerDriver
from bitgrid.devices.errors import DeviceNonsense
from bitgrid.devices.parsing import json_object
from bitgrid.devices.transport import ByteExchange

_FIRMWARE: tuple[tuple[str, MinerDriver, str], ...] = (
    ("LUXMINER", "luxos", "LuxOS"),
    ("BOSER", "braiins", "Braiins OS"),
    ("BOSMINER", "braiins", "Braiins OS"),
    ("AVALON", "avalon", "Avalon"),
)
HTTP_PORT = 80
"""Where Braiins OS has its REST API; on the port of the cgminer API it only tells its version."""


def look(host: str, port: int, exchange: ByteExchange) -> Iterator[Found]:
    """The miner at a port, if there is one."""
    try:
        told = json_object(exchange(b'{"command":"version"}'), f"{host}:{port}")
    except DeviceNonsense:
        return
    version = _first(told.get("VERSION"))
    if version is None or not any(isinstance(value, str) for value in version.values()):
        return
    said = " ".join(f"{key}={value}" for key, value in version.items()).upper()
    for word, driver, name in _FIRMWARE:
        if word in said:
            model = _model(version)
            yield Found(
                f"{name}{' ' + model if model else ''}",
                host,
                HTTP_PORT if driver == "braiins" else port,
                miner=driver,
                needs_password=driver == "braiins",
            )
            return
    yield Found(f"miner {_model(version)}".strip(), host, port, miner="pyasic", note="it has no driver of its own")


def _first(told: object) -> dict[str, Any] | None:
    first = told[0] if isinstance(told, list) and told else None
    return first if isinstance(first, dict) else None


def _model(version: dict[str, Any]) -> str:
    """Model or type, as far as it is told in printable characters."""
    told = version.get("MODEL") or version.get("Type") or ""
    return "".join(one for one in str(told) if one.isprintable())[:60]
