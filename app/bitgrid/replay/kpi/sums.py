"""What is added up day by day. A period's sums are its days' sums added, so that no figure contradicts another."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, fields


@dataclass
class Sums:
    """Of some blocks: energies in Wh, blocks in which each was known, counts, seconds; ``most_`` are maxima.

    ``whole_`` counts the blocks in which sun, household, loads and meter were all known, and only those: what is
    divided by each other comes from the same blocks. There ``import_for_use`` is import up to what was used at
    home, and ``export_of_surplus`` export up to what the sun left over: what a battery buys or sells is neither.
    ``base_`` are the blocks that could be lived again without control, with what the meter told in them.
    """

    due_blocks: int = 0
    pv_blocks: int = 0
    pv_wh: float = 0.0
    house_blocks: int = 0
    house_wh: float = 0.0
    loads_blocks: int = 0
    loads_wh: float = 0.0
    grid_blocks: int = 0
    import_wh: float = 0.0
    export_wh: float = 0.0
    whole_blocks: int = 0
    whole_pv_wh: float = 0.0
    whole_used_wh: float = 0.0
    whole_surplus_wh: float = 0.0
    import_for_use_wh: float = 0.0
    export_of_surplus_wh: float = 0.0
    whole_grid_wh: float = 0.0
    whole_battery_wh: float = 0.0
    base_blocks: int = 0
    base_measured_wh: float = 0.0
    base_as_it_was_wh: float = 0.0
    base_even_wh: float = 0.0
    base_without_wh: float = 0.0
    base_stored_wh: float = 0.0
    charged_blocks: int = 0
    charged_wh: float = 0.0
    sold_blocks: int = 0
    sold_ct: float = 0.0
    split_blocks: int = 0
    split_wh: float = 0.0
    split_surplus_wh: float = 0.0
    sats_blocks: int = 0
    sats_wh: float = 0.0
    sats: float = 0.0
    worth_blocks: int = 0
    mined_ct: float = 0.0
    export_ct: float = 0.0
    bought_ct: float = 0.0
    path_blocks: int = 0
    ticks_due: int = 0
    ticks: int = 0
    decided_s: int = 0
    decisions: int = 0
    on_s: float = 0.0
    starts: int = 0
    flaps: int = 0
    heat_stops: int = 0
    heat_trips: int = 0
    late_s: float = 0.0
    most_late_s: float = 0.0
    explained: int = 0
    timed: int = 0
    said_after_s: float = 0.0
    most_said_after_s: float = 0.0
    holds: Counter[str] = field(default_factory=Counter)
    vetoes: Counter[str] = field(default_factory=Counter)
    paths: Counter[str] = field(default_factory=Counter)

    def add(self, other: Sums) -> None:
        """Take in another day's."""
        for name in (told.name for told in fields(self)):
            mine, theirs = getattr(self, name), getattr(other, name)
            setattr(self, name, max(mine, theirs) if name.startswith("most_") else mine + theirs)


def total(days: list[Sums]) -> Sums:
    """Of some days together."""
    whole = Sums()
    for day in days:
        whole.add(day)
    return whole
