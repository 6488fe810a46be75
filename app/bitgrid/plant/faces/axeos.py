"""A miner with AxeOS (ESP-Miner 2.14 or later): its HTTP API, as its openapi.yaml describes it.

Power follows the clock frequency: the nominal frequency draws the load's highest level, and a change takes effect
without a restart.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from bitgrid.config import LoadConfig
from bitgrid.devices.transport import NO_HEADERS, HttpAnswer
from bitgrid.plant.faces.silence import check_miner_answers
from bitgrid.plant.model import House

NOMINAL_MHZ = 525.0
MIN_MHZ, MAX_MHZ = 50.0, 1000.0
VERSION = "v2.14.0"


class AxeOsFace:
    """The API of one miner: an `HttpExchange`.

    Args:
        house: where the miner stands.
        load: which load it is.
    """

    def __init__(self, house: House, load: LoadConfig) -> None:
        self._house, self._load = house, load
        self._miner = house.miners[load.id]
        self._top_w = load.levels[-1].power_w
        self._routes = {
            ("GET", "/api/system/info"): self._info,
            ("GET", "/api/system/asic"): self._asic,
            ("POST", "/api/system/pause"): self._pause,
            ("POST", "/api/system/resume"): self._resume,
            ("POST", "/api/system/restart"): self._restart,
            ("PATCH", "/api/system"): self._patch,
        }

    def __call__(
        self,
        method: str,
        target: str,
        body: bytes = b"",
        headers: Mapping[str, str] = NO_HEADERS,  # noqa: ARG002  it looks at none
    ) -> HttpAnswer:
        """One HTTP request; see `HttpExchange`."""
        check_miner_answers(self._house, self._load.id)
        path = target.partition("?")[0]
        route = self._routes.get((method, path))
        if route is not None:
            return route(body)
        is_known = any(path == known for _, known in self._routes)
        return HttpAnswer(405 if is_known else 404, b"")

    def _info(self, _body: bytes) -> HttpAnswer:
        miner = self._miner
        ghs = round(miner.told_ths * 1e3, 3)
        return _json(
            self._identity()
            | {
                "power": float(miner.told_power_w),
                "voltage": 12_000.0,
                "current": round(miner.told_power_w / 12 * 1000, 1),
                "temp": round(miner.temp_c, 2),
                "vrTemp": round(miner.temp_c + 5),
                "maxPower": round(self._top_w * MAX_MHZ / NOMINAL_MHZ),
                "hashRate": ghs,
                "hashRate_1m": ghs,
                "expectedHashrate": round(miner.nominal_ths * 1e3, 3),
                "frequency": round(self._mhz, 2),
                "coreVoltage": 1150,
                "coreVoltageActual": 1150 if miner.told_hashing else 0,
                "uptimeSeconds": miner.powered_s,
                "miningPaused": not miner.told_hashing,
                "fanspeed": 60 if miner.told_hashing else 0,
                "fanrpm": 4000 if miner.told_hashing else 0,
                "overheat_mode": 0,
                "sharesAccepted": miner.accepted_shares,
                "sharesRejected": miner.rejected_shares,
            }
        )

    def _identity(self) -> dict[str, Any]:
        address = f"02:00:00:00:01:{self._load.priority:02X}"
        return {"ASICModel": "BM1370", "hostname": self._load.id, "macAddr": address, "version": VERSION}

    def _asic(self, _body: bytes) -> HttpAnswer:
        options = [400, 425, 450, 475, 490, 500, NOMINAL_MHZ, 550, 575]
        return _json(
            {"ASICModel": "BM1370", "asicCount": 1, "defaultFrequency": NOMINAL_MHZ, "frequencyOptions": options}
        )

    def _pause(self, _body: bytes) -> HttpAnswer:
        self._miner.ask(hashing=False, at_s=self._house.now_s)
        return _json({"message": "Mining paused"})

    def _resume(self, _body: bytes) -> HttpAnswer:
        self._miner.ask(hashing=True, at_s=self._house.now_s)
        return _json({"message": "Mining resumed"})

    def _restart(self, _body: bytes) -> HttpAnswer:
        self._miner.restart()
        return _json({"message": "System will restart shortly."})

    def _patch(self, body: bytes) -> HttpAnswer:
        try:
            settings = json.loads(body)
        except ValueError:
            return HttpAnswer(400, b"Invalid JSON")
        if not isinstance(settings, dict):
            return HttpAnswer(400, b"Invalid JSON")
        mhz = settings.get("frequency", self._mhz)
        if isinstance(mhz, bool) or not isinstance(mhz, int | float) or not MIN_MHZ <= mhz <= MAX_MHZ:
            return HttpAnswer(400, b"Wrong API input")
        if "frequency" in settings:
            self._miner.set_power(round(self._top_w * mhz / NOMINAL_MHZ))
        return HttpAnswer(200, b"")

    @property
    def _mhz(self) -> float:
        return self._miner.setting_w / self._top_w * NOMINAL_MHZ


def _json(content: dict[str, Any]) -> HttpAnswer:
    return HttpAnswer(200, json.dumps(content, separators=(",", ":")).encode())
