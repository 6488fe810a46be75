from itertools import pairwise
from typing import Any

import pytest

from bitgrid.config import Site
from bitgrid.config.plant import PlantMiner
from bitgrid.plant.faults import Fault
from bitgrid.plant.miner import SimulatedMiner
from plant.house import site_data

PHYSICS = PlantMiner(
    standby_w=12, boot_s=40, ramp_s=120, ambient_c=22.0, kelvin_per_watt=0.029, thermal_time_constant_s=300
)
NO_FAULTS: set[Fault] = set()


class Bench:
    """A miner on a bench with a switch."""

    def __init__(self, **physics: Any) -> None:
        load = Site.model_validate(site_data()).loads[0]
        self.miner = SimulatedMiner(load, PHYSICS.model_copy(update=physics))
        self.now_s = 0

    def run(self, seconds: int, *, power: bool = True, faults: set[Fault] = NO_FAULTS) -> list[int]:
        watts = []
        for _ in range(seconds):
            self.now_s += 1
            watts.append(self.miner.step(self.now_s, power, faults))
        return watts


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_without_power_it_draws_nothing_and_has_no_api(bench: Bench) -> None:
    assert bench.run(100, power=False) == [0] * 100
    assert not bench.miner.is_up


def test_it_boots_on_standby_power_then_hashes_by_itself_in_its_last_level(bench: Bench) -> None:
    bench.run(1)
    booting = bench.run(39)
    assert set(booting) == {12}
    assert not bench.miner.is_up
    bench.run(1)
    assert bench.miner.is_up
    assert bench.miner.is_hashing
    bench.run(120)
    assert bench.miner.power_w == 1674


def test_one_that_does_not_start_by_itself_waits_asleep_to_be_woken() -> None:
    bench = Bench(starts_by_itself=False)
    assert set(bench.run(300)) == {12}
    bench.miner.ask(hashing=True, at_s=0)
    assert bench.run(120)[-1] == 1674


def test_the_ramp_is_straight_and_takes_its_time(bench: Bench) -> None:
    bench.run(40)
    watts = bench.run(121)
    steps = {later - earlier for earlier, later in pairwise(watts)}
    assert steps <= {13, 14, 0}
    assert watts[118] < 1674
    assert watts[119] == watts[120] == 1674


def test_a_change_of_level_ramps_from_where_it_is_and_asking_again_does_not_slow_it(bench: Bench) -> None:
    bench.run(200)
    bench.miner.set_power(800)
    halfway = bench.run(60)[-1]
    assert halfway == pytest.approx((1674 + 800) / 2, abs=2)
    bench.miner.set_power(800)
    assert bench.run(60)[-1] == 800


def test_without_a_ramp_it_is_there_at_once() -> None:
    bench = Bench(ramp_s=0, boot_s=0)
    assert bench.run(3)[-1] == 1674


def test_sleep_is_immediate_keeps_the_api_and_waking_ramps_up_again(bench: Bench) -> None:
    bench.run(300)
    bench.miner.ask(hashing=False, at_s=bench.now_s)
    assert bench.run(1) == [12]
    assert bench.miner.is_up
    assert bench.miner.hashrate_ths == 0
    bench.miner.ask(hashing=True, at_s=bench.now_s)
    assert bench.run(1)[0] < 40
    assert bench.run(119)[-1] == 1674


def test_a_sleep_asked_for_later_comes_later(bench: Bench) -> None:
    bench.run(300)
    bench.miner.ask(hashing=False, at_s=bench.now_s + 5)
    assert bench.run(5) == [1674] * 4 + [12]


def test_what_was_asked_for_last_counts_when_both_are_due(bench: Bench) -> None:
    bench.run(300)
    bench.miner.ask(hashing=False, at_s=0)
    bench.miner.ask(hashing=True, at_s=0)
    bench.run(1)
    assert bench.miner.is_hashing
    bench.miner.ask(hashing=False, at_s=0)
    bench.run(1)
    assert not bench.miner.is_hashing


def test_asked_again_a_stop_counts_as_the_last_word(bench: Bench) -> None:
    bench.run(300)
    for hashing in (False, True, False):
        bench.miner.ask(hashing=hashing, at_s=0)
    assert bench.run(1) == [12]


def test_losing_power_forgets_everything_but_the_level(bench: Bench) -> None:
    bench.run(300)
    bench.miner.set_power(800)
    bench.miner.ask(hashing=False, at_s=bench.now_s + 60)
    assert bench.run(2, power=False) == [0, 0]
    assert bench.run(200)[-1] == 800
    assert bench.miner.is_hashing


def test_a_restart_boots_again(bench: Bench) -> None:
    bench.run(300)
    bench.miner.restart()
    assert bench.run(1) == [12]
    assert not bench.miner.is_up
    assert bench.run(200)[-1] == 1674


def test_it_warms_towards_ambient_plus_its_power_with_its_time_constant(bench: Bench) -> None:
    bench.run(3000)
    settled_c = 22.0 + 0.029 * 1674
    assert bench.miner.temp_c == pytest.approx(settled_c, abs=0.1)
    bench.run(300, power=False)
    assert bench.miner.temp_c == pytest.approx(22 + (settled_c - 22) * 0.3679, abs=0.2)


def test_hash_rate_is_power_by_joules_a_terahash(bench: Bench) -> None:
    bench.run(300)
    assert bench.miner.hashrate_ths == pytest.approx(1674 / 18.6)
    assert bench.miner.hashed_th > 0


def test_a_blocked_miner_passes_ninety_degrees_in_minutes_from_its_lowest_level(bench: Bench) -> None:
    bench.miner.set_power(800)
    bench.run(3000)
    assert bench.miner.temp_c < 50
    bench.run(600, faults={Fault.MINER_HOT})
    assert bench.miner.temp_c > 90
    bench.run(3000)
    assert bench.miner.temp_c < 50


def test_a_blocked_miner_that_sleeps_cools(bench: Bench) -> None:
    bench.run(3000, faults={Fault.MINER_HOT})
    bench.miner.ask(hashing=False, at_s=0)
    bench.run(3000, faults={Fault.MINER_HOT})
    assert bench.miner.temp_c < 25


def test_one_that_ignores_stops_hashes_on_and_obeys_again_when_cleared(bench: Bench) -> None:
    bench.run(300)
    bench.miner.ask(hashing=False, at_s=0)
    assert set(bench.run(60, faults={Fault.MINER_IGNORES_STOP})) == {1674}
    bench.miner.ask(hashing=False, at_s=0)
    assert bench.run(1) == [12]


def test_one_that_starts_itself_wakes_half_a_minute_after_it_was_sent_to_sleep(bench: Bench) -> None:
    bench.run(300)
    bench.miner.ask(hashing=False, at_s=0)
    asleep = bench.run(30, faults={Fault.MINER_STARTS_ITSELF})
    assert set(asleep) == {12}
    assert bench.run(5, faults={Fault.MINER_STARTS_ITSELF})[-1] > 12


def test_one_that_starts_itself_cannot_without_power(bench: Bench) -> None:
    assert set(bench.run(100, power=False, faults={Fault.MINER_STARTS_ITSELF})) == {0}
