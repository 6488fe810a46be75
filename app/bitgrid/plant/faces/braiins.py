"""A miner with Braiins OS: its REST API.

Paths and fields as the driver's sources have them. A token lasts an hour of the house. Assumed: a new power target
takes effect at once, without the tuner's search.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from bitgrid.config import LoadConfig
from bitgrid.config.secrets import Credentials
from bitgrid.devices.transport import NO_HEADERS, HttpAnswer
from bitgrid.plant.faces.silence import check_miner_answers
from bitgrid.plant.faults import Fault
from bitgrid.plant.model import House

TOKEN_LASTS_S = 3600
_NORMAL, _PAUSED = 2, 3


class BraiinsFace:
    """The API of one miner: an `HttpExchange`.

    Args:
        house: where the miner stands.
        load: which load it is.
        credentials: whom it lets in; None: anybody, without a token.
    """

    def __init__(self, house: House, load: LoadConfig, credentials: Credentials | None = None) -> None:
        self._house, self._load, self._who = house, load, credentials
        self._miner = house.miners[load.id]
        self._lowest_w, self._highest_w = load.levels[0].power_w, load.levels[-1].power_w
        self._token, self._tokens, self._given_s = "", 0, 0
        self._routes: dict[tuple[str, str], Callable[[bytes], HttpAnswer]] = {
            ("GET", "miner/details"): self._details,
            ("GET", "miner/stats"): self._stats,
            ("GET", "cooling/state"): self._cooling,
            ("GET", "performance/tuner-state"): self._tuner,
            ("PUT", "performance/power-target"): self._set_target,
            ("PUT", "actions/pause"): lambda _body: self._ask(hashing=False),
            ("PUT", "actions/resume"): lambda _body: self._ask(hashing=True),
        }

    def __call__(
        self, method: str, target: str, body: bytes = b"", headers: Mapping[str, str] = NO_HEADERS
    ) -> HttpAnswer:
        """One HTTP request; see `HttpExchange`."""
        check_miner_answers(self._house, self._load.id)
        path = target.removeprefix("/api/v1/")
        if (method, path) == ("POST", "auth/login"):
            return self._log_in(body)
        if not self._is_let_in(headers.get("Authorization", "")):
            return HttpAnswer(401, b"")
        route = self._routes.get((method, path))
        return HttpAnswer(404, b"") if route is None else route(body)

    def _log_in(self, body: bytes) -> HttpAnswer:
        said = _object(body)
        who = self._who
        if Fault.MINER_DENIES in self._house.faults:
            return HttpAnswer(401, b"")
        if who is not None and (said.get("username"), said.get("password")) != (who.user, who.password):
            return HttpAnswer(401, b"")
        self._tokens += 1
        self._token, self._given_s = f"token{self._tokens}", self._house.now_s
        return _json({"token": self._token, "timeout_s": TOKEN_LASTS_S})

    def _is_let_in(self, token: str) -> bool:
        if Fault.MINER_DENIES in self._house.faults:
            return False
        is_fresh = self._house.now_s - self._given_s < TOKEN_LASTS_S
        return self._who is None or (bool(token) and token == self._token and is_fresh)

    def _details(self, _body: bytes) -> HttpAnswer:
        status = _NORMAL if self._miner.told_hashing else _PAUSED
        return _json({"status": status, "hostname": self._load.id, "system_uptime_s": self._miner.powered_s})

    def _stats(self, _body: bytes) -> HttpAnswer:
        rate = {"gigahash_per_second": round(self._miner.told_ths * 1000, 2)}
        return _json(
            {
                "miner_stats": {"real_hashrate": {"last_5s": rate, "last_15s": rate}},
                "pool_stats": {
                    "accepted_shares": self._miner.accepted_shares,
                    "rejected_shares": self._miner.rejected_shares,
                },
                "power_stats": {"approximated_consumption": {"watt": self._miner.told_power_w}},
            }
        )

    def _cooling(self, _body: bytes) -> HttpAnswer:
        temperature = {"degree_c": round(self._miner.temp_c, 2)}
        return _json({"highest_temperature": {"temperature": temperature}, "fans": []})

    def _tuner(self, _body: bytes) -> HttpAnswer:
        target = {"current_target": {"watt": self._miner.setting_w}}
        return _json({"mode_state": {"powertargetmodestate": target}})

    def _set_target(self, body: bytes) -> HttpAnswer:
        watts = _object(body).get("watt")
        if not isinstance(watts, int) or not self._lowest_w <= watts <= self._highest_w:
            return HttpAnswer(400, b"power target out of range")
        self._miner.set_power(watts)
        return _json({"watt": watts})

    def _ask(self, *, hashing: bool) -> HttpAnswer:
        was_asked = hashing != self._miner.told_hashing
        self._miner.ask(hashing=hashing, at_s=self._house.now_s)
        return _json(was_asked)


def _object(body: bytes) -> dict[str, Any]:
    try:
        said = json.loads(body)
    except ValueError:
        said = None
    return said if isinstance(said, dict) else {}


def _json(content: object) -> HttpAnswer:
    return HttpAnswer(200, json.dumps(content, separators=(",", ":")).encode())
