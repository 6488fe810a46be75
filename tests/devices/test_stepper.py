"""Threads that step: real ones, so these tests wait for events, each for a second at most."""

from __future__ import annotations

import threading

from bitgrid.clock import HeldClock, SystemClock
from bitgrid.devices.stepper import HUNG_AFTER_MACHINE_S, Stepper

PATIENCE_S = 5.0


class Counted:
    """Something that is stepped."""

    def __init__(self, due_s: float = 3600.0) -> None:
        self.due_s = due_s
        self.steps = 0
        self.stepped = threading.Event()
        self.fails = False

    def step(self) -> float:
        self.steps += 1
        self.stepped.set()
        if self.fails:
            raise RuntimeError("out of order")
        return self.due_s

    def wait(self) -> None:
        assert self.stepped.wait(PATIENCE_S)
        self.stepped.clear()


def test_it_steps_at_once_and_whenever_it_is_woken() -> None:
    counted = Counted()
    stepper = Stepper("load", counted.step, SystemClock())
    stepper.start()
    counted.wait()
    stepper.wake()
    counted.wait()
    stepper.stop()
    stepper.join(PATIENCE_S)
    assert counted.steps >= 2


def test_it_steps_again_when_it_is_due() -> None:
    counted = Counted(due_s=0.6)
    stepper = Stepper("load", counted.step, SystemClock(speed=60))
    stepper.start()
    for _ in range(3):
        counted.wait()
    stepper.stop()
    stepper.join(PATIENCE_S)


def test_it_finishes_in_its_own_thread_when_it_is_stopped() -> None:
    finished_by: list[str] = []
    counted = Counted()
    stepper = Stepper(
        "load", counted.step, SystemClock(), finish=lambda: finished_by.append(threading.current_thread().name)
    )
    stepper.start()
    counted.wait()
    stepper.stop()
    stepper.join(PATIENCE_S)
    assert finished_by == ["load"]


def test_a_step_that_fails_is_told_and_ends_nothing() -> None:
    counted = Counted()
    counted.fails = True
    stepper = Stepper("load", counted.step, SystemClock(speed=60))
    stepper.start()
    counted.wait()
    counted.wait()
    assert stepper.fault == "load: RuntimeError: out of order"
    counted.fails = False
    counted.wait()
    stepper.stop()
    stepper.join(PATIENCE_S)
    assert stepper.fault == ""


def test_a_step_that_hangs_is_told() -> None:
    clock, hanging, released = HeldClock(speed=60), threading.Event(), threading.Event()

    def hang() -> float:
        hanging.set()
        released.wait(PATIENCE_S)
        return 3600.0

    stepper = Stepper("load", hang, clock)
    stepper.start()
    assert hanging.wait(PATIENCE_S)
    clock.advance(HUNG_AFTER_MACHINE_S * clock.speed)
    assert stepper.fault == ""
    clock.advance(1)
    assert stepper.fault == "load: has hung for more than 60 s"
    stepper.stop()
    released.set()
    stepper.join(PATIENCE_S)
