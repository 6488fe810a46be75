"""What the house did, learned from its own decisions."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from bitgrid.bus import DecisionEvent, Received
from bitgrid.feeds.history import KEEP_S, History
from bitgrid.kernel import EnergyState, Quality, Signal
from bitgrid.kernel.record import state_record
from bitgrid.store.feeds import BlockMeans, FeedsStore

BLOCK = 2_900_000


@pytest.fixture
def store(tmp_path: Path) -> FeedsStore:
    return FeedsStore(tmp_path / "feeds.sqlite")


@pytest.fixture
def history(store: FeedsStore) -> History:
    return History(store, 600)


def decided(block: int, trigger: str = "TICK", **signals: int | None) -> Received:
    """A decision on a house of one miner."""
    told = {
        name.replace("__", "."): Signal(value, 0, Quality.MISSING if value is None else Quality.GOOD)
        for name, value in signals.items()
    }
    state = EnergyState(at_s=block * 600, block=block, signals=told, load_ids=("miner",))
    record: dict[str, Any] = {"trigger": trigger, "state": state_record(state)}
    event = DecisionEvent(id=f"{block}-{trigger}", load="miner", record=record)
    return Received("bitgrid/home/explain/decision", event.encode(), retained=False)


def known(store: FeedsStore) -> list[BlockMeans]:
    return list(store.means(0, 2**62))


HOUSE = {"pv_power_w": 4000, "grid_power_w": -1000, "battery_power_w": 500, "miner__power_w": 1674}


def test_a_tick_tells_of_the_block_before_it(history: History, store: FeedsStore) -> None:
    history.on_decision(decided(BLOCK, **HOUSE))
    assert known(store) == [BlockMeans((BLOCK - 1) * 600, 4000, 4000 - 1000 - 500 - 1674)]


def test_between_ticks_nothing_is_learned(history: History, store: FeedsStore) -> None:
    history.on_decision(decided(BLOCK, "PROTECT", **HOUSE))
    assert known(store) == []


def test_what_is_not_good_is_not_learned(history: History, store: FeedsStore) -> None:
    history.on_decision(decided(BLOCK, pv_power_w=4000, grid_power_w=None))
    history.on_decision(decided(BLOCK + 1, pv_power_w=None, grid_power_w=None))
    assert known(store) == [BlockMeans((BLOCK - 1) * 600, 4000, None)]


def test_of_two_loads_in_a_block_the_first_counts(history: History, store: FeedsStore) -> None:
    history.on_decision(decided(BLOCK, pv_power_w=1, house_load_w=300))
    history.on_decision(decided(BLOCK, pv_power_w=2, house_load_w=300))
    assert known(store) == [BlockMeans((BLOCK - 1) * 600, 1, 300)]


@pytest.mark.parametrize("payload", [b"", b"{}", b'{"id":"a","load":"miner","record":{"trigger":"TICK"}}'])
def test_what_is_no_decision_is_passed_over(history: History, store: FeedsStore, payload: bytes) -> None:
    history.on_decision(Received("bitgrid/home/explain/decision", payload, retained=False))
    assert known(store) == []


def test_after_some_years_the_oldest_is_forgotten(
    history: History, store: FeedsStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert KEEP_S > 2 * 366 * 86_400
    monkeypatch.setattr("bitgrid.feeds.history.KEEP_S", 2 * 600)
    for block in range(BLOCK, BLOCK + 3 * 144, 144):
        history.on_decision(decided(block, **HOUSE))
    assert [row.start_s for row in known(store)] == [(BLOCK + day * 144 - 1) * 600 for day in (1, 2)]


@pytest.mark.parametrize("years", [-50, 10])
def test_a_clock_that_is_wrong_by_years_forgets_nothing(history: History, store: FeedsStore, years: int) -> None:
    history.on_decision(decided(BLOCK, **HOUSE))
    before = known(store)
    history.on_decision(decided(BLOCK + years * 52_560, **HOUSE))
    assert set(before) < set(known(store))


def test_a_store_that_cannot_be_written_costs_the_block_and_nothing_else(
    history: History, store: FeedsStore, caplog: pytest.LogCaptureFixture
) -> None:
    store.close()
    store._database.init("/nowhere/feeds.sqlite")
    with caplog.at_level(logging.WARNING):
        history.on_decision(decided(BLOCK, **HOUSE))
    assert "learn nothing of this block" in caplog.text
