"""Shelly Gen2 and newer: RPC over HTTP.

Where the formats come from: Shelly's own API documentation (Gen2, component Switch). ``toggle_after`` flips the
output back by the device's own timer, which its status then tells as ``timer_duration``; ``auto_off`` and
``initial_state`` outlive a loss of power.
"""

from __future__ import annotations

from typing import Any

from bitgrid.devices.errors import DeviceNonsense, DeviceRefused
from bitgrid.devices.parsing import POWER_W, json_object, number, shown
from bitgrid.devices.ports import RelayReading, RelaySettings
from bitgrid.devices.transport import HttpExchange

_OK, _UNAUTHORIZED = 200, 401
_DELAY_S = (0.0, 1e7)


class ShellyGen2Relay:
    """One switch of a Shelly.

    Args:
        device: its name for people, with its address.
        exchange: how it is reached.
        channel: the switch's id, from 0.
    """

    def __init__(self, device: str, exchange: HttpExchange, channel: int = 0) -> None:
        self._device, self._exchange, self._channel = device, exchange, channel

    def read(self) -> RelayReading:
        """Ask for its state."""
        told = self._call("GetStatus")
        return RelayReading(self._flag(told, "output"), number(told.get("apower"), POWER_W))

    def read_settings(self) -> RelaySettings:
        """Ask for its persistent settings."""
        told = self._call("GetConfig")
        delay_s = number(told.get("auto_off_delay"), _DELAY_S)
        return RelaySettings(delay_s if self._flag(told, "auto_off") else None, told.get("initial_state") == "off")

    def close_for(self, seconds: int) -> None:
        """Close it, or keep it closed, and arm its own timer to open after ``seconds``. The guard's alone."""
        self._flag(self._call("Set", f"&on=true&toggle_after={seconds}"), "was_on")
        told = self._call("GetStatus")
        if self._flag(told, "output") and number(told.get("timer_duration"), (1.0, seconds + 1.0)) is None:
            self.open()
            raise DeviceRefused(f"{self._device} closed without arming its timer, so it was opened again")

    def open(self) -> None:
        """Open it now."""
        self._flag(self._call("Set", "&on=false"), "was_on")

    def _call(self, method: str, query: str = "") -> dict[str, Any]:
        answer = self._exchange("GET", f"/rpc/Switch.{method}?id={self._channel}{query}")
        if answer.status == _UNAUTHORIZED:
            raise DeviceRefused(f"{self._device} asks for a password or refused it; look at relay.secret")
        if answer.status != _OK:
            raise DeviceRefused(
                f"{self._device} refused {method} with HTTP {answer.status}: {answer.body[:100]!r}"
            )
        told = json_object(answer.body, self._device)
        if told.get("id", self._channel) != self._channel:
            raise DeviceNonsense(
                f"{self._device} was asked for switch {self._channel} and answered for {shown(told['id'])}"
            )
        return told

    def _flag(self, told: dict[str, Any], name: str) -> bool:
        value = told.get(name)
        if not isinstance(value, bool):
            raise DeviceNonsense(
                f"{self._device} tells {name} as {shown(value)}; it is no Shelly switch this driver knows"
            )
        return value
