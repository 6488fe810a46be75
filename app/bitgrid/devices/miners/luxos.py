"""LuxOS: the cgminer API on port 4028 with commands of its own; those that change something need a session.

Where the formats come from: Luxor's API documentation (docs.luxor.tech), and as facts the LuxOS parts of pyasic
and asic-rs: ``curtail`` takes session and ``sleep`` or ``wakeup``, ``profileset`` session and the name of a
profile that exists; ``config`` tells ``CurtailMode`` ("None" when awake) and ``Profile``; ``temps`` tells the
corners of each board, ``stats`` the chips (``temp_chip1`` is "60-61-70-71"); ``summary`` tells GH/s.

- There is one session at a time. Where somebody else holds it, its id is asked for and used, and left to them.
- ``power`` is an estimate of the firmware's, no measurement: a relay with a meter is the better witness.
- A profile is chosen, never written. Whether it may be chosen asleep is not documented: refused then, it is
  chosen again as soon as it is awake.
"""

from __future__ import annotations

import json
from typing import Any, Self

from bitgrid.config import LevelConfig
from bitgrid.devices.errors import DeviceError, DeviceNonsense, DeviceRefused
from bitgrid.devices.miners.cgminer import is_fine, status_of
from bitgrid.devices.parsing import POWER_W, RATE_THS, hottest, json_object, number
from bitgrid.devices.ports import MinerReading
from bitgrid.devices.transport import ByteExchange

_GHS = (0.0, RATE_THS[1] * 1000)
_CORNERS = ("TopLeft", "TopRight", "BottomLeft", "BottomRight")
_BOARDS = range(1, 17)
_AWAKE = "none"

Row = dict[str, Any]


class LuxosMiner:
    """A miner that runs LuxOS.

    Args:
        device: its name for people, with its address.
        exchange: how it is reached.
    """

    def __init__(self, device: str, exchange: ByteExchange) -> None:
        self._device, self._exchange = device, exchange

    def read(self) -> MinerReading:
        """Ask for power, temperature and hash rate; only its configuration and its power must be told."""
        is_asleep = asleep(self._row("config", "CONFIG"))
        power_w = number(self._row("power", "POWER").get("Watts"), POWER_W)
        rate_ghs = number(self._row_if_told("summary", "SUMMARY").get("GHS 5s"), _GHS)
        return MinerReading(
            power_w=power_w,
            temp_c=hottest(*self._temperatures()),
            hashrate_ths=0.0 if is_asleep else None if rate_ghs is None else rate_ghs / 1000,
            is_asleep=is_asleep,
        )

    def set_level(self, level: LevelConfig) -> None:
        """Choose the level's profile, then wake it; what is so already is not asked for again."""
        config = self._row("config", "CONFIG")
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

    def rows(self, command: str, name: str) -> list[Row]:
        """The rows of an answer."""
        rows = self.ask(command).get(name)
        return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []

    def ask(self, command: str, parameter: str = "") -> Row:
        """One request; its parameter, which may name a session, is in no error."""
        request = {"command": command} | ({"parameter": parameter} if parameter else {})
        told = json_object(self._exchange(json.dumps(request).encode()), self._device)
        status = status_of(told, self._device)
        if not is_fine(status):
            raise DeviceRefused(f"{self._device} refused {command}: {status.get('Msg')!r}")
        return told

    def _row(self, command: str, name: str) -> Row:
        rows = self.rows(command, name)
        if not rows:
            raise DeviceNonsense(f"{self._device} answered {command} without {name}; it is no LuxOS")
        return rows[0]

    def _row_if_told(self, command: str, name: str) -> Row:
        rows = self._rows_if_told(command, name)
        return rows[0] if rows else {}

    def _rows_if_told(self, command: str, name: str) -> list[Row]:
        """The rows of what it may refuse while it sleeps or starts."""
        try:
            return self.rows(command, name)
        except DeviceRefused:
            return []

    def _temperatures(self) -> list[object]:
        corners = [row.get(corner) for row in self._rows_if_told("temps", "TEMPS") for corner in _CORNERS]
        rows = self._rows_if_told("stats", "STATS")
        texts = [str(row.get(f"temp_chip{board}", "")) for row in rows for board in _BOARDS]
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
        """A command that needs the session."""
        self._miner.ask(command, f"{self._id},{argument}")

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
        rows = self._miner.rows(command, "SESSION")
        name = rows[0].get("SessionID") if rows else None
        if not isinstance(name, str) or not name or "," in name:
            raise DeviceRefused("LuxOS gave no session; log off elsewhere, or wait a minute for its end")
        return name


def asleep(config: Row) -> bool | None:
    """Whether it is curtailed; None: it does not tell."""
    mode = config.get("CurtailMode")
    return None if not isinstance(mode, str) or not mode else mode.lower() != _AWAKE
