"""What a terahash costs each miner: measured over whole blocks, its profile's until then."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from bitgrid.bus import DecisionEvent, Received
from bitgrid.config import load_config
from bitgrid.feeds.bitcoin.efficiency import Efficiencies, Efficiency, measured
from bitgrid.store.feeds import FeedsStore

LOADS = load_config(Path(__file__).parents[3] / "config").site.loads


@pytest.fixture
def store(tmp_path: Path) -> FeedsStore:
    return FeedsStore(tmp_path / "feeds.sqlite")


def record(joules: float | None = 17.9, on_for_s: float | None = 700, **changes: Any) -> dict[str, Any]:
    signals = {
        "miner.block_j_per_th": {"value": joules, "age_s": 0, "quality": "good", "source": "miner"},
        "miner.on_for_s": {"value": on_for_s, "age_s": 0, "quality": "good", "source": "rules"},
    }
    signals = {name: signal for name, signal in signals.items() if signal["value"] is not None}
    return {"trigger": "TICK", "load": "miner", "at_s": 1_750_000_200, "state": {"signals": signals}} | changes


def told(one: dict[str, Any], load: str = "miner") -> Received:
    event = DecisionEvent(id="1", load=load, record=one)
    return Received("bitgrid/home/explain/decision", event.encode(), retained=False)


def test_until_it_is_measured_the_profile_holds(store: FeedsStore) -> None:
    assert Efficiencies(LOADS, store, 600).of_miners() == {"miner": Efficiency(18.6, is_measured=False)}


def test_a_whole_block_measures_it_and_a_restart_does_not_forget(store: FeedsStore) -> None:
    Efficiencies(LOADS, store, 600).on_decision(told(record()))
    assert Efficiencies(LOADS, store, 600).of_miners() == {"miner": Efficiency(17.9, is_measured=True)}


@pytest.mark.parametrize(
    "one",
    [
        record(on_for_s=599),
        record(on_for_s=None),
        record(joules=None),
        record(joules=4.6),
        record(joules=75.0),
        record(joules=0.0),
        record(trigger="PROTECT"),
        record(state={}),
        record(state=None),
        {"trigger": "TICK"},
        {},
    ],
)
def test_what_is_no_whole_block_of_work_measures_nothing(store: FeedsStore, one: dict[str, Any]) -> None:
    heard = Efficiencies(LOADS, store, 600)
    heard.on_decision(told(one))
    assert not heard.of_miners()["miner"].is_measured


def test_what_is_not_good_or_no_number_measures_nothing() -> None:
    for changes in ({"quality": "stale"}, {"value": "18"}, {"value": True}):
        one = record()
        one["state"]["signals"]["miner.block_j_per_th"] |= changes
        assert measured(one, 600) is None


def test_what_is_no_decision_and_what_is_no_load_of_ours_is_passed_over(store: FeedsStore) -> None:
    heard = Efficiencies(LOADS, store, 600)
    heard.on_decision(Received("bitgrid/home/explain/decision", b"?", retained=False))
    heard.on_decision(told(record(), load="rod"))
    assert set(heard.of_miners()) == {"miner"}
    assert not heard.of_miners()["miner"].is_measured


@pytest.mark.parametrize("text", ["?", "[]", '{"miner": "18"}', '{"miner": 1e9}', '{"rod": 18}'])
def test_what_was_kept_and_cannot_be_is_forgotten(store: FeedsStore, text: str) -> None:
    store.keep("joules per terahash", 0.0, text)
    assert Efficiencies(LOADS, store, 600).of_miners() == {"miner": Efficiency(18.6, is_measured=False)}


def test_a_store_that_fails_costs_the_memory_and_no_more(
    store: FeedsStore, caplog: pytest.LogCaptureFixture
) -> None:
    heard = Efficiencies(LOADS, store, 600)
    store.close()
    store._database.init("/nowhere/feeds.sqlite")
    with caplog.at_level(logging.WARNING):
        heard.on_decision(told(record()))
    assert "a restart would forget" in caplog.text
    assert heard.of_miners()["miner"].is_measured
    assert not Efficiencies(LOADS, store, 600).of_miners()["miner"].is_measured
