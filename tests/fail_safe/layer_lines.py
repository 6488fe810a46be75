"""The five layers, each of which puts a load off when those before it are gone."""

from __future__ import annotations

from fail_safe.line import Line, Without

PART = "The five layers"
WATCH, RELAY = "guard/watch.py", "devices/relays/shelly_gen2.py"
LEASES = "guard/test_leases.py"

LINES = (
    Line(
        PART,
        "1. `rules` stops it by decision, also between ticks",
        (
            "control/test_engine.py::test_heat_stops_within_a_second",
            "control/test_engine.py::test_a_meter_silent_past_its_time_out_stops_the_load",
        ),
        (Without("control/engine.py", "            self.protect(load)\n", "            pass\n"),),
    ),
    Line(
        PART,
        "2. `loads` stops it when its lease runs out",
        ("devices/test_load_agent.py::test_a_lease_that_is_not_renewed_ends_in_a_stop_within_a_second",),
        (Without("devices/lease.py", "self._clock.boot() >= self._lease.expires_boot_s", "False"),),
    ),
    Line(
        PART,
        "2. … again and again until its power is measured to be gone, then by its relay",
        ("devices/test_load_agent.py::test_a_miner_that_ignores_a_stop_is_told_again_and_then_cut_off",),
        (Without("devices/load_agent.py", "partial(self._command, relay.open, self._cutting)", "None"),),
    ),
    Line(
        PART,
        "3. `guard` stops it on heat",
        (
            "guard/test_safety.py::test_heat_stops_the_miner_at_once_and_opens_the_relay_within_five_seconds",
            "guard/test_process.py::test_heat_stops_it_while_renewals_go_on",
        ),
        (Without(WATCH, "        self._judge_heat(now)\n", ""),),
    ),
    Line(
        PART,
        "3. … on silence",
        ("guard/test_safety.py::test_a_silent_leased_load_is_stopped_after_its_time_out",),
        (
            Without(
                WATCH, "(quiet_s := self._quiet_s(lease, now)) > self._limits.comm_timeout_s", "(quiet_s := 0)"
            ),
        ),
    ),
    Line(
        PART,
        "3. … on a lease run out",
        (
            f"{LEASES}::test_a_lease_run_out_stops_the_miner_at_once_and_opens_the_relay_when_it_is_quiet",
            "guard/test_leases.py::test_from_the_last_renewal_to_no_power_it_takes_at_most_60_s",
        ),
        (Without(WATCH, "if now >= lease.expires_boot_s:", "if False:"),),
    ),
    Line(
        PART,
        "3. … over its own connection, then by its relay",
        (
            "guard/test_leases.py::test_a_lease_run_out_does_not_wait_for_a_miner_that_cannot_be_stopped",
            "guard/test_safety.py::test_heat_opens_the_relay_of_a_miner_that_says_it_stopped_and_did_not",
            "test_whole_house_faults.py::test_also_a_miner_that_ignores_its_stop",
        ),
        (
            Without(WATCH, "self._miner.stop_failed or self._seen.is_off(now)", "self._seen.is_off(now)"),
            Without(WATCH, "if now >= down.cut_at_boot_s or not (", "if not ("),
        ),
    ),
    Line(
        PART,
        "3. A miner that hangs holds up neither its relay nor the watch",
        (
            "guard/test_hands.py::test_a_miner_that_hangs_does_not_hold_up_its_relay",
            "fail_safe/test_gaps.py::test_a_miner_that_never_answers_does_not_hold_up_the_guards_process",
        ),
        (Without("services/guard.py", "executor=ThreadHand", "executor=InlineHand"),),
    ),
    Line(
        PART,
        "4. The relay has a persistent auto-off and opens when its power returns; `doctor` checks both",
        (
            "ops/test_checks.py::test_a_relay_that_would_not_open_by_itself_in_time_is_an_error",
            "ops/test_checks.py::test_a_relay_that_closes_after_a_power_cut_is_an_error",
        ),
        (
            Without("ops/checks/house.py", "settings.auto_off_s > relay.auto_off_s", "False"),
            Without("ops/checks/house.py", "if not settings.starts_open:", "if False:"),
        ),
    ),
    Line(
        PART,
        "4. … and is armed with `toggle_after` at each renewal: without the appliance the load goes off in 120 s",
        (
            "guard/test_leases.py::test_each_renewal_arms_the_timer_anew",
            "devices/test_shelly.py::test_it_is_closed_only_with_its_own_timer_armed",
            "devices/test_shelly.py::test_one_that_closes_without_its_timer_is_opened_again",
            "test_whole_house_faults.py::test_with_the_whole_appliance_dead_the_relays_own_timer_does",
        ),
        (
            Without(RELAY, "&toggle_after={seconds}", ""),
            Without(RELAY, 'if self._flag(told, "output") and', "if False and"),
            Without(
                WATCH, "            self._relay.want_closed(now, request.expires_boot_s)\n", "            pass\n"
            ),
        ),
    ),
    Line(
        PART,
        "5. A hung guard is not fed: systemd's watchdog ends it, and the hardware watchdog a hung appliance",
        (
            "guard/test_loop.py::test_systemd_hears_that_it_is_ready_and_after_every_turn_that_it_lives",
            "guard/test_loop.py::test_a_guard_that_could_not_watch_does_not_feed_the_watchdog",
            "guard/test_hands.py::test_a_lost_hand_ends_the_guards_step",
        ),
        (Without("guard/loop.py", "    notify.alive()\n", ""),),
        elsewhere="The hardware watchdog itself is the appliance's: a machine under test has none.",
    ),
    Line(
        PART,
        "5. Every boot starts with all loads confirmed off, before anything else",
        (
            "guard/test_start.py::test_a_start_opens_the_relay_even_if_it_reads_open",
            "guard/test_start.py::test_no_renewal_is_heard_until_the_load_is_measured_off",
            "devices/test_load_agent.py::test_the_first_thing_an_agent_does_is_to_stop_its_load",
            "test_whole_house_faults.py::test_at_boot_the_load_is_put_off_before_anything_else",
        ),
        (
            Without(WATCH, "(self._lease is None and not self.is_off(now), ", "(False, "),
            Without(
                WATCH, "_WindDown(now, now + built_in.CUT_AFTER_S)\n\n    # -- what is asked", "None\n\n    # --"
            ),
        ),
    ),
)
