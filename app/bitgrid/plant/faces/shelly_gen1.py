"""A Shelly Gen1 relay with a power meter (1PM): plain HTTP with a query.

Source: Shelly's Gen1 API documentation: ``/shelly``, ``/status``, ``/relay/N``, ``/settings/relay/N``. A meter
counts watt minutes too; a timer given with ``turn`` flips the output back once, else ``auto_off`` does.
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

CHALLENGE = 'Basic realm="Login Required"'
_STATES = {"off", "on", "last", "switch"}

Params = dict[str, str]


class ShellyGen1Face:
    """The API of one relay: an `HttpExchange`.

    Args:
        house: where it is.
        load: whose power it switches.
        channel: which of its outputs that is.
    """

    def __init__(self, house: House, load: str, channel: int = 0) -> None:
        self._house, self._load, self._channel = house, load, channel
        self._relay, self._drawing = house.relays[load], house.drawing[load]

    @property
    def is_silent(self) -> bool:
        """Whether a fault keeps it from answering; it has power whenever the house has."""
        return Fault.RELAY_SILENT in self._house.faults

    def __call__(
        self,
        method: str,
        target: str,
        body: bytes = b"",  # noqa: ARG002  everything is in the query
        headers: Mapping[str, str] = NO_HEADERS,  # noqa: ARG002  its login is off
    ) -> HttpAnswer:
        """One HTTP request; see `HttpExchange`."""
        if self.is_silent:
            raise DeviceSilent(f"the relay of {self._load} does not answer (simulated fault)")
        if Fault.RELAY_DENIES in self._house.faults:
            return HttpAnswer(401, b"401 Unauthorized", {"www-authenticate": CHALLENGE})
        url = urlsplit(target)
        asked = {name: values[-1] for name, values in parse_qs(url.query).items()}
        if method == "GET" and url.path == "/shelly":
            return _json(
                {"type": "SHSW-PM", "mac": "020000000401", "auth": False, "fw": "v1.14.0", "num_outputs": 1}
            )
        if method == "GET" and url.path == "/status":
            return _json({"relays": self._row(self._output()), "meters": self._row(self._meter())})
        if method == "GET" and url.path == f"/relay/{self._channel}":
            return self._turn(asked)
        if method == "GET" and url.path == f"/settings/relay/{self._channel}":
            return self._settings(asked)
        return HttpAnswer(404, b"Not Found")

    def _row(self, mine: Params | dict[str, Any]) -> list[dict[str, Any]]:
        """The rows of all outputs; those of others stand still."""
        return [{"ison": False, "power": 0.0} for _ in range(self._channel)] + [dict(mine)]

    def _output(self) -> dict[str, Any]:
        timer, now_s = self._relay.timer, self._house.now_s
        left_s = 0 if timer is None else max(0, round(timer.started_s + timer.duration_s - now_s))
        return {
            "ison": self._relay.output,
            "has_timer": timer is not None,
            "timer_started": timer.started_s if timer else 0,
            "timer_duration": round(timer.duration_s) if timer else 0,
            "timer_remaining": left_s,
            "overpower": False,
            "source": self._relay.source,
        }

    def _meter(self) -> dict[str, Any]:
        if not self._relay.has_meter:  # a Shelly 1 lists one, with the power its owner typed in
            return {"power": 0.0, "is_valid": True}
        power_w = float(self._drawing.power_w) if self._relay.is_contact_closed else 0.0
        return {"power": power_w, "is_valid": True, "counters": [power_w] * 3, "total": 0}

    def _turn(self, asked: Params) -> HttpAnswer:
        turn = asked.get("turn")
        if turn not in {None, "on", "off", "toggle"}:
            return HttpAnswer(400, b"Bad turn value")
        if turn is not None:
            output = not self._relay.output if turn == "toggle" else turn == "on"
            timer_s = _seconds(asked.get("timer"))
            self._relay.switch(output, self._house.now_s, timer_s, "http")
        return _json(self._output())

    def _settings(self, asked: Params) -> HttpAnswer:
        relay = self._relay
        state, auto_off_s = asked.get("default_state"), _seconds(asked.get("auto_off"))
        if state is not None and state not in _STATES:
            return HttpAnswer(400, b"Bad default_state")
        if state is not None:
            relay.initial_state = "restore_last" if state == "last" else state
        if "auto_off" in asked:
            relay.auto_off, relay.auto_off_delay_s = bool(auto_off_s), auto_off_s or 0.0
        told_state = "last" if relay.initial_state == "restore_last" else relay.initial_state
        auto_off = relay.auto_off_delay_s if relay.auto_off else 0.0
        return _json(self._output() | {"name": self._load, "default_state": told_state, "auto_off": auto_off})


def _seconds(text: str | None) -> float | None:
    """A number of seconds above 0."""
    try:
        seconds = float(text or 0)
    except ValueError:
        return None
    return seconds if seconds > 0 else None


def _json(content: dict[str, Any]) -> HttpAnswer:
    return HttpAnswer(200, json.dumps(content, separators=(",", ":")).encode())
