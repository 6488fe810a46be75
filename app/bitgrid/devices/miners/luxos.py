"""LuxOS: the cgminer API on port 4028 with commands of its own; those that change something need a session.

Where the formats come from: Luxor's API documentation (docs.luxor.tech), and as facts the LuxOS parts of pyasic
and asic-rs: ``curtail`` takes session and ``sleep`` or ``wakeup``, ``profileset`` session and the name of a
profile that exists; ``config`` tells ``CurtailMode`` ("None" when awake) and ``Profile``; ``temps`` tells the
corners of each board, ``stats`` the chips (``temp_chip1`` is "60-61-70-71"); ``summary`` tells GH/s.

- A burst of connections makes the port refuse all of them for a while (an open tuner's authors found 1 s between
  two to be enough): so what is read is asked for in one request, the commands joined by ``+`` as in cgminer
  (pyasic does so). Where that is not understood they are asked one by one.
- There is one session at a time. Where somebody else holds it, its id is asked for and used, and left to them.
- ``power`` is an estimate of the firmware's, no measurement: a relay with a meter is the better witness.
- Who is told to sleep or wake and does so already refuses with "already".
- A profile is chosen, never written. Whether it may be chosen asleep is not documented: refused then, it is
  chosen again as soon as it is awake.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Self

from bitgrid.config import LevelConfig
from bitgrid.devices.errors import DeviceError, DeviceNonsense, DeviceRefused
from bitgrid.devices.miners.cgminer import is_fine, rows, shares, status_of
from bitgrid.devices.parsing import POWER_W, RATE_THS, hottest, json_object, number, shown
from bitgrid.devices.ports import MinerReading
from bitgrid.devices.transport import ByteExchange

_GHS = (0.0, RATE_THS[1] * 1000)
_CORNERS = ("TopLeft", "TopRight", "BottomLeft", "BottomRight")
_BOARDS = range(1, 17)
_AWAKE = "none"
_ALREADY = "already"
_MUST = ("config", "power")
_READ = (*_MUST, "summary", "temps", "stats")

Row = dict[str, Any]


class LuxosMiner:
    """A miner that runs LuxOS.

    Args:
        device: its name for people, with its address.
        exchange: how it is reached.
    """

    def __init__(self, device: str, exchange: ByteExchange) -> None:
        self._device, self._exchange = device, exchange
        self._joins = True

    def read(self) -> MinerReading:
        """Ask for power, temperature, hash rate and shares; only its configuration and its power must be told."""
        told = self._joined() or {command: self._if_told(command) for command in _READ}
        is_asleep = asleep(self._first(told, "config", "CONFIG"))
        power_w = number(self._first(told, "power", "POWER").get("Watts"), POWER_W)
        rate_ghs = number(next(iter(rows(told["summary"], "SUMMARY")), {}).get("GHS 5s"), _GHS)
        accepted, rejected = shares(told["summary"])
        return MinerReading(
            power_w=power_w,
            temp_c=hottest(*_temperatures(told)),
            hashrate_ths=0.0 if is_asleep else None if rate_ghs is None else rate_ghs / 1000,
            is_asleep=is_asleep,
            accepted_shares=accepted,
            rejected_shares=rejected,
        )

    def set_level(self, level: LevelConfig) -> None:
        """Choose the level's profile, then wake it; what is so already is not asked for again."""
        config = self._first({"config": self.ask("config")}, "config", "CONFIG")
        is_awake = asleep(config) is False
        profile = level.profile if level.profile != config.get("Profile") else None
        if profile is None and is_awake:
            return
        with _Session(self) as session:
            is_left = profile is not None and not session.chosen(profile, may_refuse=not is_awake)
            if not is_awake:
                session.do("curtail", "wakeup")
            if is_left and profile is not None:
                session.chosen(profile, may_refuse=False)

    def stop(self) -> None:
        """Send it to sleep."""
        with _Session(self) as session:
            session.do("curtail", "sleep")

    def ask(self, command: str, parameter: str = "") -> Row:
        """One request; its parameter, which may name a session, is in no error."""
        request = {"command": command} | ({"parameter": parameter} if parameter else {})
        return self._fine(command, json_object(self._exchange(json.dumps(request).encode()), self._device))

    def _fine(self, command: str, told: Row) -> Row:
        status = status_of(told, self._device)
        if not is_fine(status):
            raise DeviceRefused(f"{self._device} refused {command}: {shown(status.get('Msg'))}")
        return told

    def _joined(self) -> dict[str, Row] | None:
        """Everything in one request; None where it does not understand that, and then it is not tried again."""
        if not self._joins:
            return None
        told = json_object(self._exchange(json.dumps({"command": "+".join(_READ)}).encode()), self._device)
        parts = {command: next(iter(rows(told, command)), None) for command in _READ}
        if None in parts.values():
            self._joins = False
            return None
        return {command: self._if_told(command, part) for command, part in parts.items()}

    def _if_told(self, command: str, part: Row | None = None) -> Row:
        """An answer; empty where it refuses it, as it may while it sleeps or starts, unless it must be told."""
        try:
            return self.ask(command) if part is None else self._fine(command, part)
        except DeviceRefused:
            if command in _MUST:
                raise
            return {}

    def _first(self, told: Mapping[str, Row], command: str, section: str) -> Row:
        found = rows(told[command], section)
        if not found:
            raise DeviceNonsense(f"{self._device} answered {command} without {section}; it is no LuxOS")
        return found[0]


def _temperatures(told: Mapping[str, Row]) -> list[object]:
    corners = [row.get(corner) for row in rows(told["temps"], "TEMPS") for corner in _CORNERS]
    texts = [str(row.get(f"temp_chip{board}", "")) for row in rows(told["stats"], "STATS") for board in _BOARDS]
    return corners + [chip for text in texts for chip in text.split("-") if chip]


class _Session:
    """What may change something, for as long as the `with` lasts."""

    def __init__(self, miner: LuxosMiner) -> None:
        self._miner = miner
        self._id, self._is_own = "", False

    def __enter__(self) -> Self:
        try:
            self._id, self._is_own = self._named("logon"), True
        except DeviceRefused:
            self._id = self._named("session")
        return self

    def __exit__(self, *_: object) -> None:
        if self._is_own:
            try:
                self._miner.ask("logoff", self._id)
            except DeviceError:
                return  # it ends by itself; what was asked for is done or has failed already

    def do(self, command: str, argument: str) -> None:
        """A command that needs the session; what is so already is done."""
        try:
            self._miner.ask(command, f"{self._id},{argument}")
        except DeviceRefused as refusal:
            if _ALREADY not in str(refusal).lower():
                raise

    def chosen(self, profile: str, *, may_refuse: bool) -> bool:
        """Choose a profile; whether it is chosen."""
        try:
            self.do("profileset", profile)
        except DeviceRefused:
            if may_refuse:
                return False
            raise
        return True

    def _named(self, command: str) -> str:
        name = next(iter(rows(self._miner.ask(command), "SESSION")), {}).get("SessionID")
        if not isinstance(name, str) or not name or "," in name:
            raise DeviceRefused("LuxOS gave no session; log off elsewhere, or wait a minute for its end")
        return name


def asleep(config: Row) -> bool | None:
    """Whether it is curtailed; None: it does not tell."""
    mode = config.get("CurtailMode")
    return None if not isinstance(mode, str) or not mode else mode.lower() != _AWAKE
