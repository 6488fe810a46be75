"""Each figure against a small archive whose sums are reckoned by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from replay.houses import shipped
from replay.kpi.archives import BLOCK_S, ArchivedHouse

from bitgrid.config import Config
from bitgrid.replay.kpi.asking import ask, as_json
from bitgrid.replay.kpi.period import Period
from bitgrid.replay.kpi.recorded import Recorded

BERLIN = ZoneInfo("Europe/Berlin")
MIDNIGHT_S = 1_747_173_600  # 2025-05-14T00:00 in Berlin
FIRST = MIDNIGHT_S // BLOCK_S
DAY = 144


def told(house: ArchivedHouse, place: Path, blocks: int = 6, config: Config | None = None) -> dict[str, Any]:
    period = Period(MIDNIGHT_S, MIDNIGHT_S + blocks * BLOCK_S, BERLIN, BLOCK_S)
    archive = Recorded(house.write(place))
    return as_json(ask(archive, period, config or shipped(), period.to_s + 3600), "en")


def test_one(tmp_path: Path) -> None:
    h = ArchivedHouse()
    h.lived(FIRST, pv_power_w=3000, grid_power_w=-600, battery_power_w=600, battery_soc_pct=50, miner__power_w=600)
    d = h.decided(FIRST, "START", "eco", rule="R1")
    h.explained(d, FIRST * BLOCK_S + 3.5)
    r = told(h, tmp_path)
    import json

    print(json.dumps(r["kpis"], indent=1))
    assert 0
