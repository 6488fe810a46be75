"""Shelly Gen1: plain HTTP with a query.

Where the formats come from: Shelly's Gen1 API documentation (``/relay/N``, ``/settings/relay/N``, ``/status``) and
answers of owners' devices. ``timer`` is a one-shot timer of the device that flips the output back; ``auto_off``
(seconds) and ``default_state`` outlive a loss of power. A Shelly 1 has no meter and yet lists one, with the power
that its owner typed in; those that measure count energy too (``counters``), so only these are believed.
"""

from __future__ import annotations

from typing import Any

from bitgrid.devices.errors import DeviceNonsense, DeviceRefused
from bitgrid.devices.parsing import POWER_W, json_object, number, shown
from bitgrid.devices.ports import RelayReading, RelaySettings
from bitgrid.devices.transport import HttpExchange

_OK, _UNAUTHORIZED = 200, 401
_DELAY_S = (1.0, 1e7)


class ShellyGen1Relay:
    """One output of a Shelly.

    Args:
        device: its name for people, with its address.
        exchange: how it is reached.
        channel: which output, from 0.
    """

    def __init__(self, device: str, exchange: HttpExchange, channel: int = 0) -> None:
        self._device, self._exchange, self._channel = device, exchange, channel

    def read(self) -> RelayReading:
        """Ask for its state."""
        told = self._get("/status")
        relay, meter = self._part(told, "relays"), self._part(told, "meters")
        is_measured = "counters" in meter and meter.get("is_valid") is not False
        return RelayReading(self._is_on(relay), number(meter.get("power"), POWER_W) if is_measured else None)

    def read_settings(self) -> RelaySettings:
        """Ask for its persistent settings."""
        told = self._get(f"/settings/relay/{self._channel}")
        return RelaySettings(number(told.get("auto_off"), _DELAY_S), told.get("default_state") == "off")

    def close_for(self, seconds: int) -> None:
        """Close it, or keep it closed, and arm its own timer to open after ``seconds``. The guard's alone."""
        told = self._get(f"/relay/{self._channel}?turn=on&timer={seconds}")
        if told.get("has_timer") is not True:
            self.open()
            raise DeviceRefused(f"{self._device} closed without arming its timer, so it was opened again")

    def open(self) -> None:
        """Open it now."""
        told = self._get(f"/relay/{self._channel}?turn=off")
        if self._is_on(told):
            raise DeviceRefused(f"{self._device} was told to open and says that it is closed")

    def _get(self, target: str) -> dict[str, Any]:
        answer = self._exchange("GET", target)
        if answer.status == _UNAUTHORIZED:
            raise DeviceRefused(f"{self._device} asks for a password or refused it; look at relay.secret")
        if answer.status != _OK:
            raise DeviceRefused(
                f"{self._device} refused {target} with HTTP {answer.status}: {answer.body[:100]!r}"
            )
        return json_object(answer.body, self._device)

    def _part(self, told: dict[str, Any], name: str) -> dict[str, Any]:
        """What it tells of this output under a name; nothing where it tells nothing."""
        rows = told.get(name)
        row = rows[self._channel] if isinstance(rows, list) and len(rows) > self._channel else None
        return row if isinstance(row, dict) else {}

    def _is_on(self, relay: dict[str, Any]) -> bool:
        is_on = relay.get("ison")
        if not isinstance(is_on, bool):
            raise DeviceNonsense(
                f"{self._device} tells ison of output {self._channel} as {shown(is_on)}; "
                "it is no Shelly Gen1 relay"
            )
        return is_on
