"""Two loads on one surplus, where it is easily given away twice: a restart, half a tick, a person's yes."""

from __future__ import annotations

from pathlib import Path

import pytest

from bitgrid.bus import AutonomyRequest, ConfirmRequest, Received
from bitgrid.control.modes import Modes
from bitgrid.store import DecisionRow, Head, StoreError
from control.desk import Desk
from control.test_several_loads import started, two_loads

POWER_W = {"off": 0.0, "eco": 800.0, "full": 1674.0}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return two_loads(tmp_path)


def shines(desk: Desk, over_w: float) -> None:
    """The sun leaves so much; meter and loads show it with what runs now."""
    levels = {name: load.memory.level for name, load in desk.engine.loads.items()}
    for name, level in levels.items():
        desk.measured |= {(name, "power_w"): POWER_W[level], (name, "temp_c"): 45.0}
    desk.measure(grid_power_w=sum(POWER_W[level] for level in levels.values()) - over_w)


def levels_by(desk: Desk, trigger: str) -> dict[str, str]:
    return {record["load"]: record["level"] for record in desk.decisions if record["trigger"] == trigger}


def both_run(desk: Desk) -> None:
    """The miner at full, the heater at eco, for longer than any hold."""
    shines(desk, 2700.0)
    desk.pass_time(2)
    shines(desk, 2700.0)
    for _block in range(4):
        desk.to_next_block()
    assert levels_by(desk, "TICK") == {"miner": "full", "heater": "eco"}


class TestARestartWithTwoLoads:
    def test_both_are_taken_over_at_the_levels_they_had(self, desk: Desk) -> None:
        both_run(desk)
        leases = dict(desk.guard.leases)
        desk.start_rules()
        desk.pass_time(5)
        assert levels_by(desk, "RESYNC") == {"miner": "full", "heater": "eco"}
        assert desk.guard.leases == leases

    def test_the_surplus_on_which_one_runs_raises_the_other_to_no_higher_level(self, desk: Desk) -> None:
        """2,700 W would carry the heater at full, were it alone."""
        both_run(desk)
        desk.start_rules()
        desk.pass_time(5)
        assert levels_by(desk, "RESYNC")["heater"] == "eco"

    def test_on_a_surplus_that_carries_one_the_other_is_stopped(self, desk: Desk) -> None:
        both_run(desk)
        shines(desk, 2100.0)
        desk.start_rules()
        desk.pass_time(1)
        assert levels_by(desk, "RESYNC")["heater"] == "off"


class TestHalfATick:
    @pytest.fixture
    def half_decided(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
        """The block's decision on the miner is durable, that on the heater is not."""
        append = desk.ledger.append

        def full_disk(row: DecisionRow, memory: str) -> Head:
            if row.load == "heater":
                raise StoreError("the disk is full")
            return append(row, memory)

        shines(desk, 2400.0)
        with monkeypatch.context() as patch:
            patch.setattr(desk.ledger, "append", full_disk)
            desk.pass_time(1)
        assert started(desk) == [("miner", "full")]
        return desk

    def test_what_is_made_up_for_counts_what_the_first_was_given(self, half_decided: Desk) -> None:
        half_decided.pass_time(3)
        assert levels_by(half_decided, "TICK") == {"miner": "full", "heater": "off"}

    def test_so_it_does_after_a_restart_inside_the_block(self, half_decided: Desk) -> None:
        shines(half_decided, 2400.0)
        half_decided.start_rules()
        half_decided.pass_time(3)
        assert levels_by(half_decided, "TICK") == {"miner": "full", "heater": "off"}
        ticks = [record["load"] for record in half_decided.decisions if record["trigger"] == "TICK"]
        assert sorted(ticks) == ["heater", "miner"]


def test_a_yes_to_two_starts_is_not_given_on_a_surplus_that_carries_one(desk: Desk) -> None:
    modes = Modes(desk.engine, desk.bus)

    def confirm(load: str, level: str) -> None:
        request = ConfirmRequest(request_id=f"yes-{load}", load=load, level=level, actor="owner")
        modes.on_confirm(Received(desk.topics.confirm, request.encode(), retained=False))

    assisted = AutonomyRequest(request_id="mode", autonomy=1, actor="owner")
    modes.on_autonomy(Received(desk.topics.autonomy, assisted.encode(), retained=False))
    shines(desk, 2400.0)
    desk.pass_time(2)
    confirm("miner", "full")
    confirm("heater", "full")
    assert started(desk) == [("miner", "full")]
    assert not desk.replies[-1].accepted
