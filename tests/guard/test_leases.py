"""Leases: what begins one, what prolongs it, and how it ends."""

from __future__ import annotations

import pytest

from bitgrid.guard.link import Renew
from guard.house import RUNNING_W, House


def test_the_first_renewal_closes_the_relay_and_arms_its_timer_at_once(house: House) -> None:
    house.guard.step()
    house.renew()
    assert house.relay.calls[-2][0] == "close 120"
    assert house.relay.is_closed
    assert house.load.level == "full"
    assert house.load.lease_left_s == 45
    assert not house.load.confirmed_off


def test_each_renewal_arms_the_timer_anew(running: House) -> None:
    before = running.relay.count("close 120")
    running.live_leased(60)
    assert running.relay.count("close 120") == before + 4
    assert running.relay.opens_at_boot_s >= running.clock.boot() + 105


def test_a_change_of_level_is_only_remembered(running: House) -> None:
    running.renew(level="eco")
    assert running.load.level == "eco"
    assert running.miner.stops == 0


@pytest.mark.parametrize("lease_s", [46.5, 60.0, 1e9, 0.0, -1.0])
def test_a_lease_that_is_over_or_longer_than_45_s_is_refused(house: House, lease_s: float) -> None:
    house.guard.step()
    house.renew(lease_s)
    assert house.load.lease_id is None
    assert house.load.refusal == "its expiry is not within the next 45 s"
    assert not house.relay.is_closed


def test_a_refused_renewal_leaves_the_lease_as_it_was(running: House) -> None:
    running.renew()
    running.live(10)
    running.renew(600)
    assert running.load.lease_left_s == 35


def test_a_renewal_for_a_load_nobody_knows_changes_nothing(house: House) -> None:
    house.guard.step()
    expires = house.clock.boot() + 45
    house.ask(Renew(load="heater", level="full", power_w=1, lease_id="x", expires_boot_s=expires))
    assert house.guard.report().loads.keys() == {"miner"}
    assert house.load.lease_id is None


def test_a_restarted_rules_may_take_over_a_lease_under_a_new_id(running: House) -> None:
    running.renew(lease_id="lease-2")
    assert running.load.lease_id == "lease-2"
    assert running.cause is None


def test_from_the_last_renewal_to_no_power_it_takes_at_most_60_s(running: House) -> None:
    running.miner.obeys = False
    running.renew()
    assert running.seconds_until(lambda: running.miner.drawn_w == 0) <= 57
    assert running.cause == "lease_expired"


def test_a_lease_run_out_stops_the_miner_at_once_and_opens_the_relay_when_it_is_quiet(running: House) -> None:
    running.renew()
    assert running.seconds_until(lambda: running.miner.stops > 0) == 45
    assert running.seconds_until(lambda: not running.relay.is_closed) <= 6


def test_a_lease_run_out_gives_a_miner_that_says_it_stops_ten_seconds(running: House) -> None:
    running.miner.obeys = False
    running.renew()
    running.live(54)
    assert running.relay.is_closed
    running.live(1)
    assert not running.relay.is_closed


def test_a_lease_run_out_does_not_wait_for_a_miner_that_cannot_be_stopped(running: House) -> None:
    running.renew()
    running.live(44)
    running.miner.is_silent = True
    running.live(2)
    assert not running.relay.is_closed


def test_a_renewal_that_comes_too_late_saves_nothing(running: House) -> None:
    running.renew()
    running.clock.advance(45)
    running.renew()
    assert running.load.lease_id is None
    assert running.cause == "lease_expired"


def test_a_release_stops_the_miner_lets_its_fans_run_on_and_then_opens_the_relay(running: House) -> None:
    running.release()
    assert running.miner.stops == 1
    assert running.load.lease_id is None
    running.live(25)
    assert running.relay.is_closed
    assert running.seconds_until(lambda: not running.relay.is_closed) <= 11
    assert running.load.confirmed_off
    assert running.cause is None


def test_a_released_miner_that_sleeps_is_not_asked_again_and_its_relay_not_armed_again(running: House) -> None:
    running.renew()
    armed = running.relay.count("close 120")
    running.release()
    running.live(25)
    assert running.miner.stops <= 2
    assert running.relay.count("close 120") == armed


def test_a_release_cuts_the_power_of_a_miner_that_does_not_stop(running: House) -> None:
    running.miner.obeys = False
    running.release()
    assert running.seconds_until(lambda: not running.relay.is_closed) == pytest.approx(60, abs=1)
    assert running.load.confirmed_off


def test_a_release_of_a_miner_that_cannot_be_asked_still_lets_it_cool(running: House) -> None:
    running.miner.refuses_to_stop = True
    running.release()
    running.live(40)
    assert running.relay.is_closed


def test_while_it_cools_a_load_that_is_measured_off_may_start_again(running: House) -> None:
    running.release()
    running.live(15)
    assert running.load.confirmed_off
    running.renew(lease_id="lease-2")
    running.miner.is_awake = True
    stops = running.miner.stops
    for _ in range(8):
        running.renew(lease_id="lease-2")
        running.live(15)
    assert running.miner.drawn_w == RUNNING_W
    assert running.miner.stops == stops
    assert running.cause is None


def test_while_it_still_draws_power_a_released_load_does_not_start_again(running: House) -> None:
    running.miner.obeys = False
    running.release()
    running.renew(lease_id="lease-2")
    assert running.load.lease_id is None
    assert running.load.refusal == "the load is not measured to be off"


def test_a_lease_that_was_released_does_not_come_back(running: House) -> None:
    running.release()
    running.live(60)
    running.renew(lease_id="lease-1")
    assert running.load.refusal == "this lease has ended and does not come back"
    running.renew(lease_id="lease-2")
    assert running.load.lease_id == "lease-2"


def test_a_release_that_comes_after_the_lease_ran_out_makes_nothing_gentle(running: House) -> None:
    running.miner.obeys = False
    running.renew()
    running.clock.advance(46)
    running.release()
    assert running.cause == "lease_expired"
    running.live(10)
    assert not running.relay.is_closed


def test_what_was_measured_before_the_release_does_not_prove_that_the_load_is_off(running: House) -> None:
    running.miner.is_awake = False
    running.live(10)
    running.clock.advance(1)
    running.miner.is_silent = running.relay.is_silent = True
    running.release()
    assert not running.load.confirmed_off


def test_a_release_without_a_lease_changes_nothing(house: House) -> None:
    house.guard.step()
    opened = house.relay.count("open")
    house.release()
    house.live(60)
    assert house.relay.count("open") == opened
    assert house.load.confirmed_off


def test_the_guard_reports_after_every_request_and_every_five_seconds(house: House) -> None:
    house.guard.step()
    house.told.clear()
    house.renew()
    assert house.told[-1].loads["miner"].lease_id == "lease-1"
    house.renew(600)
    assert len(house.told) == 2
    house.told.clear()
    house.live(20)
    assert [report.sent_boot_s for report in house.told] == [1005.0, 1010.0, 1015.0, 1020.0]


def test_the_guard_reports_at_once_when_it_stops_a_load(running: House) -> None:
    running.renew()
    running.live(44)
    running.told.clear()
    running.live(1)
    assert [report.loads["miner"].trip is not None for report in running.told] == [True]
