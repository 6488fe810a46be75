"""Real processes, killed and stopped in their tracks: the miner must be off in time, whoever is gone.

The house runs at 20 times real time: fast enough to be tested often, slow enough that the scheduler's jitter (some
hundredths of a second, here some tenths of a second of the house) is small against the bounds.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator

import pytest

from broker import eventually
from system.stack import Stack

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]

SPEED = 20
CONTROLLER_BOUND_S = 60
SENSOR_BOUND_S = 60 + 2 * 5 + 5
JITTER_S = 0.25 * SPEED
"""What a busy machine may add: a quarter of a second."""
BOUNDS = {
    "rules": CONTROLLER_BOUND_S,
    "loads": CONTROLLER_BOUND_S,
    "guard": CONTROLLER_BOUND_S,
    "mosquitto": CONTROLLER_BOUND_S,
    "poller": SENSOR_BOUND_S,
}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    directory = tmp_path_factory.mktemp("house")
    house = Stack(directory / "var", SPEED, "--start", "2025-05-14T11:00")
    house.plant.set(soc_pct=90.0)
    yield house
    house.close()


@pytest.fixture
def running(stack: Stack) -> Stack:
    """The miner runs at full power."""
    stack.plant.set(soc_pct=90.0)
    stack.run_miner()
    return stack


@pytest.mark.parametrize("name", BOUNDS)
def test_a_program_that_is_killed_and_stays_dead_leaves_the_miner_off(running: Stack, name: str) -> None:
    stopping = threading.Event()
    killer = running.keep_dead(name, stopping)
    try:
        took_s = running.seconds_to_off(at_most_s=300)
    finally:
        stopping.set()
        killer.join()
        running.revive(name)
    assert took_s <= BOUNDS[name] + JITTER_S


@pytest.mark.parametrize("name", BOUNDS)
def test_a_program_that_hangs_leaves_the_miner_off(running: Stack, name: str) -> None:
    running.signal(name, signal.SIGSTOP)
    try:
        took_s = running.seconds_to_off(at_most_s=300)
    finally:
        running.signal(name, signal.SIGCONT)
    assert took_s <= BOUNDS[name] + JITTER_S


def test_killing_the_page_and_the_feeds_changes_nothing_for_the_miner(running: Stack) -> None:
    switched = len(running.switches)
    for name in ("web", "feeds", "recorder", "explain"):
        running.signal(name, signal.SIGKILL)
    for _ in range(30):
        running.wait_house(4)
        assert running.miner_w > 1500
    assert len(running.switches) == switched
    for name in ("web", "feeds", "recorder", "explain"):
        running.revive(name)


def test_rules_that_are_killed_once_take_the_miner_over_or_leave_it_off(running: Stack) -> None:
    decided = len(running.decisions)
    running.signal("rules", signal.SIGKILL)
    running.revive("rules")

    def is_judged() -> bool:
        return any(record["trigger"] == "RESYNC" for record in running.decisions[decided:])

    eventually(is_judged, "the new rules judge what runs")
    assert running.miner_w > 1500 or running.switches[-1][0] == "STOP"


def test_what_is_recorded_never_has_two_ticks_for_a_block(stack: Stack) -> None:
    ledger = stack.ledger()
    rows = ledger.decisions(limit=10_000)
    ledger.close()
    ticks = [(row.load, row.clock_epoch, row.block) for row in rows if row.trigger == "TICK"]
    assert len(ticks) == len(set(ticks)) > 0
