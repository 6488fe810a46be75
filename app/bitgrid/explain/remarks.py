"""Remarks: what a person should know beside a decision's reason. Empty where the record gives no cause for one."""

from __future__ import annotations

from bitgrid.explain.figures import Figures
from bitgrid.explain.language import Texts
from bitgrid.explain.record import RecordView

PATHS = ("hodl", "heat", "store", "export")
_FITS = 0.2
"""A wrong sign explains a gap that is twice the reading, to this share of the gap."""


def balance(view: RecordView, texts: Texts, figures: Figures) -> str:
    """Meter and inverter contradict each other: both figures, and which sign to look at."""
    if view.balance is None or not view.balance.is_mismatch:
        return ""
    told = view.balance.inputs
    return texts.say(
        figures.language,
        "balance",
        suspect="grid" if _is_of_meter(view, told.by_meter_w - told.by_inverter_w) else "open",
        by_meter=figures.value("power_w", told.by_meter_w),
        by_inverter=figures.value("power_w", told.by_inverter_w),
    )


def policy(view: RecordView, texts: Texts, figures: Figures) -> str:
    """Another policy than the chosen one is in force."""
    path = view.energy_path
    if path is None or path.policy == path.chosen_policy:
        return ""
    names = {
        "policy": f"policy-{path.policy}",
        "chosen": f"policy-{path.chosen_policy}",
    }
    said = {
        name: texts.say(figures.language, key) if texts.knows(figures.language, key) else key.partition("-")[2]
        for name, key in names.items()
    }
    return texts.say(figures.language, "policy-fallback", **said)


def paths(view: RecordView, texts: Texts, figures: Figures) -> str:
    """What a surplus kWh is worth on each path, the best first; empty where there is nothing to compare."""
    if view.energy_path is None:
        return ""
    given = {name: getattr(view.energy_path, name) for name in PATHS}
    known = {name: worth for name, worth in given.items() if worth is not None}
    if len(known) < 2:  # noqa: PLR2004  one alone is no comparison
        return ""
    worths = [
        texts.say(figures.language, f"path-{name}", worth=figures.value("_ct_kwh", worth))
        for name, worth in sorted(known.items(), key=lambda item: -item[1])
    ]
    return texts.say(figures.language, "paths", worths=", ".join(worths))


def _is_of_meter(view: RecordView, gap_w: int) -> bool:
    """Whether the gap would close if the grid meter's sign were turned: it is then twice what the meter shows."""
    for vote in view.votes:
        grid_w = vote.inputs.get("grid_power_60s_w")
        if grid_w is not None:
            return abs(gap_w + 2 * grid_w) <= _FITS * abs(gap_w)
    return False
