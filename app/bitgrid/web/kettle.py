"""Whether meter and battery count the right way round: a kettle is switched on, the house must draw more. Pure.

In the house's signs (grid + import, battery + charging) the household draws ``pv + grid − battery``. A sign that
is turned makes it seem to draw less. No load may run meanwhile.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

GRID, BATTERY, PV = "grid_power_w", "battery_power_w", "pv_power_w"
_COUNTS = {PV: 1, GRID: 1, BATTERY: -1}
KETTLE_W = (900.0, 3500.0)
"""What kettles draw, with some room for what else the house does meanwhile."""
BENEFIT = 1.05
"""By so much more or less than a kettle may be drawn before signs as they are count as unfit: they are not accused
for what a refrigerator did."""
MOVED_W = 400.0
"""A signal that has changed by less tells nothing."""
NIGHT_W = -50.0
"""An inverter that generates less than this draws what no inverter draws: its sign is wrong."""


@dataclass(frozen=True)
class Verdict:
    """What the kettle showed.

    Args:
        kind: ``right``; ``wrong``, and turning ``signals`` would mend it; ``unclear``, where nothing moved as a
            kettle would move it, or two explanations fit.
        signals: for ``right`` those that were seen to count as they should, for ``wrong`` those to be turned.
    """

    kind: Literal["right", "wrong", "unclear"]
    signals: tuple[str, ...] = ()


def judge(before: Mapping[str, float], after: Mapping[str, float]) -> Verdict:
    """What signals before and after the kettle was switched on say of their signs, W."""
    if after.get(PV, 0.0) < NIGHT_W:
        return Verdict("wrong", (PV,))
    change = {name: after[name] - before[name] for name in _COUNTS if name in before and name in after}
    moved = [name for name in (GRID, BATTERY) if abs(change.get(name, 0.0)) >= MOVED_W]
    if not moved:
        return Verdict("unclear")
    fitting = [turned for turned in _turns(moved) if _is_kettle(change, turned)]
    if () in fitting and (len(fitting) == 1 or all(change[name] * _COUNTS[name] > 0 for name in moved)):
        return Verdict("right", tuple(moved))
    return Verdict("wrong", fitting[0]) if len(fitting) == 1 else Verdict("unclear")


def _turns(moved: list[str]) -> list[tuple[str, ...]]:
    return [turned for count in (0, 1, 2) for turned in itertools.combinations(moved, count)]


def _is_kettle(change: Mapping[str, float], turned: tuple[str, ...]) -> bool:
    drawn_w = sum(_COUNTS[name] * watts * (-1 if name in turned else 1) for name, watts in change.items())
    room = 1.0 if turned else BENEFIT
    return KETTLE_W[0] / room <= drawn_w <= KETTLE_W[1] * room
