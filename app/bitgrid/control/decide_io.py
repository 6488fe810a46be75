"""`bitgrid decide`: a state written by hand, as JSON, decided by the real kernel."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TypeGuard

from bitgrid.config import Config
from bitgrid.control.decide_input import Input, InputError, OverrideInput, read_input
from bitgrid.control.rule_set import battery, load_profile, rule_set
from bitgrid.kernel import (
    OFF,
    EnergyState,
    Forecast,
    LoadMemory,
    LoadProfile,
    Override,
    Quality,
    RuleSet,
    Signal,
    Vote,
    canonical_json,
    decide,
    decision_record,
    outlook,
    surplus_w,
    to_scaled,
)

_LIMITS = {
    "soc_pct": (0, 100),
    "pv_power_w": (0, 1e7),
    "house_load_w": (0, 1e7),
    ".power_w": (0, 1e7),
    "hashrate_ths": (0, 1e7),
    "sats_per_kwh": (0, 1e7),
    "age_s": (0, 1e7),
    "temp_c": (-60, 200),
}
_FEED_TIMEOUT_S = 3600
"""A price holds for an hour; what is measured, for as long as R3 waits for it."""
_MEASURED = frozenset({"grid_power_w", "pv_power_w", "house_load_w", "battery_power_w", "battery_soc_pct"})
_CONTEXT = frozenset(
    {
        "grid_power_60s_w",
        "room_temp_c",
        "grid_limit_w",
        "loads_before_w",
        "ups_on_battery",
        "first_run",
        "emergency_stop",
        "clock_synced",
        "import_price_ct_kwh",
        "export_price_ct_kwh",
        "sats_per_kwh",
        "hodl_ct_kwh",
    }
)
_FLAGS = frozenset({"ups_on_battery", "first_run", "emergency_stop", "clock_synced"})
_OTHERS = ("surplus_left_w", "autonomy")
_CURVES = ("pv_forecast_w", "load_forecast_w", "import_price_ct_kwh", "export_price_ct_kwh")
_OF_LOAD = frozenset({"power_w", "temp_c", "hashrate_ths", "age_s"})
Values = dict[str, float | bool | list[float | list[float]] | None]


@dataclass(frozen=True)
class Case:
    """A hand-written case, ready to be decided."""

    state: EnergyState
    memory: LoadMemory
    rules: RuleSet
    load: LoadProfile


def decide_from_json(text: str, config: Config) -> str:
    """Decide on a state given as JSON; the decision as JSON.

    What is left out is not measured, so nothing waits for it; a value without an age is fresh;
    ``X.age_s`` gives one.

    Raises:
        InputError: the input is no JSON, or not of this form, or no house can be in such a state.
    """
    case = read_case(text, config)
    return canonical_json(decision_record(decide(case.state, case.memory, case.rules, case.load)))


def read_case(text: str, config: Config) -> Case:
    """A case from JSON; see `decide_from_json`.

    Raises:
        InputError: as there.
    """
    given = read_input(text)
    loads = {load.id: load for load in config.site.loads}
    name = given.load or config.site.loads[0].id
    if name not in loads:
        raise InputError(f"load: there is no load {name}; site.yaml has {', '.join(loads)}")
    profile = load_profile(loads[name])
    _check_levels(given, profile)
    state = _state(given, tuple(loads), config)
    memory, rules = _memory(given, config.rules.block_s, profile), rule_set(config)
    before = [load.id for load in loads.values() if load.priority < loads[name].priority]
    return Case(state=_left_by(before, state, rules), memory=memory, rules=rules, load=profile)


def _left_by(before: list[str], state: EnergyState, rules: RuleSet) -> EnergyState:
    """What the loads before this one draw is no surplus of its own, unless it is told what they left."""
    taken_w = sum(state.good(f"{load}.power_w") or 0 for load in before)
    surplus = surplus_w(state, rules.battery_claim_w)
    if not taken_w or surplus is None or state.surplus_left_w is not None:
        return state
    return replace(state, surplus_left_w=surplus - taken_w)


def _check_levels(given: Input, profile: LoadProfile) -> None:
    known = ["off", *(level.name for level in profile.levels)]
    asked = {"memory.level": given.memory.level, "confirmation": given.confirmation}
    asked["override.level"] = _override_level(given.override, profile) if given.override else None
    for place, level in asked.items():
        if level is not None and level not in known:
            raise InputError(f"{place}: {profile.id} has no level {level}; it has {', '.join(known)}")


def _state(given: Input, loads: tuple[str, ...], config: Config) -> EnergyState:
    values: Values = dict(given.signals)
    left_w, autonomy = values.pop("surplus_left_w", None), values.pop("autonomy", 3)
    if not (left_w is None or _is_number(left_w)):
        raise InputError("signals.surplus_left_w: one number of watts")
    if not _is_number(autonomy) or autonomy not in {0, 1, 2, 3}:
        raise InputError("signals.autonomy: 0 manual, 1 assisted, 2 semi or 3 full")
    forecast = _forecast(values, given.block)
    values = {name: value for name, value in values.items() if name not in {"pv_forecast_w", "load_forecast_w"}}
    signals = _signals(values, loads, config.rules.r3.comm_timeout_s)
    since_start = given.memory.blocks_since_start
    if since_start is not None:
        signals |= {f"{load}.on_for_s": Signal(since_start * config.rules.block_s) for load in loads}
    state = EnergyState(
        at_s=given.block * config.rules.block_s,
        block=given.block,
        signals=signals,
        required=tuple(sorted(_MEASURED & signals.keys())),
        load_ids=loads,
        forecast=forecast,
        autonomy=int(autonomy),
        confirmation=given.confirmation,
        surplus_left_w=None if left_w is None else round(left_w),
        config_hash=config.config_hash,
    )
    return replace(state, outlook=outlook(state, battery(config), config.rules.block_s))


def _forecast(values: Values, block: int) -> Forecast | None:
    """The curves among the values; a price that is a list leaves its first entry as the price now."""
    curves: dict[str, list[float | list[float]]] = {}
    for name in _CURVES:
        value = values.get(name)
        if isinstance(value, list):
            if not value:
                raise InputError(f"signals.{name}: an empty list; leave it out instead")
            _check_curve(name, value)
            curves[name] = value
            if name.endswith("ct_kwh"):
                values[name] = _median(value[0])
        elif name.endswith("forecast_w") and value is not None:
            raise InputError(f"signals.{name}: a list of watts, index 0 the block now beginning")
    if not curves:
        return None
    pv = curves.get("pv_forecast_w", [])
    has_spread = any(isinstance(entry, list) for entry in pv)
    return Forecast(
        first_block=block,
        pv_w=_curve(pv),
        pv_low_w=_curve(pv, 0) if has_spread else (),
        pv_high_w=_curve(pv, 2) if has_spread else (),
        load_w=_curve(curves.get("load_forecast_w", [])),
        import_prices=_curve(curves.get("import_price_ct_kwh", []), scale_of="ct_kwh"),
        export_prices=_curve(curves.get("export_price_ct_kwh", []), scale_of="ct_kwh"),
    )


def _check_curve(name: str, entries: list[float | list[float]]) -> None:
    """Power ahead is never negative, and p10, p50 and p90 rise."""
    for index, entry in enumerate(entries):
        values = entry if isinstance(entry, list) else [entry]
        if values != sorted(values):
            raise InputError(f"signals.{name}.{index}: p10, p50 and p90 must not fall")
        if name.endswith("forecast_w") and values[0] < 0:
            raise InputError(f"signals.{name}.{index}: {values[0]:g} cannot be; power ahead is 0 W or more")


def _curve(entries: list[float | list[float]], quantile: int = 1, scale_of: str = "") -> tuple[int, ...]:
    return tuple(to_scaled(scale_of, entry[quantile] if isinstance(entry, list) else entry) for entry in entries)


def _median(entry: float | list[float]) -> float:
    return entry[1] if isinstance(entry, list) else entry


def _signals(values: Values, loads: tuple[str, ...], timeout_s: int) -> dict[str, Signal]:
    """An age without a value is of one that is missing for so long."""
    signals: dict[str, Signal] = {}
    for name in values:
        _check_name(name, loads)
        is_age = name.endswith(".age_s") and name.removesuffix(".age_s") not in loads
        of = name.removesuffix(".age_s") if is_age else name
        if of not in signals:
            signals[of] = _signal(of, values.get(of), values.get(f"{of}.age_s"), timeout_s)
    return signals


def _check_name(name: str, loads: tuple[str, ...]) -> None:
    base, known = name.removesuffix(".age_s"), _MEASURED | _CONTEXT
    load, _dot, of_load = name.rpartition(".")
    inner_load, _dot, inner = base.rpartition(".")
    of_known_load = (load in loads and of_load in _OF_LOAD) or (inner_load in loads and inner in _OF_LOAD)
    if base not in known and not of_known_load:
        raise InputError(
            f"signals.{name}: no such signal; known: {', '.join(sorted(known | {*_CURVES, *_OTHERS}))}, "
            f"and for each load ({', '.join(loads)}): {', '.join(sorted(_OF_LOAD))}"
        )


def _signal(name: str, value: object, age_s: object, timeout_s: int) -> Signal:
    if age_s is not None and (not _is_number(age_s) or not 0 <= age_s <= _LIMITS["age_s"][1]):
        raise InputError(f"signals.{name}.age_s: seconds since it was measured, not from the future")
    if value is None:
        return Signal(None, None if age_s is None else math.ceil(age_s), Quality.MISSING, "given")
    if name in _FLAGS:
        return _flag(name, value)
    if not _is_number(value):
        raise InputError(f"signals.{name}: one number, neither a list nor true or false")
    ending = next((ending for ending in _LIMITS if name.endswith(ending)), None)
    if ending is not None and not _LIMITS[ending][0] <= value <= _LIMITS[ending][1]:
        low, high = _LIMITS[ending]
        raise InputError(f"signals.{name}: {value:g} cannot be; it lies between {low:g} and {high:g}")
    old_s = 0 if age_s is None else math.ceil(age_s)
    holds_s = _FEED_TIMEOUT_S if name.endswith("_kwh") else timeout_s
    quality = Quality.GOOD if old_s <= holds_s else Quality.MISSING
    return Signal(to_scaled(name, float(value)), old_s, quality, "given")


def _flag(name: str, value: object) -> Signal:
    """An alarm is believed however old: nobody has taken it back."""
    if isinstance(value, int | float) and value in {0, 1}:
        return Signal(int(value), 0, Quality.GOOD, "given")
    raise InputError(f"signals.{name}: true or false")


def _is_number(value: object) -> TypeGuard[int | float]:
    """Whether it is a number, which true and false are not."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _memory(given: Input, block_s: int, profile: LoadProfile) -> LoadMemory:
    told, at_s = given.memory, given.block * block_s
    since_start, wished = told.blocks_since_start, told.stop_wished_blocks
    return LoadMemory(
        level=told.level,
        last_change_block=given.block - told.blocks_since_change,
        last_start_block=None if since_start is None else given.block - since_start,
        starts=told.starts,
        lockout_until_s=None if told.lockout_left_s is None else at_s + told.lockout_left_s,
        override=None if given.override is None else _override(given.override, at_s, profile),
        stop_wished_block=None if wished is None else given.block - wished,
    )


def _override(told: OverrideInput, at_s: int, profile: LoadProfile) -> Override:
    level = _override_level(told, profile)
    return Override(Vote.STOP if level == OFF else Vote.LEVEL, level, at_s + told.ends_in_s)


def _override_level(told: OverrideInput, profile: LoadProfile) -> str:
    """The level asked for; a start that names none means the lowest, as everywhere in the house."""
    return OFF if told.action == "stop" else told.level or profile.levels[0].name
