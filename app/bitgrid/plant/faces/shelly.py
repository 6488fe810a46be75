"""A Shelly Gen2 relay with a power meter: RPC over HTTP, by GET with a query, by POST to the method or to /rpc.

Source: Shelly's Gen2 API documentation (Switch component, RPC channels, common errors).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from bitgrid.devices.transport import NO_HEADERS, HttpAnswer
from bitgrid.plant.faces.silence import check_relay_answers
from bitgrid.plant.faults import Fault
from bitgrid.plant.model import House

CHALLENGE = 'Digest qop="auth", realm="shellyplus1pm", nonce="60dc59c6", algorithm=SHA-256'
VOLTS = 230.0
CASE_C = 38.0
_INVALID_ARGUMENT, _NO_SUCH_COMPONENT = -103, -105
_INITIAL_STATES = {"off", "on", "restore_last", "match_input"}

Params = dict[str, Any]


class RpcError(Exception):
    """An answer of the RPC server that is an error."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


class ShellyFace:
    """The API of one relay: an `HttpExchange`.

    Args:
        house: where it is.
        load: whose power it switches.
        channel: the id of the switch it hangs on; it has no other.
    """

    def __init__(self, house: House, load: str, channel: int = 0) -> None:
        self._house, self._load, self._channel = house, load, channel
        self._relay, self._drawing = house.relays[load], house.drawing[load]
        self._number = list(house.relays).index(load) + 1
        self._methods: dict[str, Callable[[Params], Params]] = {
            "Shelly.GetDeviceInfo": self._device_info,
            "Shelly.GetStatus": lambda _params: {f"switch:{channel}": self._status({})},
            "Switch.GetStatus": self._status,
            "Switch.Set": self._set,
            "Switch.Toggle": self._toggle,
            "Switch.GetConfig": self._config,
            "Switch.SetConfig": self._set_config,
        }

    @property
    def name(self) -> str:
        """The device's own id."""
        return f"shellyplus1pm-0200000002{self._number:02x}"

    def __call__(
        self,
        method: str,
        target: str,
        body: bytes = b"",
        headers: Mapping[str, str] = NO_HEADERS,  # noqa: ARG002  it looks at none
    ) -> HttpAnswer:
        """One HTTP request; see `HttpExchange`."""
        check_relay_answers(self._house, self._load)
        if Fault.RELAY_DENIES in self._house.faults:
            return HttpAnswer(401, b"", {"www-authenticate": CHALLENGE})
        url = urlsplit(target)
        if url.path == "/shelly" and method == "GET":
            return _answer(200, self._device_info({}))
        if url.path == "/rpc" and method == "POST":
            return self._frame(body)
        if url.path.startswith("/rpc/") and method in {"GET", "POST"}:
            return self._direct(url.path.removeprefix("/rpc/"), url.query, body)
        return HttpAnswer(404, b"Not Found")

    def _frame(self, body: bytes) -> HttpAnswer:
        """A JSON-RPC frame; errors come in the frame, with status 200."""
        frame: Params = {}
        try:
            frame = _object(body)
            result = self._call(str(frame.get("method")), frame.get("params") or {})
        except RpcError as error:
            said = {"error": {"code": error.code, "message": error.message}}
        else:
            said = {"result": result}
        return _answer(200, {"id": frame.get("id"), "src": self.name} | said)

    def _direct(self, method: str, query: str, body: bytes) -> HttpAnswer:
        """A method by its own path; errors come with status 404 or 500."""
        try:
            params = _object(body) if body else {key: _value(text) for key, text in parse_qsl(query)}
            return _answer(200, self._call(method, params))
        except RpcError as error:
            status = error.code if error.code > 0 else 500
            return _answer(status, {"code": error.code, "message": error.message})

    def _call(self, method: str, params: Params) -> Params:
        if method not in self._methods:
            raise RpcError(404, f"No handler for {method}")
        if method.startswith("Switch."):
            number = params.get("id")
            if number != self._channel or isinstance(number, bool):
                raise RpcError(_NO_SUCH_COMPONENT, f"Argument 'id', value {number} not found!")
        return self._methods[method](params)

    def _device_info(self, _params: Params) -> Params:
        mac = self.name.rpartition("-")[2].upper()
        names = {"name": None, "id": self.name, "mac": mac, "model": "SNSW-001P16EU", "gen": 2}
        return names | {"ver": "1.4.4", "app": "Plus1PM", "auth_en": False, "auth_domain": None}

    def _status(self, _params: Params) -> Params:
        relay = self._relay
        power_w = float(self._drawing.power_w) if relay.is_contact_closed else 0.0
        status = {
            "id": self._channel,
            "source": relay.source,
            "output": relay.output,
            "apower": power_w,
            "voltage": VOLTS,
            "current": round(power_w / VOLTS, 3),
            "temperature": {"tC": CASE_C, "tF": round(CASE_C * 9 / 5 + 32, 1)},
        }
        if not relay.has_meter:
            status.pop("apower")
        if relay.timer:
            status |= {"timer_started_at": float(relay.timer.started_s), "timer_duration": relay.timer.duration_s}
        return status

    def _set(self, params: Params) -> Params:
        output = _typed(params, "on", bool)
        after_s = _seconds(params, "toggle_after") if "toggle_after" in params else None
        return {"was_on": self._relay.switch(output, self._house.now_s, after_s, "HTTP_in")}

    def _toggle(self, _params: Params) -> Params:
        return {"was_on": self._relay.switch(not self._relay.output, self._house.now_s, None, "HTTP_in")}

    def _config(self, _params: Params) -> Params:
        relay = self._relay
        return {
            "id": self._channel,
            "name": self._load,
            "in_mode": "detached",
            "initial_state": relay.initial_state,
            "auto_on": relay.auto_on,
            "auto_on_delay": relay.auto_on_delay_s,
            "auto_off": relay.auto_off,
            "auto_off_delay": relay.auto_off_delay_s,
        }

    def _set_config(self, params: Params) -> Params:
        """Change what is named; nothing is changed when anything named is wrong."""
        wanted = _typed(params, "config", dict)
        now = self._config({}) | wanted
        initial_state = _typed(now, "initial_state", str)
        if initial_state not in _INITIAL_STATES:
            raise RpcError(_INVALID_ARGUMENT, f"Invalid argument 'initial_state': {initial_state}")
        auto_on, auto_off = _typed(now, "auto_on", bool), _typed(now, "auto_off", bool)
        on_delay_s, off_delay_s = _seconds(now, "auto_on_delay"), _seconds(now, "auto_off_delay")
        self._relay.initial_state = initial_state
        self._relay.auto_on, self._relay.auto_on_delay_s = auto_on, on_delay_s
        self._relay.auto_off, self._relay.auto_off_delay_s = auto_off, off_delay_s
        return {"restart_required": False}


def _typed(params: Params, name: str, kind: type[Any]) -> Any:  # noqa: ANN401  of the kind that is asked for
    if not isinstance(params.get(name), kind):
        raise RpcError(_INVALID_ARGUMENT, f"Invalid argument '{name}': {params.get(name)!r}")
    return params[name]


def _seconds(params: Params, name: str) -> float:
    value = params[name]
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise RpcError(_INVALID_ARGUMENT, f"Invalid argument '{name}': {value!r}")
    return float(value)


def _object(body: bytes) -> Params:
    try:
        said = json.loads(body)
    except ValueError:
        said = None
    if not isinstance(said, dict):
        raise RpcError(_INVALID_ARGUMENT, "Invalid argument: a JSON object is needed")
    return said


def _value(text: str) -> Any:  # noqa: ANN401  a query's values are JSON, or else text
    try:
        return json.loads(text)
    except ValueError:
        return text


def _answer(status: int, content: Params) -> HttpAnswer:
    return HttpAnswer(status, json.dumps(content, separators=(",", ":")).encode())
