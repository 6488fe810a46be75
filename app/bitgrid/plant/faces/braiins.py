"""A miner with Braiins OS: its public REST API, ``/api/v1/``.

Written from Braiins's OpenAPI description, version 1.7.0. Assumed: whoever knows that its user is called root is
let in; a change of the power target takes effect without a pause.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from bitgrid.config import LoadConfig
from bitgrid.devices.errors import DeviceSilent
from bitgrid.devices.transport import NO_HEADERS, HttpAnswer
from bitgrid.plant.faults import Fault
from bitgrid.plant.model import House

USER = "root"
TOKEN_S = 3600
_PREFIX = "/api/v1/"


class BraiinsFace:
    """The API of one miner: an `HttpExchange`.

    Args:
        house: where the miner stands.
        load: which load it is.
    """

    def __init__(self, house: House, load: LoadConfig) -> None:
        self._house, self._load = house, load
        self._miner = house.miners[load.id]
        self._tokens: dict[str, int] = {}
        self._routes: dict[tuple[str, str], Callable[[Any], Any]] = {
            ("GET", "miner/stats"): self._stats,
            ("GET", "miner/details"): self._details,
            ("GET", "cooling/state"): self._cooling,
            ("GET", "performance/tuner-state"): self._tuner,
            ("PUT", "performance/power-target"): self._set_target,
            ("PUT", "actions/pause"): lambda _: self._ask(hashing=False),
            ("PUT", "actions/resume"): lambda _: self._ask(hashing=True),
        }

    @property
    def is_silent(self) -> bool:
        """Whether no answer can come: no power, still booting, or a fault."""
        return not self._miner.is_up or Fault.MINER_SILENT in self._house.faults

    def __call__(
        self, method: str, target: str, body: bytes = b"", headers: Mapping[str, str] = NO_HEADERS
    ) -> HttpAnswer:
        """One HTTP request; see `HttpExchange`."""
        if self.is_silent:
            raise DeviceSilent(f"the miner of {self._load.id} does not answer (off, booting or a fault)")
        path = target.partition("?")[0].removeprefix(_PREFIX)
        content = _content(body)
        if (method, path) == ("POST", "auth/login"):
            return self._log_in(content)
        told = {name.lower(): value for name, value in headers.items()}
        if not self._is_let_in(told.get("authorization", "")):
            return HttpAnswer(401, b"Unauthorized")
        route = self._routes.get((method, path))
        if route is None:
            return HttpAnswer(404, b"")
        try:
            return _json(route(content))
        except ValueError as error:
            return HttpAnswer(400, str(error).encode())

    def _log_in(self, content: Any) -> HttpAnswer:  # noqa: ANN401  what somebody sent
        user = content.get("username") if isinstance(content, dict) else None
        if user != USER or Fault.MINER_DENIES in self._house.faults:
            return HttpAnswer(401, b"Invalid credentials")
        token = f"token-{len(self._tokens) + 1:04d}"
        self._tokens[token] = self._house.now_s
        return _json({"token": token, "timeout_s": TOKEN_S})

    def _is_let_in(self, token: str) -> bool:
        """Whether a token holds; each use prolongs it."""
        used_s = self._tokens.get(token)
        if used_s is None or self._house.now_s - used_s > TOKEN_S or Fault.MINER_DENIES in self._house.faults:
            return False
        self._tokens[token] = self._house.now_s
        return True

    def _ask(self, *, hashing: bool) -> bool:
        """Whether it was so already."""
        was_so = self._miner.told_hashing is hashing
        self._miner.ask(hashing=hashing, at_s=self._house.now_s)
        return was_so

    def _set_target(self, content: Any) -> dict[str, Any]:  # noqa: ANN401  what somebody sent
        watt = content.get("watt") if isinstance(content, dict) else None
        if isinstance(watt, bool) or not isinstance(watt, int) or watt <= 0:
            raise ValueError("a power target is a whole number of watts")
        self._miner.set_power(watt)
        return {"watt": watt}

    def _stats(self, _: object) -> dict[str, Any]:
        miner = self._miner
        rate = {"gigahash_per_second": round(miner.told_ths * 1000, 3)}
        power_w = miner.told_power_w
        efficiency = {"joule_per_terahash": power_w / miner.told_ths} if miner.told_ths else None
        return {
            "miner_stats": {"real_hashrate": {"last_5s": rate, "last_1m": rate}, "found_blocks": 0},
            "pool_stats": {
                "accepted_shares": miner.accepted_shares,
                "rejected_shares": miner.rejected_shares,
                "stale_shares": 0,
            },
            "power_stats": {"approximated_consumption": {"watt": power_w}, "efficiency": efficiency},
        }

    def _details(self, _: object) -> dict[str, Any]:
        runs = self._miner.told_hashing
        status: dict[str, Any] = {"running": {"reason": {"normal": {}}}}
        if not runs:
            status = {"stopped": {"reason": {"user_pause": {}}}}
        return {
            "hostname": self._load.id,
            "status": 2 if runs else 3,
            "detailed_status": {"status": status},
            "system_uptime_s": self._miner.powered_s,
        }

    def _cooling(self, _: object) -> dict[str, Any]:
        hottest = {"id": 0, "location": 1, "temperature": {"degree_c": round(self._miner.temp_c, 2)}}
        return {"fans": [{"position": 0, "rpm": 4000}], "highest_temperature": hottest}

    def _tuner(self, _: object) -> dict[str, Any]:
        state = {"current_target": {"watt": self._miner.setting_w}}
        return {"overall_tuner_state": 1, "mode_state": {"powertargetmodestate": state}}


def _content(body: bytes) -> Any:  # noqa: ANN401  what somebody sent
    try:
        return json.loads(body) if body else None
    except ValueError:
        return None


def _json(content: object) -> HttpAnswer:
    return HttpAnswer(200, json.dumps(content, separators=(",", ":")).encode())
