"""A miner with LuxOS: cgminer's JSON API with sessions, sleep and profiles.

Fields as pyasic and asic-rs read them (see the driver); ``version`` as an owner of an S19j Pro recorded it
(stutrek/ha-integration-stealthminer). Assumed: a session nobody uses ends after a minute; a
profile may be chosen asleep; a change of profile takes effect at once. Each level's profile exists, or where
none has one, ``default``.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from bitgrid.config import LoadConfig
from bitgrid.plant.faces.silence import check_miner_answers
from bitgrid.plant.faults import Fault
from bitgrid.plant.model import House

SESSION_LASTS_S = 60

_VERSION = {"API": "3.7", "LUXminer": "2025.4.8.220305", "Type": "Antminer S19j Pro"}

Answer = dict[str, Any]


class Refusal(Exception):
    """An answer that is an error."""


class LuxosFace:
    """The API of one miner: a `ByteExchange`.

    Args:
        house: where the miner stands.
        load: which load it is.
    """

    def __init__(self, house: House, load: LoadConfig) -> None:
        self._house, self._load = house, load
        self._miner = house.miners[load.id]
        self._profiles = {level.profile: level.power_w for level in load.levels if level.profile}
        self._profiles = self._profiles or {"default": load.levels[-1].power_w}
        self._session, self._sessions, self._used_s = "", 0, 0
        self._commands: dict[str, Callable[[str], Answer]] = {
            "version": lambda _said: {"VERSION": [_VERSION]},
            "config": self._config,
            "power": lambda _said: {"POWER": [{"PSU": True, "Watts": self._miner.told_power_w}]},
            "summary": self._summary,
            "temps": self._temps,
            "stats": self._stats,
            "profiles": self._list_profiles,
            "logon": self._logon,
            "session": lambda _said: {"SESSION": [{"SessionID": self._held()}]},
            "logoff": self._logoff,
            "curtail": self._curtail,
            "profileset": self._profileset,
        }

    def __call__(self, request: bytes) -> bytes:
        """One request, one answer, ended by a NUL byte."""
        check_miner_answers(self._house, self._load.id)
        try:
            said = json.loads(request)
            command, parameter = str(said["command"]), str(said.get("parameter", ""))
        except (ValueError, KeyError, TypeError):
            return json.dumps(self._status("E", "Invalid command")).encode() + b"\0"
        if "+" in command:
            answer: Answer = {part: [self._answer(part, "")] for part in command.split("+")}
        else:
            answer = self._answer(command, parameter)
        return json.dumps(answer).encode() + b"\0"

    def _answer(self, command: str, parameter: str) -> Answer:
        if command not in self._commands:
            return self._status("E", "Invalid command")
        try:
            return self._status("S", "OK") | self._commands[command](parameter)
        except Refusal as refusal:
            return self._status("E", str(refusal))

    def _status(self, kind: str, text: str) -> Answer:
        description = {"Description": "LUXminer 2025.4.8.220305", "When": self._house.now_s}
        return {"STATUS": [{"STATUS": kind, "Msg": text} | description]}

    # what it tells

    def _config(self, _said: str) -> Answer:
        names = {power_w: name for name, power_w in self._profiles.items()}
        mode = "None" if self._miner.told_hashing else "Sleep"
        return {"CONFIG": [{"CurtailMode": mode, "Profile": names.get(self._miner.setting_w, "default")}]}

    def _summary(self, _said: str) -> Answer:
        ghs = round(self._miner.told_ths * 1000, 2)
        shares = {"Accepted": self._miner.accepted_shares, "Rejected": self._miner.rejected_shares}
        return {"SUMMARY": [{"GHS 5s": ghs, "GHS av": ghs, "Elapsed": self._miner.powered_s} | shares]}

    def _temps(self, _said: str) -> Answer:
        board_c = round(self._miner.temp_c - 10, 1)
        corners = dict.fromkeys(("TopLeft", "TopRight", "BottomLeft", "BottomRight"), board_c)
        return {"TEMPS": [{"ID": board} | corners for board in range(3)]}

    def _stats(self, _said: str) -> Answer:
        chips = "-".join([str(round(self._miner.temp_c))] * 4) if self._miner.told_hashing else "0-0-0-0"
        return {"STATS": [{}, {f"temp_chip{board}": chips for board in (1, 2, 3)}]}

    def _list_profiles(self, _said: str) -> Answer:
        return {"PROFILES": [{"Profile Name": name, "Watts": watts} for name, watts in self._profiles.items()]}

    # sessions, and what needs one

    def _held(self) -> str:
        if self._house.now_s - self._used_s > SESSION_LASTS_S:
            self._session = ""
        return self._session

    def _logon(self, _said: str) -> Answer:
        if Fault.MINER_DENIES in self._house.faults:
            raise Refusal("Access denied")
        if self._held():
            raise Refusal("Another session is active")
        self._sessions += 1
        self._session, self._used_s = f"s{self._sessions:05}", self._house.now_s
        return {"SESSION": [{"SessionID": self._session}]}

    def _argument(self, said: str) -> str:
        session, _, argument = said.partition(",")
        if not session or session != self._held():
            raise Refusal("Invalid session")
        self._used_s = self._house.now_s
        return argument

    def _logoff(self, said: str) -> Answer:
        self._argument(said)
        self._session = ""
        return {}

    def _curtail(self, said: str) -> Answer:
        mode = self._argument(said)
        if mode not in {"sleep", "wakeup"}:
            raise Refusal("Invalid mode")
        wakes = mode == "wakeup"
        if wakes is self._miner.told_hashing:
            raise Refusal(f"Miner is already {'awake' if wakes else 'asleep'}")
        self._miner.ask(hashing=wakes, at_s=self._house.now_s)
        return {}

    def _profileset(self, said: str) -> Answer:
        name = self._argument(said)
        if name not in self._profiles:
            raise Refusal("Profile not found")
        self._miner.set_power(self._profiles[name])
        return {"PROFILE": [{"Profile": name}]}
