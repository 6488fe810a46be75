"""Hash proof and drift, from the simulated miner's own API to the ledger."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bitgrid.plant.faults import Fault
from bitgrid.plant.miner import INEFFICIENT
from whole_house import WholeHouse

NOON_S = 1_747_216_800.0


@pytest.fixture
def mining(tmp_path: Path) -> WholeHouse:
    house = WholeHouse(tmp_path, NOON_S)
    house.live(3600)
    assert house.miner_w > 1600
    return house


def samples(house: WholeHouse) -> list[dict[str, Any]]:
    told = [json.loads(event.record) for event in reversed(house.ledger.events(limit=50))]
    return [record for record in told if record["what"] == "hash_proof"]


def test_every_block_at_work_leaves_a_sample_that_fits_what_the_miner_did(mining: WholeHouse) -> None:
    before = mining.house.miners["miner"].accepted_shares
    mining.live(1200)
    told = samples(mining)
    truly = mining.house.miners["miner"].accepted_shares - before
    assert [sample["block"] for sample in told[-2:]] == [told[-1]["block"] - 1, told[-1]["block"]]
    assert sum(sample["accepted_shares"] for sample in told[-2:]) == pytest.approx(truly, rel=0.15)
    assert told[-1]["j_per_th"] == pytest.approx(mining.config.site.loads[0].joules_per_terahash, rel=0.02)


def test_a_miner_that_wastes_is_warned_of_and_capped(mining: WholeHouse) -> None:
    mining.house.faults.add(Fault.MINER_INEFFICIENT)
    mining.live(1800)
    assert ("THROTTLE", "R3_DRIFT") in mining.switches
    assert mining.engine.loads["miner"].memory.level == mining.config.site.loads[0].levels[0].name
    profile = mining.config.site.loads[0].joules_per_terahash
    assert profile is not None
    assert samples(mining)[-1]["j_per_th"] == pytest.approx(profile / INEFFICIENT, rel=0.03)
