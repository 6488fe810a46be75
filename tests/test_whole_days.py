"""Whole days in the life of the house, its clock in the hand."""

from __future__ import annotations

import datetime as dt
import itertools
from collections import Counter

import pytest

from whole_house import WholeHouse

MAY_MORNING_S = dt.datetime(2025, 5, 14, 4, tzinfo=dt.UTC).timestamp()
DAY_S = 86_400


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> WholeHouse:
    """A house that has lived two days of May."""
    house = WholeHouse(tmp_path_factory.mktemp("house"), MAY_MORNING_S)
    house.live(2 * DAY_S, step_s=5)
    return house


def test_the_miner_ran_on_the_sun_and_slept_at_night(lived: WholeHouse) -> None:
    ran = [moment for moment in lived.moments if moment.miner_w > 100]
    hours = {dt.datetime.fromtimestamp(moment.at_s, dt.UTC).hour for moment in ran}
    assert len(ran) * 5 > 4 * 3600
    assert hours <= set(range(5, 20))


def test_every_block_was_decided_exactly_once(lived: WholeHouse) -> None:
    ticks = Counter(record["block"] for record in lived.decisions if record["trigger"] == "TICK")
    first = int(MAY_MORNING_S // 600)
    assert ticks == dict.fromkeys(range(first, first + 2 * 144), 1) | {first + 2 * 144: 1}


def test_the_reserve_was_kept(lived: WholeHouse) -> None:
    below = [moment for moment in lived.moments if moment.soc_pct < 50 and moment.level != "off"]
    assert below == []


def test_nothing_ran_without_a_decision(lived: WholeHouse) -> None:
    """The miner draws power only while it is leased, or in the minute in which it is put to sleep."""
    off_since_s = MAY_MORNING_S
    for moment in lived.moments:
        if moment.level != "off":
            off_since_s = moment.at_s
        assert moment.miner_w < 50 or moment.at_s - off_since_s <= 60


def test_no_hold_was_broken_by_economy(lived: WholeHouse) -> None:
    switches = [record for record in lived.decisions if record["action"] != "HOLD"]
    for before, after in itertools.pairwise(switches):
        protective = after["rule"] in {"R2", "R3"}
        assert protective or after["block"] - before["block"] >= 2


def test_nothing_was_tripped(lived: WholeHouse) -> None:
    assert lived.ledger.events(limit=10) == []
