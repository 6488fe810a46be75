"""Where a process finds its files. A module of its own, so that the guard can know it without the bus."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Paths:
    """Where a process finds its files; each can be set by an environment variable."""

    config: Path
    data: Path
    run: Path
    log: Path = Path("/var/log/bitgrid")

    @classmethod
    def from_environment(cls) -> Paths:
        """``BITGRID_CONFIG_DIR``, ``…_DATA_DIR``, ``…_RUN_DIR`` and ``…_LOG_DIR``, or the appliance's places."""
        return cls(
            config=Path(os.environ.get("BITGRID_CONFIG_DIR", "/etc/bitgrid")),
            data=Path(os.environ.get("BITGRID_DATA_DIR", "/var/lib/bitgrid")),
            run=Path(os.environ.get("BITGRID_RUN_DIR", "/run/bitgrid")),
            log=Path(os.environ.get("BITGRID_LOG_DIR", "/var/log/bitgrid")),
        )
