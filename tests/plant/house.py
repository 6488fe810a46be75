"""What tests of the plant share: a source that holds still, and a few ways to let a house live."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from bitgrid.config import Site
from bitgrid.config.yaml_source import read_yaml
from bitgrid.plant.model import House

CONFIG = Path(__file__).parents[2] / "config"
NOON_S = 1_750_161_600  # 2025-06-17 12:00 UTC

MakeSite = Callable[..., Site]
MakeHouse = Callable[..., House]


@dataclass
class Still:
    """A source that stays what it is until a test turns it."""

    pv_w: int = 0
    house_w: int = 0

    def at(self, _epoch_s: float) -> tuple[int, int]:
        return self.pv_w, self.house_w


@cache
def _read() -> dict[str, Any]:
    data: dict[str, Any] = read_yaml(CONFIG / "site.yaml").data
    return data


def site_data() -> dict[str, Any]:
    """The repository's own site.yaml, to be changed at will."""
    return deepcopy(_read())


def live(house: House, seconds: int) -> House:
    house.step(house.now_s + seconds)
    return house


def close_relay(house: House, seconds: float = 86_400.0) -> House:
    house.relays["miner"].switch(output=True, now_s=house.now_s, toggle_after_s=seconds, source="test")
    return house


def mining(house: House, seconds: int = 600) -> House:
    """The same house with its miner at work for so long."""
    return live(close_relay(house), seconds)
