"""Registers as each shipped map's source says they look, written by hand, and what they mean in the house's signs.

Nobody read them from a device: they are made from the documents named in config/devices/, and from nothing in
the app. Two moments a map: the sun shines, the battery charges and the house exports; and night, the battery
discharges and the house imports. ``silent`` says which registers then tell nothing, and which signals that costs.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from bitgrid.config.signals import SignalName

Registers = dict[int, list[int]]
Values = dict[SignalName, float | None]


@dataclass(frozen=True)
class Moment:
    """Registers by their first address, holding and input, and what they mean."""

    means: Values
    holding: Registers = field(default_factory=dict)
    input: Registers = field(default_factory=dict)


@dataclass(frozen=True)
class Fixture:
    """A map's moments."""

    profile: str
    day: Moment
    night: Moment
    silent: Moment | None = None


DAY: Values = {"pv_power_w": 5000, "grid_power_w": -1500, "battery_power_w": 2000, "battery_soc_pct": 63}
NIGHT: Values = {"pv_power_w": 0, "grid_power_w": 700, "battery_power_w": -1200, "battery_soc_pct": 41}
# 5000 = 0x1388, 1500 = 0x05DC, -1500 = 0xFA24, 2000 = 0x07D0, -2000 = 0xF830, 700 = 0x02BC, -700 = 0xFD44,
# 1200 = 0x04B0, -1200 = 0xFB50, 63 = 0x003F, 41 = 0x0029; as floats 5000 = 45 9C 40 00, -1500 = C4 BB 80 00,
# 700 = 44 2F 00 00.

FIXTURES = [
    Fixture(
        "huawei_sun2000",  # feed-in and charging count positive, SoC in tenths
        Moment(DAY, {32064: [0, 0x1388], 37113: [0, 0x05DC], 37765: [0, 0x07D0], 37760: [0x0276]}),
        Moment(NIGHT, {32064: [0, 0], 37113: [0xFFFF, 0xFD44], 37765: [0xFFFF, 0xFB50], 37760: [0x019A]}),
        Moment(
            dict.fromkeys(DAY, None),
            {32064: [0x7FFF, 0xFFFF], 37113: [0x7FFF, 0xFFFF], 37765: [0x7FFF, 0xFFFF], 37760: [0xFFFF]},
        ),
    ),
    Fixture(
        "sma_tripower",  # drawn and fed in, charging and discharging in registers of their own; NaN in the dark
        Moment(
            DAY,
            {30773: [0, 0x0BB8], 30961: [0, 0x07D0], 30845: [0, 0x3F]},
            {30865: [0, 0, 0, 0x05DC], 31393: [0, 0x07D0, 0, 0]},
        ),
        Moment(
            NIGHT | {"pv_power_w": None},
            {30773: [0x8000, 0], 30961: [0x8000, 0], 30845: [0, 0x29]},
            {30865: [0, 0x02BC, 0, 0], 31393: [0, 0, 0, 0x04B0]},
        ),
        Moment(
            {"pv_power_w": 3000, "grid_power_w": None, "battery_power_w": None, "battery_soc_pct": None},
            {30773: [0, 0x0BB8], 30961: [0x8000, 0], 30845: [0xFFFF, 0xFFFF]},
            {30865: [0, 0, 0x8000, 0], 31393: [0xFFFF, 0xFFFF, 0, 0]},
        ),
    ),
    Fixture(
        "sma_home_manager",
        Moment({"grid_power_w": -1500}, input={30865: [0, 0, 0, 0x05DC]}),
        Moment({"grid_power_w": 700}, input={30865: [0, 0x02BC, 0, 0]}),
        Moment({"grid_power_w": None}, input={30865: [0x8000, 0, 0x8000, 0]}),
    ),
    Fixture(
        "sma_data_manager",  # the grid phase by phase
        Moment(
            DAY,
            {
                30775: [0, 0x1388],
                31503: [0xFFFF, 0xFE0C, 0xFFFF, 0xFE0C, 0xFFFF, 0xFE0C],
                31393: [0, 0x07D0, 0, 0],
                30845: [0, 0x3F],
            },
        ),
        Moment(
            NIGHT,
            {
                30775: [0, 0],
                31503: [0, 0x0320, 0xFFFF, 0xFF9C, 0, 0],
                31393: [0, 0, 0, 0x04B0],
                30845: [0, 0x29],
            },
        ),
        Moment(
            {"pv_power_w": None, "grid_power_w": 700, "battery_power_w": None, "battery_soc_pct": None},
            {
                30775: [0x8000, 0],
                31503: [0, 0x02BC, 0x8000, 0, 0x8000, 0],
                31393: [0, 0, 0xFFFF, 0xFFFF],
                30845: [0xFFFF, 0xFFFF],
            },
        ),
    ),
    Fixture(
        "kostal_plenticore",  # floats CDAB; charging counts negative
        Moment(DAY, {1066: [0x4000, 0x459C], 252: [0x8000, 0xC4BB], 582: [0xF830], 514: [0x3F]}),
        Moment(NIGHT, {1066: [0, 0], 252: [0, 0x442F], 582: [0x04B0], 514: [0x29]}),
        Moment(
            NIGHT | {"pv_power_w": None, "grid_power_w": None},
            {1066: [0, 0x7FC0], 252: [0, 0xFF80], 582: [0x04B0], 514: [0x29]},
        ),
    ),
    Fixture(
        "solaredge_battery",  # floats with the low word first: 2000 = 44 FA 00 00, 63 = 42 7C 00 00
        Moment({"battery_power_w": 2000, "battery_soc_pct": 63}, {62836: [0, 0x44FA], 62852: [0, 0x427C]}),
        Moment({"battery_power_w": -1200, "battery_soc_pct": 41}, {62836: [0, 0xC496], 62852: [0, 0x4224]}),
        Moment({"battery_power_w": None, "battery_soc_pct": None}, {62836: [0, 0x7FC0], 62852: [0, 0x7FC0]}),
    ),
    Fixture(
        "victron_gx",  # PV on the AC output, on the AC input and on the battery side
        Moment(
            DAY,
            input={808: [0x03E8, 0, 0, 0x05DC, 0, 0], 820: [0xFA24, 0, 0], 842: [0x07D0, 0x3F], 850: [0x09C4]},
        ),
        Moment(NIGHT, input={808: [0] * 6, 820: [0x0320, 0xFF9C, 0], 842: [0xFB50, 0x29], 850: [0]}),
    ),
    Fixture(
        "deye_three_phase",  # discharging counts positive
        Moment(DAY, {672: [0x0BB8, 0x07D0, 0, 0], 625: [0xFA24], 588: [0x3F, 0, 0xF830]}),
        Moment(NIGHT, {672: [0, 0, 0, 0], 625: [0x02BC], 588: [0x29, 0, 0x04B0]}),
    ),
    Fixture(
        "deye_single_phase",  # discharging counts positive
        Moment(DAY, {169: [0xFA24], 184: [0x3F, 0, 0x0BB8, 0x07D0, 0, 0, 0xF830]}),
        Moment(NIGHT, {169: [0x02BC], 184: [0x29, 0, 0, 0, 0, 0, 0x04B0]}),
    ),
    Fixture(
        "goodwe_et",  # export and discharging count positive; inputs that are not there say so
        Moment(
            DAY,
            {
                35105: [0, 0x0BB8, 0, 0, 0, 0x07D0, 0, 0, 0xFFFF, 0xFFFF, 0, 0, 0xFFFF, 0xFFFF],
                36025: [0, 0x05DC],
                35182: [0xFFFF, 0xF830],
                37007: [0x3F],
            },
        ),
        Moment(
            NIGHT,
            {35105: [0] * 14, 36025: [0xFFFF, 0xFD44], 35182: [0, 0x04B0], 37007: [0x29]},
        ),
        Moment(
            NIGHT | {"pv_power_w": None},
            {35105: [0xFFFF] * 14, 36025: [0xFFFF, 0xFD44], 35182: [0, 0x04B0], 37007: [0x29]},
        ),
    ),
    Fixture(
        "growatt_sph",  # tenths of a watt: 50000 = C350, 15000 = 3A98, 20000 = 4E20, 7000 = 1B58, 12000 = 2EE0
        Moment(
            DAY,
            input={
                1: [0, 0xC350],
                1009: [0, 0, 0, 0x4E20, 0, 0x3F, *[0] * 6, 0, 0, *[0] * 6, 0, 0x3A98],
            },
        ),
        Moment(
            NIGHT,
            input={
                1: [0, 0],
                1009: [0, 0x2EE0, 0, 0, 0, 0x29, *[0] * 6, 0, 0x1B58, *[0] * 6, 0, 0],
            },
        ),
    ),
    Fixture(
        "growatt_mod",
        Moment(
            DAY,
            input={
                3001: [0, 0xC350],
                3041: [0, 0, 0, 0x3A98],
                3171: [0x3F, *[0] * 6, 0, 0, 0, 0x4E20],
            },
        ),
        Moment(
            NIGHT,
            input={3001: [0, 0], 3041: [0, 0x1B58, 0, 0], 3171: [0x29, *[0] * 6, 0, 0x2EE0, 0, 0]},
        ),
    ),
    Fixture(
        "sungrow_sh",  # low word first; export and discharging count positive; SoC in tenths
        Moment(DAY, input={5016: [0x1388, 0], 13009: [0x05DC, 0], 5213: [0xF830, 0xFFFF], 13022: [0x0276]}),
        Moment(NIGHT, input={5016: [0, 0], 13009: [0xFD44, 0xFFFF], 5213: [0x04B0, 0], 13022: [0x019A]}),
    ),
    Fixture(
        "e3dc",  # low word first, others' PV negative; from 40067: PV, battery, house, grid, others' PV
        Moment(
            DAY,
            {
                40067: [0x0FA0, 0, 0x07D0, 0, 0x05DC, 0, 0xFA24, 0xFFFF, 0xFC18, 0xFFFF, 0, 0, 0, 0, 0x6432, 0x3F],
            },
        ),
        Moment(
            NIGHT,
            {40067: [0, 0, 0xFB50, 0xFFFF, 0x076C, 0, 0x02BC, 0, 0, 0, 0, 0, 0, 0, 0x0000, 0x29]},
        ),
    ),
    Fixture(
        "eastron_sdm630",
        Moment({"grid_power_w": -1500, "house_load_w": -1500, "pv_power_w": 1500}, input={0x34: [0xC4BB, 0x8000]}),
        Moment({"grid_power_w": 700, "house_load_w": 700, "pv_power_w": -700}, input={0x34: [0x442F, 0]}),
        Moment({"grid_power_w": None, "house_load_w": None, "pv_power_w": None}, input={0x34: [0x7FC0, 0]}),
    ),
    Fixture(
        "carlo_gavazzi_em24",  # low word first, tenths of a watt: -15000 = FFFF C568
        Moment({"grid_power_w": -1500, "house_load_w": -1500, "pv_power_w": 1500}, input={0x28: [0xC568, 0xFFFF]}),
        Moment({"grid_power_w": 700, "house_load_w": 700, "pv_power_w": -700}, input={0x28: [0x1B58, 0]}),
    ),
    Fixture(
        "shelly_pro_3em_modbus",  # floats with the low word first
        Moment({"grid_power_w": -1500, "house_load_w": -1500, "pv_power_w": 1500}, input={1013: [0x8000, 0xC4BB]}),
        Moment({"grid_power_w": 700, "house_load_w": 700, "pv_power_w": -700}, input={1013: [0, 0x442F]}),
        Moment({"grid_power_w": None, "house_load_w": None, "pv_power_w": None}, input={1013: [0, 0x7FC0]}),
    ),
]
