"""Records: what is stored and said of a decision, as JSON values in the units of the signals' names."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from bitgrid.kernel.codes import Vote
from bitgrid.kernel.decision import Decision
from bitgrid.kernel.memory import LoadMemory, Override
from bitgrid.kernel.state import EnergyState, surplus_w, to_people
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
        "pv_forecast_w": list(state.pv_forecast_w),
        "import_prices_ct_kwh": [to_people("ct_kwh", price) for price in state.import_prices],
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
        override=None
        if override is None
        else Override(Vote(override["vote"]), str(override["level"]), int(override["ends_at_s"])),
    )


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
