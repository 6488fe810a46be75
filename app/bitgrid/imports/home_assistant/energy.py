"""Home Assistant's energy dashboard, ``.storage/energy``: the owner has said there already which counter is which.

Its keys after home-assistant/core, components/energy/data.py: grids with ``flow_from`` and ``flow_to`` before
storage version 1.3, with ``stat_energy_from`` and ``stat_energy_to`` of their own since.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from bitgrid.imports.errors import BadSource
from bitgrid.imports.quantities import Signal


class Known(NamedTuple):
    """A counter that the dashboard shows, and whether it counts the other way."""

    signal: Signal
    entity: str
    invert_sign: bool


def read_energy(path: Path) -> list[Known]:
    """The counters of the dashboard.

    Raises:
        BadSource: the file is not the dashboard's.
    """
    try:
        sources = json.loads(path.read_text(encoding="utf-8"))["data"]["energy_sources"]
        return [known for source in sources for known in _of(source)]
    except OSError as error:
        raise BadSource(f"{path}: cannot be read ({error.strerror})") from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadSource(
            f"{path}: is not what Home Assistant keeps of its energy dashboard ({error!r}); it is "
            f".storage/energy in the directory of its configuration"
        ) from None


def _of(source: dict[str, Any]) -> Iterator[Known]:
    kind = source["type"]
    if kind == "solar":
        yield from _counter("pv_power_w", source, "stat_energy_from", invert_sign=False)
    elif kind == "battery":
        yield from _counter("battery_power_w", source, "stat_energy_to", invert_sign=False)
        yield from _counter("battery_power_w", source, "stat_energy_from", invert_sign=True)
    elif kind == "grid":
        for flow in source.get("flow_from", [source]):
            yield from _counter("grid_power_w", flow, "stat_energy_from", invert_sign=False)
        for flow in source.get("flow_to", [source]):
            yield from _counter("grid_power_w", flow, "stat_energy_to", invert_sign=True)


def _counter(signal: Signal, told: dict[str, Any], key: str, *, invert_sign: bool) -> Iterator[Known]:
    entity = told.get(key)
    if isinstance(entity, str) and entity:
        yield Known(signal, entity, invert_sign)
