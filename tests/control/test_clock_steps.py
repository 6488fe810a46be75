"""The wall clock steps: what is left of a hold, a lockout, an override, a day stays what it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from bitgrid.bus import EstopRequest, Received
from bitgrid.config import Config
from bitgrid.guard.link import Renew
from bitgrid.store import StoreError
from control.desk import Desk

DAY_S = 86_400
HOUR_S = 3600


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
    running.ask(action="stop", duration_s=60)
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
    desk.ask(action="start", duration_s=HOUR_S)
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


class TestTheHeldBlock:
    """Nothing starts in the block after a step, not by a person's word either; stops go on."""

    @pytest.fixture
    def stepped(self, desk: Desk) -> Desk:
        desk.measure(grid_power_w=300.0)
        desk.pass_time(100)
        desk.clock.wall_s += 2 * HOUR_S
        desk.pass_time(10)
        assert (desk.decisions[-1]["clock_epoch"], desk.actions) == (1, [])
        return desk

    def test_a_person_is_refused_a_start_and_told_why(self, stepped: Desk) -> None:
        stepped.ask(action="start")
        assert (stepped.replies[-1].accepted, stepped.replies[-1].code) == (False, "CLOCK_RESYNC")
        assert stepped.commands == []

    def test_nor_does_a_restart_of_the_daemon_within_it_help(self, stepped: Desk) -> None:
        stepped.start_rules()
        stepped.pass_time(5)
        stepped.ask(action="start")
        assert stepped.replies[-1].code == "CLOCK_RESYNC"
        assert stepped.commands == []

    def test_the_end_of_an_override_starts_nothing_in_it(self, desk: Desk) -> None:
        desk.pass_time(2)
        desk.ask(action="stop", duration_s=1500)
        desk.measure(power_w=0.0)
        desk.pass_time(1490)
        assert desk.actions[-1] == ("STOP", "USER_STOP")
        desk.clock.wall_s += 2 * HOUR_S
        desk.pass_time(30)
        assert [record["trigger"] for record in desk.decisions][-1] == "EXPIRY"
        assert desk.actions[-1] == ("STOP", "USER_STOP")
        desk.to_next_block()
        assert desk.actions[-1][0] == "START"

    def test_an_override_in_force_starts_nothing_in_it_and_does_afterwards(self, desk: Desk) -> None:
        desk.measure(grid_power_w=300.0, battery_soc_pct=51.0)
        desk.pass_time(2)
        desk.ask(action="start")
        desk.measure(power_w=800.0, temp_c=50.0, battery_soc_pct=50.0)
        desk.pass_time(5)
        assert desk.actions[-1] == ("STOP", "R2_HARD_RESERVE")
        desk.measure(battery_soc_pct=51.0, power_w=0.0)
        desk.clock.wall_s -= 2 * HOUR_S
        desk.pass_time(100)
        assert desk.actions[-1] == ("STOP", "R2_HARD_RESERVE")
        desk.to_next_block()
        assert desk.actions[-1] == ("START", "USER_START")

    def test_where_it_was_not_decided_in_time_the_next_is_held(self, desk: Desk) -> None:
        desk.measure(grid_power_w=300.0)
        desk.pass_time(595)
        desk.measure(grid_power_w=-3000.0)
        desk.clock.wall_s -= 2 * HOUR_S
        desk.loads_alive = False
        desk.start_rules()
        desk.pass_time(8)
        desk.loads_alive = True
        desk.pass_time(100)
        assert desk.decisions[-1]["code"] == "CLOCK_RESYNC"
        assert desk.actions == []
        desk.to_next_block()
        assert desk.actions == [("START", "R1_SURPLUS_OK")]

    def test_a_person_may_stop_in_it(self, running: Desk) -> None:
        running.clock.wall_s += 2 * HOUR_S
        running.pass_time(5)
        running.ask(action="stop")
        assert running.actions[-1] == ("STOP", "USER_STOP")


class TestStartsADay:
    """One start a day, at 17:10 local time; then the clock goes astray."""

    @pytest.fixture
    def once(self, tmp_path: Path, desk: Desk) -> Desk:
        shipped = desk.config
        r5 = shipped.rules.r5.model_copy(update={"max_starts_per_day": 1})
        rules = shipped.rules.model_copy(update={"r5": r5})
        once = Desk(tmp_path / "once", Config(shipped.site, rules, shipped.flags, shipped.policies))
        once.pass_time(2)
        once.ask(action="stop", duration_s=60)
        once.measure(power_w=0.0)
        once.pass_time(1200, step_s=5)
        assert once.actions == [("START", "R1_SURPLUS_OK"), ("STOP", "USER_STOP")]
        return once

    @pytest.mark.parametrize("step_s", [-20 * HOUR_S, 8 * HOUR_S, DAY_S])
    def test_a_step_to_another_day_gives_no_further_start(self, once: Desk, step_s: int) -> None:
        once.clock.wall_s += step_s
        once.pass_time(5 * HOUR_S, step_s=10)
        assert len(once.actions) == 2
        assert once.decisions[-1]["code"] == "R5_MAX_STARTS"

    def test_there_and_back_gives_none(self, once: Desk) -> None:
        for step_s in (8 * HOUR_S, -8 * HOUR_S):
            once.clock.wall_s += step_s
            once.pass_time(HOUR_S, step_s=10)
        assert len(once.actions) == 2

    @pytest.mark.parametrize("step_s", [-20 * HOUR_S, 8 * HOUR_S])
    def test_nor_does_a_restart_after_it(self, once: Desk, step_s: int) -> None:
        once.clock.wall_s += step_s
        once.pass_time(30)
        once.start_rules()
        once.pass_time(2 * HOUR_S, step_s=10)
        assert len(once.actions) == 2

    def test_nor_one_that_finds_the_clock_in_the_past(self, once: Desk) -> None:
        once.clock.wall_s -= 30 * HOUR_S
        once.start_rules()
        once.pass_time(5 * HOUR_S, step_s=10)
        assert len(once.actions) == 2

    def test_the_next_true_day_has_its_start(self, once: Desk) -> None:
        once.clock.wall_s += 8 * HOUR_S
        once.pass_time(6 * HOUR_S, step_s=10)
        assert len(once.actions) == 2
        once.pass_time(HOUR_S, step_s=10)  # it is past the midnight that would have been
        assert once.actions[2] == ("START", "R1_SURPLUS_OK")
