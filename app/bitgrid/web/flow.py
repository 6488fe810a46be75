"""The energy flow: sun, house, battery, grid and loads around one hub, each with its power and direction."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bitgrid.config import Site
from bitgrid.web.house import Cell, House
from bitgrid.web.words import Words

FLOWS_FROM_W = 30
STRONG_FROM_W = 1000


@dataclass(frozen=True)
class Node:
    """A node.

    Args:
        id: sun, grid, house, battery or loads.
        name: its name.
        power: its power, or a dash.
        way: ``in`` (towards the hub), ``out``, ``none`` (nothing flows) or ``old`` (not known now).
        is_strong: whether much flows.
        note: what the power does there, or how old it is.
        age: how long ago a live power was measured; empty where it is not known.
        level_pct: the battery's charge, whole %, where it is known.
    """

    id: str
    name: str
    power: str
    way: str
    is_strong: bool
    note: str
    age: str = ""
    level_pct: int | None = None


def nodes(house: House, site: Site, words: Words) -> list[Node]:
    """The nodes this site has; what is not measured is not drawn."""
    drawn = [_node("sun", house.signal("pv_power_w"), words, sources=1)] if "pv_power_w" in site.measured else []
    if "grid_power_w" in site.measured:
        drawn.append(_node("grid", house.signal("grid_power_w"), words, sources=1))
    drawn.append(_node("house", house.house_load(), words, sources=-1))
    if {"battery_power_w", "battery_soc_pct"} & site.measured:
        drawn.append(_battery(house, words))
    drawn.append(_loads(house, site, words))
    return drawn


def _node(node_id: str, cell: Cell, words: Words, *, sources: int, kind: str = "") -> Node:
    """A node; ``sources`` is 1 where a positive power flows towards the hub, −1 where it flows away.

    Its words are those of its ``kind``, by default of its id.
    """
    way, kind = _way(cell, sources), kind or node_id
    note = words.age(cell) or words.t(f"flow-{kind}-{way}")
    if cell.is_computed:
        note = words.t("flow-computed", note=note)
    is_strong = cell.is_live and abs(cell.value or 0) >= STRONG_FROM_W
    return Node(node_id, words.t(f"flow-{kind}"), words.power(cell), way, is_strong, note, words.measured(cell))


def _way(cell: Cell, sources: int) -> str:
    if not cell.is_live or cell.value is None:
        return "old"
    if abs(cell.value) < FLOWS_FROM_W:
        return "none"
    return "in" if cell.value * sources > 0 else "out"


def _battery(house: House, words: Words) -> Node:
    soc = house.signal("battery_soc_pct")
    level_pct = round(min(100.0, max(0.0, soc.value))) if soc.is_live and soc.value is not None else None
    node = _node("battery", house.signal("battery_power_w"), words, sources=-1)
    return replace(node, name=f"{node.name} {words.value('battery_soc_pct', soc)}", level_pct=level_pct)


def _loads(house: House, site: Site, words: Words) -> Node:
    """All loads as one node: the only one goes by its name, and nothing mines that has no miner."""
    kind = "miners" if all(load.miner for load in site.loads) else "loads"
    node = _node("loads", _all_loads(house), words, sources=-1, kind=kind)
    return replace(node, name=words.load(site.loads[0].id)) if len(site.loads) == 1 else node


def _all_loads(house: House) -> Cell:
    """All loads together; as old as the oldest, live only when all are."""
    cells = [house.load_power(load) for load in house.load_ids]
    if len(cells) == 1 or any(cell.value is None for cell in cells):
        return cells[0] if len(cells) == 1 else Cell()
    ages = [cell.age_s for cell in cells]
    age_s = None if None in ages else max(age for age in ages if age is not None)
    return Cell(sum(cell.value or 0 for cell in cells), all(cell.is_live for cell in cells), age_s)
