"""R2 keeps what the house needs: a reserve in the battery, and no import for the load's sake."""

from __future__ import annotations

from bitgrid.kernel.codes import Code, Rule, Vote
from bitgrid.kernel.memory import LoadMemory
from bitgrid.kernel.rules.r1_surplus import is_cheap_grid
from bitgrid.kernel.rules.r5_stability import is_held
from bitgrid.kernel.ruleset import OFF, LoadProfile, RuleSet
from bitgrid.kernel.state import EnergyState
from bitgrid.kernel.voting import VoteRecord

RANK_HARD = 2
RANK_SOFT = 4


def vote_hard(state: EnergyState, memory: LoadMemory, rules: RuleSet) -> VoteRecord:
    """The hard reserve: at or below it nothing runs and nothing starts."""
    soc = state.good("battery_soc_pct")
    inputs, thresholds = {"battery_soc_pct": soc}, {"soc_hard_min_pct": rules.soc_hard_min}
    if soc is None:
        return VoteRecord(Rule.R2, RANK_HARD, Vote.NONE, Code.R2_OK, None, {}, thresholds)
    margin = soc - rules.soc_hard_min
    if margin <= 0:
        demand = Vote.FORBID_START if memory.level == OFF else Vote.STOP
        code = Code.R2_HARD_RESERVE
    else:
        demand, code = Vote.NONE, Code.R2_OK
    return VoteRecord(Rule.R2, RANK_HARD, demand, code, None, inputs, thresholds, margin, "battery_soc_pct")


def vote_soft(state: EnergyState, memory: LoadMemory, rules: RuleSet, load: LoadProfile) -> VoteRecord:
    """The import limit, which stops, and the soft reserve, which forbids a start.

    On cheap grid power (`stack`) the load's own power is allowed on top of the limit.
    """
    soc, grid = state.good("battery_soc_pct"), import_w(state)
    limit = rules.max_grid_import_hold_w if is_held(state, memory, rules) else rules.max_grid_import_w
    if is_cheap_grid(state, rules):
        limit = max(limit, load.power_w(memory.level) + rules.max_grid_import_w)
    inputs = {"battery_soc_pct": soc, "grid_power_60s_w": grid}
    thresholds = {"soc_soft_min_pct": rules.soc_soft_min, "max_grid_import_w": limit}
    if grid is not None and grid > limit:
        demand = Vote.FORBID_START if memory.level == OFF else Vote.STOP
        return VoteRecord(
            Rule.R2,
            RANK_SOFT,
            demand,
            Code.R2_GRID_IMPORT,
            None,
            inputs,
            thresholds,
            limit - grid,
            "grid_power_60s_w",
        )
    if soc is None:
        return VoteRecord(Rule.R2, RANK_SOFT, Vote.NONE, Code.R2_OK, None, inputs, thresholds)
    margin = soc - rules.soc_soft_min
    demand, code = (Vote.FORBID_START, Code.R2_SOFT_RESERVE) if margin <= 0 else (Vote.NONE, Code.R2_OK)
    return VoteRecord(Rule.R2, RANK_SOFT, demand, code, None, inputs, thresholds, margin, "battery_soc_pct")


def import_w(state: EnergyState) -> int | None:
    """Net import, W: the mean of 60 s where there is one, else the window's."""
    mean = state.good("grid_power_60s_w")
    return state.good("grid_power_w") if mean is None else mean
