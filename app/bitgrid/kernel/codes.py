"""Names of actions, triggers, votes and reasons. A code is ``RULE_REASON``; its sentence is made elsewhere."""

from __future__ import annotations

from enum import StrEnum


class Action(StrEnum):
    """What a decision does. START, STOP and THROTTLE are switches; HOLD sends nothing."""

    START = "START"
    STOP = "STOP"
    THROTTLE = "THROTTLE"
    HOLD = "HOLD"


class Trigger(StrEnum):
    """Why a decision was made at this moment."""

    TICK = "TICK"
    PROTECT = "PROTECT"
    USER = "USER"
    EXPIRY = "EXPIRY"
    RESYNC = "RESYNC"


class Vote(StrEnum):
    """What a rule demands: nothing, off, no start, to keep what is, a highest level, or a level."""

    NONE = "none"
    STOP = "stop"
    FORBID_START = "forbid_start"
    HOLD = "hold"
    CAP = "cap"
    LEVEL = "level"


class Rule(StrEnum):
    """Whose word it was."""

    R1 = "R1"
    R2 = "R2"
    R3 = "R3"
    R4 = "R4"
    R5 = "R5"
    USER = "USER"
    MODE = "MODE"
    CLOCK = "CLOCK"


class Code(StrEnum):
    """Every reason there is."""

    R1_SURPLUS_OK = "R1_SURPLUS_OK"
    R1_SURPLUS_ECO = "R1_SURPLUS_ECO"
    R1_INSUFFICIENT_SURPLUS = "R1_INSUFFICIENT_SURPLUS"
    R1_PRICE_TOO_HIGH = "R1_PRICE_TOO_HIGH"
    R1_NO_DATA = "R1_NO_DATA"
    R1_NOT_WORTH_IT = "R1_NOT_WORTH_IT"
    R1_CHEAP_GRID = "R1_CHEAP_GRID"
    R2_OK = "R2_OK"
    R2_HARD_RESERVE = "R2_HARD_RESERVE"
    R2_SOFT_RESERVE = "R2_SOFT_RESERVE"
    R2_GRID_IMPORT = "R2_GRID_IMPORT"
    R3_OK = "R3_OK"
    R3_OVER_TEMP = "R3_OVER_TEMP"
    R3_ROOM_TEMP = "R3_ROOM_TEMP"
    R3_LOAD_SILENT = "R3_LOAD_SILENT"
    R3_METER_SILENT = "R3_METER_SILENT"
    R3_EMERGENCY_STOP = "R3_EMERGENCY_STOP"
    R3_UPS_ON_BATTERY = "R3_UPS_ON_BATTERY"
    R3_FIRST_RUN = "R3_FIRST_RUN"
    R3_LOCKOUT = "R3_LOCKOUT"
    R3_CONTROLLER_LOST = "R3_CONTROLLER_LOST"
    R3_GUARD_TRIP = "R3_GUARD_TRIP"
    R3_NEAR_LIMIT = "R3_NEAR_LIMIT"
    R3_DRIFT = "R3_DRIFT"
    R3_GRID_LIMIT = "R3_GRID_LIMIT"
    R4_OFF = "R4_OFF"
    R4_ABSTAINS = "R4_ABSTAINS"
    R4_SPARE = "R4_SPARE"
    R4_BATTERY_FIRST = "R4_BATTERY_FIRST"
    R4_PRESTART = "R4_PRESTART"
    R4_SUN_LEAVES = "R4_SUN_LEAVES"
    R4_FORECAST_LOW = "R4_FORECAST_LOW"
    R4_PRICE_SPIKE = "R4_PRICE_SPIKE"
    R5_FREE = "R5_FREE"
    R5_MIN_RUNTIME = "R5_MIN_RUNTIME"
    R5_MIN_PAUSE = "R5_MIN_PAUSE"
    R5_DEADBAND = "R5_DEADBAND"
    R5_MAX_STARTS = "R5_MAX_STARTS"
    USER_START = "USER_START"
    USER_STOP = "USER_STOP"
    USER_LEVEL = "USER_LEVEL"
    USER_NONE = "USER_NONE"
    MODE_FULL = "MODE_FULL"
    MODE_FREE = "MODE_FREE"
    MODE_SUGGESTS = "MODE_SUGGESTS"
    MODE_WAITS = "MODE_WAITS"
    MODE_CONFIRMED = "MODE_CONFIRMED"
    MODE_OVERRIDE_ENDED = "MODE_OVERRIDE_ENDED"
    CLOCK_STEADY = "CLOCK_STEADY"
    CLOCK_RESYNC = "CLOCK_RESYNC"
    CLOCK_OVERRUN = "CLOCK_OVERRUN"
