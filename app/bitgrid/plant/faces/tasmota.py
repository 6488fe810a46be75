"""A plug with Tasmota and a power meter: commands over HTTP, ``/cm?cmnd=…``.

Source: Tasmota's documentation (Commands, PowerOnState) and its source: ``ExecuteCommandPower`` arms PulseTime
each time an output is told to be on, also when it is on; ``CmndPulsetime`` keeps a new value and arms it at once;
``SetPulseTimer`` takes up to 111 as tenths of a second and more as seconds plus 100.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from bitgrid.devices.errors import DeviceSilent
from bitgrid.devices.transport import NO_HEADERS, HttpAnswer
from bitgrid.plant.faults import Fault
from bitgrid.plant.model import House
from bitgrid.plant.relay import RelayTimer

NEEDS_PASSWORD = {"WARNING": "Need user=<username>&password=<password>"}
_TENTHS = 111
_LARGEST = 65_535
_STATES = ["off", "on", "toggle", "restore_last"]


class TasmotaFace:
    """The API of one relay: an `HttpExchange`.

    Args:
        house: where it is.
        load: whose power it switches.
        channel: which of its outputs that is, from 0.
    """

    def __init__(self, house: House, load: str, channel: int = 0) -> None:
        self._house, self._load, self._number = house, load, channel + 1
        self._relay, self._drawing = house.relays[load], house.drawing[load]
        self._pulse = 100 + round(self._relay.auto_off_delay_s)

    @property
    def is_silent(self) -> bool:
        """Whether a fault keeps it from answering; it has power whenever the house has."""
        return Fault.RELAY_SILENT in self._house.faults

    def __call__(
        self,
        method: str,
        target: str,
        body: bytes = b"",  # noqa: ARG002  everything is in the query
        headers: Mapping[str, str] = NO_HEADERS,  # noqa: ARG002  it has no password
    ) -> HttpAnswer:
        """One HTTP request; see `HttpExchange`."""
        if self.is_silent:
            raise DeviceSilent(f"the relay of {self._load} does not answer (simulated fault)")
        if Fault.RELAY_DENIES in self._house.faults:
            return HttpAnswer(401, json.dumps(NEEDS_PASSWORD).encode())
        url = urlsplit(target)
        if method != "GET" or url.path != "/cm":
            return HttpAnswer(404, b"File Not Found")
        command = parse_qs(url.query).get("cmnd", [""])[-1].strip()
        name, _, argument = command.partition(" ")
        return HttpAnswer(200, json.dumps(self._do(name.lower(), argument.strip().lower())).encode())

    def _do(self, name: str, argument: str) -> dict[str, Any]:
        if name == f"power{self._number}":
            return self._power(argument)
        if name == f"pulsetime{self._number}":
            return self._pulse_time(argument)
        if name == "poweronstate":
            return self._power_on_state(argument)
        if name == "status" and argument == "10":
            return {"StatusSNS": {"ENERGY": {"Power": self._powers_w()}} if self._relay.has_meter else {}}
        return {"Command": "Unknown"}

    def _power(self, argument: str) -> dict[str, Any]:
        relay, now_s = self._relay, self._house.now_s
        if argument in {"on", "1", "off", "0", "toggle", "2"}:
            output = not relay.output if argument in {"toggle", "2"} else argument in {"on", "1"}
            relay.auto_off, relay.auto_off_delay_s = self._pulse > 0, self._pulse_s
            relay.switch(output, now_s, None, "WebCommand")
        name = "POWER" if self._number == 1 else f"POWER{self._number}"
        return {name: "ON" if relay.output else "OFF"}

    def _pulse_time(self, argument: str) -> dict[str, Any]:
        if argument.isdecimal() and int(argument) <= _LARGEST:
            self._pulse = int(argument)
            self._relay.auto_off, self._relay.auto_off_delay_s = self._pulse > 0, self._pulse_s
            if self._relay.output:
                armed = RelayTimer(self._house.now_s, self._pulse_s, target=False)
                self._relay.timer = armed if self._pulse else None
        return {f"PulseTime{self._number}": {"Set": self._pulse, "Remaining": self._remaining}}

    def _power_on_state(self, argument: str) -> dict[str, Any]:
        if argument.isdecimal() and int(argument) < len(_STATES):
            self._relay.initial_state = _STATES[int(argument)]
        return {"PowerOnState": _STATES.index(self._relay.initial_state)}

    @property
    def _pulse_s(self) -> float:
        return self._pulse / 10 if self._pulse <= _TENTHS else self._pulse - 100

    @property
    def _remaining(self) -> int:
        timer = self._relay.timer
        left_s = 0.0 if timer is None else max(0.0, timer.started_s + timer.duration_s - self._house.now_s)
        return int(left_s) + 100 if left_s * 10 > _TENTHS else int(left_s * 10)

    def _powers_w(self) -> int | list[int]:
        """One power, or a list where it has several meters."""
        power_w = self._drawing.power_w if self._relay.is_contact_closed else 0
        return power_w if self._number == 1 else [0] * (self._number - 1) + [power_w]
