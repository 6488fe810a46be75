"""Tasmota: commands over HTTP (``/cm?cmnd=...``).

Where the formats come from: Tasmota's documentation (Commands, PowerOnState, JSON-Status-Responses) and source.
``PulseTimeN`` is how long output N stays closed: 1 to 111 are tenths of a second, 112 to 64900 are seconds plus
100. The documentation says of ``PowerN`` that it "also restarts PulseTime", and so does the source
(``ExecuteCommandPower`` in support_tasmota.ino, also when the output is closed already): so each `close_for` ends
with it, and reads back that the timer runs. ``PulseTimeN`` is kept by the device, so it is written only when it is
another than wanted. ``PowerOnState`` 0 holds after a loss of power; after a mere restart Tasmota takes up the last
state and arms PulseTime again. Without its password it may answer 401, or 200 with a ``WARNING``.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from bitgrid.devices.errors import DeviceNonsense, DeviceRefused
from bitgrid.devices.parsing import POWER_W, json_object, number, shown
from bitgrid.devices.ports import RelayReading, RelaySettings
from bitgrid.devices.transport import HttpExchange

_OK, _UNAUTHORIZED = 200, 401
_TENTHS, _OFFSET, _MOST = 111, 100, 64_900
_PULSE = (0.0, 65_535.0)


class TasmotaRelay:
    """One output of a device with Tasmota.

    Args:
        device: its name for people, with its address.
        exchange: how it is reached.
        channel: which output, from 0; Tasmota counts from 1.
    """

    def __init__(self, device: str, exchange: HttpExchange, channel: int = 0) -> None:
        self._device, self._exchange, self._number = device, exchange, channel + 1

    def read(self) -> RelayReading:
        """Ask for its state."""
        state = self._command(f"Power{self._number}")
        sensors = self._command("Status 10").get("StatusSNS")
        energy = sensors.get("ENERGY") if isinstance(sensors, dict) else None
        return RelayReading(
            self._is_on(state), self._power_w(energy.get("Power") if isinstance(energy, dict) else None)
        )

    def read_settings(self) -> RelaySettings:
        """Ask for its persistent settings."""
        pulse = self._pulse(self._command(f"PulseTime{self._number}"), "Set")
        return RelaySettings(seconds_of(pulse), self._command("PowerOnState").get("PowerOnState") == 0)

    def close_for(self, seconds: int) -> None:
        """Close it, or keep it closed, and arm its own timer to open after ``seconds``. The guard's alone."""
        name, wanted = f"PulseTime{self._number}", pulse_of(seconds)
        if self._pulse(self._command(name), "Set") != wanted:
            self._command(f"{name} {wanted}")
        is_on = self._is_on(self._command(f"Power{self._number} ON"))
        told = self._command(name)
        if not is_on or self._pulse(told, "Set") != wanted or self._pulse(told, "Remaining") <= 0:
            self.open()
            raise DeviceRefused(f"{self._device} closed without arming its timer, so it was opened again")

    def open(self) -> None:
        """Open it now."""
        if self._is_on(self._command(f"Power{self._number} OFF")):
            raise DeviceRefused(f"{self._device} was told to open and says that it is closed")

    def _command(self, command: str) -> dict[str, Any]:
        answer = self._exchange("GET", f"/cm?cmnd={quote(command)}")
        told = json_object(answer.body, self._device) if answer.status == _OK else {}
        if answer.status == _UNAUTHORIZED or "WARNING" in told:
            raise DeviceRefused(f"{self._device} asks for a password or refused it; look at relay.secret")
        if answer.status != _OK or str(told.get("Command")) in {"Unknown", "Error"}:
            raise DeviceRefused(
                f"{self._device} refused {command} with HTTP {answer.status}: {answer.body[:100]!r}"
            )
        return told

    def _is_on(self, told: dict[str, Any]) -> bool:
        state = told.get(f"POWER{self._number}", told.get("POWER") if self._number == 1 else None)
        if str(state) not in {"ON", "OFF"}:
            raise DeviceNonsense(
                f"{self._device} tells POWER{self._number} as {shown(state)}; "
                "it has no such output, or is no Tasmota"
            )
        return bool(state == "ON")

    def _pulse(self, told: dict[str, Any], name: str) -> float:
        row = told.get(f"PulseTime{self._number}")
        pulse = number(row.get(name), _PULSE) if isinstance(row, dict) else None
        if pulse is None:
            raise DeviceNonsense(f"{self._device} tells no {name} of PulseTime{self._number}; update its Tasmota")
        return pulse

    def _power_w(self, power: object) -> float | None:
        """This output's power; those with several meters tell a list."""
        if isinstance(power, list):
            return number(power[self._number - 1], POWER_W) if len(power) >= self._number else None
        return number(power, POWER_W) if self._number == 1 else None


def pulse_of(seconds: int) -> int:
    """What ``PulseTime`` must be set to for so many seconds."""
    tenths = seconds * 10
    return tenths if 0 < tenths <= _TENTHS else min(_MOST, seconds + _OFFSET)


def seconds_of(pulse: float) -> float | None:
    """How many seconds a ``PulseTime`` is; None: it is switched off."""
    if pulse <= 0:
        return None
    return pulse / 10 if pulse <= _TENTHS else pulse - _OFFSET
