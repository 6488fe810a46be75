"""Where the house on this machine keeps its configuration and data: as told, as running, as an appliance."""

from __future__ import annotations

import os
from pathlib import Path

from bitgrid.ops.errors import Refusal
from bitgrid.ops.instance import running
from bitgrid.ops.places import default_config, project_root

APPLIANCE_DATA = Path("/var/lib/bitgrid")


def house_here(config: Path | None, data: Path | None) -> tuple[Path, Path]:
    """The directories of configuration and data.

    Raises:
        Refusal: nothing is named, nothing runs, and this is no appliance.
    """
    if config is not None and data is not None:
        return config, data
    card = None
    if "BITGRID_DATA_DIR" not in os.environ:
        card = next(running(project_root() / "var"), None)
    if card is not None:
        return config or Path(card.config), data or Path(card.data)
    found = data or Path(os.environ.get("BITGRID_DATA_DIR", APPLIANCE_DATA))
    if not found.is_dir():
        raise Refusal(
            "there is no house on this machine. Start the simulated one with: make run; "
            "or name the data of one with --data, such as: --data var/0/data"
        )
    return config or default_config(), found
