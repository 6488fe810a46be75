"""A plug with Tasmota and a power meter: commands over HTTP.

Source: Tasmota's documentation (Commands, JSON-Status-Responses) and, for when ``PulseTime`` is armed, its source
(``CmndPulsetime``, ``ExecuteCommandPower``). Of a password it knows basic, and refuses without asking.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from bitgrid.devices.transport import NO_HEADERS, HttpAnswer
from bitgrid.plant.faces.silence import check_relay_answers
from bitgrid.plant.faults import Fault
from bitgrid.plant.model import House
from bitgrid.plant.relay import RelayTimer

NEEDS_PASSWORD = {"WARNING": "Need user=<username>&password=<password>"}
_STATES = {"0": "off", "1": "on", "3": "restore_last"}
_FIRMWARE = "14.4.1(release-tasmota)"
_SWITCH = {"1": True, "ON": True, "0": False, "OFF": False}
_LAST_TENTH, _OFFSET, _MOST = 111, 100, 64_900

Answer = dict[str, Any]


class TasmotaFace:
    """The API of one relay: an `HttpExchange`.

    Args:
        house: where it is.
        load: whose power it switches.
        channel: which output it hangs on, from 0; it has no other that could be asked.
    """

    def __init__(self, house: House, load: str, channel: int = 0) -> None:
        self._house, self._load, self._channel = house, load, channel
        self._relay, self._drawing = house.relays[load], house.drawing[load]
        self._name = "POWER" if channel == 0 else f"POWER{channel + 1}"
        self._pulse_name = f"PulseTime{channel + 1}"
        self._commands = {
            f"POWER{channel + 1}": self._power,
            self._pulse_name.upper(): self._pulse,
            "POWERONSTATE": self._power_on_state,
            "STATUS": self._status,
        }

    def __call__(
        self,
        method: str,
        target: str,
        body: bytes = b"",  # noqa: ARG002  it takes everything in the address
        headers: Mapping[str, str] = NO_HEADERS,  # noqa: ARG002  it looks at none
    ) -> HttpAnswer:
        """One HTTP request; see `HttpExchange`."""
        check_relay_answers(self._house, self._load)
        if Fault.RELAY_DENIES in self._house.faults:
            return HttpAnswer(401, json.dumps(NEEDS_PASSWORD).encode())
        url = urlsplit(target)
        if method != "GET" or url.path != "/cm":
            return HttpAnswer(404, b"Not Found")
        command, _, argument = parse_qs(url.query).get("cmnd", [""])[0].partition(" ")
        run = self._commands.get(command.upper(), lambda _argument: {"Command": "Unknown"})
        return HttpAnswer(200, json.dumps(run(argument.strip()), separators=(",", ":")).encode())

    def _power(self, argument: str) -> Answer:
        if argument.upper() in _SWITCH:
            self._relay.switch(_SWITCH[argument.upper()], self._house.now_s, None, "http")
        return {self._name: "ON" if self._relay.output else "OFF"}

    def _pulse(self, argument: str) -> Answer:
        """Set how long it stays closed, and count from now; without an argument only tell it."""
        relay = self._relay
        if argument.isdecimal():
            pulse = min(int(argument), _MOST)
            delay_s = pulse / 10 if pulse <= _LAST_TENTH else float(pulse - _OFFSET)
            relay.auto_off, relay.auto_off_delay_s = pulse > 0, delay_s
            relay.timer = RelayTimer(self._house.now_s, delay_s, target=False) if pulse and relay.output else None
        timer = relay.timer
        left_s = max(0.0, timer.started_s + timer.duration_s - self._house.now_s) if timer else 0.0
        set_to = _pulse_of(relay.auto_off_delay_s) if relay.auto_off else 0
        return {self._pulse_name: {"Set": set_to, "Remaining": _pulse_of(left_s)}}

    def _power_on_state(self, argument: str) -> Answer:
        if argument in _STATES:
            self._relay.initial_state = _STATES[argument]
        names = {state: int(number) for number, state in _STATES.items()}
        return {"PowerOnState": names[self._relay.initial_state]}

    def _status(self, argument: str) -> Answer:
        power_w: object = self._drawing.power_w if self._relay.is_contact_closed else 0
        if self._channel:
            power_w = [0] * self._channel + [power_w]
        energy = {"ENERGY": {"Power": power_w, "Voltage": 230}} if self._relay.has_meter else {}
        sensors: Answer = {"StatusSNS": {"Time": self._house.now_s} | energy}
        if argument == "10":
            return sensors
        status: Answer = {"Status": {"DeviceName": self._load} | self._power_on_state("")}
        if argument == "0":
            return status | {"StatusFWR": {"Version": _FIRMWARE}} | sensors | {"StatusSTS": self._power("")}
        return status


def _pulse_of(seconds: float) -> int:
    return round(seconds * 10) if seconds * 10 <= _LAST_TENTH else round(seconds) + _OFFSET
