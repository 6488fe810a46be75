"""Decisions of the real kernel that make each rule speak."""

from __future__ import annotations

from typing import Any

from bitgrid.kernel import (
    EnergyState,
    Forecast,
    Level,
    LoadMemory,
    LoadProfile,
    Outlook,
    Override,
    Policy,
    Quality,
    RuleSet,
    Signal,
    Trigger,
    Vote,
    decide,
    decision_record,
)
from bitgrid.kernel.outlook import Course

NOON_S = 1_750_068_000  # 2025-06-16 12:00 in Berlin
BLOCK = NOON_S // 600
MINER = LoadProfile("miner", (Level("eco", 800, 800), Level("full", 1674, 1500)), joules_per_terahash=186)


RUNS = LoadMemory(level="full", last_change_block=BLOCK - 9, last_start_block=BLOCK - 9)
JUST_STARTED = LoadMemory(level="full", last_change_block=BLOCK - 1, last_start_block=BLOCK - 1)
WELL = {"miner__temp_c": 600}


PV_AND_HOUSE = {"pv_power_w": Signal(3000), "house_load_w": Signal(300)}
EMPTIES, SPILLS, NEITHER = Course(None, 85, 0), Course(8, 85, 3210), Course(None, None, 0)


def decided(
    signals: dict[str, int | Signal],
    memory: LoadMemory | None = None,
    rules: RuleSet | None = None,
    trigger: Trigger = Trigger.TICK,
    **state: Any,
) -> dict[str, Any]:
    """A decision of the kernel; `state` is what else stands in it."""
    given = {name: value if isinstance(value, Signal) else Signal(value) for name, value in signals.items()}
    whole = EnergyState(NOON_S, BLOCK, signals=given, load_ids=("miner",), **state)
    return decision_record(decide(whole, memory or LoadMemory(), rules or RuleSet(), MINER, trigger))


def record(
    memory: LoadMemory | None = None, trigger: Trigger = Trigger.TICK, **signals: int | Signal
) -> dict[str, Any]:
    """The same with signals as arguments, the meter required."""
    named = {name.replace("__", "."): value for name, value in signals.items()}
    return decided(named, memory, trigger=trigger, required=("grid_power_w",))


def looking_ahead(
    course: Course, memory: LoadMemory | None = None, hodl: int = 600, **rules: Any
) -> dict[str, Any]:
    """A sunny house whose battery will take this course; feeding in earns 8 ct/kWh."""
    signals: dict[str, int | Signal] = {
        "grid_power_w": -1860,
        "battery_soc_pct": 800,
        "battery_power_w": 0,
        "miner.temp_c": 600,
        "hodl_ct_kwh": hodl,
        "export_price_ct_kwh": 800,
        "import_price_ct_kwh": 2600,
    }
    return decided(
        signals,
        memory,
        RuleSet(**rules),
        outlook=Outlook((course, course, course), 144),
        required=("grid_power_w",),
    )


def asked(autonomy: int, memory: LoadMemory | None = None, grid_w: int = -1860, **more: Any) -> dict[str, Any]:
    """A decision that the mode has a word in."""
    return decided({"grid_power_w": grid_w, "miner.temp_c": 600}, memory, autonomy=autonomy, **more)


def ended() -> dict[str, Any]:
    """An override that has just ended, where BitGrid may not go on by itself."""
    return asked(1, RUNS, trigger=Trigger.EXPIRY)


def with_forecast(*pv_w: int, memory: LoadMemory | None = None, **more: Any) -> dict[str, Any]:
    """A house without a meter, and the sun that is expected."""
    signals, rules = more.pop("signals", PV_AND_HOUSE), RuleSet(**more.pop("rules", {}))
    return decided(signals, memory, rules, forecast=Forecast(BLOCK, pv_w, **more))


def all_kernel_records() -> list[dict[str, Any]]:
    """Records that make each rule with figures speak."""
    cloudy = {"pv_power_w": Signal(600), "house_load_w": Signal(300)}
    hot_price = {"grid_power_w": 300, "hodl_ct_kwh": 900, "import_price_ct_kwh": 200}
    return [
        with_forecast(400, 400, 400),
        with_forecast(4000, 4000, 4000),
        with_forecast(1900, 1900, 1900, import_prices=(4500,) * 3),
        with_forecast(4000, 4000, 4000, signals=cloudy, rules={"r4_prestart": True}),
        with_forecast(400, 400, 400, memory=RUNS, rules={"r4_preemptive_stop": True}),
        *by_hand(),
        *by_value(),
        *by_mode(),
        decided(hot_price, None, RuleSet(policy=Policy.STACK)),
        decided({"grid_power_w": -1860, "clock_stepped": 1}),
        record(LoadMemory(level="off", last_change_block=BLOCK), grid_power_w=-1860),
        record(LoadMemory(level="off", starts=6, starts_day=0), grid_power_w=-1860),
        record(LoadMemory(level="off", lockout_until_s=NOON_S + 900), grid_power_w=-1860),
        record(LoadMemory(level="off", last_change_block=BLOCK - 1), grid_power_w=-1860),
        record(grid_power_w=-1860, import_price_ct_kwh=4000),
        record(grid_power_w=-1860, battery_soc_pct=560, battery_power_w=0),
        record(RUNS, grid_power_w=900, **WELL),
        record(RUNS, grid_power_w=-1860, room_temp_c=450, **WELL),
        record(RUNS, grid_power_w=-1860, grid_limit_w=1000, **WELL),
        record(RUNS, grid_power_w=-1860, grid_limit_w=0, loads_before_w=500, **WELL),
        record(RUNS, grid_power_w=-1860, miner__temp_c=Signal(600, 90, Quality.STALE)),
        record(RUNS, grid_power_w=-1860, miner__temp_c=840),
        record(RUNS, grid_power_w=-200, miner__power_w=1700, miner__hashrate_ths=700, **WELL),
    ]


def by_value() -> list[dict[str, Any]]:
    """What is decided on what a kWh is worth."""
    worth = {"grid_power_w": -1860, "export_price_ct_kwh": 800}
    return [
        decided({**worth, "hodl_ct_kwh": 600}),
        decided({**worth, "hodl_ct_kwh": 850}, None, RuleSet(value_margin=100)),
        *(looking_ahead(course) for course in (EMPTIES, SPILLS, NEITHER)),
        *(looking_ahead(course, RUNS) for course in (EMPTIES, NEITHER)),
        *(looking_ahead(course, hodl=3000) for course in (EMPTIES, SPILLS, NEITHER)),
        *(looking_ahead(course, hodl=2950, value_margin=100) for course in (EMPTIES, SPILLS)),
    ]


def by_mode() -> list[dict[str, Any]]:
    """What is decided, or left, by autonomy."""
    waiting = LoadMemory("full", BLOCK - 9, BLOCK - 9, stop_wished_block=BLOCK - 1)
    return [
        asked(0),
        asked(0, RUNS, -1100),
        asked(0, RUNS, 400),
        asked(1),
        asked(1, RUNS, 400),
        asked(2, waiting, 400),
        asked(1, confirmation="full"),
        ended(),
    ]


def by_hand() -> list[dict[str, Any]]:
    """What is decided by an override."""
    return [
        record(LoadMemory(level=level, override=_override(wish)), grid_power_w=-1860, **WELL)
        for level, wish in (("off", "eco"), ("full", "eco"), ("full", "off"))
    ]


def _override(level: str) -> Override:
    return Override(Vote.STOP if level == "off" else Vote.LEVEL, level, NOON_S + 1800)
