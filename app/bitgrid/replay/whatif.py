"""What-if: the last recorded state of a running house, changed by hand and decided on again. Nothing is switched.

May touch: the ledger, for reading. The decision is the kernel's own; only the state is made up, and says so.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from bitgrid.config import Config
from bitgrid.control.decide_input import InputError
from bitgrid.control.decide_io import read_case
from bitgrid.control.rule_set import battery, load_profile, rule_set
from bitgrid.kernel import (
    Decision,
    EnergyState,
    Forecast,
    LoadMemory,
    Quality,
    Signal,
    Trigger,
    decide,
    decision_record,
    forecast_from_record,
    memory_from_record,
    outlook,
    state_from_record,
    surplus_w,
    to_people,
)
from bitgrid.kernel.counterfactual import counterfactuals
from bitgrid.replay.errors import BadQuestion, NotArchived, NothingThere
from bitgrid.store import Ledger

Values = Mapping[str, float | bool | None]
_METER = ("grid_power_w", "grid_power_60s_w")
_SIGN_AT_METER = {"pv_power_w": -1, "house_load_w": 1, "battery_power_w": 1}
"""What a watt more of a signal does to the meter, where nothing else changes."""


@dataclass(frozen=True)
class Recorded:
    """The last decision on a load as the ledger has it, and what it was made from."""

    record: dict[str, Any]
    state: EnergyState
    memory: LoadMemory
    lacks_forecast: bool


@dataclass(frozen=True)
class Change:
    """A signal before and after, in the kernel's integers; None: not known."""

    name: str
    before: int | None
    after: int | None

    def record(self) -> dict[str, int | float | None]:
        """Before and after in people's units."""
        before, after = (
            None if value is None else to_people(self.name, value) for value in (self.before, self.after)
        )
        return {"before": before, "after": after}


@dataclass(frozen=True)
class WhatIf:
    """A hypothetical decision: what was set, what follows from it at the meter, and what is then decided."""

    recorded: Recorded
    set: tuple[Change, ...]
    follows: tuple[Change, ...]
    decision: Decision

    @cached_property
    def _found(self) -> list[dict[str, Any]]:
        return [one.record() for one in counterfactuals(self.decision)]

    def record(self) -> dict[str, Any]:
        """As JSON; ``counterfactuals`` are of the hypothetical decision."""
        return {
            "hypothetical": bool(self.set),
            "load": self.decision.load.id,
            "set": {change.name: change.record() for change in self.set},
            "follows": {change.name: change.record() for change in self.follows},
            "lacks_forecast": self.recorded.lacks_forecast,
            "recorded": self.recorded.record,
            "decision": decision_record(self.decision) | {"counterfactuals": self._found},
        }


def last_recorded(ledger: Ledger, load: str) -> Recorded:
    """The last decision on a load.

    Raises:
        NothingThere: there is none.
        NotArchived: this version cannot read it.
    """
    rows = ledger.decisions(limit=1, load=load)
    if not rows:
        raise NothingThere(f"no decision on {load} is recorded yet, so there is no state to start from")
    try:
        whole = json.loads(rows[0].record)
        forecast = _forecast(ledger, whole["state"]["forecast"])
        state = state_from_record(whole["state"], forecast)
        lacks_forecast = forecast is None and whole["state"]["forecast"] is not None
        return Recorded(whole["decision"], state, memory_from_record(whole["memory"]), lacks_forecast)
    except (KeyError, TypeError, ValueError) as error:
        raise NotArchived(
            f"the last decision on {load} ({rows[0].id}) was recorded by a version that this one cannot read "
            f"({type(error).__name__}: {error}). Does the running house run this version?"
        ) from None


def _forecast(ledger: Ledger, name: str | None) -> Forecast | None:
    record = None if name is None else ledger.forecast(name)
    return None if record is None else forecast_from_record(json.loads(record))


def what_if(recorded: Recorded, values: Values, load: str, config: Config) -> WhatIf:
    """Decide on the recorded state with other values; without any, on the very state.

    With values it is decided as at a block's start. Where PV, household or battery is set and the meter is not,
    the meter takes the difference, as it would in the house; the battery's course ahead is reckoned anew, or
    stays the recorded one where the forecast is not at hand.

    Raises:
        BadQuestion: a name or a value that no house can have.
    """
    profile = next(load_profile(entry) for entry in config.site.loads if entry.id == load)
    if not values:
        trigger = Trigger(recorded.record["trigger"])
        decision = decide(recorded.state, recorded.memory, rule_set(config), profile, trigger)
        return WhatIf(recorded, (), (), decision)
    given = _read(values, load, config)
    follows = _at_meter(recorded.state, given)
    signals = {**recorded.state.signals, **given, **follows}
    state = replace(recorded.state, signals=signals, autonomy=_autonomy(values, recorded.state))
    state = replace(state, surplus_left_w=_left_w(recorded.state, state))
    if state.forecast is not None:
        state = replace(state, outlook=outlook(state, battery(config), config.rules.block_s))
    decision = decide(state, recorded.memory, rule_set(config), profile)
    before = recorded.state
    return WhatIf(recorded, _changes(before, given), _changes(before, follows), decision)


def _read(values: Values, load: str, config: Config) -> dict[str, Signal]:
    """The values as signals, by the names and within the ranges that `bitgrid decide` takes."""
    try:
        case = read_case(json.dumps({"signals": dict(values), "load": load}), config)
    except InputError as error:
        raise BadQuestion(f"nothing was decided: {str(error).removeprefix('signals.')}") from None
    if "surplus_left_w" in values:
        raise BadQuestion(
            "surplus_left_w follows from the other loads and cannot be set; set grid_power_w instead"
        )
    for name in values:
        signal = name.removesuffix(".age_s")
        if signal != name and signal not in case.state.load_ids and signal not in values:
            raise BadQuestion(f"{name}: an age is set together with its value: --set {signal}=… --set {name}=…")
    return {name: signal for name, signal in case.state.signals.items() if name in values}


def _autonomy(values: Values, state: EnergyState) -> int:
    asked = values.get("autonomy")
    if asked is None:
        return state.autonomy
    if asked not in {0, 1, 2, 3}:
        raise BadQuestion("autonomy: 0 manual, 1 assisted, 2 semi or 3 full")
    return int(asked)


def _at_meter(state: EnergyState, given: Mapping[str, Signal]) -> dict[str, Signal]:
    """The meter's readings, moved by what was set; nothing where a value before or after is not known."""
    told = [name for name in _METER if name in given]
    if told:
        return {name: given[told[0]] for name in _METER if name not in given and state.good(name) is not None}
    shift_w = 0
    for name, sign in _SIGN_AT_METER.items():
        before, after = _before(state, name), given[name].value if name in given else None
        if before is not None and after is not None:
            shift_w += sign * (after - before)
    readings = {name: present for name in _METER if (present := state.good(name)) is not None}
    if shift_w == 0:
        return {}
    return {name: Signal(present + shift_w, 0, Quality.GOOD, "given") for name, present in readings.items()}


def _left_w(before: EnergyState, after: EnergyState) -> int | None:
    """What the loads before this one left, moved by as much as the surplus of the whole house."""
    if before.surplus_left_w is None:
        return None
    was, would_be = (surplus_w(replace(state, surplus_left_w=None)) for state in (before, after))
    return None if was is None or would_be is None else before.surplus_left_w + would_be - was


def _changes(state: EnergyState, given: Mapping[str, Signal]) -> tuple[Change, ...]:
    return tuple(Change(name, _before(state, name), signal.value) for name, signal in given.items())


def _before(state: EnergyState, name: str) -> int | None:
    """What a signal was: of the household, where it is not measured, what the balance makes of it."""
    return state.house_load_w if name == "house_load_w" else state.good(name)
