"""The wall clock steps, forward and back: what is left of a hold, a lockout, an override stays what it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from bitgrid.bus import EstopRequest, OverrideRequest, Received
from bitgrid.guard.link import Renew
from bitgrid.store import StoreError
from control.desk import Desk

DAY_S = 86_400
HOUR_S = 3600


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.fixture
def running(desk: Desk) -> Desk:
    """The miner has just started on surplus."""
    desk.pass_time(2)
    desk.measure(power_w=1674.0, temp_c=60.0)
    return desk


def ask(desk: Desk, **wish: object) -> None:
    request = OverrideRequest(request_id="r", load="miner", actor="test", **wish)
    desk.requests.on_override(Received(desk.topics.override, request.encode(), retained=False))


def lock(desk: Desk) -> None:
    """An emergency stop, acknowledged at once: an hour's lockout runs."""
    for engage in (True, False):
        request = EstopRequest(request_id="e", engage=engage, actor="test")
        desk.requests.on_estop(Received(desk.topics.estop, request.encode(), retained=False))
    desk.measure(power_w=0.0, temp_c=30.0)


@pytest.mark.parametrize("step_s", [-DAY_S, -1000, 1000, DAY_S])
def test_a_hold_neither_lasts_longer_nor_ends_early(running: Desk, step_s: int) -> None:
    running.clock.wall_s += step_s
    running.measure(grid_power_w=1900.0)  # what it draws is all imported: held on for three blocks, no longer
    running.pass_time(1190)
    assert len(running.actions) == 1
    running.pass_time(700)
    assert [action for action, _ in running.actions] == ["START", "STOP"]


@pytest.mark.parametrize("step_s", [-DAY_S, DAY_S])
def test_a_pause_does_not_keep_the_house_idle_for_a_day(running: Desk, step_s: int) -> None:
    ask(running, action="stop", duration_s=60)
    running.measure(power_w=0.0)
    running.clock.wall_s += step_s
    running.pass_time(2400, step_s=5)
    assert running.actions[-1][0] == "START"


@pytest.mark.parametrize("step_s", [-2 * HOUR_S, 2 * HOUR_S])
def test_a_lockout_lasts_its_hour(running: Desk, step_s: int) -> None:
    lock(running)
    running.clock.wall_s += step_s
    running.pass_time(3500, step_s=5)
    assert running.actions[-1] == ("STOP", "R3_EMERGENCY_STOP")
    running.pass_time(1300, step_s=5)
    assert running.actions[-1][0] == "START"


def test_an_override_does_not_run_longer_because_the_clock_went_back(desk: Desk) -> None:
    desk.measure(grid_power_w=300.0)
    desk.pass_time(2)
    ask(desk, action="start", duration_s=HOUR_S)
    desk.measure(power_w=800.0, temp_c=50.0, grid_power_w=400.0)
    desk.clock.wall_s -= 5 * HOUR_S
    desk.pass_time(HOUR_S + 10, step_s=5)
    assert desk.actions[-1][0] == "STOP"


def test_a_lockout_outlives_a_restart_on_a_clock_that_stands_in_the_past(running: Desk) -> None:
    lock(running)
    for _ in range(2):  # the second start is before anything was decided by the clock as it now is
        running.clock.wall_s -= 2 * HOUR_S
        running.start_rules()
    running.pass_time(3500, step_s=5)
    assert running.actions[-1] == ("STOP", "R3_EMERGENCY_STOP")
    running.pass_time(1300, step_s=5)
    assert running.actions[-1][0] == "START"


def test_restarted_twice_without_a_decision_between_it_moves_nothing_twice(running: Desk) -> None:
    lock(running)
    running.clock.wall_s -= 2 * HOUR_S
    for _ in range(3):
        running.start_rules()
    until_s = running.engine.loads["miner"].memory.lockout_until_s
    assert until_s == pytest.approx(running.clock.now() + HOUR_S, abs=5)


def test_a_decision_of_another_time_is_not_renewed(running: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: object) -> None:
        raise StoreError("disk full")

    monkeypatch.setattr(running.ledger, "append", refuse)
    running.clock.wall_s -= DAY_S
    sent = len(running.guard.of(Renew))
    running.pass_time(60)
    assert len(running.guard.of(Renew)) == sent
