"""Records: what is stored and said of a decision, as JSON values in the units of the signals' names."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from bitgrid.kernel.balance import balance, explained_by
from bitgrid.kernel.codes import Vote
from bitgrid.kernel.decision import Decision
from bitgrid.kernel.memory import LoadMemory, Override
from bitgrid.kernel.outlook import Course, Outlook
from bitgrid.kernel.state import (
    EnergyState,
    Forecast,
    Quality,
    Signal,
    surplus_w,
    to_people,
    to_scaled,
)
from bitgrid.kernel.value import PATHS, effective_policy, energy_path
from bitgrid.kernel.voting import VoteRecord

SCHEMA = 1


def canonical_json(record: Any) -> str:  # noqa: ANN401  any JSON value
    """JSON with sorted keys and no white space: the same bytes for the same record."""
    return json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def decision_record(decision: Decision) -> dict[str, Any]:
    """The decision with its votes."""
    state = decision.state
    return {
        "schema": SCHEMA,
        "load": decision.load.id,
        "clock_epoch": state.clock_epoch,
        "block": state.block,
        "at_s": state.at_s,
        "trigger": decision.trigger.value,
        "valid_until_s": decision.valid_until_s,
        "action": decision.action.value,
        "level": decision.level,
        "power_w": decision.power_w,
        "level_before": decision.memory.level,
        "rule": decision.rule.value,
        "code": decision.code.value,
        "surplus_w": surplus_w(state, decision.rules.battery_claim_w),
        "balance": _balance_record(decision),
        "energy_path": _path_record(decision),
        "votes": [_vote_record(vote) for vote in decision.votes],
        "next_change_at_s": decision.next_change_at_s,
        "degraded": list(state.degraded),
        "config_hash": state.config_hash,
    }


def state_record(state: EnergyState) -> dict[str, Any]:
    """The state a decision was made from."""
    return {
        "at_s": state.at_s,
        "block": state.block,
        "clock_epoch": state.clock_epoch,
        "local_day": state.local_day,
        "signals": {
            name: {
                "value": None if signal.value is None else to_people(name, signal.value),
                "age_s": signal.age_s,
                "quality": signal.quality.value,
                "source": signal.source,
            }
            for name, signal in sorted(state.signals.items())
        },
        "required": sorted(state.required),
        "load_ids": list(state.load_ids),
        "forecast": None if state.forecast is None else forecast_hash(state.forecast),
        "outlook": _outlook_record(state.outlook),
        "autonomy": state.autonomy,
        "confirmation": state.confirmation,
        "surplus_left_w": state.surplus_left_w,
        "config_hash": state.config_hash,
    }


def memory_record(memory: LoadMemory) -> dict[str, Any]:
    """The memory a decision was made from, or leaves behind."""
    override = memory.override
    return {
        "level": memory.level,
        "last_change_block": memory.last_change_block,
        "last_start_block": memory.last_start_block,
        "starts": memory.starts,
        "starts_day": memory.starts_day,
        "lockout_until_s": memory.lockout_until_s,
        "stop_wished_block": memory.stop_wished_block,
        "override": None
        if override is None
        else {"vote": override.vote.value, "level": override.level, "ends_at_s": override.ends_at_s},
    }


def memory_from_record(record: Mapping[str, Any]) -> LoadMemory:
    """The memory that `memory_record` wrote.

    Raises:
        KeyError, TypeError, ValueError: it is not such a record.
    """
    override = record["override"]
    return LoadMemory(
        level=str(record["level"]),
        last_change_block=record["last_change_block"],
        last_start_block=record["last_start_block"],
        starts=int(record["starts"]),
        starts_day=int(record["starts_day"]),
        lockout_until_s=record["lockout_until_s"],
        stop_wished_block=record.get("stop_wished_block"),
        override=None
        if override is None
        else Override(Vote(override["vote"]), str(override["level"]), int(override["ends_at_s"])),
    )


def state_from_record(record: Mapping[str, Any], forecast: Forecast | None) -> EnergyState:
    """The state that `state_record` wrote, with the forecast it names.

    Raises:
        KeyError, TypeError, ValueError: it is not such a record.
    """
    outlook = record["outlook"]
    return EnergyState(
        at_s=record["at_s"],
        block=record["block"],
        clock_epoch=record["clock_epoch"],
        local_day=record["local_day"],
        signals={name: _signal_from_record(name, told) for name, told in record["signals"].items()},
        required=tuple(record["required"]),
        load_ids=tuple(record["load_ids"]),
        forecast=forecast,
        outlook=None if outlook is None else _outlook_from_record(outlook),
        autonomy=record["autonomy"],
        confirmation=record["confirmation"],
        surplus_left_w=record["surplus_left_w"],
        config_hash=record["config_hash"],
    )


def forecast_record(forecast: Forecast) -> dict[str, Any]:
    """A forecast, in the kernel's integers: it is archived, not read by people."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in vars(forecast).items()}


def forecast_from_record(record: Mapping[str, Any]) -> Forecast:
    """The forecast that `forecast_record` wrote."""
    curves = {name: tuple(value) for name, value in record.items() if name != "first_block"}
    return Forecast(record["first_block"], **curves)


@lru_cache(maxsize=8)
def forecast_hash(forecast: Forecast) -> str:
    """SHA-256 over the forecast's canonical JSON, in hex: its name in the archive."""
    return hashlib.sha256(canonical_json(forecast_record(forecast)).encode()).hexdigest()


def _signal_from_record(name: str, told: Mapping[str, Any]) -> Signal:
    value = told["value"]
    return Signal(
        None if value is None else to_scaled(name, value), told["age_s"], Quality(told["quality"]), told["source"]
    )


def _outlook_from_record(record: Mapping[str, Any]) -> Outlook:
    low, likely, high = (Course(*course) for course in record["courses"])
    return Outlook((low, likely, high), record["blocks"])


def _outlook_record(outlook: Outlook | None) -> dict[str, Any] | None:
    if outlook is None:
        return None
    return {"courses": [list(course) for course in outlook.courses], "blocks": outlook.blocks}


def _balance_record(decision: Decision) -> dict[str, Any] | None:
    """The surplus by the meter and by the inverter, against each other like a vote; None: one is not known.

    Where they contradict each other, ``explained_by`` names the signals whose sign may be wrong.
    """
    state, tolerance_w = decision.state, decision.rules.balance_tolerance_w
    told = balance(state)
    if told is None:
        return None
    margin = tolerance_w - abs(told.gap_w)
    return {
        "inputs": told._asdict(),
        "thresholds": {"balance_tolerance_w": tolerance_w},
        "margin": margin,
        "is_mismatch": margin < 0,
        "is_house_measured": "house_load_w" in state.signals,
        "explained_by": list(explained_by(state, tolerance_w)) if margin < 0 else [],
    }


def _path_record(decision: Decision) -> dict[str, Any]:
    """What a surplus kWh is worth on each path, ct/kWh, and whether the policy in force is the one chosen."""
    path = energy_path(decision.state, decision.rules)
    worths = {name: getattr(path, name) for name in PATHS} | {"difference": path.difference}
    record: dict[str, Any] = {
        name: None if worth is None else to_people("ct_kwh", worth) for name, worth in worths.items()
    }
    policy = effective_policy(decision.state, decision.rules)
    return record | {
        "preferred": path.preferred,
        "policy": policy.value,
        "chosen_policy": decision.rules.policy.value,
    }


def _vote_record(vote: VoteRecord) -> dict[str, Any]:
    return {
        "rule": vote.rule.value,
        "rank": vote.rank,
        "vote": vote.vote.value,
        "level": vote.level,
        "code": vote.code.value,
        "inputs": _people(vote.inputs),
        "thresholds": _people(vote.thresholds),
        "margin": None if vote.margin is None else to_people(vote.margin_input or "", vote.margin),
        "margin_input": vote.margin_input,
    }


def _people(values: Mapping[str, int | None]) -> dict[str, int | float | None]:
    """Values in people's units; a threshold's name ends like its signal's, and so tells its scale."""
    return {name: None if value is None else to_people(name, value) for name, value in values.items()}
