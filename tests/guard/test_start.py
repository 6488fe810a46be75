"""A start: nothing is believed off, everything is put off, and only then is a renewal heard."""

from __future__ import annotations

import pytest

from bitgrid.config import Config
from bitgrid.config.rules import Safety
from bitgrid.guard.core import Guard
from bitgrid.guard.limits import limits_from
from guard.house import ASLEEP_W, House, site_with


def test_before_its_first_measurement_nothing_is_confirmed_off(house: House) -> None:
    assert not house.load.confirmed_off
    assert house.load.relay == "unknown"


def test_a_start_opens_the_relay_even_if_it_reads_open(house: House) -> None:
    house.guard.step()
    assert house.relay.count("open") == 1
    assert house.load.relay == "open"
    assert house.load.confirmed_off


def test_a_start_stops_a_running_miner_and_cuts_its_power(house: House) -> None:
    house.relay.is_closed = house.miner.is_awake = True
    house.guard.step()
    assert house.miner.stops == 1
    assert house.seconds_until(lambda: house.load.confirmed_off) <= 6
    assert not house.relay.is_closed
    assert house.cause is None


def test_a_load_is_not_called_off_before_its_start_is_over_and_may_then_be_leased_at_once(house: House) -> None:
    house.relay.is_closed = house.relay.sticks = True
    house.live(3)
    assert house.load.power_w == ASLEEP_W
    assert not house.load.confirmed_off
    house.relay.sticks = False
    house.seconds_until(lambda: house.load.confirmed_off)
    house.renew()
    assert house.load.lease_id == "lease-1"


def test_a_start_cuts_the_power_of_a_miner_that_ignores_its_stop(house: House) -> None:
    house.relay.is_closed = house.miner.is_awake = True
    house.miner.obeys = False
    house.live(4)
    assert not house.load.confirmed_off
    house.live(2)
    assert house.load.confirmed_off
    assert house.miner.drawn_w == 0


def test_no_renewal_is_heard_until_the_load_is_measured_off(house: House) -> None:
    house.relay.is_silent = True
    house.renew()
    assert house.load.lease_id is None
    assert house.load.refusal == "the load is not measured to be off"
    house.relay.is_silent = False
    house.live(2)
    house.renew()
    assert house.load.lease_id == "lease-1"
    assert house.load.refusal is None


def test_a_load_without_relay_is_off_when_it_measures_low_and_not_before() -> None:
    house = House(with_relay=False)
    house.miner.is_awake, house.miner.obeys = True, False
    house.live(20)
    assert not house.load.confirmed_off
    house.miner.obeys = True
    house.live(10)
    assert house.load.confirmed_off
    assert house.load.power_w == ASLEEP_W
    assert house.load.relay == "none"


def test_a_silent_load_without_relay_is_never_called_off() -> None:
    house = House(with_relay=False)
    house.miner.is_silent = True
    house.live(120)
    assert not house.load.confirmed_off
    house.renew()
    assert house.load.lease_id is None


def test_a_new_guard_knows_no_lease_and_puts_a_running_load_off(running: House) -> None:
    running.guard = running.new_guard("second")
    running.renew()
    assert running.load.lease_id is None
    running.live(7)
    assert running.load.confirmed_off
    assert not running.relay.is_closed
    assert running.miner.stops > 0
    assert running.guard.report().instance == "second"


def test_the_limits_are_those_of_the_files_and_never_wider_than_the_built_in_ones() -> None:
    limits = limits_from(site_with(), 1.0)["miner"]
    assert (limits.max_temp_c, limits.comm_timeout_s, limits.auto_off_s) == (85.0, 60, 120)
    wide = Safety.model_construct(max_temp_c=400.0, comm_timeout_s=9999)
    config = site_with()
    rules = config.rules.model_copy(update={"r3": wide})
    limits = limits_from(Config(config.site, rules, config.flags, config.policies), 1.0)["miner"]
    assert (limits.max_temp_c, limits.comm_timeout_s) == (95.0, 300)


def test_a_fast_clock_leaves_a_relay_at_least_a_second_of_the_machine() -> None:
    assert limits_from(site_with(), 1.0)["miner"].open_patience_s == 10
    assert limits_from(site_with(), 60.0)["miner"].open_patience_s == 60


def test_a_guard_without_the_relay_that_the_site_names_does_not_start(house: House) -> None:
    with pytest.raises(KeyError):
        Guard(house.config, {"miner": house.miner}, {}, house.clock, "x")


def test_at_a_start_a_relay_that_does_not_answer_is_told(house: House) -> None:
    house.relay.is_silent = True
    house.live(30)
    assert house.cause == "relay_fault"
    assert house.load.trip is not None
    assert "no answer to open" in house.load.trip.text
