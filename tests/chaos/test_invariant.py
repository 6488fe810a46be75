"""The checker by itself, fed by hand: what it must notice, and what it must leave alone."""

from __future__ import annotations

from typing import Any

import pytest

from chaos.invariant import Invariant, Record, Truth
from chaos.kinds import BOUNDS_S, LAST_LAYER_S, Cause

RUNS = Record("runs", "full", 1674, good_until_boot_s=10_000.0)
STOPS = Record("stops", "off", 0, good_until_boot_s=10_000.0)


class Bench:
    """A house that is told what happens."""

    def __init__(self) -> None:
        self.invariant = Invariant(off_below_w=50, max_temp_c=85.0, soc_hard_min_pct=50.0)
        self.now_s = 0.0
        self.invariant.recorded(RUNS, 0.0)

    def live(self, seconds: float, power_w: int = 1674, **more: Any) -> None:
        for _ in range(round(seconds)):
            self.now_s += 1
            setting_w = more.get("setting_w", power_w if power_w > 50 else 0)
            truth = {"temp_c": 60.0, "soc_pct": 80.0, **more, "setting_w": setting_w}
            self.invariant.look(Truth(self.now_s, power_w, **truth))

    @property
    def broken(self) -> list[str]:
        return [found.text for found in self.invariant.violations]


@pytest.fixture
def bench() -> Bench:
    bench = Bench()
    bench.live(100)
    return bench


def test_a_miner_with_a_record_may_run(bench: Bench) -> None:
    assert bench.broken == []


@pytest.mark.parametrize("cause", [cause for cause in BOUNDS_S if cause not in {Cause.RECORD, Cause.SELF_MADE}])
def test_each_loss_has_its_bound_and_not_a_second_more(bench: Bench, cause: Cause) -> None:
    bench.live(BOUNDS_S[cause] + 1, lost=frozenset({cause}))
    assert bench.broken == []
    bench.live(1, lost=frozenset({cause}))
    assert len(bench.broken) == 1
    assert cause.value in bench.broken[0]


@pytest.mark.parametrize(
    ("seen", "cause"),
    [({"temp_c": 85.1}, Cause.HEAT), ({"soc_pct": 49.9}, Cause.RESERVE)],
    ids=["heat", "reserve"],
)
def test_heat_and_reserve_are_seen_not_told(bench: Bench, seen: dict[str, float], cause: Cause) -> None:
    bench.live(BOUNDS_S[cause] + 2, **seen)
    assert cause.value in bench.broken[0]


def test_a_recorded_stop_is_to_be_carried_out(bench: Bench) -> None:
    bench.invariant.recorded(STOPS, bench.now_s)
    bench.live(BOUNDS_S[Cause.RECORD] + 2)
    assert Cause.RECORD.value in bench.broken[0]


def test_a_record_that_is_not_renewed_gets_old(bench: Bench) -> None:
    bench.now_s = RUNS.good_until_boot_s
    bench.live(BOUNDS_S[Cause.EXPIRED] + 2)
    assert Cause.EXPIRED.value in bench.broken[0]


def test_a_start_without_a_record_is_noticed_at_once(bench: Bench) -> None:
    bench.invariant.recorded(STOPS, bench.now_s)
    bench.live(40, power_w=0)
    bench.live(1)
    assert bench.broken[0] == "the miner begins to draw 1674 W: no record that lets it run"


def test_a_further_fault_excuses_no_start(bench: Bench) -> None:
    bench.invariant.recorded(STOPS, bench.now_s)
    bench.live(40, power_w=0)
    bench.live(5, power_w=0, lost=frozenset({Cause.CONTROLLER}))
    bench.live(1, lost=frozenset({Cause.CONTROLLER}))
    assert "begins to draw" in bench.broken[0]


def test_the_houses_own_stop_gives_a_lost_controller_no_more_time(bench: Bench) -> None:
    bench.live(20, lost=frozenset({Cause.CONTROLLER}))
    bench.invariant.recorded(STOPS, bench.now_s)
    bench.live(42, lost=frozenset({Cause.CONTROLLER}))
    assert "for 61 s" in bench.broken[0]


def test_heat_that_nobody_could_see_counts_from_when_somebody_can(bench: Bench) -> None:
    bench.live(100, temp_c=90.0, lost=frozenset({Cause.APPLIANCE}))
    bench.invariant.recorded(STOPS, bench.now_s)
    bench.live(BOUNDS_S[Cause.HEAT], temp_c=90.0)
    assert bench.broken == []
    bench.live(1, temp_c=90.0)
    assert bench.broken


def test_two_losses_leave_it_to_the_relays_timer(bench: Bench) -> None:
    bench.live(50, lost=frozenset({Cause.CONTROLLER}))
    both = frozenset({Cause.CONTROLLER, Cause.INPUTS})
    bench.live(LAST_LAYER_S + 1, lost=both)
    assert bench.broken == []
    bench.live(1, lost=both)
    assert bench.broken


def test_power_that_a_fault_makes_has_a_bound_of_its_own(bench: Bench) -> None:
    bench.invariant.recorded(STOPS, bench.now_s)
    bench.live(40, power_w=0, makes_itself=True)
    bench.live(BOUNDS_S[Cause.SELF_MADE] + 1, makes_itself=True)
    assert bench.broken == []
    bench.live(1, makes_itself=True)
    assert len(bench.broken) == 1


def test_a_miner_set_higher_than_recorded_is_noticed_after_a_minute(bench: Bench) -> None:
    bench.live(1, setting_w=2000)
    assert bench.broken == ["the miner is set to 2000 W, its record says full: 1674 W"]


@pytest.mark.parametrize(("decision", "level"), [("nobody's", "full"), ("runs", "eco")])
def test_a_command_needs_its_record_at_its_level(bench: Bench, decision: str, level: str) -> None:
    bench.invariant.command(bench.now_s, decision, level)
    assert "which the ledger does not hold for that" in bench.broken[0]


def test_a_recorded_command_and_a_stop_are_fine(bench: Bench) -> None:
    bench.invariant.command(bench.now_s, "runs", "full")
    bench.invariant.command(bench.now_s, "nobody's", "off")
    assert bench.broken == []


def test_times_to_off(bench: Bench) -> None:
    began_s = bench.now_s
    bench.live(12)
    bench.live(30, power_w=12)
    assert bench.invariant.off_after_s(began_s) == 13
    assert bench.invariant.off_after_s(bench.now_s) is None
    bench.live(5)
    bench.live(5, power_w=0)
    assert bench.invariant.longest_self_made_s(began_s) == 5
