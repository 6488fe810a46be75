"""A miner with LuxOS: cgminer's JSON API with Luxor's commands, one request and one answer a connection.

Written from Luxor's API documentation (docs.firmware.luxor.tech) as pyasic and asic-rs use it, with the field
names of an owner's answers in asic-rs's tests. Assumed: a session ends after a minute without use; asleep the
power supply is off, and the boards' sensors then tell 0.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from bitgrid.config import LoadConfig
from bitgrid.devices.errors import DeviceSilent
from bitgrid.plant.faults import Fault
from bitgrid.plant.model import House

VERSION = "2025.4.8.220305"
SESSION_S = 60
BOARDS = 3
EXHAUST_K, INTAKE_K = 8, 14
"""How much cooler than its chips a board's sensors are."""

Answer = dict[str, Any]


class LuxosFace:
    """The API of one miner: a `ByteExchange`.

    Args:
        house: where the miner stands.
        load: which load it is.
    """

    def __init__(self, house: House, load: LoadConfig) -> None:
        self._house, self._load = house, load
        self._miner = house.miners[load.id]
        self._profiles = {level.profile or level.name: level.power_w for level in load.levels}
        self._session, self._session_used_s, self._sessions = "", 0, 0
        self._reads: dict[str, Callable[[], Answer]] = {
            "version": self._version,
            "summary": self._summary,
            "stats": self._stats,
            "power": self._power,
            "temps": self._temps,
            "config": self._config,
            "profiles": self._profile_list,
            "session": self._told_session,
            "logon": self._log_on,
        }
        self._writes: dict[str, Callable[[str], Answer]] = {
            "logoff": self._log_off,
            "curtail": self._curtail,
            "profileset": self._set_profile,
        }

    @property
    def is_silent(self) -> bool:
        """Whether no answer can come: no power, still booting, or a fault."""
        return not self._miner.is_up or Fault.MINER_SILENT in self._house.faults

    def __call__(self, request: bytes) -> bytes:
        """One request, one answer, ended by a NUL byte."""
        if self.is_silent:
            raise DeviceSilent(f"the miner of {self._load.id} does not answer (off, booting or a fault)")
        return json.dumps(self._answer(request), separators=(",", ":")).encode() + b"\x00"

    def _answer(self, request: bytes) -> Answer:
        try:
            said = json.loads(request.rstrip(b"\x00\n"))
        except ValueError:
            return self._status("E", 23, "Invalid JSON")
        if not isinstance(said, dict) or not isinstance(said.get("command"), str):
            return self._status("E", 24, "Missing JSON 'command'")
        if self._session and self._house.now_s - self._session_used_s > SESSION_S:
            self._session = ""
        commands = said["command"].split("+")
        if len(commands) > 1:
            return {command: [self._one(command, "")] for command in commands} | {"id": 1}
        return self._one(commands[0], str(said.get("parameter", "")))

    def _one(self, command: str, parameter: str) -> Answer:
        if command in self._reads:
            return self._reads[command]()
        if command not in self._writes:
            return self._status("E", 14, "Invalid command")
        session, _, argument = parameter.partition(",")
        if not session or session != self._session:
            return self._status("E", 402, "Invalid session_id")
        self._session_used_s = self._house.now_s
        return self._writes[command](argument)

    def _status(self, kind: str, code: int, text: str, **sections: list[Answer]) -> Answer:
        status = {"STATUS": kind, "When": self._house.now_s, "Code": code, "Msg": text}
        return {"STATUS": [status | {"Description": f"LUXminer {VERSION}"}], **sections, "id": 1}

    # sessions

    def _told_session(self) -> Answer:
        return self._status("S", 316, "Session information", SESSION=[{"SessionID": self._session}])

    def _log_on(self) -> Answer:
        if Fault.MINER_DENIES in self._house.faults:
            return self._status("E", 401, "Logon is not allowed from this address")
        if self._session:
            return self._status("E", 402, "Another session is active")
        self._sessions += 1
        self._session, self._session_used_s = f"s{self._sessions:07d}", self._house.now_s
        return self._status("S", 316, "Session created", SESSION=[{"SessionID": self._session}])

    def _log_off(self, _argument: str) -> Answer:
        self._session = ""
        return self._status("S", 316, "Session terminated")

    # writes

    def _curtail(self, mode: str) -> Answer:
        if mode not in {"sleep", "wakeup"}:
            return self._status("E", 320, f"Invalid curtail mode: {mode}")
        wakes = mode == "wakeup"
        if wakes is self._miner.told_hashing:
            return self._status("E", 321, f"Miner is already {'awake' if wakes else 'asleep'}")
        self._miner.ask(hashing=wakes, at_s=self._house.now_s)
        return self._status("S", 320, f"Curtail: {mode}")

    def _set_profile(self, name: str) -> Answer:
        if name not in self._profiles:
            return self._status("E", 330, f"Profile not found: {name}")
        self._miner.set_power(self._profiles[name])
        return self._status("S", 330, f"Profile set: {name}", PROFILE=[{"Profile": name}])

    # reads

    def _version(self) -> Answer:
        row = {
            "API": "3.7",
            "CompileTime": "unknown",
            "LUXminer": VERSION,
            "Miner": VERSION,
            "Type": "Antminer S19",
        }
        return self._status("S", 22, "LUXminer versions", VERSION=[row])

    def _rates(self) -> Answer:
        present_ghs = round(self._miner.told_ths * 1000, 2)
        return {"GHS 5s": present_ghs, "GHS av": present_ghs, "Elapsed": self._miner.powered_s}

    def _summary(self) -> Answer:
        shares = {"Accepted": self._miner.accepted_shares, "Rejected": self._miner.rejected_shares}
        return self._status("S", 11, "Summary", SUMMARY=[self._rates() | shares])

    def _stats(self) -> Answer:
        chip = f"{self._chips_c}"
        boards = {f"temp_chip{board}": "-".join([chip] * 4) for board in range(1, BOARDS + 1)}
        head = {"Miner": VERSION, "Type": "Antminer S19"}
        return self._status("S", 70, "LUXminer stats", STATS=[head, {"STATS": 0} | self._rates() | boards])

    def _power(self) -> Answer:
        return self._status("S", 336, "Power", POWER=[{"PSU": True, "Watts": self._miner.told_power_w}])

    def _temps(self) -> Answer:
        out_c, in_c = max(0, self._chips_c - EXHAUST_K), max(0, self._chips_c - INTAKE_K)
        corners = {"TopLeft": out_c, "BottomLeft": out_c, "TopRight": in_c, "BottomRight": in_c}
        temps = [{"TEMP": board, "ID": board} | corners for board in range(BOARDS)]
        return self._status("S", 201, "Temperature sensors", TEMPS=temps)

    def _config(self) -> Answer:
        runs = self._miner.told_hashing
        row = {"CurtailMode": "None" if runs else "Sleep", "IsPowerSupplyOn": runs, "Profile": self._profile}
        return self._status("S", 33, "LUXminer config", CONFIG=[row | {"Hostname": self._load.id, "Model": "S19"}])

    def _profile_list(self) -> Answer:
        profiles = [{"Profile Name": name, "Watts": power_w} for name, power_w in self._profiles.items()]
        return self._status("S", 331, "Profiles", PROFILES=profiles)

    @property
    def _profile(self) -> str:
        return min(self._profiles, key=lambda name: abs(self._profiles[name] - self._miner.setting_w))

    @property
    def _chips_c(self) -> int:
        return round(self._miner.temp_c) if self._miner.told_hashing else 0
