from __future__ import annotations

from pathlib import Path

import pytest

from bitgrid.config import Config, load_config
from bitgrid.control.sharing import surplus_left_w
from bitgrid.guard.link import GuardReport
from control.desk import CONFIG_DIRECTORY, Desk, HandGuard


class TwoLoadsGuard(HandGuard):
    def report(self, boot_s: float) -> GuardReport:
        loads = {name: self.guarded(name) for name in ("miner", "heater")}
        return super().report(boot_s).model_copy(update={"loads": loads})


def two_loads(directory: Path) -> Desk:
    """The shipped house with a second load like its first, behind it."""
    shipped = load_config(CONFIG_DIRECTORY)
    second = shipped.site.loads[0].model_copy(update={"id": "heater", "priority": 2})
    site = shipped.site.model_copy(update={"loads": [second, *shipped.site.loads]})
    desk = Desk(directory, Config(site, shipped.rules, shipped.flags, shipped.policies))
    desk.guard = TwoLoadsGuard()
    desk.start_rules()
    return desk


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return two_loads(tmp_path)


def started(desk: Desk) -> list[tuple[str, str]]:
    return [(record["load"], record["level"]) for record in desk.decisions if record["action"] == "START"]


def test_the_second_gets_what_the_first_leaves(desk: Desk) -> None:
    desk.pass_time(2)
    assert started(desk) == [("miner", "full"), ("heater", "eco")]


def test_two_never_start_on_a_surplus_that_carries_one(desk: Desk) -> None:
    desk.measure(grid_power_w=-2400.0)
    desk.pass_time(2)
    assert started(desk) == [("miner", "full")]


def test_what_a_hold_keeps_running_behind_is_set_aside_first(desk: Desk) -> None:
    desk.measure(grid_power_w=-1000.0)
    heater = desk.engine.loads["heater"]
    desk.pass_time(1)
    block = desk.engine.blocks.block()
    heater.memory = type(heater.memory)("eco", block, block)
    desk.engine.loads["miner"].memory = type(heater.memory)("off", block - 9)
    state = desk.engine.standpoint.state_for(desk.engine.loads["miner"])

    loads = list(desk.engine.loads.values())
    assert surplus_left_w(state, desk.engine.rules, loads, loads[0], 0) == 1000 - 800


def test_each_block_is_decided_once_for_each(desk: Desk) -> None:
    desk.pass_time(1300)
    keys = [(record["load"], record["block"]) for record in desk.decisions if record["trigger"] == "TICK"]
    assert len(keys) == len(set(keys)) == 6


def test_a_load_that_the_guard_does_not_know_never_starts(desk: Desk) -> None:
    desk.guard = HandGuard()
    desk.start_rules()
    desk.pass_time(5)
    assert started(desk) == [("miner", "full")]


def test_a_load_without_a_miner_is_not_stopped_for_a_temperature_it_cannot_have(tmp_path: Path) -> None:
    shipped = load_config(CONFIG_DIRECTORY)
    miner = shipped.site.loads[0]
    rod = miner.model_copy(update={"miner": None, "levels": miner.levels[-1:]})
    site = shipped.site.model_copy(update={"loads": [rod]})
    desk = Desk(tmp_path, Config(site, shipped.rules, shipped.flags, shipped.policies))
    desk.measured["miner", "power_w"] = 0.0
    desk.pass_time(2)
    desk.measure(power_w=1674.0)
    desk.pass_time(rod.boot_grace_s + 120)
    assert desk.actions == [("START", "R1_SURPLUS_OK")]

    desk.start_rules()
    desk.pass_time(2)
    assert (desk.decisions[-1]["trigger"], desk.decisions[-1]["level"]) == ("RESYNC", "full")
