"""What the guard stops by itself: heat, silence, power without a lease, a relay that does not obey."""

from __future__ import annotations

import math

import pytest

from bitgrid.devices.ports import MinerReading
from bitgrid.guard.evidence import Evidence
from guard.house import House


def test_heat_stops_the_miner_at_once_and_opens_the_relay_within_five_seconds(running: House) -> None:
    running.miner.temp_c = 85.0
    running.seconds_until(lambda: running.miner.stops > 0, at_most=6)
    assert running.cause == "heat"
    assert running.seconds_until(lambda: not running.relay.is_closed) <= 6
    assert running.load.confirmed_off


def test_heat_leaves_the_fans_their_five_seconds(running: House) -> None:
    running.miner.temp_c, running.miner.obeys = 90.0, False
    running.seconds_until(lambda: running.cause == "heat", at_most=6)
    running.live(4)
    assert running.relay.is_closed


def test_the_report_tells_how_old_the_last_answer_is(running: House) -> None:
    running.live(5)
    running.miner.is_silent = True
    running.live(20)
    assert running.load.answer_age_s is not None
    assert 20 <= running.load.answer_age_s <= 25


def test_just_below_the_limit_it_runs_on(running: House) -> None:
    running.miner.temp_c = 84.9
    running.live_leased(60)
    assert running.cause is None


def test_heat_opens_the_relay_at_once_when_the_stop_fails(running: House) -> None:
    running.miner.temp_c, running.miner.refuses_to_stop = 85.0, True
    running.seconds_until(lambda: running.cause == "heat", at_most=6)
    assert not running.relay.is_closed


def test_heat_opens_the_relay_of_a_miner_that_says_it_stopped_and_did_not(running: House) -> None:
    running.miner.temp_c, running.miner.obeys = 90.0, False
    running.seconds_until(lambda: running.cause == "heat", at_most=6)
    assert running.seconds_until(lambda: running.miner.drawn_w == 0) <= 5


def test_a_miner_that_lies_about_its_power_is_not_believed_against_the_relay(running: House) -> None:
    running.miner.obeys, running.miner.told_power_w = False, 0.0
    running.release()
    running.live(40)
    assert not running.load.confirmed_off
    assert running.load.power_w == 1600
    running.live(25)
    assert running.miner.drawn_w == 0


def test_a_miner_that_hashes_is_not_off_by_its_own_word_that_it_draws_nothing() -> None:
    evidence = Evidence(50.0, 0.0)
    evidence.miner_told(MinerReading(0.0, 60.0, 90.0, is_asleep=None), 1.0)
    assert not evidence.is_off(2.0)
    evidence.miner_told(MinerReading(8.0, 60.0, 0.0, is_asleep=True), 3.0)
    assert evidence.is_off(4.0)


def test_a_released_load_that_gets_hot_is_not_left_to_cool(running: House) -> None:
    running.miner.obeys = False
    running.release()
    running.miner.temp_c = 90.0
    running.live(12)
    assert running.cause == "heat"
    assert not running.relay.is_closed


def test_a_load_last_seen_hot_is_not_leased_again_until_it_can_have_cooled(running: House) -> None:
    running.miner.temp_c = 85.0
    running.live(15)
    running.clear()
    running.renew(lease_id="lease-2")
    assert running.load.refusal == "the load was last seen at its temperature limit"
    running.live(600)
    running.renew(lease_id="lease-2")
    assert running.load.lease_id == "lease-2"


def test_chips_asleep_at_zero_degrees_do_not_show_that_they_have_cooled(running: House) -> None:
    running.miner.temp_c = 90.0
    running.seconds_until(lambda: running.cause == "heat", at_most=6)
    running.miner.temp_c = 0.0
    running.live(15)
    running.clear()
    running.renew(lease_id="lease-2")
    assert running.load.refusal == "the load was last seen at its temperature limit"


def test_a_load_that_shows_it_has_cooled_is_leased_again() -> None:
    house = House(with_relay=False)
    house.run()
    house.miner.temp_c = 85.0
    house.live(10)
    house.clear()
    house.renew(lease_id="lease-2")
    assert house.load.lease_id is None
    house.miner.temp_c = 84.0
    house.live(10)
    house.renew(lease_id="lease-2")
    assert house.load.lease_id == "lease-2"


def test_a_silent_leased_load_is_stopped_after_its_time_out(running: House) -> None:
    running.miner.is_silent = True
    running.live_leased(45)
    assert running.cause is None
    running.live_leased(30)
    assert running.cause == "silence"
    assert not running.relay.is_closed


@pytest.mark.parametrize("told", [None, math.nan, math.inf, -273.0, 0.0])
def test_a_miner_that_answers_without_a_temperature_is_silent(running: House, told: float | None) -> None:
    running.miner.temp_c = told
    running.live_leased(75)
    assert running.cause == "silence"


def test_a_load_may_be_silent_in_its_boot_grace_and_one_time_out_longer(house: House) -> None:
    house.guard.step()
    house.miner.is_silent = True
    house.live_leased(240)
    assert house.cause is None
    house.live_leased(15)
    assert house.cause == "silence"


def test_a_load_that_is_off_may_be_silent(house: House) -> None:
    house.live(1200)
    assert house.cause is None
    assert house.load.confirmed_off
    assert house.load.answer_age_s is None


def test_a_relay_closed_by_hand_without_a_lease_is_opened_and_told(house: House) -> None:
    house.live(60)
    house.relay.is_closed = True
    house.live(12)
    assert house.cause == "unleased_power"
    assert not house.relay.is_closed
    assert house.load.confirmed_off


def test_a_miner_that_starts_itself_is_stopped_and_told() -> None:
    house = House(with_relay=False)
    house.live(60)
    assert house.load.confirmed_off
    house.miner.is_awake = True
    house.live(12)
    assert house.cause == "unleased_power"
    assert not house.miner.is_awake
    assert house.load.confirmed_off


def test_a_load_that_draws_power_past_its_open_relay_is_told_and_stopped(running: House) -> None:
    running.relay.is_welded, running.miner.obeys = True, False
    running.release()
    running.live(120)
    assert running.load.relay == "open"
    assert running.cause == "unleased_power"
    assert not running.load.confirmed_off
    stops = running.miner.stops
    running.live(60)
    assert running.miner.stops >= stops + 10


def test_a_relay_whose_contact_sticks_is_told_once_although_the_miner_sleeps(running: House) -> None:
    running.relay.is_welded = True
    running.release()
    running.live(60)
    assert running.load.relay == "open"
    assert running.cause == "relay_fault"
    assert not running.load.confirmed_off
    running.clear()
    running.live(120)
    assert running.cause is None
    running.renew(lease_id="lease-2")
    assert running.load.refusal == "the load is not measured to be off"
    running.relay.is_welded = False
    running.live(60)
    running.renew(lease_id="lease-2")
    assert running.load.lease_id == "lease-2"


def test_a_sticking_contact_shows_at_the_relays_meter_alone(running: House) -> None:
    running.relay.is_welded = running.miner.is_silent = True
    running.miner.is_awake = False
    running.release()
    running.live(90)
    assert running.cause == "relay_fault"


def test_a_sticking_contact_shows_in_an_answer_of_the_miner_alone(running: House) -> None:
    running.relay.is_welded, running.relay.meter, running.miner.told_power_w = True, None, 0.0
    running.release()
    running.live(90)
    assert running.cause == "relay_fault"


def test_a_contact_that_sticks_from_the_start_is_told(house: House) -> None:
    house.relay.is_welded = True
    house.live(30)
    assert house.cause == "relay_fault"
    house.clear()
    house.live(60)
    assert house.cause is None
    assert not house.load.confirmed_off


def test_a_weld_that_shows_later_is_told(house: House) -> None:
    house.live(60)
    house.relay.is_welded = house.miner.is_awake = True
    house.live(12)
    assert house.cause == "unleased_power"
    assert not house.miner.is_awake


def test_power_of_the_past_does_not_count_once_the_relay_is_open(running: House) -> None:
    running.release()
    running.miner.obeys = False
    running.relay.meter = None
    running.seconds_until(lambda: running.load.relay == "open")
    running.live(60)
    assert running.cause is None


def test_a_meter_wired_the_wrong_way_round_still_measures_a_load(running: House) -> None:
    running.relay.meter = lambda: -running.miner.drawn_w
    running.miner.told_power_w, running.miner.obeys = 0.0, False
    running.release()
    running.live(20)
    assert not running.load.confirmed_off


def test_a_relay_that_does_not_answer_is_tried_every_second_for_ever_and_told(running: House) -> None:
    running.relay.is_silent, running.miner.obeys = True, False
    running.renew()
    running.live(56)
    running.clear()
    before = running.relay.count("open")
    running.live(100)
    assert before + 95 <= running.relay.count("open") <= before + 101
    assert running.cause == "relay_fault"
    assert running.load.relay == "unknown"
    assert not running.load.confirmed_off
    running.relay.is_silent = False
    running.live(2)
    assert running.load.relay == "open"
    assert running.load.confirmed_off


def test_a_relay_fault_is_told_once_and_not_again_after_each_clearing(running: House) -> None:
    running.relay.sticks, running.miner.obeys = True, False
    running.release()
    running.relay.opens_at_boot_s = math.inf
    running.live(80)
    assert running.cause == "relay_fault"
    running.clear()
    running.live(60)
    assert running.cause is None
    assert not running.load.confirmed_off


def test_a_relay_that_says_it_opened_and_stays_closed_is_told(running: House) -> None:
    running.relay.sticks = True
    running.release()
    running.live(60)
    assert running.load.relay == "closed"
    assert running.cause == "relay_fault"


def test_a_relay_that_does_not_close_ends_the_lease(house: House) -> None:
    house.guard.step()
    house.relay.refuses_to_close = True
    house.live_leased(45)
    assert house.cause == "relay_fault"
    assert house.load.trip is not None
    assert "it stays open" in house.load.trip.text
    assert house.load.lease_id is None


def test_a_relay_that_is_away_for_a_moment_does_not_end_a_lease(running: House) -> None:
    running.relay.is_silent = True
    running.live_leased(15)
    assert running.load.relay == "unknown"
    running.relay.is_silent = False
    running.live_leased(60)
    assert running.cause is None


def test_a_relay_that_cannot_be_rearmed_stops_the_miner_before_the_timer_cuts_it(running: House) -> None:
    running.relay.is_silent = True
    running.live_leased(45)
    assert running.cause == "relay_fault"
    assert not running.miner.is_awake
    assert running.clock.boot() < running.relay.opens_at_boot_s


def test_a_relay_opened_by_hand_is_not_closed_again_by_the_next_renewal(running: House) -> None:
    running.relay.is_closed = False
    running.live(6)
    assert running.cause == "relay_fault"
    running.renew()
    running.live(15)
    assert not running.relay.is_closed


def test_a_silent_relay_of_a_load_that_is_off_is_not_a_fault(house: House) -> None:
    house.live(30)
    house.relay.is_silent = True
    house.live(600)
    assert house.cause is None
    assert house.load.relay == "unknown"
    assert not house.load.confirmed_off


def test_every_trip_latches_until_it_is_cleared_by_its_own_id(running: House) -> None:
    running.renew()
    running.live(60)
    assert running.load.trip is not None
    latched = running.load.trip.trip_id
    running.clear("first-999")
    running.renew(lease_id="lease-2")
    assert running.load.refusal == "a trip is latched and not cleared"
    running.clear(latched)
    running.renew(lease_id="lease-2")
    assert running.load.lease_id == "lease-2"


def test_two_trips_never_share_an_id(running: House) -> None:
    running.renew()
    running.live(60)
    first = running.load.trip
    running.clear()
    running.relay.is_closed = True
    running.live(12)
    second = running.load.trip
    assert first is not None
    assert second is not None
    assert first.trip_id != second.trip_id


def test_a_latched_trip_does_not_blind_the_guard(running: House) -> None:
    running.renew()
    running.live(60)
    running.relay.is_closed = running.miner.is_awake = True
    running.live(12)
    assert not running.relay.is_closed
    assert running.cause == "lease_expired"


def test_without_relay_a_miner_is_asked_to_stop_for_ever_and_that_is_told() -> None:
    house = House(with_relay=False)
    house.run()
    house.miner.refuses_to_stop = True
    house.renew()
    house.live(70)
    house.clear()
    stops = house.miner.stops
    house.live(60)
    assert stops + 55 <= house.miner.stops <= stops + 61
    assert house.cause == "unleased_power"
    assert house.load.relay == "none"
    house.miner.refuses_to_stop = False
    house.live(12)
    assert house.load.confirmed_off


# -- what does not come off by itself ------------------------------------------------------------------------


def test_a_released_miner_that_draws_on_is_cut_off_and_told_once_it_is_off(running: House) -> None:
    running.miner.obeys = False
    running.release()
    running.live(running.config.site.loads[0].cooldown_s + 35)
    assert running.miner.drawn_w == 0
    assert running.load.confirmed_off
    assert running.cause == "unleased_power"
    assert running.load.trip is not None
    assert running.load.trip.text == "It drew 1600 W on although stopped; its relay cut it off."


def test_one_that_comes_off_by_itself_is_cut_off_without_a_word(running: House) -> None:
    running.release()
    running.live(120)
    assert running.load.relay == "open"
    assert running.cause is None
