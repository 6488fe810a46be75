"""`bitgrid plant …`: the simulated house's own commands, pointed at the instance that runs on this machine."""

from __future__ import annotations

import os

from bitgrid.ops.instance import running
from bitgrid.ops.places import project_root
from bitgrid.plant.commands import plant

__all__ = ["plant"]


def _point_at_running_instance() -> None:
    """Give the commands the places of the first running instance, unless the environment names some."""
    if "BITGRID_RUN_DIR" in os.environ:
        return
    card = next((card for card in running(project_root() / "var") if card.is_simulated), None)
    if card is not None:
        os.environ["BITGRID_RUN_DIR"] = card.run
        os.environ.setdefault("BITGRID_CONFIG_DIR", card.config)
        os.environ.setdefault("BITGRID_DATA_DIR", card.data)


_point_at_running_instance()
