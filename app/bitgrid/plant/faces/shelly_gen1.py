"""A Shelly Gen1 relay with a power meter (a Shelly 1PM): plain HTTP, commands and settings in the query.

Source: Shelly's Gen1 API documentation (``/shelly``, ``/status``, ``/relay/N``, ``/settings/relay/N``).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from bitgrid.devices.transport import NO_HEADERS, HttpAnswer
from bitgrid.plant.faces.silence import check_relay_answers
from bitgrid.plant.faults import Fault
from bitgrid.plant.model import House

CHALLENGE = 'Basic realm="Login Required"'
_STATES = {"off": "off", "on": "on", "last": "restore_last", "switch": "match_input"}


class ShellyGen1Face:
    """The API of one relay: an `HttpExchange`.

    Args:
        house: where it is.
        load: whose power it switches.
        channel: which output it hangs on; it has no other that could be asked.
    """

    def __init__(self, house: House, load: str, channel: int = 0) -> None:
        self._house, self._load, self._channel = house, load, channel
        self._relay, self._drawing = house.relays[load], house.drawing[load]
        self._routes = {
            "/shelly": self._about,
            "/status": self._status,
            f"/relay/{channel}": self._switch,
            f"/settings/relay/{channel}": self._settings,
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
            return HttpAnswer(401, b"", {"www-authenticate": CHALLENGE})
        url = urlsplit(target)
        if method not in {"GET", "POST"} or url.path not in self._routes:
            return HttpAnswer(404, b"Not Found")
        try:
            told = self._routes[url.path](dict(parse_qsl(url.query)))
        except ValueError as error:
            return HttpAnswer(400, str(error).encode())
        return HttpAnswer(200, json.dumps(told, separators=(",", ":")).encode())

    def _about(self, _said: dict[str, str]) -> dict[str, Any]:
        return {"type": "SHSW-PM", "mac": "020000000100", "auth": False, "fw": "20230913-112003/v1.14.0-gcb84623"}

    def _status(self, _said: dict[str, str]) -> dict[str, Any]:
        power_w = float(self._drawing.power_w) if self._relay.is_contact_closed else 0.0
        meter: dict[str, Any] = {
            "power": power_w,
            "overpower": 0.0,
            "is_valid": True,
            "timestamp": self._house.now_s,
        }
        if self._relay.has_meter:
            meter |= {"counters": [power_w, power_w, power_w], "total": 0}
        else:
            meter["power"] = 0.0  # a Shelly 1 lists one, with the power that its owner typed in
        others: list[dict[str, Any]] = [{}] * self._channel
        return {"relays": [*others, self._state()], "meters": [*others, meter], "unixtime": self._house.now_s}

    def _state(self) -> dict[str, Any]:
        timer, now_s = self._relay.timer, self._house.now_s
        left_s = max(0.0, timer.started_s + timer.duration_s - now_s) if timer else 0
        return {
            "ison": self._relay.output,
            "has_timer": timer is not None,
            "timer_started": timer.started_s if timer else 0,
            "timer_duration": int(timer.duration_s) if timer else 0,
            "timer_remaining": int(left_s),
            "overpower": False,
            "source": self._relay.source,
        }

    def _switch(self, said: dict[str, str]) -> dict[str, Any]:
        if "turn" in said:
            if said["turn"] not in {"on", "off", "toggle"}:
                raise ValueError("Bad turn!")
            output = not self._relay.output if said["turn"] == "toggle" else said["turn"] == "on"
            after_s = _seconds(said["timer"]) if "timer" in said else None
            self._relay.switch(output, self._house.now_s, after_s, "http")
        return self._state()

    def _settings(self, said: dict[str, str]) -> dict[str, Any]:
        relay = self._relay
        if "auto_off" in said:
            delay_s = _seconds(said["auto_off"])
            relay.auto_off, relay.auto_off_delay_s = delay_s > 0, delay_s
        if "default_state" in said:
            if said["default_state"] not in _STATES:
                raise ValueError("Bad default_state!")
            relay.initial_state = _STATES[said["default_state"]]
        names = {state: name for name, state in _STATES.items()}
        return {
            "name": self._load,
            "ison": relay.output,
            "default_state": names[relay.initial_state],
            "auto_on": relay.auto_on_delay_s if relay.auto_on else 0.0,
            "auto_off": relay.auto_off_delay_s if relay.auto_off else 0.0,
        }


def _seconds(text: str) -> float:
    """Whole or broken seconds, not negative; raises `ValueError` for anything else."""
    if not text.replace(".", "", 1).isdecimal():
        raise ValueError("Bad timer!")
    return float(text)
