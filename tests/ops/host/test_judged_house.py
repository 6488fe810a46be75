"""What is judged of a real house: the rules' engine, the page's view of it, its own answers; no network."""

from __future__ import annotations

import random
import threading
from functools import partial
from pathlib import Path

import pytest

from bitgrid.bus import Health, HealthStatus, Topics
from bitgrid.bus.memory import MemoryBus
from bitgrid.clock import HeldClock
from bitgrid.config import DeviceConfig
from bitgrid.devices.errors import DeviceSilent
from bitgrid.devices.poller import DevicePoller
from bitgrid.devices.ports import Told
from bitgrid.devices.stepper import Stepper
from bitgrid.ops.host.health import MUST_LIVE, still_missing, wait_until_steady
from bitgrid.ops.readiness import Answer
from bitgrid.web import HouseView
from bitgrid.web.api.now import health_of
from control.desk import Desk

PATIENCE_S = 5.0


class HouseOnADesk:
    """The rules live; guard and loads are played by hand, what the others say is said here."""

    def __init__(self, data: Path) -> None:
        self.desk = Desk(data)
        self.view = HouseView(self.desk.config, self.desk.bus, self.desk.clock)
        self.living = ["loads", "poller", "recorder", "rules"]
        self.missing = partial(still_missing, self.answer, None)

    def answer(self) -> Answer:
        return Answer(200, health_of(self.view.snapshot()).model_dump(by_alias=True, mode="json"))

    def say(self, name: str, status: HealthStatus = HealthStatus.OK, reason: str = "") -> None:
        told = Health(status=status, reason=reason, instance=name, at_s=self.desk.clock.now())
        self.desk.bus.publish(self.desk.topics.health(name), told, retain=True)

    def die(self, name: str) -> None:
        """The broker says its last will, once (services/runtime.py)."""
        self.living.remove(name)
        self.say(name, HealthStatus.ERROR, "connection lost")

    def live(self, seconds: int) -> None:
        for _ in range(0, seconds, 5):
            for name in self.living:
                self.say(name)
            self.desk.pass_time(5)


@pytest.fixture
def house(tmp_path: Path) -> HouseOnADesk:
    return HouseOnADesk(tmp_path)


def test_one_that_lives_is_well(house: HouseOnADesk) -> None:
    house.live(300)
    assert house.missing() is None


def test_one_whose_guard_never_spoke_is_not(house: HouseOnADesk) -> None:
    """It refused the configuration and is not started again; no load would ever be."""
    house.desk.guard_alive = False
    house.live(300)
    assert house.missing() == "guard: the guard is not heard; no load can start"


@pytest.mark.parametrize("name", ["poller", "loads", "recorder", "rules"])
@pytest.mark.parametrize("after_s", [5, 3600])
def test_nor_one_of_which_a_process_died(house: HouseOnADesk, name: str, after_s: int) -> None:
    house.live(60)
    house.die(name)
    house.live(after_s)
    assert house.missing() == f"{name}: connection lost"


@pytest.mark.parametrize("name", sorted(set(MUST_LIVE) - {"guard"}))
def test_nor_one_of_which_a_process_warned_and_hung(house: HouseOnADesk, name: str) -> None:
    house.live(60)
    house.living.remove(name)
    house.say(name, HealthStatus.WARN, "the inverter does not answer")
    house.live(30)
    assert house.missing() is None
    house.live(60)
    assert house.missing() == f"{name} has not been heard"


def test_what_the_system_before_it_said_is_not_heard_of_this_one(house: HouseOnADesk) -> None:
    """The broker kept that it had stopped, a warning."""
    house.live(60)
    for name in MUST_LIVE:
        house.say(name, HealthStatus.WARN, "stopped")
    house.view = HouseView(house.desk.config, house.desk.bus, house.desk.clock)
    assert house.missing() == "guard has not been heard"


def test_one_that_hangs_after_its_first_word_is_found_out_while_it_must_stay_well(house: HouseOnADesk) -> None:
    house.live(60)

    def missing() -> str | None:
        house.living = [name for name in house.living if name != "loads"]
        for name in house.living:
            house.say(name)
        house.desk.pass_time(1)
        return house.missing()

    assert house.missing() is None, "so it is kept by whoever looks once"
    told = wait_until_steady(missing, HeldClock(), 30.0)
    assert told == "it was well, and did not stay so: loads has not been heard"


@pytest.mark.parametrize(("error", "is_fault"), [(DeviceSilent("no answer"), False), (TypeError("a bug"), True)])
def test_a_device_that_is_silent_at_night_is_no_failure_of_its_process(
    error: Exception, *, is_fault: bool
) -> None:
    """What makes a poller fail is a driver that breaks, and that a new system may have brought with it."""

    class AtNight:
        reads = 0
        asked_again, judged = threading.Event(), threading.Event()

        def read(self) -> dict[str, Told]:
            self.reads += 1
            if self.reads > 1:
                self.asked_again.set()
                assert self.judged.wait(PATIENCE_S)
            raise error

    clock, source = HeldClock(), AtNight()
    device = DeviceConfig(id="inverter", kind="sunspec", host="192.0.2.1", signals=["pv_power_w"])
    poller = DevicePoller(device, source, MemoryBus(), Topics("home"), clock, random.Random(1))
    stepper = Stepper("inverter", poller.step, clock)
    stepper.start()
    assert source.asked_again.wait(PATIENCE_S)
    assert bool(stepper.fault) is is_fault
    assert bool(poller.problem) is not is_fault
    stepper.stop()
    source.judged.set()
    stepper.join(PATIENCE_S)
