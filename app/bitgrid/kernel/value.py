"""What a kilowatt hour is worth on each path it could take, and what mining it really displaces."""

from __future__ import annotations

from typing import NamedTuple

from bitgrid.kernel.outlook import WEIGHTS_PERCENT, Course
from bitgrid.kernel.ruleset import Policy, RuleSet
from bitgrid.kernel.state import EnergyState

FULL_SOC = 1000
PATHS = ("hodl", "heat", "store", "export")
"""Of equal worth, the one named first is preferred."""


class EnergyPath(NamedTuple):
    """Worth of a surplus kWh by path, 0.01 ct/kWh; None where that path is not open or its worth not known."""

    export: int | None
    store: int | None
    heat: int | None
    hodl: int | None

    @property
    def preferred(self) -> str | None:
        """The path that is worth most."""
        worths = {name: getattr(self, name) for name in PATHS}
        known = {name: worth for name, worth in worths.items() if worth is not None}
        return max(known, key=lambda name: known[name]) if known else None

    @property
    def difference(self) -> int | None:
        """By how much hodl is worth more than the best of the others; negative: less."""
        others = [worth for worth in (self.export, self.store, self.heat) if worth is not None]
        return None if self.hodl is None or not others else self.hodl - max(others)


class Displaced(NamedTuple):
    """What a kWh mined now displaces: its worth in 0.01 ct/kWh, weighted, and the likely course behind it."""

    worth: int
    course: Course
    spare_percent: int


def energy_path(state: EnergyState, rules: RuleSet) -> EnergyPath:
    """Where a surplus kWh could go now, and what each path is worth."""
    soc = state.good("battery_soc_pct")
    course = state.outlook.likely if state.outlook is not None else None
    store = None
    if soc is not None and soc < FULL_SOC and course is not None and course.empty_block is not None:
        later = _price(state, "import_prices", course.empty_block, "import_price_ct_kwh")
        store = None if later is None else later * rules.round_trip_efficiency_permille // 1000
    return EnergyPath(state.good("export_price_ct_kwh"), store, rules.heat_value, state.good("hodl_ct_kwh"))


def effective_policy(state: EnergyState, rules: RuleSet) -> Policy:
    """The policy in force: what cannot be valued falls back to ``local_first``."""
    return Policy.LOCAL_FIRST if state.good("hodl_ct_kwh") is None else rules.policy


def displaced(state: EnergyState, rules: RuleSet, *, is_running: bool) -> Displaced | None:
    """What a kWh mined now displaces, weighted over the quantiles; None where the outlook or a price is missing.

    A course counts as spilling first from `spill_hysteresis_wh` on; for what runs already, from the first Wh.
    """
    if state.outlook is None:
        return None
    least_wh = 1 if is_running else max(1, rules.spill_hysteresis_wh)
    total, spare_percent = 0, 0
    for weight, course in zip(WEIGHTS_PERCENT, state.outlook.courses, strict=True):
        is_spare = course.spills_first and course.spilled_wh >= least_wh
        worth = _course_worth(state, rules, course, is_spare=is_spare)
        if worth is None:
            return None
        total += weight * worth
        spare_percent += weight if is_spare else 0
    return Displaced(total // 100, state.outlook.likely, spare_percent)


def _course_worth(state: EnergyState, rules: RuleSet, course: Course, *, is_spare: bool) -> int | None:
    if is_spare or course.empty_block is None:
        return _price(state, "export_prices", course.spill_block or 0, "export_price_ct_kwh")
    later = _price(state, "import_prices", course.empty_block, "import_price_ct_kwh")
    return None if later is None else later * 1000 // rules.round_trip_efficiency_permille


def _price(state: EnergyState, curve: str, block: int, now: str) -> int | None:
    """The price of a block; past the end of the curve, the one now."""
    known = state.coming(curve, block + 1)
    return known[block] if block < len(known) else state.good(now)
