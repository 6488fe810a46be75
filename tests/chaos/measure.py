"""Figures from many runs: per fault, how often it came alone, how often the miner went off, and how soon."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from chaos.kinds import BOUNDS_S, LAST_LAYER_S, LEADS_TO, Kind
from chaos.outcome import Outcome, ToOff


@dataclass(frozen=True)
class Figures:
    """Of one fault; seconds of the house from the loss to no power. None: it never had to go off."""

    kind: Kind
    alone: int
    went_off: int
    worst_s: float | None
    p99_s: float | None
    bound_s: int | None


def figures(outcomes: Iterable[Outcome]) -> list[Figures]:
    """A line for each fault that came alone at least once."""
    times: dict[Kind, list[ToOff]] = {}
    for outcome in outcomes:
        for time in outcome.to_off:
            times.setdefault(time.kind, []).append(time)
    return [_figures(kind, times[kind]) for kind in Kind if kind in times]


def nearest_rank(sorted_s: Sequence[float], percent: float) -> float:
    """The smallest value that at least so many percent do not exceed."""
    return sorted_s[max(0, math.ceil(percent / 100 * len(sorted_s)) - 1)]


def bound_s(kind: Kind) -> int | None:
    """What a fault that is alone is held to; None: it takes nothing away that a running miner needs."""
    if kind is Kind.IGNORES_STOP:
        return LAST_LAYER_S
    return BOUNDS_S[LEADS_TO[kind]] if kind in LEADS_TO else None


def _figures(kind: Kind, times: Sequence[ToOff]) -> Figures:
    off_s = sorted(time.seconds for time in times if time.seconds is not None)
    worst_s, p99_s = (off_s[-1], nearest_rank(off_s, 99)) if off_s else (None, None)
    return Figures(kind, len(times), len(off_s), worst_s, p99_s, bound_s(kind))
