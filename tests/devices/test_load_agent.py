"""The agent of one load: on by a lease and by nothing else; off in every other case."""

from __future__ import annotations

import threading
from dataclasses import replace
from itertools import pairwise

import pytest

from bitgrid.bus import LoadSafetyEvent, Received
from bitgrid.devices.load_agent import CUT_PATIENCE_S, SAFETY
from devices.load_bench import HASHRATE_THS, LOAD, STANDBY_W, TEMP_C, TOPICS, Bench

CUT_AFTER_S = LOAD.cooldown_s + CUT_PATIENCE_S
ECO, FULL = LOAD.levels


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def running() -> Bench:
    bench = Bench()
    bench.off()
    bench.run()
    return bench


# -- a start -------------------------------------------------------------------------------------------------


def test_the_first_thing_an_agent_does_is_to_stop_its_load(bench: Bench) -> None:
    bench.miner.level = FULL
    bench.agent.step()
    assert bench.miner.asked[0][0] == "stop"
    assert bench.miner.level is None
    assert bench.agent.is_confirmed_off


def test_off_is_not_believed_before_it_was_measured(bench: Bench) -> None:
    assert not bench.agent.is_confirmed_off
    bench.relay.is_silent = bench.miner.is_silent = True
    bench.live(10)
    assert not bench.agent.is_confirmed_off


def test_a_load_whose_relay_is_open_is_off_although_its_miner_is_silent(bench: Bench) -> None:
    bench.relay.is_closed = False
    bench.live(3)
    assert bench.agent.is_confirmed_off
    assert bench.agent.problem == ""
    assert bench.agent.details()["last_error"] == ""


# -- a lease -------------------------------------------------------------------------------------------------


def test_a_lease_starts_the_load_at_its_level_at_once(bench: Bench) -> None:
    bench.off()
    bench.send("eco")
    bench.agent.step()
    assert bench.miner.level == ECO
    assert bench.agent.details()["level"] == "eco"
    assert bench.agent.details()["lease_left_s"] == 45


def test_a_load_that_runs_as_asked_is_told_nothing_more(running: Bench) -> None:
    since = running.clock.boot()
    running.run(seconds=300)
    assert running.when("full", since) == []
    assert running.agent.problem == ""


def test_a_lease_that_is_not_renewed_ends_in_a_stop_within_a_second(running: Bench) -> None:
    running.send()
    sent = running.clock.boot()
    running.live(50)
    stops = running.when("stop", since=sent)
    assert sent + 45 <= stops[0] <= sent + 46
    assert running.miner.level is None
    assert running.agent.is_confirmed_off


def test_no_command_gives_a_lease_longer_than_45_seconds(running: Bench) -> None:
    running.send(lease_s=3600)
    sent = running.clock.boot()
    running.live(50)
    assert sent + 45 <= running.when("stop", since=sent)[0] <= sent + 46


def test_an_off_command_stops_it_at_once_whatever_is_left_of_the_lease(running: Bench) -> None:
    running.send("off")
    running.agent.step()
    assert running.when("stop")[-1] == running.clock.boot()
    assert running.miner.level is None
    assert running.agent.details()["lease_id"] is None


def test_a_change_of_level_on_the_same_lease_is_carried_out_at_once(running: Bench) -> None:
    running.send("eco")
    running.agent.step()
    assert running.miner.level == ECO


def test_a_lease_that_ended_does_not_come_back(running: Bench) -> None:
    late = running.command("full")
    running.send("off")
    running.live(2)
    running.bus.publish(TOPICS.command(LOAD.id), late)
    running.live(5)
    assert running.miner.level is None
    running.send("full", lease_id="lease-2")
    running.live(2)
    assert running.miner.level == FULL


@pytest.mark.parametrize(
    "wrong",
    [
        {"expires_boot_s": 999.0},
        {"load": "another"},
        {"level": "turbo"},
    ],
)
def test_a_command_that_is_late_or_for_another_or_unknown_does_nothing(
    bench: Bench, wrong: dict[str, str | float]
) -> None:
    bench.off()
    bench.send(**wrong)
    bench.live(5)
    assert bench.miner.level is None


def test_a_retained_command_does_nothing(bench: Bench) -> None:
    bench.off()
    bench.agent.on_command(Received(TOPICS.command(LOAD.id), bench.command().encode(), retained=True))
    bench.live(5)
    assert bench.miner.level is None


def test_what_is_no_command_does_nothing(bench: Bench) -> None:
    bench.off()
    for payload in (b"", b"off", b"{}", b"\xff", b"[" * 100_000):
        bench.agent.on_command(Received(TOPICS.command(LOAD.id), payload, retained=False))
    bench.live(5)
    assert bench.agent.is_confirmed_off


def test_a_command_heard_twice_counts_once(running: Bench) -> None:
    twice = running.command("off", lease_s=60)
    running.bus.publish(TOPICS.command(LOAD.id), twice)
    running.live(2)
    running.send("full", lease_id="lease-2")
    running.live(2)
    running.bus.publish(TOPICS.command(LOAD.id), twice)
    running.live(2)
    assert running.miner.level == FULL


def test_an_older_renewal_of_the_same_lease_does_not_shorten_it(running: Bench) -> None:
    older = running.command("full", lease_s=5)
    running.send("full", lease_s=45)
    running.bus.publish(TOPICS.command(LOAD.id), older)
    running.live(10)
    assert running.miner.level == FULL


def test_a_lease_that_runs_out_during_a_slow_exchange_ends_right_after_it(running: Bench) -> None:
    running.send()
    answered = running.clock.boot() + 46

    def slowly() -> None:
        running.clock.boot_s = max(answered, running.clock.boot_s)

    running.live(38)
    running.miner.before_answer = slowly
    running.live(3)
    assert running.when("read")[-2] < answered - 1
    assert running.when("stop")[-1] == answered


def test_a_miner_that_hangs_delays_neither_the_relays_meter_nor_its_opening(running: Bench) -> None:
    running.send("off")
    hanging, released = threading.Event(), threading.Event()

    def hang() -> None:
        hanging.set()
        released.wait(5)

    running.miner.before_answer = hang
    at_miner = threading.Thread(target=running.agent.step_miner)
    at_miner.start()
    assert hanging.wait(5)
    running.told.clear()
    for _ in range(round(CUT_AFTER_S) + 2):
        running.agent.step_relay()
        running.clock.advance(1)
    assert not running.relay.is_closed
    assert len([value for signal, value in running.told if signal == "power_w"]) >= 8
    released.set()
    at_miner.join()


# -- starting slowly, or not ---------------------------------------------------------------------------------


def test_a_miner_that_still_boots_is_asked_again_until_it_answers(bench: Bench) -> None:
    bench.off()
    bench.miner.is_silent = True
    began = bench.clock.boot()
    for second in range(90):
        if second % 15 == 0:
            bench.send()
        if second == 70:
            bench.miner.is_silent = False
        bench.live(1)
    asked = bench.when("full", since=began)
    assert bench.miner.level == FULL
    assert max(later - earlier for earlier, later in pairwise(asked)) <= 11
    assert bench.agent.problem == ""


def test_silence_after_the_boot_grace_is_told(bench: Bench) -> None:
    bench.off()
    bench.miner.is_silent = True
    for _ in range(LOAD.boot_grace_s // 15 + 1):
        bench.send()
        bench.live(15)
    assert bench.agent.problem == "miner: miner 192.0.2.1: no answer"


def test_a_miner_that_acknowledges_but_stays_asleep_is_woken_again(bench: Bench) -> None:
    bench.off()
    bench.miner.obeys = False
    began = bench.clock.boot()
    for _ in range(4):
        bench.send()
        bench.live(15)
    assert len(bench.when("full", since=began)) >= 4


def test_a_lease_whose_renewal_is_overdue_wakes_nothing(running: Bench) -> None:
    running.clock.advance(20.5)
    running.miner.level = None
    since = running.clock.boot()
    running.live(24)
    assert running.when("full", since) == []


def test_a_level_that_is_not_reached_after_the_ramp_is_set_again_and_told(running: Bench) -> None:
    running.miner.draws_w = 900
    since = running.clock.boot()
    running.run(seconds=LOAD.boot_grace_s + LOAD.ramp_s)
    assert running.when("full", since)
    assert "does not run at full: it draws 900 W" in running.agent.problem


# -- stopping that does not work -----------------------------------------------------------------------------


def test_a_miner_that_ignores_a_stop_is_told_again_and_then_cut_off(running: Bench) -> None:
    running.miner.obeys = False
    running.send("off")
    began = running.clock.boot()
    running.live(CUT_AFTER_S - 1)
    assert len(running.when("stop", since=began)) >= 7
    assert running.relay.is_closed
    running.live(3)
    assert not running.relay.is_closed
    assert running.agent.is_confirmed_off


def test_a_miner_that_refuses_to_stop_is_asked_ever_again(running: Bench) -> None:
    running.miner.refuses = True
    running.send("off")
    began = running.clock.boot()
    running.live(CUT_AFTER_S - 1)
    assert len(running.when("stop", since=began)) >= 5
    running.miner.refuses = False
    running.relay.is_stuck = True
    running.live(12)
    assert running.miner.level is None


def test_a_relay_that_does_not_open_is_tried_again_and_the_load_is_told_to_be_on(running: Bench) -> None:
    running.miner.obeys, running.relay.is_stuck = False, True
    running.send("off")
    running.live(CUT_AFTER_S + 30)
    opens = [at for what, at in running.relay.asked if what == "open"]
    assert len(opens) >= 4
    assert "is not proven to be off: it draws 1674 W" in running.agent.problem
    assert not running.agent.is_confirmed_off


def test_a_load_without_a_relay_is_told_to_stop_for_ever() -> None:
    bench = Bench(with_relay=False)
    bench.off()
    bench.run()
    bench.miner.obeys = False
    bench.send("off")
    began = bench.clock.boot()
    bench.live(300)
    assert len(bench.when("stop", since=began)) >= 50
    assert "is not proven to be off" in bench.agent.problem


def test_a_silent_miner_behind_a_relay_without_a_meter_is_cut_off(running: Bench) -> None:
    running.relay.has_meter, running.miner.is_silent = False, True
    running.send("off")
    running.live(CUT_AFTER_S + 3)
    assert not running.relay.is_closed
    assert running.agent.is_confirmed_off


def test_power_without_a_lease_is_stopped(bench: Bench) -> None:
    bench.off()
    bench.miner.level = FULL
    bench.live(7)
    assert bench.miner.level is None
    assert bench.agent.is_confirmed_off


def test_a_confirmed_off_load_is_left_alone(bench: Bench) -> None:
    bench.off()
    since = bench.clock.boot()
    bench.live(600)
    assert bench.when("stop", since) == []


def test_a_process_that_ends_stops_its_load(running: Bench) -> None:
    running.agent.close()
    assert running.miner.level is None


def test_a_process_that_ends_does_not_wait_for_a_miner_that_is_off(bench: Bench) -> None:
    bench.off()
    since = bench.clock.boot()
    bench.agent.close()
    assert bench.when("stop", since) == []


def test_a_process_that_ends_tries_a_silent_miner_only_once(running: Bench) -> None:
    running.miner.is_silent = True
    since = running.clock.boot()
    running.agent.close()
    assert len(running.when("stop", since)) == 1


# -- what is told --------------------------------------------------------------------------------------------


def test_a_running_load_publishes_power_temperature_and_hash_rate(running: Bench) -> None:
    values = {signal: running.newest(signal).value for signal in ("power_w", "temp_c", "hashrate_ths")}
    assert values == {"power_w": 1674, "temp_c": TEMP_C, "hashrate_ths": HASHRATE_THS}
    assert running.newest("temp_c").age_s == 0


def test_a_value_is_as_old_as_the_question(running: Bench) -> None:
    running.miner.before_answer = lambda: running.clock.advance(2)
    running.send()
    running.live(6)
    assert running.newest("temp_c").age_s == 2
    assert running.newest("temp_c").age_at_s(running.clock.boot() + 40) >= 42


def test_the_relays_meter_is_believed_before_the_miner(running: Bench) -> None:
    running.relay.drawn_w = lambda: 1700.0
    running.run(seconds=15)
    assert running.newest("power_w").value == 1700


def test_without_a_meter_the_miner_itself_is_believed() -> None:
    bench = Bench(has_meter=False)
    bench.off()
    assert bench.newest("power_w").value == STANDBY_W
    bench.run()
    assert bench.newest("power_w").value == 1674


def test_a_meter_wired_the_wrong_way_round_still_measures(running: Bench) -> None:
    running.relay.meter_sign = -1
    running.run(seconds=15)
    assert running.newest("power_w").value == 1674


def test_an_open_relay_without_a_meter_lets_no_power_through() -> None:
    bench = Bench(has_meter=False, is_closed=False)
    bench.live(5)
    assert bench.newest("power_w").value == 0


def test_a_silent_load_publishes_nothing(running: Bench) -> None:
    running.miner.is_silent = running.relay.is_silent = True
    running.told.clear()
    running.run(seconds=30)
    assert running.told == []


def test_what_a_miner_does_not_tell_is_missing(running: Bench) -> None:
    reading = running.miner.read
    running.miner.read = lambda: type(reading())(1674, None, None, is_asleep=False)  # type: ignore[method-assign]
    running.run(seconds=15)
    temp = running.newest("temp_c")
    assert (temp.value, temp.quality) == (None, "missing")


def test_a_miner_whose_power_is_cut_is_not_asked(bench: Bench) -> None:
    bench.relay.is_closed = False
    bench.live(5)
    since = bench.clock.boot()
    bench.live(300)
    assert bench.when("read", since) == []
    bench.relay.is_closed = True
    bench.live(6)
    assert bench.when("read", since)


def test_details_tell_a_person_what_loads_sees(running: Bench) -> None:
    running.send("eco")
    running.live(10)
    assert running.agent.details() == {
        "level": "eco",
        "lease_id": "lease-1",
        "lease_left_s": 35.0,
        "power_w": 800,
        "confirmed_off": False,
        "last_error": "",
    }


# -- a safety event ------------------------------------------------------------------------------------------


def test_a_load_that_had_to_be_cut_off_is_a_safety_event_until_it_is_leased_again(running: Bench) -> None:
    running.miner.obeys = False
    running.send("off")
    running.live(CUT_AFTER_S + 3)
    event = LoadSafetyEvent.model_validate(running.agent.details()[SAFETY])
    assert event.cause == "stop_ignored"
    assert event.text.startswith("40 s after it was stopped it draws 1674 W")
    running.live(300)
    assert running.agent.details()[SAFETY]["event_id"] == event.event_id
    running.send("full", lease_id="lease-2")
    running.live(2)
    assert SAFETY not in running.agent.details()


def test_a_relay_that_has_to_be_opened_again_and_again_is_one_event(running: Bench) -> None:
    running.miner.obeys, running.relay.is_stuck = False, True
    running.send("off")
    running.live(CUT_AFTER_S + 3)
    first = running.agent.details()[SAFETY]
    running.live(60)
    assert running.agent.details()[SAFETY] == first


def test_a_load_that_obeys_is_none(running: Bench) -> None:
    running.send("off")
    running.live(300)
    assert SAFETY not in running.agent.details()


# -- what counts as on and off -------------------------------------------------------------------------------


def test_a_miner_that_lies_about_being_off_is_not_believed_while_a_meter_is_heard(running: Bench) -> None:
    reading = running.miner.read
    running.miner.obeys = False
    running.miner.read = lambda: replace(  # type: ignore[method-assign]
        reading(), power_w=3.0, hashrate_ths=0.0, is_asleep=True
    )
    running.send("off")
    claims: list[bool] = []
    running.live(CUT_AFTER_S - 1, lambda: claims.append(running.agent.is_confirmed_off))
    assert not any(claims)
    running.live(4)
    assert not running.relay.is_closed
    assert running.agent.is_confirmed_off


def test_one_that_hashes_is_not_off_by_its_own_word_that_it_draws_nothing() -> None:
    bench = Bench(with_relay=False)
    bench.off()
    bench.run()
    reading = bench.miner.read
    bench.miner.obeys = False
    bench.miner.read = lambda: replace(reading(), power_w=0.0)  # type: ignore[method-assign]
    since = bench.clock.boot()
    bench.send("off")
    bench.live(120)
    assert not bench.agent.is_confirmed_off
    assert "not proven to be off" in bench.agent.problem
    assert len(bench.when("stop", since)) > 10, "it is told to stop again and again"


def test_one_that_tells_no_power_runs_when_its_hash_rate_shows_it() -> None:
    bench = Bench(has_meter=False)
    bench.off()
    reading = bench.miner.read
    bench.miner.read = lambda: replace(reading(), power_w=None)  # type: ignore[method-assign]
    bench.run()
    since = bench.clock.boot()
    bench.run(seconds=120)
    assert bench.when("full", since) == []
    bench.miner.level = None
    bench.send()
    bench.live(15)
    assert bench.when("full", since) != [], "its hash rate is gone, so it is told again"


def test_nothing_is_retried_once_the_lease_has_ended(bench: Bench) -> None:
    bench.off()
    bench.miner.is_silent = True
    bench.send("full", lease_s=45)
    bench.live(44)
    tries = bench.when("full")
    assert len(tries) >= 3
    bench.miner.is_silent = False
    bench.live(60)
    assert bench.when("full") == tries
    assert bench.miner.level is None


def test_tries_that_fail_come_ever_later_and_never_later_than_ten_seconds(bench: Bench) -> None:
    bench.off()
    bench.miner.refuses = True
    for _ in range(6):
        bench.send()
        bench.live(15)
    gaps = [later - earlier for earlier, later in pairwise(bench.when("full"))]
    assert gaps[:4] == [1, 2, 4, 8]
    assert max(gaps) <= 10


# -- shares --------------------------------------------------------------------------------------------------


def test_shares_are_published_when_they_are_told_and_left_alone_when_not(running: Bench) -> None:
    reading = running.miner.read
    running.miner.read = lambda: replace(reading(), accepted_shares=812, rejected_shares=3)  # type: ignore[method-assign]
    running.run(seconds=15)
    assert running.newest("accepted_shares").value == 812
    assert running.newest("rejected_shares").value == 3
    running.miner.read = reading  # type: ignore[method-assign]
    running.told.clear()
    running.run(seconds=15)
    assert [value for signal, value in running.told if signal.endswith("_shares")] == []
