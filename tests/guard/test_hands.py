"""Hands: what hangs at one device holds up no other, and a hand that is lost ends the guard."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial

import pytest

from bitgrid.clock import HeldClock, SystemClock
from bitgrid.devices.ports import MinerReading, RelayReading
from bitgrid.guard.hands import HUNG_AFTER_MACHINE_S, HandLost, ThreadHand
from bitgrid.guard.jobs import MinerJob, RelayJob, do_miner, do_relay
from guard.house import House

PATIENCE_S = 20.0


def until(condition: Callable[[], bool]) -> None:
    """Wait, in slices of a machine millisecond, for what another thread does; fail when it does not."""
    clock, never = SystemClock(), threading.Event()
    ends = clock.boot() + PATIENCE_S
    while not condition():
        assert clock.boot() < ends, f"not within {PATIENCE_S} s of the machine"
        clock.wait(never, 0.001)


def test_a_thread_does_a_job_and_says_what_came_of_it() -> None:
    hand = ThreadHand("a", lambda job: job * 2, HeldClock())
    hand.do(21)
    done: list[int] = []
    until(lambda: bool(done.extend(hand.take()) or done))
    assert done == [42]
    assert hand.is_free


def test_a_hand_at_work_takes_no_second_job() -> None:
    go_on = threading.Event()
    hand = ThreadHand("a", lambda _: go_on.wait(PATIENCE_S), HeldClock())
    hand.do(1)
    assert not hand.is_free
    assert hand.take() == []
    go_on.set()
    until(lambda: bool(hand.take()))


def _die(_: int) -> int:
    raise SystemExit


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_dead_thread_is_noticed() -> None:
    hand = ThreadHand("miner's relay", _die, HeldClock())
    hand.do(1)
    until(lambda: not hand._thread.is_alive())
    with pytest.raises(HandLost, match="miner's relay"):
        hand.take()


@pytest.mark.parametrize("speed", [1.0, 60.0])
def test_a_thread_that_hangs_for_a_minute_of_the_machine_is_noticed(speed: float) -> None:
    clock, go_on = HeldClock(speed=speed), threading.Event()
    hand = ThreadHand("miner's relay", lambda _: go_on.wait(PATIENCE_S), clock)
    hand.do(1)
    clock.advance(HUNG_AFTER_MACHINE_S * speed - 1)
    assert hand.take() == []
    clock.advance(2)
    with pytest.raises(HandLost, match="hung"):
        hand.take()
    go_on.set()


def test_a_lost_hand_ends_the_guards_step(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    guard = house.new_guard("threaded", ThreadHand)
    ward = guard._wards["miner"]
    assert isinstance(ward.miner, ThreadHand)
    monkeypatch.setattr(ward.miner, "_thread", threading.Thread(target=lambda: None))
    with pytest.raises(HandLost):
        guard.step()


def test_a_miner_that_hangs_does_not_hold_up_its_relay(running: House, monkeypatch: pytest.MonkeyPatch) -> None:
    go_on = threading.Event()

    def hang() -> MinerReading:
        go_on.wait(PATIENCE_S)
        return MinerReading(0.0, 50.0, None, None)

    def hang_on_stop() -> None:
        go_on.wait(PATIENCE_S)

    monkeypatch.setattr(running.miner, "read", hang)
    monkeypatch.setattr(running.miner, "stop", hang_on_stop)
    running.guard = running.new_guard("threaded", ThreadHand)
    running.guard.step()
    running.clock.advance(5)

    def step_and_look() -> bool:
        running.guard.step()
        return not running.relay.is_closed

    until(step_and_look)
    go_on.set()


def test_a_close_that_is_late_is_not_sent(house: House) -> None:
    job = RelayJob("close", 120, not_after_boot_s=house.clock.boot() + 10)
    house.clock.advance(10)
    did = do_relay(house.relay, house.clock, job)
    assert did.error is not None
    assert house.relay.calls == []


def test_every_relay_job_ends_with_a_reading(house: House) -> None:
    perform = partial(do_relay, house.relay, house.clock)
    assert perform(RelayJob("close", 120)).reading == RelayReading(is_closed=True, power_w=12.0)
    assert perform(RelayJob("open")).reading == RelayReading(is_closed=False, power_w=0.0)


def test_a_driver_that_fails_in_a_way_it_must_not_is_a_failed_exchange(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def blunder() -> MinerReading:
        raise ZeroDivisionError("in the driver")

    monkeypatch.setattr(house.miner, "read", blunder)
    did = do_miner(house.miner, house.clock, MinerJob("read"))
    assert did.error == "ZeroDivisionError: in the driver"
    assert "must not" in caplog.text
