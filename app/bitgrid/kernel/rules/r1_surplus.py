"""R1 proposes: the highest level whose surplus is there, with hysteresis, while it is worth it.

Under `local_first`, and where hodl cannot be valued, "worth it" is a cap on the import price. Otherwise a kWh
mined must be worth more than what it displaces; where there is an outlook for the battery, that is R4's to say.
Under `stack` cheap grid power may start a load too.
"""

from __future__ import annotations

from typing import NamedTuple

from bitgrid.kernel.codes import Code, Rule, Vote
from bitgrid.kernel.memory import LoadMemory
from bitgrid.kernel.ruleset import OFF, Level, LoadProfile, Policy, RuleSet
from bitgrid.kernel.state import EnergyState, surplus_w
from bitgrid.kernel.value import effective_policy
from bitgrid.kernel.voting import VoteRecord

RANK = 8
_PRICE, _HODL = "import_price_ct_kwh", "hodl_ct_kwh"


class _Verdict(NamedTuple):
    """What the price of things makes of a proposal: a code that overrules it, a level, and the margin."""

    code: Code
    level: str
    margin: int
    margin_input: str


def vote(state: EnergyState, memory: LoadMemory, rules: RuleSet, load: LoadProfile) -> VoteRecord:
    """R1's proposal: a level, off, or nothing where the surplus is not known."""
    surplus = None if state.degraded else surplus_w(state, rules.battery_claim_w)
    inputs: dict[str, int | None] = {"surplus_w": surplus}
    if surplus is None:
        return VoteRecord(Rule.R1, RANK, Vote.NONE, Code.R1_NO_DATA, None, inputs)
    level, needed = _highest_level(surplus, memory, rules, load)
    thresholds = {"min_surplus_w": needed}
    verdict = _economics(state, rules, load, inputs, thresholds)
    if verdict is not None:
        code, level, margin, margin_input = verdict
        return VoteRecord(Rule.R1, RANK, Vote.LEVEL, code, level, inputs, thresholds, margin, margin_input)
    if level == OFF:
        code = Code.R1_INSUFFICIENT_SURPLUS
    else:
        code = Code.R1_SURPLUS_OK if level == load.levels[-1].name else Code.R1_SURPLUS_ECO
    return VoteRecord(Rule.R1, RANK, Vote.LEVEL, code, level, inputs, thresholds, surplus - needed, "surplus_w")


def is_cheap_grid(state: EnergyState, rules: RuleSet) -> bool:
    """Whether grid power is so cheap, under `stack`, that a load may run on it."""
    price, hodl = state.good(_PRICE), state.good(_HODL)
    return (
        rules.policy is Policy.STACK
        and price is not None
        and hodl is not None
        and hodl - price > rules.value_margin
        and not state.degraded
    )


def threshold_w(level: Level, memory: LoadMemory, rules: RuleSet, load: LoadProfile) -> int:
    """The surplus a level needs: less by the hysteresis once it has been reached."""
    reached = load.index(memory.level) >= load.index(level.name)
    return level.min_surplus_w - rules.hysteresis_w if reached else level.min_surplus_w


def _economics(
    state: EnergyState,
    rules: RuleSet,
    load: LoadProfile,
    inputs: dict[str, int | None],
    thresholds: dict[str, int],
) -> _Verdict | None:
    """What prices make of it; None: nothing."""
    price, hodl = state.good(_PRICE), state.good(_HODL)
    if price is not None:
        inputs[_PRICE] = price
    if effective_policy(state, rules) is Policy.LOCAL_FIRST or hodl is None:
        if price is None:
            return None
        thresholds["max_import_price_ct_kwh"] = rules.max_import_price
        margin = rules.max_import_price - price
        return _Verdict(Code.R1_PRICE_TOO_HIGH, OFF, margin, _PRICE) if margin < 0 else None
    inputs[_HODL], thresholds["value_margin_ct_kwh"] = hodl, rules.value_margin
    if is_cheap_grid(state, rules) and price is not None:
        return _Verdict(Code.R1_CHEAP_GRID, load.levels[-1].name, hodl - price - rules.value_margin, _PRICE)
    export = state.good("export_price_ct_kwh")
    if export is None or state.outlook is not None:
        return None
    inputs["export_price_ct_kwh"] = export
    margin = hodl - export - rules.value_margin
    return _Verdict(Code.R1_NOT_WORTH_IT, OFF, margin, _HODL) if margin < 0 else None


def _highest_level(surplus: int, memory: LoadMemory, rules: RuleSet, load: LoadProfile) -> tuple[str, int]:
    """The highest level that the surplus carries, and what it needs; off, and what the lowest would need."""
    for level in reversed(load.levels):
        needed = threshold_w(level, memory, rules, load)
        if surplus >= needed:
            return level.name, needed
    return OFF, threshold_w(load.levels[0], memory, rules, load)
