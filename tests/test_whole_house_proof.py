"""A miner that wears out, seen through: shares and J/TH in every block's record, a warning, and a cap."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from bitgrid.config.loading import load_plant
from bitgrid.plant.faults import Fault
from bitgrid.replay.replaying import Replayer
from whole_house import CONFIG_DIRECTORY, WholeHouse

MORNING_S = dt.datetime(2025, 5, 14, 8, 30, tzinfo=dt.UTC).timestamp()
TH_A_SHARE = 281.5
"""At difficulty 65,536: 65,536 × 2³² hashes."""


class Noon:
    """A source that stays at noon and flickers a little."""

    def at(self, epoch_s: float) -> tuple[int, int]:
        return 6000 + int(epoch_s) // 30 % 5, 300


@pytest.fixture
def house(tmp_path: Path) -> WholeHouse:
    house = WholeHouse(tmp_path, MORNING_S, plant=load_plant(CONFIG_DIRECTORY), source=Noon())
    house.live(3600)
    assert house.miner_w == 1674
    return house


def proofs(house: WholeHouse) -> list[dict[str, Any]]:
    """The hash proof of every tick, newest last."""
    whole = [json.loads(row.record) for row in house.ledger.records()]
    signals = [one["state"]["signals"] for one in whole if one["decision"]["trigger"] == "TICK"]
    names = ("block_accepted_shares", "block_rejected_shares", "hashrate_ths", "block_j_per_th")
    return [{name: told.get(f"miner.{name}", {}).get("value") for name in names} for told in signals]


def test_a_healthy_miner_proves_its_work_block_by_block(house: WholeHouse) -> None:
    proof = proofs(house)[-1]
    assert proof["hashrate_ths"] == 90
    assert proof["block_j_per_th"] == 18.6
    found = proof["block_accepted_shares"] + proof["block_rejected_shares"]
    assert found * TH_A_SHARE == pytest.approx(90 * 600, rel=0.15), (
        "asked for once a minute, so a tenth is of before"
    )


def test_one_that_wastes_more_than_a_twentieth_is_told_and_capped(house: WholeHouse) -> None:
    house.house.faults.add(Fault.MINER_INEFFICIENT)
    house.live(1800)
    assert proofs(house)[-1]["block_j_per_th"] == pytest.approx(18.6 * 6 / 5, abs=0.2)
    assert ("THROTTLE", "R3_DRIFT") in house.switches
    assert house.engine.loads["miner"].memory.level == "eco"
    assert house.miner_w == 800


def test_the_records_with_their_proofs_replay_to_the_same_bytes(house: WholeHouse) -> None:
    house.house.faults.add(Fault.MINER_INEFFICIENT)
    house.live(1200)
    replayer = Replayer(house.ledger)
    assert [found for row in house.ledger.records() if (found := replayer.check(row))] == []
    assert replayer.checked >= 8
