"""Four hours on real processes: surplus, a cloud, the evening; seen on the bus, by REST, at the miner."""

from __future__ import annotations

from collections import Counter

import pytest

from broker import eventually
from system.conftest import HOURS_S, SPEED, Witness

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]

GRACE_S = 60
"""How long a miner may take from the decision to stop until its power is gone."""


def test_four_hours_begin(witness: Witness) -> None:
    eventually(lambda: witness.stack.get("state")["signals"]["grid_power_w"]["is_live"], "the meter is live")
    eventually(lambda: bool(witness.seen), "somebody watches")


def test_four_hours_are_over(witness: Witness) -> None:
    eventually(witness.over.is_set, "four hours have passed", 1.5 * HOURS_S / SPEED)
    _the_miner_ran_on_surplus(witness)
    _it_never_ran_below_the_reserve(witness)
    _every_block_was_decided_once(witness)
    assert witness.hashed_ths > 10
    assert witness.seen[-1][1] < 50
    assert witness.last_level == "off"
    assert not witness.miner_answers_at_last


def _the_miner_ran_on_surplus(witness: Witness) -> None:
    starts = [record for record in witness.stack.decisions if record["action"] == "START"]
    assert starts
    for start in starts:
        assert start["rule"] == "R1"
        assert start["surplus_w"] >= 800
    running = [power_w for _at_s, power_w, _soc in witness.seen if power_w > 500]
    assert len(running) > 100


def _it_never_ran_below_the_reserve(witness: Witness) -> None:
    reserve_pct = witness.stack.config.rules.r2.soc_hard_min_pct
    above_s = witness.seen[0][0]
    for at_s, power_w, soc_pct in witness.seen:
        if soc_pct > reserve_pct:
            above_s = at_s
        assert power_w < 50 or at_s - above_s <= GRACE_S


def _every_block_was_decided_once(witness: Witness) -> None:
    ticks = Counter(record["block"] for record in witness.stack.decisions if record["trigger"] == "TICK")
    first, last = min(ticks), max(ticks)
    assert ticks == dict.fromkeys(range(first, last + 1), 1)
    assert last - first >= HOURS_S // 600 - 1
