"""What mining is worth is another for each load: a state holds it for every miner, and a decision sees its own.

In a state of several loads ``<load>.sats_per_kwh`` and ``<load>.hodl_ct_kwh`` stand beside the load's other
signals; the kernel reads ``sats_per_kwh`` and ``hodl_ct_kwh``, which are those of the load that is decided on.
"""

from __future__ import annotations

from dataclasses import replace

from bitgrid.kernel import EnergyState

WORTH = ("sats_per_kwh", "hodl_ct_kwh")


def is_worth_of_a_load(name: str) -> bool:
    """Whether a signal's name is that of a load's worth, ``miner.hodl_ct_kwh``."""
    return name.rpartition(".")[2] in WORTH and "." in name


def seen_by(state: EnergyState, load: str) -> EnergyState:
    """The state as the decision on a load sees it; one that tells no load's worth stays as it is.

    A house of one load is told its worth once.
    """
    of_loads = {name for name in state.signals if is_worth_of_a_load(name)}
    if not of_loads:
        return state
    drop = of_loads.union(WORTH) if len(state.load_ids) == 1 else frozenset(WORTH)
    signals = {name: signal for name, signal in state.signals.items() if name not in drop}
    own = {name: state.signals[f"{load}.{name}"] for name in WORTH if f"{load}.{name}" in of_loads}
    return replace(state, signals=signals | own)
