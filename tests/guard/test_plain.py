"""A load without a miner: nothing to ask but its relay, nothing to stop it with but its relay."""

from __future__ import annotations

import pytest

from guard.house import House


@pytest.fixture
def house() -> House:
    """A heating rod behind a relay that measures it; no cool-down."""
    return House(miner=None, cooldown_s=0, boot_grace_s=0, ramp_s=0)


@pytest.fixture
def running(house: House) -> House:
    house.guard.step()
    house.renew()
    house.miner.is_awake = True
    house.live_leased(120)
    assert house.relay.feeds
    assert house.cause is None
    return house


def test_it_needs_no_temperature_and_its_miner_is_never_asked(running: House) -> None:
    running.live_leased(600)
    assert running.cause is None
    assert running.miner.stops == 0
    assert running.load.temp_c is None


def test_off_and_silent_behind_its_open_relay_it_is_off_and_nothing_more(house: House) -> None:
    house.live(300)
    assert house.load.confirmed_off
    assert house.cause is None


def test_released_it_loses_its_power_at_once(running: House) -> None:
    running.release()
    assert not running.relay.feeds
    assert running.load.confirmed_off
    assert running.cause is None


def test_a_cool_down_is_waited_for_where_the_owner_wants_one() -> None:
    house = House(miner=None, cooldown_s=60)
    house.guard.step()
    house.renew()
    house.miner.is_awake = True
    house.live_leased(60)
    house.release()
    assert 58 <= house.seconds_until(lambda: not house.relay.feeds) <= 61
    assert house.cause is None, "drawing on while it cools is what it should do"


@pytest.mark.parametrize(("speed", "cause", "within_s"), [(1.0, "relay_fault", 47), (120.0, "silence", 62)])
def test_a_relay_that_falls_silent_ends_the_lease(house: House, speed: float, cause: str, within_s: float) -> None:
    """A fast house has more patience with a relay that cannot be re-armed, and none with one that is silent."""
    house.clock.speed = speed
    house.guard = house.new_guard("fast")
    house.guard.step()
    house.renew()
    house.miner.is_awake = True
    house.live_leased(60)
    house.relay.is_silent = True
    began = house.clock.boot()
    while house.cause is None:
        house.live_leased(15)
        assert house.clock.boot() - began < 120
    assert house.cause == cause
    assert house.load.lease_id is None
    assert house.load.trip is not None
    assert house.load.trip.at_boot_s - began <= within_s


def test_its_lease_run_out_cuts_it_off_at_once(running: House) -> None:
    running.live(46)
    assert not running.relay.feeds
    assert running.cause == "lease_expired"


def test_its_relay_closed_by_hand_is_opened_again_and_told(house: House) -> None:
    house.live(10)
    house.relay.is_closed = True
    house.live(10)
    assert not house.relay.feeds
    assert house.cause == "unleased_power"


def test_a_thermostat_that_opens_is_no_fault(running: House) -> None:
    running.relay.meter = lambda: 0.0
    running.live_leased(600)
    assert running.cause is None
    assert running.load.power_w == 0
    running.release()
    assert not running.relay.feeds
