"""R4 looks ahead: no start that the coming blocks would not carry, no mining on what is bought back at night."""

from __future__ import annotations

from bitgrid.kernel.codes import Code, Rule, Vote
from bitgrid.kernel.memory import LoadMemory
from bitgrid.kernel.ruleset import OFF, LoadProfile, Policy, RuleSet
from bitgrid.kernel.state import EnergyState
from bitgrid.kernel.value import displaced, effective_policy
from bitgrid.kernel.voting import Evidence, VoteRecord

RANK_NO_START = 6
RANK_WISH = 8
PRESTART_MARGIN_W = 300


def vote(
    state: EnergyState, memory: LoadMemory, rules: RuleSet, load: LoadProfile, proposed: str | None
) -> VoteRecord:
    """R4's vote: against a proposed start (``proposed``, else None), or a wish to stop or to start early."""
    if not rules.r4_enabled:
        return VoteRecord(Rule.R4, RANK_NO_START, Vote.NONE, Code.R4_OFF)
    seen = Evidence({}, {})
    short = _short(state, memory, rules, load, proposed, seen)
    if short is not None and short.vote is Vote.FORBID_START:
        return short
    long = _battery_first(state, memory, rules, seen, is_wanted=proposed is not None or memory.level != OFF)
    if long is not None and (short is None or long.vote is not Vote.NONE):
        return long
    return short or VoteRecord(Rule.R4, RANK_NO_START, Vote.NONE, Code.R4_ABSTAINS, None, *seen)


def _short(  # noqa: PLR0913, PLR0917  the rule's own inputs, and the record it has begun
    state: EnergyState,
    memory: LoadMemory,
    rules: RuleSet,
    load: LoadProfile,
    proposed: str | None,
    seen: Evidence,
) -> VoteRecord | None:
    """The next blocks, under every policy; None where the forecast is too short or nothing is in question."""
    horizon = max(1, rules.min_runtime_blocks)
    predicted = _predicted_w(state, rules, horizon)
    if predicted is None:
        return None
    mean = sum(predicted) // horizon
    seen.inputs["predicted_surplus_w"] = mean
    if proposed is not None:
        return _of_start(state, rules, load, proposed, predicted, seen)
    return _wish(memory, rules, load, mean, seen)


def _wish(memory: LoadMemory, rules: RuleSet, load: LoadProfile, mean_w: int, seen: Evidence) -> VoteRecord | None:
    """To start a block early or to stop before the sun leaves, where the owner allows it; else None."""
    lowest = load.levels[0]
    if memory.level == OFF:
        threshold_w = lowest.min_surplus_w
        needed_w = threshold_w + PRESTART_MARGIN_W
        demand, code, level = Vote.LEVEL, Code.R4_PRESTART, lowest.name
        is_wished = rules.r4_prestart and mean_w >= needed_w
    else:
        threshold_w = needed_w = lowest.min_surplus_w - rules.hysteresis_w
        demand, code, level = Vote.STOP, Code.R4_SUN_LEAVES, OFF
        is_wished = rules.r4_preemptive_stop and mean_w < needed_w
    if not is_wished:
        return None
    seen.thresholds["min_surplus_w"] = threshold_w
    return VoteRecord(Rule.R4, RANK_WISH, demand, code, level, *seen, mean_w - needed_w, "predicted_surplus_w")


def _of_start(  # noqa: PLR0913, PLR0917  the rule's own inputs, and the record it has begun
    state: EnergyState,
    rules: RuleSet,
    load: LoadProfile,
    proposed: str,
    predicted: list[int],
    seen: Evidence,
) -> VoteRecord:
    mean = sum(predicted) // len(predicted)
    needed = load.levels[load.index(proposed) - 1].min_surplus_w
    seen.thresholds["min_surplus_w"] = needed
    if mean < needed:
        demand, code = Vote.FORBID_START, Code.R4_FORECAST_LOW
    elif _spike(state, rules, predicted, load.power_w(proposed), seen):
        demand, code = Vote.FORBID_START, Code.R4_PRICE_SPIKE
    else:
        demand, code = Vote.NONE, Code.R4_SPARE
    return VoteRecord(Rule.R4, RANK_NO_START, demand, code, None, *seen, mean - needed, "predicted_surplus_w")


def _predicted_w(state: EnergyState, rules: RuleSet, horizon: int) -> list[int] | None:
    """Predicted surplus by block over the horizon; None where the forecast is shorter."""
    pv, loads = state.coming("pv_w", horizon), state.coming("load_w", horizon)
    if len(pv) < horizon:
        return None
    if len(loads) == horizon:
        return [power - load - rules.battery_claim_w for power, load in zip(pv, loads, strict=True)]
    house = state.house_load_w
    return None if house is None else [power - house - rules.battery_claim_w for power in pv]


def _spike(state: EnergyState, rules: RuleSet, predicted: list[int], power_w: int, seen: Evidence) -> bool:
    """Whether a block ahead is dear and its predicted surplus does not carry the load."""
    for surplus, price in zip(predicted, state.coming("import_prices"), strict=False):
        if price > rules.price_spike and surplus < power_w:
            seen.inputs["import_price_ct_kwh"], seen.thresholds["price_spike_ct_kwh"] = price, rules.price_spike
            return True
    return False


def _battery_first(
    state: EnergyState, memory: LoadMemory, rules: RuleSet, seen: Evidence, *, is_wanted: bool
) -> VoteRecord | None:
    """Battery first, or full first; None where it cannot be told or nothing is in question."""
    hodl = state.good("hodl_ct_kwh")
    if not is_wanted or hodl is None or effective_policy(state, rules) is Policy.LOCAL_FIRST:
        return None
    worth = displaced(state, rules, is_running=memory.level != OFF)
    if worth is None:
        return None
    seen.inputs.update(
        hodl_ct_kwh=hodl,
        displaced_ct_kwh=worth.worth,
        spilled_wh=worth.course.spilled_wh,
        spill_block=worth.course.spill_block,
        empty_block=worth.course.empty_block,
    )
    seen.thresholds.update(value_margin_ct_kwh=rules.value_margin, spill_hysteresis_wh=rules.spill_hysteresis_wh)
    margin = hodl - worth.worth - rules.value_margin
    if margin >= 0:
        return VoteRecord(Rule.R4, RANK_NO_START, Vote.NONE, Code.R4_SPARE, None, *seen, margin, "hodl_ct_kwh")
    if memory.level == OFF:
        rank, demand, level = RANK_NO_START, Vote.FORBID_START, None
    else:
        rank, demand, level = RANK_WISH, Vote.STOP, OFF
    return VoteRecord(Rule.R4, rank, demand, Code.R4_BATTERY_FIRST, level, *seen, margin, "hodl_ct_kwh")
