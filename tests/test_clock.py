from __future__ import annotations

import threading

import pytest

from bitgrid import clock as clock_module
from bitgrid.clock import ENVIRONMENT_VARIABLE, HeldClock, SystemClock, clock_from_environment, simulated


class TestSystemClock:
    def test_is_the_machines_own_by_default(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(clock_module.time, "time", lambda: 123.0)
        assert SystemClock().now() == 123.0

    def test_runs_faster_from_a_common_origin(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(clock_module.time, "clock_gettime", lambda _: 110.0)
        clock = SystemClock(speed=60, boot_origin_s=100.0, wall_origin_s=5000.0)
        assert clock.boot() == 700.0
        assert clock.now() == 5600.0

    def test_waits_in_seconds_of_the_house(self) -> None:
        class Event(threading.Event):
            def wait(self, timeout: float | None = None) -> bool:
                waited.append(timeout)
                return False

        waited: list[float | None] = []
        SystemClock(speed=60).wait(Event(), 30)
        SystemClock(speed=60).wait(Event(), -5)
        assert waited == [0.5, 0.0]

    def test_goes_to_a_child_process_and_back(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for clock in (SystemClock(), simulated(60, 1_700_000_000.0), simulated(60, None)):
            monkeypatch.setenv(ENVIRONMENT_VARIABLE, clock.to_environment())
            assert clock_from_environment() == clock

    def test_is_the_machines_own_where_none_was_given(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv(ENVIRONMENT_VARIABLE, raising=False)
        assert clock_from_environment() == SystemClock()
        assert simulated(1, None) == SystemClock()

    def test_garbage_is_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(ENVIRONMENT_VARIABLE, "fast")
        with pytest.raises(ValueError, match="unpack"):
            clock_from_environment()


class TestHeldClock:
    def test_moves_only_when_told(self) -> None:
        clock = HeldClock(wall_s=10, boot_s=1)
        assert (clock.now(), clock.now()) == (10, 10)
        clock.advance(5)
        assert (clock.now(), clock.boot()) == (15, 6)

    def test_waiting_moves_it_unless_there_is_nothing_to_wait_for(self) -> None:
        clock, event = HeldClock(wall_s=10, boot_s=1), threading.Event()
        assert not clock.wait(event, 5)
        event.set()
        assert clock.wait(event, 5)
        assert clock.boot() == 6
