"""What would have to change: for each input, the smallest single change that changes the action.

Candidates are the thresholds at which some rule's condition flips, expressed in that input's own unit; each answer
is verified by `decide()` itself: the stated value gives another action, and one unit less does not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from bitgrid.kernel.codes import Action, Code, Rule
from bitgrid.kernel.decision import Decision, decide
from bitgrid.kernel.rules import r1_surplus, r2_autarky, r4_forecast
from bitgrid.kernel.rules.r3_safety import LIMIT, LOADS_BEFORE, NEAR_LIMIT
from bitgrid.kernel.state import Quality, surplus_w, to_people

BOUNDS = {
    "pv_power_w": (0, 10_000_000),
    "house_load_w": (0, 10_000_000),
    "battery_soc_pct": (0, 1000),
    "temp_c": (-600, 2000),
    "age_s": (0, 10_000_000),
    LIMIT: (0, 10_000_000),
    ".power_w": (0, 10_000_000),
    "hashrate_ths": (0, 10_000_000),
    "sats_per_kwh": (0, 10_000_000),
}
"""Values that an input can have, in the kernel's integers; anything else is not bounded."""
_ANY = (-10_000_000, 10_000_000)
_FIXED = frozenset(
    {
        "emergency_stop",
        "ups_on_battery",
        "first_run",
        "controller_lost",
        "clock_stepped",
        "clock_synced",
        LOADS_BEFORE,
    }
)


@dataclass(frozen=True)
class Counterfactual:
    """One input's change that changes the action.

    Args:
        input: the signal's name.
        value: what it would have to be, in the kernel's integers.
        present: what it is.
        action, level, rule, code: what would then be decided.
    """

    input: str
    value: int
    present: int
    action: Action
    level: str
    rule: Rule
    code: Code

    @property
    def change(self) -> int:
        """The change, in the kernel's integers."""
        return self.value - self.present

    def record(self) -> dict[str, str | int | float]:
        """As JSON, in the unit of the input's name."""
        return {
            "input": self.input,
            "value": to_people(self.input, self.value),
            "present": to_people(self.input, self.present),
            "change": to_people(self.input, self.change),
            "action": self.action.value,
            "level": self.level,
            "rule": self.rule.value,
            "code": self.code.value,
        }


def counterfactuals(decision: Decision) -> tuple[Counterfactual, ...]:
    """For every input that can by itself change the action: the smallest such change."""
    found = (
        _nearest(decision, name, lambda other: other.action is not decision.action) for name in _inputs(decision)
    )
    return tuple(answer for answer in found if answer is not None)


def why_not(decision: Decision, wanted: Action, level: str | None = None) -> tuple[Counterfactual, ...]:
    """For every input that can by itself bring about a wanted action (and level): the smallest such change."""

    def is_wanted(other: Decision) -> bool:
        return other.action is wanted and (level is None or other.level == level)

    if is_wanted(decision):
        return ()
    found = (_nearest(decision, name, is_wanted) for name in _inputs(decision))
    return tuple(answer for answer in found if answer is not None)


def _inputs(decision: Decision) -> Iterator[str]:
    """Signals with a good value that is a quantity, in a fixed order."""
    state = decision.state
    for name in sorted(state.signals):
        if state.good(name) is not None and name not in _FIXED and not name.endswith((".on_for_s", ".guard_trip")):
            yield name


def _nearest(decision: Decision, name: str, is_it: Callable[[Decision], bool]) -> Counterfactual | None:
    """The value of ``name`` nearest to the present one at which the decision is as asked."""
    present = decision.state.signals[name].value or 0
    low, high = next((bounds for ending, bounds in BOUNDS.items() if name.endswith(ending)), _ANY)
    points = sorted(_breakpoints(decision, name))
    best: tuple[int, Decision] | None = None
    for direction, end in ((1, high), (-1, low)):
        ahead = [point for point in points if (point - present) * direction > 0 and low <= point <= high]
        answer = _walk(decision, name, present, sorted(ahead, key=lambda p: abs(p - present)), end, is_it)
        if answer is not None and (best is None or abs(answer[0] - present) < abs(best[0] - present)):
            best = answer
    if best is None:
        return None
    value, other = best
    return Counterfactual(name, value, present, other.action, other.level, other.rule, other.code)


def _walk(  # noqa: PLR0913, PLR0917  a search has this many sides
    decision: Decision, name: str, present: int, ahead: Iterable[int], end: int, is_it: Callable[[Decision], bool]
) -> tuple[int, Decision] | None:
    """Go outwards over the breakpoints; where one gives the answer, step back to the first value that does."""
    last_not = present
    for point in [*ahead, end]:
        other = _decided_with(decision, name, point)
        if is_it(other):
            return _first(decision, name, last_not, point, is_it)
        last_not = point
    return None


def _first(
    decision: Decision, name: str, is_not: int, is_so: int, is_it: Callable[[Decision], bool]
) -> tuple[int, Decision]:
    """Bisect between a value that does not give the answer and one that does."""
    while abs(is_so - is_not) > 1:
        middle = (is_so + is_not) // 2
        if is_it(_decided_with(decision, name, middle)):
            is_so = middle
        else:
            is_not = middle
    return is_so, _decided_with(decision, name, is_so)


def _decided_with(decision: Decision, name: str, value: int) -> Decision:
    state = decision.state
    signals = {**state.signals, name: state.signals[name]._replace(value=value, quality=Quality.GOOD)}
    changed = replace(state, signals=signals)
    return decide(changed, decision.memory, decision.rules, decision.load, decision.trigger)


def _breakpoints(decision: Decision, name: str) -> set[int]:
    """Every value of ``name`` at which a condition may flip, and its neighbours."""
    present = decision.state.signals[name].value or 0
    points = set(_of_thresholds(decision, name))
    points |= {present + shift for shift in _of_surplus(decision, name)}
    return {point + step for point in points for step in (-1, 0, 1)}


def _of_thresholds(decision: Decision, name: str) -> Iterator[int]:
    """Thresholds that the input is compared with directly."""
    rules, load, state = decision.rules, decision.load, decision.state
    hodl, price, export = (
        state.good(key) or 0 for key in ("hodl_ct_kwh", "import_price_ct_kwh", "export_price_ct_kwh")
    )
    if name == "battery_soc_pct":
        yield from (rules.soc_hard_min, rules.soc_soft_min)
    elif name == f"{load.id}.temp_c":
        yield from (rules.max_temp, rules.max_temp - NEAR_LIMIT, rules.resume_temp)
    elif name == f"{load.id}.age_s":
        yield rules.comm_timeout_s
    elif name == "room_temp_c":
        yield rules.max_room_temp
    elif name == LIMIT:
        yield from (level.power_w + (state.good(LOADS_BEFORE) or 0) for level in load.levels)
    elif name == "import_price_ct_kwh":
        yield from (rules.max_import_price, hodl - rules.value_margin)
    elif name == "export_price_ct_kwh":
        yield hodl - rules.value_margin
    elif name == "hodl_ct_kwh":
        yield from (export + rules.value_margin, price + rules.value_margin)
        yield from (vote.inputs.get("displaced_ct_kwh") or 0 for vote in decision.votes)
    elif name in {"grid_power_w", "grid_power_60s_w"}:
        yield from (rules.max_grid_import_w, rules.max_grid_import_hold_w)
        yield load.power_w(decision.memory.level) + rules.max_grid_import_w


def _of_surplus(decision: Decision, name: str) -> Iterator[int]:
    """Changes of the input that bring the surplus, present or predicted, to a threshold."""
    rules, load, state = decision.rules, decision.load, decision.state
    surplus = surplus_w(state, rules.battery_claim_w)
    predicted = next(
        (vote.inputs.get("predicted_surplus_w") for vote in decision.votes if vote.rule is Rule.R4), None
    )
    for level in load.levels:
        needed = {r1_surplus.threshold_w(level, decision.memory, rules, load), level.min_surplus_w}
        needed.add(level.min_surplus_w + r4_forecast.PRESTART_MARGIN_W)
        for known in (surplus, predicted):
            if known is not None:
                yield from (gap for need in needed for gap in (need - known, known - need))
    grid = r2_autarky.import_w(state)
    if grid is not None and name.startswith("grid"):
        yield from (rules.max_grid_import_w - grid, rules.max_grid_import_hold_w - grid)
    yield from _of_efficiency(decision, name)


def _of_efficiency(decision: Decision, name: str) -> Iterator[int]:
    """Changes that bring the load's J/TH to its limits; at no hashrate at all it is not judged."""
    state, load = decision.state, decision.load
    power, rate = state.good(f"{load.id}.power_w"), state.good(f"{load.id}.hashrate_ths")
    profile = load.joules_per_terahash
    if power is None or rate is None or not profile:
        return
    if name == f"{load.id}.power_w":
        yield from (profile * rate * share // 10_000 - power for share in (95, 105))
    elif name == f"{load.id}.hashrate_ths":
        yield -rate
        yield from (power * 10_000 // (profile * share) - rate for share in (95, 105))
