"""`bitgrid decide`: a state written by hand, as JSON, decided by the real kernel."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from bitgrid.config import Config
from bitgrid.control.rule_set import load_profile, rule_set
from bitgrid.kernel import (
    EnergyState,
    LoadMemory,
    Quality,
    Signal,
    canonical_json,
    decide,
    decision_record,
    to_scaled,
)
from bitgrid.kernel.memory import LONG_AGO_BLOCKS

Number = Annotated[float, Field(allow_inf_nan=False, ge=-1e7, le=1e7)]
_LIMITS = {"soc_pct": (0, 100), "pv_power_w": (0, 1e7), "age_s": (0, 1e7), "temp_c": (-60, 200)}
_SIGNALS = frozenset(
    {
        "grid_power_w",
        "grid_power_60s_w",
        "pv_power_w",
        "house_load_w",
        "battery_power_w",
        "battery_soc_pct",
        "room_temp_c",
        "ups_on_battery",
        "emergency_stop",
        "import_price_ct_kwh",
        "export_price_ct_kwh",
        "pv_forecast_w",
        "surplus_left_w",
    }
)
_OF_LOAD = frozenset({"power_w", "temp_c", "hashrate_ths", "age_s"})


class InputError(ValueError):
    """The JSON cannot be decided upon; the text says what is wrong and what would be right."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class _Memory(_Model):
    level: str = "off"
    blocks_since_change: Annotated[int, Field(ge=0)] = LONG_AGO_BLOCKS
    blocks_since_start: Annotated[int, Field(ge=0)] | None = None
    starts: Annotated[int, Field(ge=0)] = 0


class _Input(_Model):
    signals: dict[str, Number | bool | list[Number] | None]
    memory: _Memory = _Memory()
    load: str | None = None
    block: Annotated[int, Field(ge=0)] = 10 * LONG_AGO_BLOCKS


def decide_from_json(text: str, config: Config) -> str:
    """Decide on a state given as JSON; the decision as JSON.

    What is left out is not measured, so nothing waits for it; a value without an age is fresh;
    ``X.age_s`` gives one.

    Raises:
        InputError: the input is no JSON, or not of this form, or no house can be in such a state.
    """
    try:
        given = _Input.model_validate_json(text)
    except ValidationError as error:
        raise InputError(_sentence(error.errors()[0])) from None
    loads = {load.id: load for load in config.site.loads}
    name = given.load or config.site.loads[0].id
    if name not in loads:
        raise InputError(f"load: there is no load {name}; site.yaml has {', '.join(loads)}")
    profile = load_profile(loads[name])
    levels = ["off", *(level.name for level in profile.levels)]
    if given.memory.level not in levels:
        raise InputError(f"memory.level: {name} has no level {given.memory.level}; it has {', '.join(levels)}")
    state = _state(given, tuple(loads), config)
    decision = decide(state, _memory(given), rule_set(config), profile)
    return canonical_json(decision_record(decision))


def _state(given: _Input, loads: tuple[str, ...], config: Config) -> EnergyState:
    values = dict(given.signals)
    forecast, left_w = values.pop("pv_forecast_w", None), values.pop("surplus_left_w", None)
    if forecast is not None and not isinstance(forecast, list):
        raise InputError("pv_forecast_w: a list of watts, index 0 the block now beginning")
    timeout_s = config.rules.r3.comm_timeout_s
    signals = {}
    for name, value in values.items():
        _check_name(name, loads)
        if name.endswith(".age_s") and name.removesuffix(".age_s") not in loads:
            continue
        age_s = values.get(f"{name}.age_s", 0)
        signals[name] = _signal(name, value, age_s, timeout_s)
    since_start = given.memory.blocks_since_start
    if since_start is not None:
        for load in loads:
            signals[f"{load}.on_for_s"] = Signal(since_start * config.rules.block_s)
    measured = {"grid_power_w", "pv_power_w", "house_load_w", "battery_power_w", "battery_soc_pct"}
    return EnergyState(
        at_s=given.block * config.rules.block_s,
        block=given.block,
        signals=signals,
        required=tuple(sorted(measured & signals.keys())),
        load_ids=loads,
        pv_forecast_w=tuple(round(value) for value in forecast or ()),
        surplus_left_w=round(left_w) if isinstance(left_w, int | float) else None,
        config_hash=config.config_hash,
    )


def _check_name(name: str, loads: tuple[str, ...]) -> None:
    base = name.removesuffix(".age_s") if name.removesuffix(".age_s") in _SIGNALS else name
    load, _dot, of_load = base.rpartition(".")
    if base not in _SIGNALS and not (load in loads and of_load in _OF_LOAD):
        raise InputError(f"signals.{name}: no such signal; known: {', '.join(sorted(_SIGNALS))}, LOAD.temp_c …")


def _signal(name: str, value: float | list[float] | None, age_s: object, timeout_s: int) -> Signal:
    if not isinstance(age_s, int | float):
        raise InputError(f"signals.{name}.age_s: seconds since it was measured")
    if value is None:
        return Signal(None, None, Quality.MISSING, "given")
    if isinstance(value, list):
        raise InputError(f"signals.{name}: one number, not a list")
    ending = next((ending for ending in _LIMITS if name.endswith(ending)), None)
    if ending is not None and not _LIMITS[ending][0] <= value <= _LIMITS[ending][1]:
        low, high = _LIMITS[ending]
        raise InputError(f"signals.{name}: {value} cannot be; it lies between {low:g} and {high:g}")
    quality = Quality.GOOD if age_s <= timeout_s else Quality.MISSING
    return Signal(to_scaled(name, float(value)), round(age_s), quality, "given")


def _memory(given: _Input) -> LoadMemory:
    told = given.memory
    since_start = told.blocks_since_start
    return LoadMemory(
        level=told.level,
        last_change_block=given.block - told.blocks_since_change,
        last_start_block=None if since_start is None else given.block - since_start,
        starts=told.starts,
    )


def _sentence(detail: ErrorDetails) -> str:
    """The first thing that is wrong; the branches of a union all say the same."""
    names = [str(part) for part in detail["loc"]][: 2 if detail["loc"][:1] == ("signals",) else None]
    return f"{'.'.join(names) or 'input'}: {detail['msg']}"
