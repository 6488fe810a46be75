"""The bounds that no other test counts in the whole house; each with the test that it can fail.

Counted at the devices' own doors, in quarter seconds of the held clock: what a device told, what was asked of it.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bitgrid.control.engine import Engine
from bitgrid.guard.watch import Watch
from bitgrid.plant.faults import Fault
from chaos.held import LEAD_S, WARM_UP_S, SteadySun
from whole_house import WholeHouse

NOON_S = dt.datetime(2025, 5, 14, 9, 0, tzinfo=dt.UTC).timestamp()
STEP_S = 0.25
HOT_C = {"guard": 85, "loads": 86}
"""From 85 °C on the guard calls it heat, the rules above it; the miner tells whole degrees."""


class Doors(WholeHouse):
    """A house that writes down what goes through the doors of miner and relay."""

    def __post_init__(self) -> None:
        self.asked: list[tuple[float, str]] = []
        self.hot_at_s: float | None = None
        self.hears = {"guard", "loads"}
        super().__post_init__()
        transports = self.transports
        self.transports = replace(
            transports,
            tcp=lambda *place: self._watched(transports.tcp(*place)),
            http=lambda *place: self._watched(transports.http(*place)),
        )
        self.begin()

    def start_guard(self) -> None:
        self.building = "guard"
        super().start_guard()

    def start_loads(self) -> None:
        self.building = "loads"
        super().start_loads()

    def begin(self) -> None:
        """All processes anew."""
        self.start_guard()
        self.start_loads()
        self.start_poller()
        self.start_rules()

    def first(self, what: str, from_s: float = 0.0) -> float | None:
        """When something was first asked of a device, boot clock, s."""
        return next((at_s for at_s, asked in self.asked if at_s >= from_s and what in asked), None)

    def _watched(self, door: Callable[..., Any]) -> Callable[..., Any]:
        who = self.building

        def through(*request: object) -> object:
            self.asked.append((self.clock.boot(), " ".join(map(str, request))))
            answer = door(*request)
            hottest = re.search(rb"TMax\[([0-9.]+)", answer) if isinstance(answer, bytes) else None
            if hottest and float(hottest[1]) >= HOT_C[who] and self.hot_at_s is None and who in self.hears:
                self.hot_at_s = self.clock.boot()
            return answer

        return through


@pytest.fixture
def running(tmp_path: Path) -> Doors:
    house = Doors(tmp_path, NOON_S - LEAD_S, source=SteadySun())
    house.live(WARM_UP_S)
    assert house.miner_w > 700
    return house


def seconds_from_heat_to_stop(house: Doors) -> float:
    """From the answer that tells of too much heat to the stop sent to the miner, s."""
    house.house.faults.add(Fault.MINER_HOT)
    for _ in range(600 * 4):
        house.live(STEP_S, STEP_S)
        stopped_s = house.first("softoff", house.hot_at_s) if house.hot_at_s is not None else None
        if house.hot_at_s is not None and stopped_s is not None:
            return stopped_s - house.hot_at_s
    raise AssertionError("it was not stopped at all")


def test_heat_once_told_is_answered_by_a_stop_in_under_a_second(running: Doors) -> None:
    assert seconds_from_heat_to_stop(running) < 1


@pytest.mark.parametrize("left", ["guard", "rules"])
def test_the_guard_or_the_rules_alone_do_so_too(
    running: Doors, monkeypatch: pytest.MonkeyPatch, left: str
) -> None:
    running.hears = {"guard"} if left == "guard" else {"loads"}
    if left == "guard":
        monkeypatch.setattr(Engine, "protect", lambda *_: None)
    else:
        monkeypatch.setattr(Watch, "_judge_heat", lambda *_: None)
    assert seconds_from_heat_to_stop(running) < 1


def test_without_either_it_would_take_longer(running: Doors, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Engine, "protect", lambda *_: None)
    monkeypatch.setattr(Watch, "_judge_heat", lambda *_: None)
    assert seconds_from_heat_to_stop(running) > 1


def booted_over_a_running_miner(house: Doors) -> list[str]:
    """The appliance dies and boots again while the miner runs; what is done at the devices, in order."""
    house.kill("guard", "loads", "rules", "poller")
    house.live(30)
    assert house.miner_w > 700
    house.asked.clear()
    house.begin()
    done: list[str] = []
    for _ in range(60 * 4):
        house.live(STEP_S, STEP_S)
        if not done and house.guard.is_all_off:
            done = [asked for _at_s, asked in house.asked if "softo" in asked or "Switch.Set" in asked]
    return done


def test_at_boot_everything_is_confirmed_off_before_anything_is_closed_or_woken(running: Doors) -> None:
    done = booted_over_a_running_miner(running)
    assert any("softoff" in asked for asked in done)
    assert any("on=false" in asked for asked in done)
    assert not [asked for asked in done if "on=true" in asked or "softon" in asked]
    assert running.miner_w < 50


def test_a_guard_that_believes_it_is_off_would_be_noticed(running: Doors, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Watch, "is_off", lambda *_: True)
    done = booted_over_a_running_miner(running)
    assert not any("on=false" in asked for asked in done)
