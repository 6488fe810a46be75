"""R1 proposes: the highest level whose surplus is there, with hysteresis, while the grid is not too dear."""

from __future__ import annotations

from bitgrid.kernel.codes import Code, Rule, Vote
from bitgrid.kernel.memory import LoadMemory
from bitgrid.kernel.ruleset import OFF, Level, LoadProfile, RuleSet
from bitgrid.kernel.state import EnergyState, surplus_w
from bitgrid.kernel.voting import VoteRecord

RANK = 8


def vote(state: EnergyState, memory: LoadMemory, rules: RuleSet, load: LoadProfile) -> VoteRecord:
    """R1's proposal: a level, off, or nothing where the surplus is not known."""
    surplus = None if state.degraded else surplus_w(state, rules.battery_claim_w)
    price = state.good("import_price_ct_kwh")
    inputs: dict[str, int | None] = {"surplus_w": surplus}
    thresholds: dict[str, int] = {}
    if price is not None:
        inputs["import_price_ct_kwh"] = price
        thresholds["max_import_price_ct_kwh"] = rules.max_import_price
    if surplus is None:
        return VoteRecord(Rule.R1, RANK, Vote.NONE, Code.R1_NO_DATA, None, inputs, thresholds)
    level, needed = _highest_level(surplus, memory, rules, load)
    thresholds["min_surplus_w"] = needed
    margin, margin_input = surplus - needed, "surplus_w"
    if price is not None and price > rules.max_import_price:
        level, code = OFF, Code.R1_PRICE_TOO_HIGH
        margin, margin_input = rules.max_import_price - price, "import_price_ct_kwh"
    elif level == OFF:
        code = Code.R1_INSUFFICIENT_SURPLUS
    else:
        code = Code.R1_SURPLUS_OK if level == load.levels[-1].name else Code.R1_SURPLUS_ECO
    return VoteRecord(Rule.R1, RANK, Vote.LEVEL, code, level, inputs, thresholds, margin, margin_input)


def threshold_w(level: Level, memory: LoadMemory, rules: RuleSet, load: LoadProfile) -> int:
    """The surplus a level needs: less by the hysteresis once it has been reached."""
    reached = load.index(memory.level) >= load.index(level.name)
    return level.min_surplus_w - rules.hysteresis_w if reached else level.min_surplus_w


def _highest_level(surplus: int, memory: LoadMemory, rules: RuleSet, load: LoadProfile) -> tuple[str, int]:
    """The highest level that the surplus carries, and what it needs; off, and what the lowest would need."""
    for level in reversed(load.levels):
        needed = threshold_w(level, memory, rules, load)
        if surplus >= needed:
            return level.name, needed
    return OFF, threshold_w(load.levels[0], memory, rules, load)
