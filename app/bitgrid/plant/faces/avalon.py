"""An Avalon Q: cgminer's JSON API (port 4028 on a real one), one request and one answer a connection.

Field names, codes and formats are those recorded from Avalon Q firmware 25052801 (MM319, cgminer 4.11.1, API 3.7):
pyasic issue 350, the Avalon Q backend of asic-rs, and users' API notes. Asleep it reports its chips at 0 °C, as
there. Assumed: a change of work mode takes effect without a reboot; a softon or softoff whose time has passed acts
at once.
"""

from __future__ import annotations

import json
from typing import Any

from bitgrid.config import LoadConfig
from bitgrid.plant.errors import PlantError
from bitgrid.plant.faces.silence import check_miner_answers
from bitgrid.plant.model import House

FIRMWARE = "25052801_14a19a2"
DESCRIPTION = "cgminer 4.11.1"
MODE_POWERS_W = (800, 1300, 1674)
"""Eco, standard and super of an Avalon Q, by its data sheet."""
LIKENESS = 0.15
CHIP_SPREAD_K = 7
"""Between the hottest chip and the mean one."""
SUPPLY_EFFICIENCY = 0.968

Answer = dict[str, Any]


def mode_powers(load: LoadConfig) -> list[int]:
    """The power of each work mode, W.

    Levels that are each like another mode of an Avalon Q stand for that mode. Any others stand for the modes in
    their order: the first is eco, the last super, and of two the middle mode lies half-way between.
    """
    powers = [level.power_w for level in load.levels]
    if len(powers) > len(MODE_POWERS_W):
        raise PlantError(
            f"load {load.id} cannot be simulated: an Avalon has {len(MODE_POWERS_W)} work modes, "
            f"site.yaml names {len(powers)} levels; name fewer"
        )
    modes = [_like(power_w) for power_w in powers]
    if None in modes or len(set(modes)) < len(modes):
        middle_w = powers[1] if len(powers) == len(MODE_POWERS_W) else (powers[0] + powers[-1]) // 2
        return [powers[0], middle_w, powers[-1]]
    named = dict(zip(modes, powers, strict=True))
    return [named.get(mode, usual_w) for mode, usual_w in enumerate(MODE_POWERS_W)]


def _like(power_w: int) -> int | None:
    """The mode that usually draws about as much."""
    mode = min(range(len(MODE_POWERS_W)), key=lambda mode: abs(MODE_POWERS_W[mode] - power_w))
    return mode if abs(MODE_POWERS_W[mode] - power_w) <= LIKENESS * MODE_POWERS_W[mode] else None


class AvalonFace:
    """The API of one miner: a `ByteExchange`.

    Args:
        house: where the miner stands.
        load: which load it is.
    """

    def __init__(self, house: House, load: LoadConfig) -> None:
        self._house, self._load = house, load
        self._miner = house.miners[load.id]
        self._powers = mode_powers(load)
        self._reads = {
            "version": self._version,
            "summary": self._summary,
            "devs": self._devs,
            "pools": self._pools,
            "stats": self._stats,
            "estats": self._stats,
            "litestats": self._stats,
        }

    def __call__(self, request: bytes) -> bytes:
        """One request, one answer, ended by a NUL byte."""
        check_miner_answers(self._house, self._load.id)
        return json.dumps(self._answer(request), separators=(",", ":")).encode() + b"\x00"

    def _answer(self, request: bytes) -> Answer:
        try:
            said = json.loads(request.rstrip(b"\x00\n"))
        except ValueError:
            return self._status("E", 23, "Invalid JSON")
        if not isinstance(said, dict) or not isinstance(said.get("command"), str):
            return self._status("E", 24, "Missing JSON 'command'")
        command = said["command"]
        if command == "ascset":
            return self._ascset(str(said.get("parameter", "")))
        if command in self._reads:
            return self._reads[command]()
        return self._status("E", 14, "Invalid command")

    def _status(self, kind: str, code: int, text: str, **sections: list[Answer]) -> Answer:
        status = {"STATUS": kind, "When": self._house.now_s, "Code": code, "Msg": text}
        return {"STATUS": [status | {"Description": DESCRIPTION}], **sections, "id": 1}

    # writes

    def _ascset(self, parameter: str) -> Answer:
        device, _, rest = parameter.partition(",")
        option, _, argument = rest.partition(",")
        if device != "0":
            return self._status("E", 15, "Missing device id parameter")
        if option == "workmode":
            return self._set_mode(argument)
        if option in {"softon", "softoff"}:
            return self._set_sleep(option, argument)
        if option == "reboot" and argument == "0":
            self._miner.restart()
            return self._status("S", 119, "ASC 0 set OK")
        return self._refuse(f"Unknown option: {option}")

    def _refuse(self, why: str) -> Answer:
        return self._status("E", 120, f"ASC 0 set failed: {why}")

    def _inform(self, text: str) -> Answer:
        return self._status("I", 118, f"ASC 0 set info: {text}")

    def _set_mode(self, argument: str) -> Answer:
        if argument == "get":
            return self._inform(f"workmode {self._mode}")
        verb, _, value = argument.partition(",")
        if verb != "set" or value not in {"0", "1", "2"}:
            return self._refuse("workmode unknown argument")
        self._miner.set_power(self._powers[int(value)])
        return self._status("S", 119, "ASC 0 set OK")

    def _set_sleep(self, option: str, argument: str) -> Answer:
        armed, _, epoch_s = argument.partition(":")
        if armed != "1" or not epoch_s.isdecimal():
            return self._refuse(f"{option} unknown argument")
        self._miner.ask(hashing=option == "softon", at_s=int(epoch_s))
        return self._inform(f"success {option}:{argument}")

    @property
    def _mode(self) -> int:
        distances = [abs(power_w - self._miner.setting_w) for power_w in self._powers]
        return distances.index(min(distances))

    # reads

    def _version(self) -> Answer:
        serial = f"{self._load.priority:016x}"
        names = {"CGMiner": "4.11.1", "API": "3.7", "PROD": "Avalon Q", "MODEL": "Q", "HWTYPE": "Q_MM1v1_X1"}
        versions = {"SWTYPE": "MM319", "LVERSION": FIRMWARE, "BVERSION": FIRMWARE, "CGVERSION": FIRMWARE}
        parts = {"HBMCUVERSION": "Q_hb_v1.1", "FANMCUVERSION": "Q_fb_v1.2", "DNA": serial, "MAC": serial[4:]}
        return self._status("S", 22, "CGMiner versions", VERSION=[names | versions | parts])

    def _rates(self) -> Answer:
        """Hash rates in MH/s; the present one stands for the short means."""
        present, mean = round(self._miner.told_ths * 1e6, 2), round(self._mean_ths * 1e6, 2)
        return {"MHS av": mean, "MHS 5s": present, "MHS 1m": present, "MHS 5m": present, "MHS 15m": present}

    @property
    def _mean_ths(self) -> float:
        return self._miner.hashed_th / max(1, self._miner.powered_s)

    def _summary(self) -> Answer:
        counted = {"Found Blocks": 0, "Hardware Errors": 0} | self._shares()
        summary = {"Elapsed": self._miner.powered_s} | self._rates() | counted
        return self._status("S", 11, "Summary", SUMMARY=[summary])

    def _devs(self) -> Answer:
        device = {"ASC": 0, "Name": "AVALON", "ID": 0, "Enabled": "Y", "Status": "Alive"} | self._rates()
        return self._status("S", 9, "1 ASC(s)", DEVS=[device | {"Temperature": self._hottest_c}])

    def _pools(self) -> Answer:
        pool = {"POOL": 0, "URL": "stratum+tcp://pool.invalid:3333", "Status": "Alive", "Priority": 0}
        rest = {"User": "simulated", "Stratum Active": self._miner.told_hashing}
        return self._status("S", 7, "1 Pool(s)", POOLS=[pool | rest | self._shares()])

    def _shares(self) -> Answer:
        return {"Accepted": self._miner.accepted_shares, "Rejected": self._miner.rejected_shares}

    def _stats(self) -> Answer:
        fields = " ".join(f"{name}[{value}]" for name, value in self._fields().items())
        stats = {"STATS": 0, "ID": "AVALON0", "Elapsed": self._miner.powered_s, "Calls": 0, "Wait": 0.0}
        return self._status("S", 70, "CGMiner stats", STATS=[stats | {"MM ID0:Summary": f"'STATS':{{{fields}}}"}])

    @property
    def _hottest_c(self) -> int:
        return round(self._miner.temp_c) if self._miner.told_hashing else 0

    def _fields(self) -> dict[str, Any]:
        return self._identity() | self._state() | self._heat() | self._work()

    def _identity(self) -> dict[str, Any]:
        versions = {"Ver": f"Q-{FIRMWARE}", "LVer": FIRMWARE, "BVer": FIRMWARE}
        boards = {"HashMcu0Ver": "Q_hb_v1.1", "FanMcuVer": "Q_fb_v1.2", "CPU": "K230", "FW": "Release"}
        return versions | boards | {"DNA": f"{self._load.priority:016x}"}

    def _state(self) -> dict[str, Any]:
        miner = self._miner
        return {
            "STATE": 1 if miner.told_hashing else 2,
            "SYSTEMSTATU": f"Work: {'In Work' if miner.told_hashing else 'In Idle'}, Hash Board: 1",
            "Elapsed": miner.powered_s,
            "SoftOffTime": int(miner.asked_s.get(False, 0)),
            "SoftOnTime": int(miner.asked_s.get(True, 0)),
        }

    def _heat(self) -> dict[str, Any]:
        board_c, runs = round(self._miner.temp_c), self._miner.told_hashing
        fans = {f"Fan{number}": 1400 if runs else 0 for number in range(1, 5)}
        temperatures = {
            "ITemp": round(self._miner.ambient_c),
            "HBITemp": max(round(self._miner.ambient_c), board_c - 12),
            "HBOTemp": max(round(self._miner.ambient_c), board_c - 9),
            "TMax": self._hottest_c,
            "TAvg": max(0, self._hottest_c - CHIP_SPREAD_K),
            "TarT": 65,
        }
        return temperatures | fans | {"FanR": "44%" if runs else "0%", "FanErr": 0}

    def _work(self) -> dict[str, Any]:
        miner, mode = self._miner, self._mode
        board_w = round(miner.told_power_w * SUPPLY_EFFICIENCY) if miner.told_hashing else 0
        board_v = 2250 if miner.told_hashing else 4
        return {
            "PS": f"0 1217 {board_v} {board_w * 100 // 2250} {board_w} 2251 {miner.told_power_w}",
            "GHSspd": f"{miner.told_ths * 1e3:.2f}",
            "DHspd": "0.000%",
            "GHSmm": f"{miner.nominal_ths * 1e3:.2f}",
            "GHSavg": f"{self._mean_ths * 1e3:.2f}",
            "MGHS": f"{self._mean_ths * 1e3:.2f}",
            "TA": 160,
            "Core": "A3197S",
            "PING": 17,
            "LcdOnoff": 1,
            "WORKMODE": mode,
            "WORKLEVEL": 0,
            "MPO": self._powers[mode],
        }
