"""A load that is nothing but what hangs on a relay: a heating rod has no temperature that could be asked for."""

from __future__ import annotations

import pytest

from guard.house import RUNNING_W, House


@pytest.fixture
def rod() -> House:
    """A heating rod that draws whenever its relay is closed; there is no miner, and nobody may ask one."""
    house = House(miner=None, boot_grace_s=0)
    house.relay.meter = lambda: RUNNING_W
    house.miner.is_silent = True
    house.guard.step()
    house.renew()
    house.live_leased(60)
    assert house.relay.is_closed
    assert house.cause is None
    return house


def test_it_runs_for_as_long_as_it_is_leased_without_ever_telling_a_temperature(rod: House) -> None:
    rod.live_leased(1800)
    assert (rod.relay.is_closed, rod.cause) == (True, None)
    assert rod.miner.stops == 0


def test_without_a_meter_at_the_relay_too(rod: House) -> None:
    rod.relay.meter = None
    rod.live_leased(600)
    assert (rod.relay.is_closed, rod.cause) == (True, None)
    rod.release()
    rod.live(6)
    assert rod.load.confirmed_off


def test_a_release_opens_its_relay_at_once_for_nothing_needs_to_cool(rod: House) -> None:
    rod.release()
    rod.live(1)
    assert not rod.relay.is_closed
    rod.live(10)
    assert rod.load.confirmed_off
    assert rod.cause is None


def test_it_may_be_leased_again(rod: House) -> None:
    rod.release()
    rod.live(30)
    rod.renew(lease_id="lease-2")
    rod.live(2)
    assert rod.load.lease_id == "lease-2"
    assert rod.relay.is_closed


def test_a_lease_that_runs_out_opens_its_relay_at_once(rod: House) -> None:
    rod.live(46)
    assert rod.cause == "lease_expired"
    assert not rod.relay.is_closed


def test_a_relay_that_falls_silent_is_silence_before_it_is_a_relay_that_cannot_be_armed() -> None:
    house = House(miner=None)
    strict = house.config.rules.r3.model_copy(update={"comm_timeout_s": 20})
    object.__setattr__(house.config, "rules", house.config.rules.model_copy(update={"r3": strict}))
    house.guard = house.new_guard("strict")
    house.miner.is_silent = True
    house.guard.step()
    house.renew()
    house.live_leased(60)
    house.relay.is_silent = True
    house.live_leased(45)
    assert house.cause == "silence"
    assert house.load.trip is not None
    assert "Its relay has not answered for 2" in house.load.trip.text


def test_the_report_tells_how_old_the_relays_last_answer_is(rod: House) -> None:
    rod.relay.is_silent = True
    rod.live(12)
    assert rod.load.answer_age_s is not None
    assert 12 <= rod.load.answer_age_s <= 17


def test_power_without_a_lease_is_cut_as_of_any_load(rod: House) -> None:
    rod.release()
    rod.live(30)
    rod.relay.is_closed = True
    rod.live(10)
    assert rod.cause == "unleased_power"
    assert not rod.relay.is_closed


def test_a_start_puts_it_off(rod: House) -> None:
    rod.guard = rod.new_guard("second")
    rod.live(10)
    assert not rod.relay.is_closed
    assert rod.load.confirmed_off
