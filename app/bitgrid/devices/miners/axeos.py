"""AxeOS (Bitaxe and its kin): HTTP and JSON.

Where the formats come from: the OpenAPI description in ESP-Miner (main/http_server/openapi.yaml). Pause and resume
exist from firmware 2.14; ``miningPaused`` tells of it. A restart resumes. ``hashRate`` is in GH/s; a second chip
sensor is ``temp2``; an absent one tells -1. There is no power target: such a load has one level, its tuning.
"""

from __future__ import annotations

from bitgrid.config import LevelConfig
from bitgrid.devices.errors import DeviceRefused
from bitgrid.devices.parsing import POWER_W, RATE_THS, count, hottest, json_object, number
from bitgrid.devices.ports import MinerReading
from bitgrid.devices.transport import HttpExchange

_OK = range(200, 300)
_NOT_FOUND = 404
_GHS = (0.0, RATE_THS[1] * 1000)


class AxeosMiner:
    """A miner that runs AxeOS.

    Args:
        device: its name for people, with its address.
        exchange: how it is reached.
    """

    def __init__(self, device: str, exchange: HttpExchange) -> None:
        self._device, self._exchange = device, exchange

    def read(self) -> MinerReading:
        """Ask for power, temperature and hash rate."""
        return reading(self._ask("GET", "/api/system/info"), self._device)

    def set_level(self, level: LevelConfig) -> None:  # noqa: ARG002  it has one level
        """Resume, unless it says that it hashes."""
        if self.read().is_asleep is not False:
            self._ask("POST", "/api/system/resume")

    def stop(self) -> None:
        """Pause."""
        self._ask("POST", "/api/system/pause")

    def _ask(self, method: str, target: str) -> bytes:
        answer = self._exchange(method, target)
        if answer.status == _NOT_FOUND and method == "POST":
            raise DeviceRefused(f"{self._device} knows no {target}; update AxeOS to 2.14 or newer")
        if answer.status not in _OK:
            raise DeviceRefused(f"{self._device} refused {target} with HTTP {answer.status}")
        return answer.body


def reading(body: bytes, device: str) -> MinerReading:
    """What ``/api/system/info`` tells.

    Raises:
        DeviceNonsense: it is no JSON object.
    """
    told = json_object(body, device)
    is_paused = told.get("miningPaused")
    is_asleep = is_paused if isinstance(is_paused, bool) else None
    rate_ghs = number(told.get("hashRate"), _GHS)
    return MinerReading(
        power_w=number(told.get("power"), POWER_W),
        temp_c=hottest(told.get("temp"), told.get("temp2")),
        hashrate_ths=0.0 if is_asleep else None if rate_ghs is None else rate_ghs / 1000,
        is_asleep=is_asleep,
        accepted_shares=count(told.get("sharesAccepted")),
        rejected_shares=count(told.get("sharesRejected")),
    )
