"""AxeOS (Bitaxe and its kin, NerdQAxe): HTTP and JSON.

Where the formats come from: the OpenAPI description in ESP-Miner (main/http_server/openapi.yaml), and the model of
the same answer in ESP-Miner-NerdQAxePlus (ISystemInfo.ts).

- Pause and resume exist in ESP-Miner from firmware 2.14; ``miningPaused`` tells of it. A restart resumes.
- Older firmware, and NerdQAxe's, has neither: **a stop can only be its relay**, and `stop` says so by refusing. A
  restart is no way to stop it, since it ends in hashing: it is what wakes one that stands still though it has been
  up for a while.
- ``hashRate`` is in GH/s; a second chip sensor is ``temp2``; an absent one tells -1. NerdQAxe tells of each chip
  in ``asicTemps``.
- There is no power target: such a load has one level, its tuning.
"""

from __future__ import annotations

from typing import Any

from bitgrid.config import LevelConfig
from bitgrid.devices.errors import DeviceRefused
from bitgrid.devices.parsing import POWER_W, RATE_THS, count, hottest, json_object, no_page, number
from bitgrid.devices.ports import MinerReading
from bitgrid.devices.transport import HttpAnswer, HttpExchange

RESTART_AFTER_S = 120.0
"""A miner that has been up for less may still be finding its pool."""
_OK = range(200, 300)
_NOT_THERE = frozenset({404, 405})
_GHS = (0.0, RATE_THS[1] * 1000)
_UPTIME_S = (0.0, 1e10)


class AxeosMiner:
    """A miner that runs AxeOS.

    Args:
        device: its name for people, with its address.
        exchange: how it is reached.
    """

    def __init__(self, device: str, exchange: HttpExchange) -> None:
        self._device, self._exchange = device, exchange

    def read(self) -> MinerReading:
        """Ask for power, temperature, hash rate and shares."""
        return reading(self._info())

    def set_level(self, level: LevelConfig) -> None:  # noqa: ARG002  it has one level
        """Resume, unless it says that it hashes; one that knows no resume is restarted when it stands still."""
        info = self._info()
        told = reading(info)
        if told.is_asleep is False or (told.is_asleep is None and told.hashrate_ths):
            return
        answer = self._exchange("POST", "/api/system/resume")
        if answer.status not in _NOT_THERE:
            self._check(answer, "/api/system/resume")
        elif (number(info.get("uptimeSeconds"), _UPTIME_S) or 0.0) >= RESTART_AFTER_S:
            self._check(self._exchange("POST", "/api/system/restart"), "/api/system/restart")

    def stop(self) -> None:
        """Pause.

        Raises:
            DeviceRefused: its firmware cannot: only its relay stops it.
        """
        answer = self._exchange("POST", "/api/system/pause")
        if answer.status in _NOT_THERE:
            raise DeviceRefused(
                f"{self._device} cannot pause, so only its relay can stop it; update AxeOS to 2.14 or newer"
            )
        self._check(answer, "/api/system/pause")

    def _info(self) -> dict[str, Any]:
        answer = self._exchange("GET", "/api/system/info")
        self._check(answer, "/api/system/info")
        return json_object(answer.body, self._device)

    def _check(self, answer: HttpAnswer, target: str) -> None:
        if answer.status not in _OK:
            raise DeviceRefused(f"{self._device} refused {target} with HTTP {answer.status}")
        no_page(answer.body, self._device)


def reading(told: dict[str, Any]) -> MinerReading:
    """What ``/api/system/info`` tells."""
    is_paused = told.get("miningPaused")
    is_asleep = is_paused if isinstance(is_paused, bool) else None
    rate_ghs = number(told.get("hashRate"), _GHS)
    chips = told.get("asicTemps")
    return MinerReading(
        power_w=number(told.get("power"), POWER_W),
        temp_c=hottest(told.get("temp"), told.get("temp2"), *(chips if isinstance(chips, list) else [])),
        hashrate_ths=0.0 if is_asleep else None if rate_ghs is None else rate_ghs / 1000,
        is_asleep=is_asleep,
        accepted_shares=count(told.get("sharesAccepted")),
        rejected_shares=count(told.get("sharesRejected")),
    )
