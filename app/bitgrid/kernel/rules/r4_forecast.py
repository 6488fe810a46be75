"""R4 looks ahead: no start that the coming blocks would not carry."""

from __future__ import annotations

from bitgrid.kernel.codes import Code, Rule, Vote
from bitgrid.kernel.ruleset import LoadProfile, RuleSet
from bitgrid.kernel.state import EnergyState
from bitgrid.kernel.voting import VoteRecord

RANK = 6


def vote(state: EnergyState, rules: RuleSet, load: LoadProfile, proposed: str | None) -> VoteRecord:
    """R4's vote on a proposed start; ``proposed`` is None where none is proposed."""
    if not rules.r4_enabled:
        return VoteRecord(Rule.R4, RANK, Vote.NONE, Code.R4_OFF)
    horizon = max(1, rules.min_runtime_blocks)
    house, forecast = state.house_load_w, state.pv_forecast_w[:horizon]
    if proposed is None or house is None or len(forecast) < horizon:
        return VoteRecord(Rule.R4, RANK, Vote.NONE, Code.R4_ABSTAINS)
    predicted = [pv - house - rules.battery_claim_w for pv in forecast]
    mean, needed = sum(predicted) // horizon, load.levels[load.index(proposed) - 1].min_surplus_w
    inputs: dict[str, int | None] = {"predicted_surplus_w": mean, "present_house_load_w": house}
    thresholds = {"min_surplus_w": needed}
    if mean < needed:
        demand, code = Vote.FORBID_START, Code.R4_FORECAST_LOW
    elif _spike(state, rules, predicted, load.power_w(proposed), inputs):
        thresholds["price_spike_ct_kwh"] = rules.price_spike
        demand, code = Vote.FORBID_START, Code.R4_PRICE_SPIKE
    else:
        demand, code = Vote.NONE, Code.R4_SPARE
    return VoteRecord(Rule.R4, RANK, demand, code, None, inputs, thresholds, mean - needed, "predicted_surplus_w")


def _spike(
    state: EnergyState, rules: RuleSet, predicted: list[int], power_w: int, inputs: dict[str, int | None]
) -> bool:
    """Whether a block ahead is dear and its predicted surplus does not carry the load."""
    for surplus, price in zip(predicted, state.import_prices, strict=False):
        if price > rules.price_spike and surplus < power_w:
            inputs["import_price_ct_kwh"] = price
            return True
    return False
