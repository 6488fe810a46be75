"""Canaan Avalon (Q and its kin): the cgminer API on port 4028, JSON, one request a connection.

Where the formats come from: the cgminer API-README; answers recorded by owners of an Avalon Q in pyasic's issue
350 and in asic-rs's tests (``MM ID0`` texts, awake and in standby). What they show:

- ``PS[…]`` has seven figures, the last is the power at the wall; ``WALLPOWER[…]`` tells it too where it exists.
- In standby ``TMax`` and ``GHSspd`` are 0 while ``GHSavg`` keeps the average of the time before.
- ``softoff`` and ``softon`` take the moment from which they count, by the miner's clock, which may never have been
  set: so it is asked for (``When`` in every answer) and used, not ours.
- Some firmware answers ``softon`` by closing the connection.
- With power it starts to hash by itself, whatever it was told before.
- Shares stand in ``summary`` alone: it is asked for once a minute, and a reading does not fail for want of it.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from bitgrid.clock import Clock
from bitgrid.config import LevelConfig
from bitgrid.devices.errors import DeviceError, DeviceNonsense, DeviceRefused, DeviceSilent
from bitgrid.devices.miners.cgminer import is_fine, rows, shares, status_of
from bitgrid.devices.parsing import POWER_W, RATE_THS, hottest, json_object, number, shown
from bitgrid.devices.ports import MinerReading
from bitgrid.devices.transport import ByteExchange

LEAD_S = 2
"""How far ahead the moment of a softoff or softon lies: past ones may be ignored, later ones are late."""
MODE_POWERS_W = (800, 1300, 1674)
"""What an Avalon Q draws in eco, standard and super, by its data sheet."""
SHARES_EVERY_S = 60.0
_MODE_TOLERANCE = 0.15
_WALL_POWER_AT = 6
_ASLEEP = "In Idle"
_AWAKE = ("In Work", "In Init")
_STATES = {"1": False, "2": True}
_FIELD = re.compile(r"(\w+)\[([^\[\]]*)\]")
_MODULE = re.compile(r"MM ID\d+")
_EPOCH_S = (0.0, 1e11)
_GHS = (0.0, RATE_THS[1] * 1000)


class AvalonMiner:
    """An Avalon.

    Args:
        device: its name for people, with its address.
        exchange: how it is reached.
        levels: its load's levels, lowest first.
        clock: the house's.
    """

    def __init__(self, device: str, exchange: ByteExchange, levels: Sequence[LevelConfig], clock: Clock) -> None:
        self._device, self._exchange, self._clock = device, exchange, clock
        self._modes = work_modes(levels)
        self._offset_s = 0.0
        self._shares_due_boot_s = -math.inf

    def read(self) -> MinerReading:
        """Ask for power, temperature and hash rate; once a minute for shares too."""
        told = reading(self._fields())
        if self._clock.boot() < self._shares_due_boot_s:
            return told
        self._shares_due_boot_s = self._clock.boot() + SHARES_EVERY_S
        try:
            accepted, rejected = shares(self._ask("summary"))
        except DeviceError:
            return told
        return replace(told, accepted_shares=accepted, rejected_shares=rejected)

    def set_level(self, level: LevelConfig) -> None:
        """Set the work mode, then wake it; what is so already is not written again."""
        fields, mode = self._fields(), self._modes[level.name]
        if fields.get("WORKMODE") != str(mode):
            self._set(f"workmode,set,{mode}")
        if _is_asleep(fields) is not False:
            self._set(f"softon,1:{self._moment_s()}", may_be_mute=True)

    def stop(self) -> None:
        """Send it to standby; once more when its answer shows that its clock is another than was thought."""
        offset_s = self._offset_s
        self._set(f"softoff,1:{self._moment_s()}")
        if abs(self._offset_s - offset_s) > LEAD_S:
            self._set(f"softoff,1:{self._moment_s()}")

    def _moment_s(self) -> int:
        return max(0, math.ceil(self._clock.now() + self._offset_s) + LEAD_S)

    def _fields(self) -> dict[str, str]:
        return module_fields(self._ask("estats"), self._device)

    def _set(self, parameter: str, *, may_be_mute: bool = False) -> None:
        self._ask("ascset", f"0,{parameter}", may_be_mute=may_be_mute)

    def _ask(self, command: str, parameter: str = "", *, may_be_mute: bool = False) -> dict[str, Any]:
        request = {"command": command} | ({"parameter": parameter} if parameter else {})
        answer = self._exchange(json.dumps(request).encode())
        if not answer.strip(b"\0"):
            if may_be_mute:
                return {}
            raise DeviceSilent(f"{self._device} closed the connection without an answer to {command}")
        told = json_object(answer, self._device)
        status = status_of(told, self._device)
        when_s = number(status.get("When"), _EPOCH_S)
        if when_s is not None:
            self._offset_s = when_s - self._clock.now()
        if not is_fine(status):
            raise DeviceRefused(f"{self._device} refused {command} {parameter}: {shown(status.get('Msg'))}")
        return told


def work_modes(levels: Sequence[LevelConfig]) -> dict[str, int]:
    """Which work mode each level is: by its power where all fit an Avalon Q, else by their order."""
    nearest = [min(range(3), key=lambda mode: abs(MODE_POWERS_W[mode] - level.power_w)) for level in levels]
    fits = all(
        abs(MODE_POWERS_W[mode] - level.power_w) <= _MODE_TOLERANCE * MODE_POWERS_W[mode]
        for mode, level in zip(nearest, levels, strict=True)
    )
    if not fits or len(set(nearest)) != len(nearest):
        nearest = [0, 2] if len(levels) == 2 else [min(place, 2) for place in range(len(levels))]  # noqa: PLR2004  eco, super
    return {level.name: mode for level, mode in zip(levels, nearest, strict=True)}


def module_fields(told: dict[str, Any], device: str) -> dict[str, str]:
    """The fields of the first ``MM ID0`` text of an answer to ``estats``: ``TMax[65]`` is ``{"TMax": "65"}``.

    Raises:
        DeviceNonsense: there is none.
    """
    for row in rows(told, "STATS"):
        for key, text in row.items():
            if _MODULE.match(key) and isinstance(text, str):
                fields: dict[str, str] = {}
                for name, value in _FIELD.findall(text):
                    fields.setdefault(name, value)
                return fields
    raise DeviceNonsense(f"{device} answered estats without an MM ID0 text; it is no Avalon this driver knows")


def reading(fields: dict[str, str]) -> MinerReading:
    """What the fields tell; what is absent or cannot be is not told."""
    is_asleep = _is_asleep(fields)
    supply = fields.get("PS", "").split()
    wall = supply[_WALL_POWER_AT] if len(supply) > _WALL_POWER_AT else None
    rate_ghs = number(fields.get("GHSspd", fields.get("GHSavg")), _GHS)
    return MinerReading(
        power_w=number(fields.get("WALLPOWER", wall), POWER_W),
        temp_c=hottest(*fields.get("TMax", "").split(), *fields.get("MTmax", "").split()),
        hashrate_ths=0.0 if is_asleep else None if rate_ghs is None else rate_ghs / 1000,
        is_asleep=is_asleep,
    )


def _is_asleep(fields: dict[str, str]) -> bool | None:
    work = fields.get("SYSTEMSTATU", "")
    if _ASLEEP in work:
        return True
    if any(word in work for word in _AWAKE):
        return False
    return _STATES.get(fields.get("STATE", ""))
