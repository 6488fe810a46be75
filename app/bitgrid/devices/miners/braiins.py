"""Braiins OS: its public REST API, ``/api/v1``.

Where the formats come from: Braiins' API documentation (developer.braiins-os.com, bos-plus-api's proto files) and
answers in the tests of other open projects (asic-rs, OpenEMS). The login's token goes into ``Authorization`` as it
is; it is kept in memory alone and asked for anew once when it is refused. ``detailed_status`` of ``miner/details``
(API 1.7) is running, starting, stopping or stopped; the older ``status`` is 2 normal, 3 paused, 5 restricted.
``approximated_consumption`` is the firmware's estimate, no measurement: a relay with a meter is the better
witness. The power target is kept by the miner, so one that is so already is not set again;
it starts the tuner, which may take longer than a block.
"""

from __future__ import annotations

import json
from typing import Any

from bitgrid.config import LevelConfig
from bitgrid.config.secrets import Credentials
from bitgrid.devices.errors import DeviceRefused
from bitgrid.devices.parsing import POWER_W, RATE_THS, count, hottest, json_object, no_page, number
from bitgrid.devices.ports import MinerReading
from bitgrid.devices.transport import NO_HEADERS, HttpAnswer, HttpExchange

_OK, _UNAUTHORIZED = range(200, 300), 401
_GHS = (0.0, RATE_THS[1] * 1000)
_DETAILED_ASLEEP = {"running": False, "starting": False, "stopping": True, "stopped": True}
_RATES = ("last_5s", "last_15s", "last_1m")
_ASLEEP = {"2": False, "3": True, "5": False}
_TARGETS = (
    ("mode_state", "powertargetmodestate", "current_target", "watt"),
    ("power_target", "watt"),
)


class BraiinsMiner:
    """A miner that runs Braiins OS.

    Args:
        device: its name for people, with its address.
        exchange: how it is reached.
        credentials: who one is to it; None: nobody, which it takes where it has no password.
    """

    def __init__(self, device: str, exchange: HttpExchange, credentials: Credentials | None) -> None:
        self._device, self._exchange, self._credentials = device, exchange, credentials
        self._token: str | None = None
        self._set_w: int | None = None

    def read(self) -> MinerReading:
        """Ask for power, temperature, hash rate and shares."""
        is_asleep = asleep(self._get("miner/details"))
        stats, cooling = self._get("miner/stats"), self._get("cooling/state")
        rates = _inner(stats, "miner_stats", "real_hashrate")
        found = (number(_inner(rates, name, "gigahash_per_second"), _GHS) for name in _RATES)
        rate_ghs = next((rate for rate in found if rate is not None), None)
        return MinerReading(
            power_w=number(_inner(stats, "power_stats", "approximated_consumption", "watt"), POWER_W),
            temp_c=hottest(_inner(cooling, "highest_temperature", "temperature", "degree_c")),
            hashrate_ths=0.0 if is_asleep else None if rate_ghs is None else rate_ghs / 1000,
            is_asleep=is_asleep,
            accepted_shares=count(_inner(stats, "pool_stats", "accepted_shares")),
            rejected_shares=count(_inner(stats, "pool_stats", "rejected_shares")),
        )

    def set_level(self, level: LevelConfig) -> None:
        """Set the power target, then resume; what is so already is not asked for again."""
        tuner = self._get("performance/tuner-state")
        targets = (number(_inner(tuner, *path), POWER_W) for path in _TARGETS)
        target_w = next((target for target in targets if target is not None), self._set_w)
        if target_w != level.power_w:
            self._ask("PUT", "performance/power-target", {"watt": level.power_w})
            self._set_w = level.power_w
        if asleep(self._get("miner/details")) is not False:
            self._ask("PUT", "actions/resume")

    def stop(self) -> None:
        """Pause."""
        self._ask("PUT", "actions/pause")

    def _get(self, path: str) -> dict[str, Any]:
        return json_object(self._ask("GET", path), self._device)

    def _ask(self, method: str, path: str, content: dict[str, int] | None = None) -> bytes:
        """One request; at most two, and a login, where the token has run out."""
        if self._token is None:
            self._log_in()
        answer = self._send(method, path, content)
        if answer.status == _UNAUTHORIZED and self._credentials is not None:
            self._log_in()
            answer = self._send(method, path, content)
        if answer.status == _UNAUTHORIZED:
            raise DeviceRefused(f"{self._device} asks for a password or refused it; look at miner.secret")
        if answer.status not in _OK:
            raise DeviceRefused(f"{self._device} refused {path} with HTTP {answer.status}: {answer.body[:100]!r}")
        no_page(answer.body, self._device)
        return answer.body

    def _send(self, method: str, path: str, content: dict[str, int] | None) -> HttpAnswer:
        headers = {"Authorization": self._token} if self._token else NO_HEADERS
        body = b"" if content is None else json.dumps(content).encode()
        return self._exchange(method, f"/api/v1/{path}", body, headers)

    def _log_in(self) -> None:
        """Ask for a token, where there are credentials. What is sent and what comes back is in no error."""
        self._token = None
        if self._credentials is None:
            return
        said = {"username": self._credentials.user, "password": self._credentials.password}
        answer = self._exchange("POST", "/api/v1/auth/login", json.dumps(said).encode())
        if answer.status not in _OK:
            raise DeviceRefused(
                f"{self._device} refused the login with HTTP {answer.status}; look at miner.secret"
            )
        token = _token(answer.body)
        if token is None:
            raise DeviceRefused(f"{self._device} gave no token for its login; update its Braiins OS")
        self._token = token


def asleep(details: dict[str, Any]) -> bool | None:
    """Whether it is paused; None: it neither runs nor is paused, or does not tell."""
    detailed = _inner(details, "detailed_status", "status")
    for name, is_asleep in _DETAILED_ASLEEP.items():
        if isinstance(detailed, dict) and name in detailed:
            return is_asleep
    return _ASLEEP.get(str(details.get("status")))


def _token(body: bytes) -> str | None:
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return None
    token = told.get("token") if isinstance(told, dict) else None
    is_one = isinstance(token, str) and token.isascii() and token.isprintable() and token
    return token if is_one else None


def _inner(told: object, *path: str) -> object:
    """What lies under a path of names; None where it ends before."""
    for name in path:
        told = told.get(name) if isinstance(told, dict) else None
    return told
