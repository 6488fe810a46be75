"""Answers in the shape of recorded ones.

The Avalon texts follow those that owners of an Avalon Q published (pyasic issue 350; the tests of asic-rs), the
Mini 3 text pyasic issue 312; AxeOS follows ESP-Miner's openapi.yaml; Shelly its Gen2 API documentation, component
Switch. Serial numbers are made up. LuxOS tells what an owner of an Antminer S19j Pro recorded of firmware
2026.9.21 (stutrek/ha-integration-stealthminer, tests/fixtures/miner_data.json); that file keeps the rows alone,
so the STATUS around them is cgminer's.
"""

from __future__ import annotations

import json
from typing import Any

WHEN_S = 1_750_000_000

Q_STANDBY = (
    "'STATS':{Ver[Q-25052801_14a19a2] DNA[0000000000000001] STATE[2] MEMFREE[67892] NETFAIL[0 0 0 0 0 0 0 0] "
    "SYSTEMSTATU[Work: In Idle, Hash Board: 1] Elapsed[37850] BOOTBY[0x01.00000000] DH[2.449%] ITemp[26] "
    "HBITemp[27] HBOTemp[27] TMax[0] TAvg[0] TarT[65] Fan1[0] Fan2[0] Fan3[0] Fan4[0] FanR[0%] "
    "PS[0 1216 1 0 0 2243 17] GHSspd[0.00] DHspd[0.000%] GHSmm[55032.79] GHSavg[44499.41] SoftOFF[4] "
    "WORKMODE[0] WORKLEVEL[0] MPO[800]}"
)
Q_RUNNING = (
    "'STATS':{Ver[Q-25052801_14a19a2] DNA[0000000000000001] STATE[1] SYSTEMSTATU[Work: In Work, Hash Board: 1] "
    "Elapsed[1860367] ITemp[30] HBITemp[45] HBOTemp[48] TMax[71] TAvg[60] TarT[65] Fan1[3200] FanR[55%] "
    "PS[0 1216 2411 53 1298 2412 1391] GHSspd[80200.00] GHSmm[80000.00] GHSavg[70100.00] WORKMODE[1] MPO[1300]}"
)
MINI3_RUNNING = (
    "HashStatus[0] Ver[Mini3-25011701_3f53b19] SYSTEMSTATU[Work: In Work, Hash Board: 1] Elapsed[32273] ITemp[39] "
    "OTemp[63] HBTemp[75] TMax[86] TAvg[82] PS[0 1210 2083 37 760 2085 824] GHSspd[39000.00] GHSavg[38500.00] "
    "MTmax[87] MTavg[82] WORKMODE[1]"
)


def cgminer(status: str = "S", message: str = "ok", when_s: int = WHEN_S, **sections: Any) -> bytes:
    head = {"STATUS": status, "When": when_s, "Code": 70, "Msg": message, "Description": "cgminer 4.11.1"}
    return json.dumps({"STATUS": [head], **sections, "id": 1}).encode() + b"\0"


def estats(text: str, when_s: int = WHEN_S, key: str = "MM ID0:Summary") -> bytes:
    return cgminer(when_s=when_s, STATS=[{"STATS": 0, "ID": "AVALON0", "Elapsed": 37850, key: text}])


AXEOS: dict[str, Any] = {
    "power": 17.35,
    "voltage": 5125.0,
    "current": 3402.5,
    "temp": 58.25,
    "temp2": -1,
    "vrTemp": 61,
    "maxPower": 40,
    "hashRate": 1215.5,
    "expectedHashrate": 1224,
    "frequency": 600,
    "coreVoltage": 1150,
    "miningPaused": False,
    "ASICModel": "BM1370",
    "version": "v2.14.0",
    "sharesRejectedReasons": [{"message": "Above target", "count": 6}],
}
SHELLY_STATUS: dict[str, Any] = {
    "id": 0,
    "source": "timer",
    "output": True,
    "timer_started_at": 1626935739.79,
    "timer_duration": 60,
    "apower": 1674.9,
    "voltage": 224.1,
    "current": 7.5,
    "temperature": {"tC": 47.6, "tF": 117.7},
}
SHELLY_CONFIG: dict[str, Any] = {
    "id": 0,
    "name": "miner",
    "in_mode": "detached",
    "initial_state": "off",
    "auto_on": False,
    "auto_on_delay": 60.0,
    "auto_off": True,
    "auto_off_delay": 120.0,
}

SHELLY1PM: dict[str, Any] = {
    "relays": [
        {
            "ison": True,
            "has_timer": False,
            "timer_started": 0,
            "timer_duration": 0,
            "timer_remaining": 0,
            "overpower": False,
            "source": "http",
        }
    ],
    "meters": [
        {
            "power": 64.35,
            "overpower": 0.0,
            "is_valid": True,
            "timestamp": 1587136243,
            "counters": [64.356, 61.023, 61.111],
            "total": 22911,
        }
    ],
    "temperature": 41.2,
}
"""``/status`` of a Shelly 1PM, after Shelly's Gen1 API documentation."""
SHELLY1: dict[str, Any] = {
    "relays": [
        {
            "ison": False,
            "has_timer": False,
            "timer_started": 0,
            "timer_duration": 0,
            "timer_remaining": 0,
            "source": "http",
        }
    ],
    "meters": [{"power": 0.0, "is_valid": True}],
}
"""``/status`` of a Shelly 1, as owners recorded it (firmware 1.12.1)."""
TASMOTA_SENSORS = {
    "StatusSNS": {
        "Time": "2025-06-17T12:00:00",
        "ENERGY": {"Total": 3.185, "Power": 1674, "ApparentPower": 1701, "Factor": 0.98, "Voltage": 230},
    }
}
"""``Status 10`` of a plug with a meter, after Tasmota's documentation."""

LUXOS_VERSION: dict[str, Any] = {
    "API": "3.7",
    "CompileTime": "Mon Sep 21 00:31:48 UTC 2026",
    "LUXminer": "2026.9.21.003141-c8f244146",
    "Miner": "2026.9.21.003141",
    "Type": "Antminer S19j Pro",
}
LUXOS: dict[str, dict[str, Any]] = {
    "config": {
        "CONFIG": [
            {
                "CurtailMode": "None",
                "IsAtmEnabled": False,
                "IsPowerSupplyOn": True,
                "IsPowerTargetEnabled": False,
                "IsTuning": True,
                "Model": "Antminer S19j Pro",
                "NameplateTHS": 104.0,
                "OS": "LuxOS",
                "PowerLimit": 0,
                "Profile": "145MHz",
                "ProfileStep": "-16",
                "SystemStatus": "Normal",
            }
        ]
    },
    "power": {"POWER": [{"PSU": False, "Watts": 398}]},
    "summary": {
        "SUMMARY": [
            {
                "Accepted": 452,
                "Elapsed": 22202,
                "GHS 24h": 2146.21,
                "GHS 5m": 9325.03,
                "GHS 5s": 9051.39,
                "GHS av": 9043.59,
                "Hardware Errors": 0,
                "Rejected": 0,
                "Total MH": 9043593.383607443,
            }
        ]
    },
    "temps": {
        "TEMPS": [{"BottomLeft": 53.0, "BottomRight": 47.0, "ID": 1, "TEMP": 1, "TopLeft": 50.0, "TopRight": 48.0}]
    },
}
