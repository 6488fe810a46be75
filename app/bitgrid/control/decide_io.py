"""`bitgrid decide`: a state written by hand, as JSON, decided by the real kernel."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from bitgrid.config import Config
from bitgrid.control.rule_set import battery, load_profile, rule_set
from bitgrid.kernel import (
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
    to_scaled,
)
from bitgrid.kernel.memory import LONG_AGO_BLOCKS

Number = Annotated[float, Field(allow_inf_nan=False, ge=-1e7, le=1e7)]
Quantiles = Annotated[list[Number], Field(min_length=3, max_length=3)]
_LIMITS = {"soc_pct": (0, 100), "pv_power_w": (0, 1e7), "age_s": (0, 1e7), "temp_c": (-60, 200)}
_MEASURED = frozenset({"grid_power_w", "pv_power_w", "house_load_w", "battery_power_w", "battery_soc_pct"})
_CONTEXT = frozenset(
    {
        "grid_power_60s_w",
        "room_temp_c",
        "grid_limit_w",
        "loads_before_w",
        "ups_on_battery",
        "emergency_stop",
        "clock_synced",
        "import_price_ct_kwh",
        "export_price_ct_kwh",
        "sats_per_kwh",
        "hodl_ct_kwh",
    }
)
_FLAGS = frozenset({"ups_on_battery", "emergency_stop", "clock_synced"})
_OTHERS = ("surplus_left_w", "autonomy")
_CURVES = ("pv_forecast_w", "load_forecast_w", "import_price_ct_kwh", "export_price_ct_kwh")
_OF_LOAD = frozenset({"power_w", "temp_c", "hashrate_ths", "age_s"})
Values = dict[str, float | bool | list[float | list[float]] | None]


class InputError(ValueError):
    """The JSON cannot be decided upon; the text says what is wrong and what would be right."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class _Override(_Model):
    level: str
    ends_in_s: Annotated[int, Field(ge=1)] = 3600


class _Memory(_Model):
    level: str = "off"
    blocks_since_change: Annotated[int, Field(ge=0)] = LONG_AGO_BLOCKS
    blocks_since_start: Annotated[int, Field(ge=0)] | None = None
    starts: Annotated[int, Field(ge=0)] = 0
    stop_wished_blocks: Annotated[int, Field(ge=0)] | None = None


class _Input(_Model):
    signals: dict[str, Number | bool | list[Number | Quantiles] | None]
    memory: _Memory = _Memory()
    load: str | None = None
    block: Annotated[int, Field(ge=0, le=10**8)] = 10 * LONG_AGO_BLOCKS
    confirmation: str | None = None
    override: _Override | None = None


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
    try:
        given = _Input.model_validate_json(text)
        json.loads(text, object_pairs_hook=_each_once)
    except InputError:
        raise
    except ValidationError as error:
        raise InputError(_sentence(error.errors()[0])) from None
    except ValueError as error:
        raise InputError(f"input: {error}") from None
    loads = {load.id: load for load in config.site.loads}
    name = given.load or config.site.loads[0].id
    if name not in loads:
        raise InputError(f"load: there is no load {name}; site.yaml has {', '.join(loads)}")
    profile = load_profile(loads[name])
    _check_levels(given, profile)
    state = _state(given, tuple(loads), config)
    return Case(state=state, memory=_memory(given, config.rules.block_s), rules=rule_set(config), load=profile)


def _each_once(pairs: list[tuple[str, object]]) -> None:
    """Refuse an object that names a key twice: nobody could say which of them was meant."""
    names = [name for name, _value in pairs]
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise InputError(f"{doubled[0]}: stands twice; it is not clear which is meant")


def _check_levels(given: _Input, profile: LoadProfile) -> None:
    known = ["off", *(level.name for level in profile.levels)]
    asked = {"memory.level": given.memory.level, "confirmation": given.confirmation}
    asked["override.level"] = given.override.level if given.override else None
    for place, level in asked.items():
        if level is not None and level not in known:
            raise InputError(f"{place}: {profile.id} has no level {level}; it has {', '.join(known)}")


def _state(given: _Input, loads: tuple[str, ...], config: Config) -> EnergyState:
    values: Values = dict(given.signals)
    left_w, autonomy = values.pop("surplus_left_w", None), values.pop("autonomy", 3)
    if isinstance(autonomy, bool | list) or autonomy not in {0, 1, 2, 3}:
        raise InputError("signals.autonomy: 0 manual, 1 assisted, 2 semi or 3 full")
    if isinstance(left_w, bool | list):
        raise InputError("signals.surplus_left_w: a number of watts is needed")
    flagged = next(
        (name for name, value in values.items() if isinstance(value, bool) and name not in _FLAGS), None
    )
    if flagged is not None:
        raise InputError(
            f"signals.{flagged}: a number is needed; true and false are for {', '.join(sorted(_FLAGS))}"
        )
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
        autonomy=int(autonomy or 0),
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


def _curve(entries: list[float | list[float]], quantile: int = 1, scale_of: str = "") -> tuple[int, ...]:
    return tuple(to_scaled(scale_of, entry[quantile] if isinstance(entry, list) else entry) for entry in entries)


def _median(entry: float | list[float]) -> float:
    return entry[1] if isinstance(entry, list) else entry


def _signals(values: Values, loads: tuple[str, ...], timeout_s: int) -> dict[str, Signal]:
    signals = {}
    for name, value in values.items():
        _check_name(name, loads)
        if name.endswith(".age_s") and name.removesuffix(".age_s") not in loads:
            continue
        signals[name] = _signal(name, value, values.get(f"{name}.age_s", 0), timeout_s)
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
    if not isinstance(age_s, int | float) or age_s < 0:
        raise InputError(f"signals.{name}.age_s: seconds since it was measured, not from the future")
    if value is None:
        return Signal(None, None, Quality.MISSING, "given")
    if not isinstance(value, int | float):
        raise InputError(f"signals.{name}: one number, not a list")
    ending = next((ending for ending in _LIMITS if name.endswith(ending)), None)
    if ending is not None and not _LIMITS[ending][0] <= value <= _LIMITS[ending][1]:
        low, high = _LIMITS[ending]
        raise InputError(f"signals.{name}: {value} cannot be; it lies between {low:g} and {high:g}")
    quality = Quality.GOOD if age_s <= timeout_s else Quality.MISSING
    return Signal(to_scaled(name, float(value)), round(age_s), quality, "given")


def _memory(given: _Input, block_s: int) -> LoadMemory:
    told, override = given.memory, given.override
    since_start, wished = told.blocks_since_start, told.stop_wished_blocks
    return LoadMemory(
        level=told.level,
        last_change_block=given.block - told.blocks_since_change,
        last_start_block=None if since_start is None else given.block - since_start,
        starts=told.starts,
        override=None
        if override is None
        else Override(
            Vote.STOP if override.level == "off" else Vote.LEVEL,
            override.level,
            given.block * block_s + override.ends_in_s,
        ),
        stop_wished_block=None if wished is None else given.block - wished,
    )


def _sentence(detail: ErrorDetails) -> str:
    """The first thing that is wrong; the branches of a union all say the same."""
    names = [str(part) for part in detail["loc"]][: 2 if detail["loc"][:1] == ("signals",) else None]
    return f"{'.'.join(names) or 'input'}: {detail['msg']}"
