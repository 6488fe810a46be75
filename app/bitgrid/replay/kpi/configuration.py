"""Which configuration the figures of an archive are reckoned by: a bundle brings those that its decisions name."""

from __future__ import annotations

import json
from pathlib import Path

from bitgrid.config import Config
from bitgrid.replay.archive import config_from_json
from bitgrid.replay.errors import NotArchived
from bitgrid.replay.kpi.errors import Unreadable
from bitgrid.store.archive import manifest

DIRECTORY = "configurations"


def brought_along(archive: Path) -> Config | None:
    """The configuration of an archive's last decision; None where it brings none along.

    Raises:
        Unreadable: it brings some, but not this one, or it cannot be read.
    """
    place = archive / DIRECTORY
    decided = manifest.load(archive).kept("decisions")
    if not place.is_dir() or not decided:
        return None
    from bitgrid.replay.kpi.database import newest_record  # noqa: PLC0415  DuckDB, which a running house does without

    record = newest_record(archive / decided[-1].path)
    try:
        name = json.loads(record)["decision"]["config_hash"]
        return config_from_json((place / f"{name}.json").read_text(encoding="utf-8"))
    except (ValueError, KeyError, TypeError, OSError, NotArchived) as error:
        raise Unreadable(
            f"{place}: the configuration of the last decision cannot be read ({error}); name one with --config"
        ) from error
