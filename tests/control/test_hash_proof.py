"""What a block's record says of the work done in it; and a load that was stopped and drew on, recorded once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bitgrid.bus import Health, HealthStatus, LoadSafetyEvent, Received
from control.desk import Desk

EVENT = LoadSafetyEvent(event_id="e-1", cause="stop_ignored", at_boot_s=12.0, text="It drew on.")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path)
    desk.measured |= {
        ("miner", "power_w"): 1674.0,
        ("miner", "temp_c"): 60.0,
        ("miner", "hashrate_ths"): 90.0,
        ("miner", "accepted_shares"): 1000.0,
        ("miner", "rejected_shares"): 5.0,
    }
    return desk


def ticks(desk: Desk) -> list[dict[str, Any]]:
    """The signals of every tick in the ledger, oldest first."""
    whole = [json.loads(row.record) for row in desk.ledger.records()]
    return [one["state"]["signals"] for one in whole if one["decision"]["trigger"] == "TICK"]


def test_each_blocks_record_holds_its_shares_and_what_a_terahash_cost(desk: Desk) -> None:
    desk.pass_time(300)
    desk.measure(accepted_shares=1040.0, rejected_shares=6.0)
    desk.to_next_block()
    proof = ticks(desk)[-1]
    assert proof["miner.block_accepted_shares"]["value"] == 40
    assert proof["miner.block_rejected_shares"]["value"] == 1
    assert proof["miner.hashrate_ths"]["value"] == 90
    assert proof["miner.block_j_per_th"]["value"] == 18.6
    desk.to_next_block()
    assert ticks(desk)[-1]["miner.block_accepted_shares"]["value"] == 0


def test_nobody_makes_up_what_a_miner_does_not_tell(desk: Desk) -> None:
    desk.silence("accepted_shares")
    desk.silence("hashrate_ths")
    desk.to_next_block()
    names = set(ticks(desk)[-1])
    assert not {"miner.block_accepted_shares", "miner.block_j_per_th"} & names
    assert "miner.block_rejected_shares" in names


def test_asleep_a_terahash_costs_nothing_that_could_be_told(desk: Desk) -> None:
    desk.measure(hashrate_ths=0.0, power_w=12.0)
    desk.to_next_block()
    assert "miner.block_j_per_th" not in ticks(desk)[-1]


def test_between_ticks_the_state_holds_no_proof(desk: Desk) -> None:
    desk.pass_time(60)
    state = desk.engine.standpoint.state_for(desk.engine.loads["miner"])
    assert not [name for name in state.signals if ".block_" in name]


# -- safety events -------------------------------------------------------------------------------------------


def tell(desk: Desk, details: object) -> None:
    health = Health(status=HealthStatus.WARN, reason="", instance=desk.loads_instance, details={"miner": details})
    desk.engine.on_loads_health(Received(desk.topics.health("loads"), health.encode(), retained=False))
    desk.engine.step()


def recorded(desk: Desk) -> list[dict[str, Any]]:
    return [json.loads(row.record) for row in desk.ledger.events(limit=20) if row.kind == "safety"]


def test_what_loads_tells_of_a_load_that_drew_on_is_recorded_once(desk: Desk) -> None:
    desk.pass_time(5)
    for _ in range(3):
        tell(desk, {"safety": EVENT.model_dump(mode="json", by_alias=True)})
    assert recorded(desk) == [
        {"load": "miner", "event_id": "e-1", "cause": "stop_ignored", "at_boot_s": 12.0, "text": "It drew on."}
    ]


def test_a_daemon_that_starts_anew_does_not_record_it_again(desk: Desk) -> None:
    desk.pass_time(5)
    told = {"safety": EVENT.model_dump(mode="json", by_alias=True)}
    tell(desk, told)
    desk.start_rules()
    desk.pass_time(5)
    tell(desk, told)
    assert len(recorded(desk)) == 1


@pytest.mark.parametrize("details", [None, [], {"safety": None}, {"safety": {"event_id": 5}}, {"safety": "cut"}])
def test_what_is_no_event_is_none(desk: Desk, details: object) -> None:
    desk.pass_time(5)
    tell(desk, details)
    assert recorded(desk) == []
