"""The lease: what stands before a load may run, and before it may run on."""

from __future__ import annotations

from fail_safe.line import Line, Without

PART = "The lease"
ENGINE, LEASES, HOLDER, LINK = "control/engine.py", "control/leases.py", "devices/lease.py", "guard/core.py"
STANDPOINT = "control/standpoint.py"
DATAGRAMS = "guard/test_datagrams.py"
RENEWS = "if is_of_this_time and is_held and may_renew(self.standpoint.state_for(load), standing.decision):"

LINES = (
    Line(
        PART,
        "A lease is 45 s long, renewed every 15 s",
        (
            "control/test_engine.py::test_a_lease_is_45_s_long_and_renewed_every_15_s",
            "fail_safe/test_gaps.py::test_from_a_renewal_to_the_end_of_the_lease_it_is_45_seconds",
        ),
        (
            Without(LEASES, "LEASE_S = 45.0", "LEASE_S = 60.0"),
            Without(LEASES, "RENEW_EVERY_S = 15.0", "RENEW_EVERY_S = 30.0"),
        ),
    ),
    Line(
        PART,
        "No holder of a lease holds it longer, whatever it is told",
        (
            "devices/test_load_agent.py::test_no_command_gives_a_lease_longer_than_45_seconds",
            "guard/test_leases.py::test_a_lease_that_is_over_or_longer_than_45_s_is_refused",
        ),
        (
            Without(
                HOLDER,
                "min(command.expires_boot_s, self._clock.boot() + LEASE_MAX_S)",
                "command.expires_boot_s",
            ),
            Without("guard/watch.py", "not now < request.expires_boot_s <= now + longest_s", "False"),
        ),
    ),
    Line(
        PART,
        "It is measured on the boot-time clock: a step of the wall clock neither prolongs nor ends it",
        ("fail_safe/test_gaps.py::test_a_step_of_the_wall_clock_neither_prolongs_nor_ends_a_lease",),
        (
            Without(
                HOLDER,
                "self._clock.boot() >= self._lease.expires_boot_s",
                "self._clock.now() - 1.75e9 + 1000 >= self._lease.expires_boot_s",  # wall time as boot time
            ),
        ),
    ),
    Line(
        PART,
        "Only `rules` renews: the guard hears nobody else, and cannot be fooled about who speaks",
        (
            f"{DATAGRAMS}::test_a_request_from_a_user_that_may_not_ask_changes_nothing_and_is_not_answered",
            f"{DATAGRAMS}::test_the_socket_is_not_fooled_about_another_user",
        ),
        (Without(LINK, "decode_request(data) if uid in self._peers else None", "decode_request(data)"),),
    ),
    Line(
        PART,
        "Only while this block has a standing decision: it ends with its block",
        ("kernel/test_decision.py::test_ends_with_the_block",),
        (
            Without(
                "kernel/decision.py",
                " or state.block * decision.rules.block_s >= decision.valid_until_s",
                "",
            ),
        ),
    ),
    Line(
        PART,
        "A decision of another time of the clock renews nothing",
        ("control/test_clock_steps.py::test_a_decision_of_another_time_is_not_renewed",),
        (Without(ENGINE, RENEWS, RENEWS.replace("is_of_this_time and ", "")),),
    ),
    Line(
        PART,
        "The decision is durably recorded first: no record, no start, no renewal; a stop is sent all the same",
        (
            "control/test_engine.py::test_a_start_is_recorded_before_it_is_commanded",
            "control/test_engine.py::test_without_a_record_there_is_no_start",
            "control/test_engine.py::test_without_a_record_there_is_no_renewal",
            "control/test_engine.py::test_without_a_record_a_stop_is_sent_all_the_same",
            "fail_safe/test_gaps.py::test_a_record_is_on_the_disk_before_it_counts_as_written",
        ),
        (
            Without(
                ENGINE,
                "if decision.action is Action.STOP:\n            self.leases",
                "if False:\n            self.leases",
            ),
            Without(
                ENGINE,
                "                self._owes_memory = True\n            return None\n",
                "                pass\n",
            ),
            Without("store/month.py", '"synchronous = full"', '"synchronous = off"'),
        ),
    ),
    Line(
        PART,
        "`may_renew` finds R3 kept, R2's hard reserve kept, and every required input fresh",
        (
            "kernel/test_decision.py::test_is_refused_in_trouble",
            "kernel/test_decision.py::test_no_lease_is_renewed",
        ),
        (
            Without("kernel/decision.py", "return r3.vote is not Vote.STOP and (", "return ("),
            Without("kernel/decision.py", "(by_user or r2.vote is not Vote.STOP)", "True"),
            Without(
                "kernel/decision.py", "decision.level == OFF or state.degraded or", "decision.level == OFF or"
            ),
        ),
    ),
    Line(
        PART,
        "The rule daemon asks `may_renew` before every renewal",
        ("fail_safe/test_gaps.py::test_what_may_not_be_renewed_is_not_though_nothing_has_stopped_it_yet",),
        (Without(ENGINE, RENEWS, "if is_of_this_time and is_held:"),),
    ),
    Line(
        PART,
        "Fresh heartbeats of both `loads` and `guard`, of the processes that were given the lease",
        (
            "control/test_engine.py::test_silence_of_a_controller_stops_the_load",
            "control/test_engine.py::test_another_instance_of_a_controller_knows_nothing_of_the_lease",
            "control/test_engine.py::test_nothing_starts_without_both_controllers_and_a_load_confirmed_off",
            "fail_safe/test_gaps.py::test_without_both_heartbeats_no_lease_is_renewed_though_nothing_has_stopped_it",
        ),
        (
            Without("control/controllers.py", "now_boot_s - oldest_boot_s > HEARTBEAT_TIMEOUT_S", "False"),
            Without(STANDPOINT, "return standing.holders != holders or", "return"),
            Without(STANDPOINT, "or not guarded.confirmed_off", ""),
        ),
    ),
    Line(
        PART,
        "The same renewal goes to `guard` over a local datagram socket: it knows of silence without the broker",
        (
            "control/test_engine.py::test_guard_and_loads_get_the_same_lease",
            "test_whole_house_faults.py::test_without_the_broker_it_is_off_within_a_minute",
            "guard/test_room.py::test_the_guards_process_loads_neither_the_bus_nor_the_kernel",
        ),
        (Without(LEASES, "        self._guard_send(\n            Renew(", "        repr(\n            Renew("),),
    ),
)
