"""Several loads: what of the surplus is left for one of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bitgrid.kernel import EnergyState, RuleSet, surplus_w
from bitgrid.kernel.rules.r5_stability import is_held

if TYPE_CHECKING:
    from bitgrid.control.load import Load


def surplus_left_w(
    state: EnergyState, rules: RuleSet, loads: Sequence[Load], load: Load, taken_w: int
) -> int | None:
    """The surplus left for ``load``: less what those before it were given, and what a hold keeps behind it.

    Args:
        state: the house, its surplus not yet shared.
        rules: for the battery's claim and the holds.
        loads: all loads, in order of priority.
        load: the one in question.
        taken_w: what those before it were decided to draw, W.
    """
    total_w = surplus_w(state, rules.battery_claim_w)
    if total_w is None:
        return None
    behind = loads[loads.index(load) + 1 :]
    held_w = sum(
        other.profile.power_w(other.memory.level) for other in behind if is_held(state, other.memory, rules)
    )
    return total_w - taken_w - held_w


def surplus_beside_w(state: EnergyState, rules: RuleSet, loads: Sequence[Load], load: Load) -> int | None:
    """The surplus left for ``load`` between ticks, when the others are not decided and stay what they are.

    Args:
        state: the house, its surplus not yet shared.
        rules: for the battery's claim.
        loads: all loads.
        load: the one in question.
    """
    total_w = surplus_w(state, rules.battery_claim_w)
    if total_w is None:
        return None
    return total_w - sum(other.profile.power_w(other.memory.level) for other in loads if other is not load)
