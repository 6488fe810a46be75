"""The guard over the real drivers and the simulated house, in one process: no sockets, the clock in the hand."""

from __future__ import annotations

import pytest

from bitgrid.clock import HeldClock
from bitgrid.config import load_config
from bitgrid.config.loading import load_plant
from bitgrid.devices.registry import Transports, build_miner, build_relay
from bitgrid.devices.transport import ByteExchange, HttpExchange
from bitgrid.guard.core import Guard
from bitgrid.guard.link import GuardedLoad, Release, Renew, encode
from bitgrid.plant.faces.house import Faces
from bitgrid.plant.faults import Fault
from bitgrid.plant.model import House
from guard.house import CONFIG_DIR, ME


class Noon:
    """A source that stays at noon."""

    def at(self, _epoch_s: float) -> tuple[int, int]:
        return 4000, 300


class SimulatedHouse:
    """The house of `config/`, its guard, and the lease renewed every 15 s while ``is_leased``."""

    def __init__(self) -> None:
        config, self.clock = load_config(CONFIG_DIR), HeldClock()
        self.plant = House(config.site, load_plant(CONFIG_DIR), Noon(), self.clock.now())
        faces = Faces(self.plant)

        def tcp(_host: str, _port: int, _timeout_s: float) -> ByteExchange:
            return faces.miner("miner")  # type: ignore[return-value]  the site's miner is an Avalon

        def http(_host: str, _port: int, _timeout_s: float) -> HttpExchange:
            return faces.relay("miner")

        load, transports = config.site.loads[0], Transports(tcp=tcp, http=http)
        relay = build_relay(load, self.clock, transports)
        assert relay is not None
        miner = build_miner(load, self.clock, transports)
        self.guard = Guard(config, {"miner": miner}, {"miner": relay}, self.clock, "a")
        self.is_leased = False

    @property
    def load(self) -> GuardedLoad:
        """As the guard reports it."""
        return self.guard.report().loads["miner"]

    @property
    def drawn_w(self) -> int:
        """What the miner really draws."""
        return self.plant.miners["miner"].power_w

    def live(self, seconds: int) -> None:
        """Let time pass second by second."""
        for second in range(seconds):
            if self.is_leased and second % 15 == 0:
                expires = self.clock.boot() + 45
                renewal = Renew(load="miner", level="full", power_w=1674, lease_id="a", expires_boot_s=expires)
                self.guard.on_datagram(encode(renewal), ME)
            self.clock.advance(1)
            self.plant.step(self.clock.now())
            self.guard.step()

    def release(self) -> None:
        """End the lease by decision."""
        self.is_leased = False
        self.guard.on_datagram(encode(Release(load="miner", reason="R1_INSUFFICIENT_SURPLUS")), ME)


@pytest.fixture
def house() -> SimulatedHouse:
    """A house whose miner hashes on a lease."""
    house = SimulatedHouse()
    house.live(10)
    assert house.load.confirmed_off
    house.is_leased = True
    house.live(600)
    assert house.drawn_w > 1500
    assert house.load.trip is None
    return house


def test_a_released_miner_goes_to_sleep_cools_and_loses_its_power_without_a_trip(house: SimulatedHouse) -> None:
    house.release()
    house.live(20)
    assert 0 < house.drawn_w < 50
    house.live(60)
    assert house.drawn_w == 0
    assert house.load.confirmed_off
    house.live(600)
    assert house.load.trip is None


def test_without_renewals_it_is_off_within_60_s(house: SimulatedHouse) -> None:
    house.plant.faults.add(Fault.MINER_IGNORES_STOP)
    house.is_leased = False
    house.live(60)
    assert house.drawn_w == 0
    assert house.load.trip is not None
    assert house.load.trip.cause == "lease_expired"


@pytest.mark.parametrize(
    ("fault", "cause", "within_s"),
    [
        (Fault.MINER_HOT, "heat", 600),
        (Fault.MINER_SILENT, "silence", 80),
        (Fault.RELAY_SILENT, "relay_fault", 60),
    ],
)
def test_a_fault_of_a_leased_load_ends_in_off(
    house: SimulatedHouse, fault: Fault, cause: str, within_s: int
) -> None:
    house.plant.faults |= {fault, Fault.MINER_IGNORES_STOP}
    house.live(within_s)
    assert house.load.trip is not None
    assert house.load.trip.cause == cause
    house.live(120)
    assert house.drawn_w == 0


def test_a_button_pressed_while_off_is_undone_and_told(house: SimulatedHouse) -> None:
    house.release()
    house.live(120)
    house.plant.faults.add(Fault.RELAY_BUTTON)
    house.live(15)
    assert house.drawn_w == 0
    assert house.load.relay == "open"
    assert house.load.trip is not None
    assert house.load.trip.cause == "unleased_power"


def test_a_contact_that_sticks_is_told_and_the_miner_kept_asleep(house: SimulatedHouse) -> None:
    house.plant.faults.add(Fault.RELAY_STUCK_CLOSED)
    house.live(15)
    house.release()
    house.live(120)
    assert house.load.trip is not None
    assert house.load.trip.cause == "relay_fault"
    assert not house.load.confirmed_off
    assert house.drawn_w < 50
