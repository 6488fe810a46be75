from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from control.desk import Desk


def samples(desk: Desk) -> list[dict[str, Any]]:
    told = [json.loads(event.record) for event in reversed(desk.ledger.events(limit=50))]
    return [record for record in told if record["what"] == "hash_proof"]


@pytest.fixture
def hashing(tmp_path: Path) -> Desk:
    """A miner at 90 TH/s for 1,674 W; the rules have seen the beginning of the block that runs."""
    desk = Desk(tmp_path)
    desk.pass_time(2)
    desk.measure(power_w=1674.0, temp_c=60.0)
    desk.measured["miner", "hashrate_ths"] = 90.0
    desk.measured["miner", "accepted_shares"] = 1000.0
    desk.measured["miner", "rejected_shares"] = 5.0
    desk.to_next_block()
    return desk


def test_a_block_has_a_sample_of_what_was_hashed_and_of_what_the_pool_took(hashing: Desk) -> None:
    block = hashing.engine.blocks.block()
    hashing.measured["miner", "accepted_shares"] = 1190.0
    hashing.measured["miner", "rejected_shares"] = 6.0
    hashing.to_next_block()
    assert samples(hashing)[-1] == {
        "what": "hash_proof",
        "load": "miner",
        "block": block,
        "hashrate_ths": 90.0,
        "power_w": 1674,
        "j_per_th": 18.6,
        "accepted_shares": 190,
        "rejected_shares": 1,
    }
    assert len(samples(hashing)) == 1


def test_a_count_that_began_anew_with_the_miner_is_what_came_since(hashing: Desk) -> None:
    hashing.measured["miner", "accepted_shares"] = 40.0
    hashing.to_next_block()
    assert samples(hashing)[-1]["accepted_shares"] == 40


def test_a_miner_that_tells_no_shares_has_none_that_could_be_invented(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.pass_time(2)
    desk.measure(power_w=1674.0, temp_c=60.0)
    desk.measured["miner", "hashrate_ths"] = 90.0
    desk.to_next_block()
    desk.to_next_block()
    assert {(sample["accepted_shares"], sample["hashrate_ths"]) for sample in samples(desk)} == {(None, 90.0)}


def test_a_block_whose_beginning_was_not_seen_has_no_sample(hashing: Desk) -> None:
    before = len(samples(hashing))
    hashing.pass_time(60)
    hashing.start_rules()
    hashing.to_next_block()
    assert len(samples(hashing)) == before
    hashing.to_next_block()
    assert len(samples(hashing)) == before + 1


def test_a_miner_that_did_not_hash_has_none(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.measure(grid_power_w=500.0)
    for _block in range(3):
        desk.to_next_block()
    assert samples(desk) == []
