"""The lines under the five layers, and the bounds in seconds."""

from __future__ import annotations

from fail_safe.line import Line, Without

PART, BOUNDS = "What else holds", "The bounds"
ENGINE, WATCH, HOLDER = "control/engine.py", "guard/watch.py", "devices/lease.py"
STANDPOINT, TAKEOVER = "control/standpoint.py", "control/takeover.py"
OVERRIDE = "request = decode(OverrideRequest, received.payload)\n        if request is None"

LINES = (
    Line(
        PART,
        "Only `guard` closes a relay or re-arms it",
        ("fail_safe/test_gaps.py::test_nobody_but_the_guard_closes_a_relay",),
        (Without("devices/load_agent.py", "partial(self._command, relay.open,", "partial(relay.close_for,"),),
    ),
    Line(
        PART,
        "Anyone may open it: that ends the lease, and the next renewal does not close it again",
        ("guard/test_safety.py::test_a_relay_opened_by_hand_is_not_closed_again_by_the_next_renewal",),
        (Without(WATCH, 'found_open = self._seen.relay(now) == "open"', "found_open = False"),),
    ),
    Line(
        PART,
        "A trip latches …",
        ("guard/test_safety.py::test_every_trip_latches_until_it_is_cleared_by_its_own_id",),
        (
            Without(WATCH, '(self.trip is not None, "a trip is latched', '(False, "a trip is latched'),
            Without(WATCH, "if self.trip is not None and self.trip.trip_id == trip_id:", "if True:"),
        ),
    ),
    Line(
        PART,
        "… and reaches `rules`, which records it, decides, and only then clears it",
        (
            "control/test_trips.py::test_a_trip_is_recorded_decided_and_only_then_cleared",
            "control/test_trips.py::test_a_trip_that_cannot_be_recorded_is_not_cleared",
        ),
        (
            Without(
                "control/trips.py",
                'if not engine.tell_event("safety", {"load": load.profile',
                "if not repr({0: load.profile",
            ),
            Without("control/trips.py", "not self._is_recorded(load, trip) or ", ""),
        ),
    ),
    Line(
        PART,
        "A load without a relay lacks layer 4: the owner must accept that by name in site.yaml",
        (
            "config/test_loading.py::test_an_owner_may_go_without_a_relay_only_by_the_sentence",
            "fail_safe/test_gaps.py::test_a_load_with_neither_relay_nor_the_owners_word_is_refused",
        ),
        (Without("config/load.py", "if (self.relay is None) == (self.accept_no_relay is None):", "if False:"),),
    ),
    Line(
        PART,
        "… and the page shows it, as `doctor` does",
        (
            "web/test_page.py::test_the_page_shows_that_a_load_has_no_relay",
            "ops/test_checks.py::test_a_load_without_a_relay_is_told_of_though_it_was_accepted",
        ),
        (Without("web/now_card.py", ".relay is None:", ".relay is False:"),),
    ),
    Line(
        PART,
        "Power drawn without a lease is stopped, its relay cut, and told as a safety event",
        (
            "guard/test_safety.py::test_a_miner_that_starts_itself_is_stopped_and_told",
            "guard/test_safety.py::test_a_relay_closed_by_hand_without_a_lease_is_opened_and_told",
            "devices/test_load_agent.py::test_power_without_a_lease_is_stopped",
            "test_whole_house_faults.py::test_a_relay_closed_by_hand_is_opened_again_and_told",
        ),
        (Without(WATCH, "        self._judge_unleased(now)\n", ""),),
    ),
    Line(
        PART,
        "A miner that still boots hears no stop: its power is cut at once, by either of the two",
        ("test_whole_house_faults.py::test_whoever_is_left_does_so_alone",),
        (
            Without(WATCH, "now if self._boots(self._lease, now) else now +", "now +"),
            Without("devices/load_agent.py", "lease is None and self._is_booting(now)", "False"),
        ),
    ),
    Line(
        PART,
        "A load that is off may be silent",
        ("guard/test_safety.py::test_a_load_that_is_off_may_be_silent",),
        (
            Without(
                WATCH,
                "        if self._lease is not None:\n            self._judge_lease(self._lease, now)\n",
                "        self._judge_lease(self._lease or _Lease('', '', 0, 9e9), now)\n",
            ),
        ),
    ),
    Line(
        PART,
        "After a start it has a bounded boot grace, which `guard` enforces, to answer and show a temperature",
        (
            "guard/test_safety.py::test_a_load_may_be_silent_in_its_boot_grace_and_one_time_out_longer",
            "guard/test_safety.py::test_a_miner_that_answers_without_a_temperature_is_silent",
            "control/test_engine.py::test_a_load_silent_past_its_boot_grace_is_stopped",
        ),
        (
            Without(WATCH, "lease.began_boot_s + self._limits.boot_grace_s", "lease.began_boot_s"),
            Without(WATCH, "lease.began_boot_s + self._limits.boot_grace_s", "lease.expires_boot_s"),
        ),
    ),
    Line(
        PART,
        "Control ignores retained telemetry, heartbeats, wishes and commands",
        (
            "control/test_engine.py::test_nothing_starts_on_what_the_broker_had_kept",
            "control/test_engine.py::test_a_retained_request_is_not_heard",
            "devices/test_load_agent.py::test_a_retained_command_does_nothing",
            "fail_safe/test_gaps.py::test_a_heartbeat_that_the_broker_kept_is_none",
        ),
        (
            Without(ENGINE, "and told is not None and not received.retained:", "and told is not None:"),
            Without(ENGINE, "if health is not None and not received.retained:", "if health is not None:"),
            Without(
                "control/requests.py",
                f"{OVERRIDE} or received.retained:",
                f"{OVERRIDE}:",
            ),
            Without(
                HOLDER,
                "None if received.retained else decode(LoadCommand, received.payload)",
                "decode(LoadCommand, received.payload)",
            ),
        ),
    ),
    Line(
        PART,
        "Timestamps say when the device answered: what waited on its way, or is replayed, is as old as it is",
        (
            "control/test_engine.py::test_a_value_that_waited_on_its_way_or_is_replayed_is_as_old_as_it_is",
            "control/test_engine.py::test_a_value_of_an_earlier_boot_is_no_value_of_now",
            "control/test_engine.py::test_a_heartbeat_that_waited_on_its_way_is_no_sign_of_life",
            "devices/test_poller.py::test_a_value_says_when_it_was_sent_so_that_it_ages_on_its_way",
        ),
        (
            Without("bus/messages.py", "else abs(now_boot_s - sent_boot_s)", "else 0.0"),
            Without(
                "bus/messages.py", "else abs(now_boot_s - sent_boot_s)", "else max(0.0, now_boot_s - sent_boot_s)"
            ),
            Without(
                "control/controllers.py", "now_boot_s - on_its_way_s(health.sent_boot_s, now_boot_s)", "now_boot_s"
            ),
            Without("devices/poller.py", "            sent_boot_s=sent_boot_s,\n", ""),
        ),
    ),
    Line(
        PART,
        "Commands carry an absolute expiry and an id; one that is late, or heard twice, does nothing",
        (
            "devices/test_load_agent.py::test_a_command_that_is_late_or_for_another_or_unknown_does_nothing",
            "fail_safe/test_gaps.py::test_a_late_stop_does_not_end_a_later_lease",
            "devices/test_load_agent.py::test_a_command_heard_twice_counts_once",
            "devices/test_load_agent.py::test_a_lease_that_ended_does_not_come_back",
        ),
        (
            Without(HOLDER, " or command.expires_boot_s <= self._clock.boot():", ":"),
            Without(HOLDER, "command.command_id in self._heard_ids or ", ""),
            Without(HOLDER, "if command.lease_id in self._ended_ids:", "if False:"),
        ),
    ),
    Line(
        PART,
        "… and a message expiry, in clean sessions: the broker delivers nothing of the past",
        (
            "bus/test_client.py::test_a_message_that_has_expired_is_not_delivered",
            "fail_safe/test_gaps.py::test_every_command_expires_at_the_broker_with_its_lease",
            "fail_safe/test_gaps.py::test_what_was_said_while_a_client_was_away_is_not_kept_for_it",
        ),
        (
            Without("bus/client.py", "properties.MessageExpiryInterval =", "_ ="),
            Without("control/leases.py", ", expiry_s=expires_boot_s - self._clock.boot())", ")"),
        ),
    ),
    Line(
        PART,
        "A restarted `rules` holds none; it takes over only by a full decision on fresh inputs, within the lease",
        (
            "control/test_engine.py::test_a_restarted_daemon_takes_a_running_load_over_within_its_lease",
            "control/test_engine.py::test_without_a_lease_left_it_records_that_the_load_is_off",
            "control/test_engine.py::test_on_stale_inputs_it_does_not_take_over",
            "test_whole_house_faults.py::test_two_that_come_back_at_once_do_not_start_again_what_was_stopped",
        ),
        (
            Without(TAKEOVER, "if is_leased and holders is not None and", "if holders is not None and"),
            Without(TAKEOVER, "if decided is not None and may_renew(state, decision) and", "if decided and"),
        ),
    ),
    Line(
        PART,
        "Anything but loopback in site.yaml forces `SPEED=1`",
        ("ops/test_plan.py::test_real_devices_force_real_time",),
        (Without("ops/plan.py", "    if not config.site.is_loopback_only:\n", "    if False:\n"),),
    ),
    Line(
        BOUNDS,
        "Over-temperature reported: stop sent in under 1 s, off within the miner's own reaction time",
        (
            "fail_safe/test_gaps.py::test_the_stop_goes_out_within_a_second_of_the_report_of_heat",
            "test_whole_house_faults.py::test_a_hot_miner_is_stopped_as_soon_as_it_says_so",
        ),
        (
            Without(ENGINE, "            self.protect(load)\n", "            pass\n"),
            Without("services/rules.py", "STEP_S = 0.5", "STEP_S = 1.0"),
        ),
    ),
    Line(
        BOUNDS,
        "A required sensor stale: off within two poll intervals after its time-out",
        (
            "test_whole_house_faults.py::test_a_silent_meter_stops_it_within_two_polls_of_the_time_out",
            "test_whole_house_faults.py::test_without_the_poller_it_is_off_within_two_polls_of_the_time_out",
            "system/test_processes.py::test_a_program_that_hangs_leaves_the_miner_off",
        ),
        (
            Without(
                "kernel/rules/r3_safety.py",
                "if age_s is None or age_s > rules.comm_timeout_s:",
                "if age_s is None or age_s > rules.comm_timeout_s + 30:",
                also=Without(
                    "kernel/decision.py", "decision.level == OFF or state.degraded or", "decision.level == OFF or"
                ),
            ),
        ),
    ),
    Line(
        BOUNDS,
        "Any controller process, or the broker, dead or hung: off within 60 s",
        (
            "test_whole_house_faults.py::test_without_one_controller_the_miner_is_off_within_a_minute",
            "test_whole_house_faults.py::test_without_the_broker_it_is_off_within_a_minute",
            "system/test_processes.py::test_a_program_that_is_killed_and_stays_dead_leaves_the_miner_off",
            "system/test_processes.py::test_a_program_that_hangs_leaves_the_miner_off",
        ),
        (
            Without(
                WATCH,
                "if now >= lease.expires_boot_s:",
                "if now >= lease.expires_boot_s + 30:",
                also=Without(
                    HOLDER,
                    "self._clock.boot() >= self._lease.expires_boot_s",
                    "self._clock.boot() >= self._lease.expires_boot_s + 30",
                ),
            ),
        ),
    ),
    Line(
        BOUNDS,
        "The appliance without power: off by the relay's timer within its setting (120 s)",
        ("test_whole_house_faults.py::test_with_the_whole_appliance_dead_the_relays_own_timer_does",),
        (Without("guard/jobs.py", "driver.close_for(job.seconds)", "driver.close_for(job.seconds + 60)"),),
    ),
    Line(
        BOUNDS,
        "Boot: off confirmed before anything else",
        (
            "test_whole_house_faults.py::test_at_boot_the_load_is_put_off_before_anything_else",
            "control/test_engine.py::test_nothing_starts_without_both_controllers_and_a_load_confirmed_off",
        ),
        (Without(STANDPOINT, "or not guarded.confirmed_off", ""),),
    ),
)
