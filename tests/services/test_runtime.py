from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any, cast

import pytest

from bitgrid.bus import Health, HealthStatus, Received, RestartNotice
from bitgrid.bus.client import MqttBus
from bitgrid.clock import HeldClock
from bitgrid.config import load_config
from bitgrid.services.paths import Paths
from bitgrid.services.runtime import Inbox, Service, StepHealth

CONFIG_DIRECTORY = Path(__file__).parents[2] / "config"


def test_one_piece_of_work_that_fails_does_not_keep_back_the_others_and_is_told() -> None:
    inbox, done = Inbox(), []

    def fail() -> None:
        raise ValueError("a bad message")

    for work in (lambda: done.append(1), fail, lambda: done.append(2)):
        inbox.put(work)
    with pytest.raises(ValueError, match="a bad message"):
        inbox.run()
    assert done == [1, 2]


def test_a_flood_does_not_keep_the_house_from_its_step() -> None:
    inbox, done = Inbox(), []

    def flood() -> None:
        done.append(1)
        assert len(done) < 100, "the inbox never ends"
        inbox.put(flood)

    inbox.put(flood)
    inbox.run()
    assert len(done) == 1


def test_what_waits_is_bounded_and_what_is_newest_is_kept() -> None:
    inbox, done = Inbox(), []
    for number in range(30_000):
        inbox.put(lambda number=number: done.append(number))
    inbox.run()
    assert len(done) == 10_000
    assert done[-1] == 29_999


def test_what_a_step_found_stays_told_until_the_next_step(tmp_path: Path) -> None:
    service = Service("test", HeldClock(), load_config(CONFIG_DIRECTORY), Paths(tmp_path, tmp_path, tmp_path))
    told: list[Health] = []

    class Ear:
        def publish(self, _topic: str, message: Health, **_options: Any) -> None:
            told.append(message)

    steps = 0

    def step() -> StepHealth:
        nonlocal steps
        steps += 1
        if steps == 10:
            service.stop()
        for _ in range(3):
            service.inbox.put(service.inbox.wake)  # a message that brings the next turn before a step is due
        return StepHealth(HealthStatus.ERROR, "the ledger cannot be written")

    service.run_loop(cast("MqttBus", Ear()), step, 1.0)
    assert {health.status for health in told} == {HealthStatus.ERROR}
    assert len(told) <= 3


@pytest.mark.parametrize(("retained", "ends"), [(False, 1), (True, 0)])
def test_where_the_site_has_changed_the_process_ends_itself_and_a_kept_notice_is_not_heard(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, retained: bool, ends: int
) -> None:
    signals: list[tuple[int, int]] = []
    monkeypatch.setattr("bitgrid.services.runtime.os.kill", lambda pid, number: signals.append((pid, number)))
    service = Service("test", HeldClock(), load_config(CONFIG_DIRECTORY), Paths(tmp_path, tmp_path, tmp_path))
    notice = RestartNotice(why="site.yaml has changed").encode()
    service._on_restart(Received(service.topics.restart, notice, retained))
    service._on_restart(Received(service.topics.restart, b"{}", retained=False))
    assert signals == [(os.getpid(), signal.SIGTERM)] * ends
