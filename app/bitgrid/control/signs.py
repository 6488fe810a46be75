"""That meter and inverter contradict each other, for the health of `rules`: both figures, and what mends it."""

from __future__ import annotations

from bitgrid.config import Site
from bitgrid.config.signs import turns
from bitgrid.kernel import EnergyState, balance, explained_by


def contradiction(site: Site, state: EnergyState, tolerance_w: int) -> str:
    """What is wrong with the signs of a state's powers; empty where nothing is.

    Args:
        site: the house, for the devices' names.
        state: means over a block, so that a moment's delay between two devices is no contradiction.
        tolerance_w: by how much the two forms of the surplus may differ.
    """
    told = balance(state)
    if told is None or abs(told.gap_w) <= tolerance_w:
        return ""
    most = "" if "house_load_w" in state.signals else "at most "
    figures = (
        f"meter and inverter contradict each other: by the meter {told.by_meter_w} W is left over, "
        f"by the inverter {most}{told.by_inverter_w} W"
    )
    signals = explained_by(state, tolerance_w)
    if not signals:
        return (
            f"{figures}. No single wrong sign explains it. Look at each device with `bitgrid devices test`, and "
            "whether something is measured twice or not at all"
        )
    return f"{figures}. It closes if a sign is turned; in site.yaml: " + ", or ".join(_lines(site, signals))


def _lines(site: Site, signals: tuple[str, ...]) -> list[str]:
    return [" and ".join(f"{turn} of {turn.device}" for turn in turns(site, signal)) for signal in signals]
