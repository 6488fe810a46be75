from __future__ import annotations

import itertools
from collections import Counter

import pytest

from bitgrid.bus import DecisionEvent, EstopRequest, Health, HealthStatus, OverrideRequest, Received, decode
from bitgrid.control.journal import Decided
from bitgrid.control.leases import LEASE_S, RENEW_EVERY_S
from bitgrid.guard.link import Release, Renew
from bitgrid.kernel import Decision, Trigger
from bitgrid.store import Head, StoreError
from bitgrid.store.verify import verify
from control.desk import Desk
from store.books import file, tampering


@pytest.fixture
def running(desk: Desk) -> Desk:
    """The miner has just started on surplus."""
    desk.pass_time(2)
    assert desk.actions == [("START", "R1_SURPLUS_OK")]
    desk.measure(power_w=1674.0, temp_c=60.0)
    return desk


def estop(desk: Desk, *, engage: bool) -> None:
    request = EstopRequest(request_id="e", engage=engage, actor="test")
    desk.requests.on_estop(Received(desk.topics.estop, request.encode(), retained=False))


class TestBlocks:
    def test_every_block_is_decided_exactly_once(self, desk: Desk) -> None:
        desk.pass_time(5 * 600)
        ticks = Counter(record["block"] for record in desk.decisions if record["trigger"] == "TICK")
        first = min(ticks)
        assert ticks == dict.fromkeys(range(first, first + 5), 1)

    def test_a_block_missed_by_a_stall_is_made_up_for_once_for_the_present_one(self, desk: Desk) -> None:
        desk.pass_time(10)
        desk.clock.advance(3 * 600)
        desk.pass_time(10)
        blocks = [record["block"] for record in desk.decisions if record["trigger"] == "TICK"]
        assert len(blocks) == 2
        assert blocks[1] - blocks[0] == 3

    def test_a_step_of_the_wall_clock_holds_one_block_in_a_new_epoch(self, desk: Desk) -> None:
        desk.measure(grid_power_w=300.0)
        desk.pass_time(10)
        desk.measure(grid_power_w=-3000.0)
        desk.pass_time(590)
        desk.clock.wall_s -= 86_400
        desk.pass_time(10)
        last = desk.decisions[-1]
        assert (last["clock_epoch"], last["trigger"], last["code"]) == (1, "TICK", "CLOCK_RESYNC")
        desk.to_next_block()
        assert desk.actions == [("START", "R1_SURPLUS_OK")]

    def test_a_small_step_is_followed_without_a_word(self, desk: Desk) -> None:
        desk.pass_time(10)
        desk.clock.wall_s += 100
        desk.pass_time(10)
        assert {record["clock_epoch"] for record in desk.decisions} == {0}

    def test_a_restart_on_a_clock_that_stands_in_the_past_begins_a_new_epoch(self, desk: Desk) -> None:
        desk.pass_time(10)
        desk.measure(power_w=1674.0, temp_c=60.0)
        desk.clock.wall_s -= 7200
        desk.start_rules()
        desk.pass_time(10)
        assert desk.decisions[-1]["clock_epoch"] == 1

    def test_the_decision_is_made_from_the_means_of_the_block_that_ended(self, desk: Desk) -> None:
        desk.measure(grid_power_w=300.0)
        desk.pass_time(300)
        desk.measure(grid_power_w=-3000.0)
        desk.to_next_block()
        assert desk.decisions[-1]["surplus_w"] == pytest.approx(1350, abs=20)
        assert desk.decisions[-1]["code"] == "R1_SURPLUS_ECO"


class TestLeases:
    def test_a_start_is_recorded_before_it_is_commanded(self, desk: Desk) -> None:
        recorded_at_command: list[int] = []
        desk.bus.subscribe(
            desk.topics.command("+"), lambda _: recorded_at_command.append(len(desk.ledger.decisions(limit=9)))
        )
        desk.pass_time(2)
        assert recorded_at_command[0] == 1

    def test_a_stop_is_commanded_before_it_is_recorded(self, running: Desk) -> None:
        before = len(running.ledger.decisions(limit=9))
        seen: list[int] = []
        running.bus.subscribe(
            running.topics.command("+"), lambda _: seen.append(len(running.ledger.decisions(limit=9)))
        )
        running.measure(battery_soc_pct=49.0)
        running.pass_time(1)
        assert running.commands[-1].level == "off"
        assert seen == [before]
        assert len(running.ledger.decisions(limit=9)) == before + 1

    def test_a_lease_is_45_s_long_and_renewed_every_15_s(self, running: Desk) -> None:
        running.pass_time(60)
        renewals = running.guard.of(Renew)
        assert len({renewal.lease_id for renewal in renewals}) == 1
        gaps = [b.expires_boot_s - a.expires_boot_s for a, b in itertools.pairwise(renewals)]
        assert gaps == [RENEW_EVERY_S] * len(gaps)
        assert len(gaps) >= 3
        assert renewals[0].expires_boot_s == pytest.approx(1000 + LEASE_S, abs=1)

    def test_guard_and_loads_get_the_same_lease(self, running: Desk) -> None:
        renewal, command = running.guard.of(Renew)[0], running.commands[0]
        assert (renewal.lease_id, renewal.level) == (command.lease_id, command.level)
        assert renewal.expires_boot_s == pytest.approx(command.expires_boot_s)

    def test_without_a_record_there_is_no_start(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(desk.ledger, "append", _refuse)
        desk.pass_time(20)
        assert desk.commands == []
        assert desk.guard.of(Renew) == []
        assert "disk full" in desk.engine.problem

    def test_without_a_record_there_is_no_renewal(self, running: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(running.ledger, "append", _refuse)
        running.to_next_block()
        sent = len(running.guard.of(Renew))
        running.pass_time(60)
        assert len(running.guard.of(Renew)) == sent

    def test_without_a_record_a_stop_is_sent_all_the_same(
        self, running: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(running.ledger, "append", _refuse)
        running.measure(battery_soc_pct=49.0)
        running.pass_time(1)
        assert running.commands[-1].level == "off"
        assert running.guard.of(Release)[-1].reason == "R2_HARD_RESERVE"

    @pytest.mark.parametrize("who", ["loads", "guard"])
    def test_silence_of_a_controller_stops_the_load(self, running: Desk, who: str) -> None:
        running.loads_alive, running.guard_alive = who != "loads", who != "guard"
        running.pass_time(20)
        assert running.actions[-1] == ("STOP", "R3_CONTROLLER_LOST")

    @pytest.mark.parametrize("who", ["loads", "guard"])
    def test_another_instance_of_a_controller_knows_nothing_of_the_lease(self, running: Desk, who: str) -> None:
        if who == "loads":
            running.loads_instance = "loads-2"
        else:
            running.guard.instance = "guard-2"
        sent = len(running.guard.of(Renew))
        running.pass_time(2)
        assert running.actions[-1] == ("STOP", "R3_CONTROLLER_LOST")
        assert len(running.guard.of(Renew)) == sent

    @pytest.mark.parametrize("trouble", ["loads", "guard", "not confirmed off"])
    def test_nothing_starts_without_both_controllers_and_a_load_confirmed_off(
        self, desk: Desk, trouble: str
    ) -> None:
        desk.loads_alive, desk.guard_alive = trouble != "loads", trouble != "guard"
        desk.guard.confirmed_off = trouble != "not confirmed off"
        desk.pass_time(700)
        assert desk.actions == []
        assert desk.commands == []


class TestInputs:
    def test_nothing_starts_on_what_the_broker_had_kept(self, desk: Desk) -> None:
        measured, desk.measured = desk.measured, {}
        for (device, name), value in measured.items():
            desk.tell(device, name, value, retained=True)
        desk.pass_time(700)
        assert desk.actions == []

    def test_a_republished_old_value_keeps_its_age(self, running: Desk) -> None:
        running.silence("grid_power_w")
        for second in range(70):
            running.tell("meter", "grid_power_w", -3000.0, age_s=float(second))
            running.pass_time(1)
        assert running.actions[-1] == ("STOP", "R3_METER_SILENT")

    def test_a_value_that_waited_on_its_way_or_is_replayed_is_as_old_as_it_is(self, running: Desk) -> None:
        running.silence("grid_power_w")
        sent_boot_s = running.clock.boot()
        for _ in range(70):
            running.tell("meter", "grid_power_w", -3000.0, sent_boot_s=sent_boot_s)
            running.pass_time(1)
        assert running.actions[-1] == ("STOP", "R3_METER_SILENT")

    def test_a_value_of_an_earlier_boot_is_no_value_of_now(self, desk: Desk) -> None:
        measured, desk.measured = desk.measured, {}
        for (device, name), value in measured.items():
            desk.tell(device, name, value, sent_boot_s=desk.clock.boot() + 86_400)
        desk.pass_time(700)
        assert desk.actions == []

    def test_a_heartbeat_that_waited_on_its_way_is_no_sign_of_life(self, running: Desk) -> None:
        running.loads_alive = False
        health = Health(
            status=HealthStatus.OK, reason="", instance=running.loads_instance, sent_boot_s=running.clock.boot()
        )
        for _ in range(20):
            running.engine.on_loads_health(
                Received(running.topics.health("loads"), health.encode(), retained=False)
            )
            running.pass_time(1)
        assert running.actions[-1] == ("STOP", "R3_CONTROLLER_LOST")

    def test_a_meter_silent_past_its_time_out_stops_the_load(self, running: Desk) -> None:
        running.silence("grid_power_w")
        running.pass_time(59)
        assert running.actions[-1][0] == "START"
        running.pass_time(5)
        assert running.actions[-1] == ("STOP", "R3_METER_SILENT")

    def test_a_load_silent_past_its_boot_grace_is_stopped(self, desk: Desk) -> None:
        desk.pass_time(179)
        assert desk.actions == [("START", "R1_SURPLUS_OK")]
        desk.pass_time(5)
        assert desk.actions[-1] == ("STOP", "R3_LOAD_SILENT")

    def test_heat_stops_within_a_second(self, running: Desk) -> None:
        running.measure(temp_c=85.1)
        running.pass_time(1)
        assert running.actions[-1] == ("STOP", "R3_OVER_TEMP")

    def test_import_of_the_last_minute_stops_between_ticks(self, running: Desk) -> None:
        running.pass_time(60)
        running.measure(grid_power_w=5000.0)
        running.pass_time(37)
        assert running.actions[-1][0] == "START"
        running.pass_time(3)
        assert running.actions[-1] == ("STOP", "R2_GRID_IMPORT")

    def test_garbage_on_the_bus_changes_nothing(self, running: Desk) -> None:
        for payload in (b"", b"{}", b"null", b"[1]", b'{"schema":1,"value":NaN,"source":"x"}', b"\xff" * 99):
            topic = running.topics.telemetry("meter", "grid_power_w")
            running.engine.on_telemetry(Received(topic, payload, retained=False))
            running.requests.on_override(Received(running.topics.override, payload, retained=False))
            running.requests.on_estop(Received(running.topics.estop, payload, retained=False))
            running.engine.on_loads_health(Received(running.topics.health("loads"), payload, retained=False))
        running.pass_time(10)
        assert len(running.actions) == 1


class TestRestart:
    def test_a_restarted_daemon_takes_a_running_load_over_within_its_lease(self, running: Desk) -> None:
        lease = running.guard.of(Renew)[-1].lease_id
        running.start_rules()
        running.pass_time(5)
        assert running.decisions[-1]["trigger"] == "RESYNC"
        assert running.guard.of(Renew)[-1].lease_id == lease
        assert len(running.actions) == 1

    def test_a_decision_that_takes_a_load_over_is_made_and_recorded_once(
        self, running: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        running.start_rules()
        written: list[Decision] = []
        real = running.engine.journal.decided

        def decided(decision: Decision) -> Decided:
            written.append(decision)
            return real(decision)

        monkeypatch.setattr(running.engine.journal, "decided", decided)
        running.pass_time(5)
        assert [decision.trigger for decision in written] == [Trigger.RESYNC]
        taken_over = running.engine.leases.of("miner")
        assert taken_over is not None
        assert taken_over.decision_id == running.ledger.decisions(limit=1)[0].id

    def test_without_a_lease_left_it_records_that_the_load_is_off(self, running: Desk) -> None:
        running.guard.lease_id = None
        running.start_rules()
        running.pass_time(5)
        assert running.actions[-1] == ("STOP", "R3_CONTROLLER_LOST")

    def test_on_stale_inputs_it_does_not_take_over(self, running: Desk) -> None:
        running.measured = {}
        renewed = len(running.guard.of(Renew))
        running.start_rules()
        running.pass_time(40)
        assert running.actions[-1][0] == "STOP"
        assert len(running.guard.of(Renew)) == renewed

    def test_the_block_is_not_decided_twice(self, running: Desk) -> None:
        running.start_rules()
        running.pass_time(20)
        assert sum(record["trigger"] == "TICK" for record in running.decisions) == 1

    def test_holds_and_counters_are_remembered(self, running: Desk) -> None:
        memory = running.engine.loads["miner"].memory
        running.start_rules()
        assert running.engine.loads["miner"].memory == memory
        assert memory.starts == 1

    def test_an_emergency_stop_is_remembered(self, running: Desk) -> None:
        estop(running, engage=True)
        running.start_rules()
        running.pass_time(3 * 3600, step_s=10)
        assert running.actions[-1] == ("STOP", "R3_EMERGENCY_STOP")


class TestRequests:
    def test_a_stop_is_accepted_with_its_end(self, running: Desk) -> None:
        running.ask(action="stop")
        reply = running.replies[-1]
        assert (reply.accepted, reply.code) == (True, "USER_STOP")
        assert reply.ends_at_s == int(running.clock.now()) + 3600
        assert running.actions[-1] == ("STOP", "USER_STOP")

    def test_its_end_is_a_decision_of_its_own(self, running: Desk) -> None:
        running.ask(action="stop", duration_s=1800)
        running.measure(power_w=0.0)
        running.pass_time(1810)
        assert running.decisions[-1]["code"] != "USER_STOP"
        assert [r["trigger"] for r in running.decisions if r["action"] == "START"][-1] == "EXPIRY"

    def test_a_start_without_surplus_runs_until_its_end(self, desk: Desk) -> None:
        desk.measure(grid_power_w=300.0)
        desk.pass_time(5)
        desk.ask(action="start", duration_s=600)
        desk.measure(power_w=800.0, temp_c=50.0)
        assert desk.actions == [("START", "USER_START")]
        assert desk.commands[-1].level == "eco"
        desk.pass_time(2400)
        assert desk.actions[-1][0] == "STOP"

    def test_a_start_against_the_reserve_is_refused_and_changes_nothing(self, desk: Desk) -> None:
        desk.measure(battery_soc_pct=40.0)
        desk.pass_time(5)
        before = desk.engine.loads["miner"].memory
        desk.ask(action="start")
        assert (desk.replies[-1].accepted, desk.replies[-1].code) == (False, "R2_HARD_RESERVE")
        assert desk.engine.loads["miner"].memory == before
        assert desk.commands == []

    @pytest.mark.parametrize(
        ("wish", "code"),
        [
            ({"action": "level", "level": "turbo"}, "UNKNOWN_LEVEL"),
            ({"action": "level"}, "UNKNOWN_LEVEL"),
            ({"action": "end"}, "NO_OVERRIDE"),
        ],
    )
    def test_what_cannot_be_is_refused(self, desk: Desk, wish: dict[str, str], code: str) -> None:
        desk.pass_time(1)
        desk.ask(**wish)
        assert (desk.replies[-1].accepted, desk.replies[-1].code) == (False, code)

    def test_an_unknown_load_is_refused_with_those_there_are(self, desk: Desk) -> None:
        request = OverrideRequest(request_id="r", load="heater", action="stop", actor="test")
        desk.requests.on_override(Received(desk.topics.override, request.encode(), retained=False))
        assert "there is miner" in desk.replies[-1].text

    def test_longer_than_the_owner_allows_is_refused(self, desk: Desk) -> None:
        rules = desk.config.rules
        desk.engine.config = type(desk.config)(
            desk.config.site,
            rules.model_copy(update={"override": rules.override.model_copy(update={"max_h": 1})}),
            desk.config.flags,
            desk.config.policies,
        )
        desk.pass_time(1)
        desk.ask(action="stop", duration_s=3601)
        assert desk.replies[-1].code == "TOO_LONG"

    def test_an_override_can_be_taken_back(self, running: Desk) -> None:
        running.ask(action="stop")
        running.ask(action="end")
        assert running.replies[-1].code == "OVERRIDE_ENDED"
        assert running.engine.loads["miner"].memory.override is None

    def test_an_override_that_cannot_be_recorded_is_refused(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        desk.measure(grid_power_w=300.0)
        desk.pass_time(1)
        monkeypatch.setattr(desk.ledger, "append", _refuse)
        desk.ask(action="start")
        assert desk.replies[-1].code == "NOT_DURABLE"
        assert desk.commands == []

    def test_a_retained_request_is_not_heard(self, running: Desk) -> None:
        request = OverrideRequest(request_id="r", load="miner", action="stop", actor="test")
        running.requests.on_override(Received(running.topics.override, request.encode(), retained=True))
        assert running.replies == []

    def test_an_emergency_stop_locks_until_acknowledged_and_an_hour_has_passed(self, running: Desk) -> None:
        estop(running, engage=True)
        assert running.actions[-1] == ("STOP", "R3_EMERGENCY_STOP")
        running.measure(power_w=0.0, temp_c=30.0)
        running.pass_time(1800, step_s=5)
        estop(running, engage=False)
        running.pass_time(1700, step_s=5)
        assert running.actions[-1] == ("STOP", "R3_EMERGENCY_STOP")
        running.pass_time(1200, step_s=5)
        assert running.actions[-1][0] == "START"

    def test_an_emergency_stop_works_on_a_full_disk_and_says_so(
        self, running: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(running.ledger, "append", _refuse)
        monkeypatch.setattr(running.ledger, "save_memories", _refuse)
        monkeypatch.setattr(running.ledger, "append_event", _refuse)
        estop(running, engage=True)
        assert running.commands[-1].level == "off"
        assert "not durable" in running.replies[-1].text


def _refuse(*_arguments: object) -> None:
    raise StoreError("disk full")


class TestHealth:
    def heard(self, desk: Desk) -> Health:
        found: list[Health | None] = []
        desk.bus.subscribe(desk.topics.health("guard"), lambda told: found.append(decode(Health, told.payload)))
        desk.pass_time(30)
        assert found[-1] is not None
        return found[-1]

    def test_the_guard_is_told_to_be_well_by_the_rules_that_hear_it(self, desk: Desk) -> None:
        health = self.heard(desk)
        assert (health.status, health.instance) == (HealthStatus.OK, "guard-1")

    def test_a_guard_that_is_not_heard_is_an_error(self, desk: Desk) -> None:
        desk.guard_alive = False
        assert self.heard(desk).status is HealthStatus.ERROR


class TestTheLedgersHead:
    """Whoever listens learns with every decision where the ledger ends, and can hold it against that later."""

    def test_goes_out_with_every_decision(self, running: Desk) -> None:
        heads: list[Head] = []

        def hear(received: Received) -> None:
            event = decode(DecisionEvent, received.payload)
            assert event is not None
            assert event.head is not None
            assert running.ledger.head() == (event.head.seq, event.head.hash)
            heads.append(Head(event.head.seq, event.head.hash))

        running.bus.subscribe(running.topics.decision, hear)
        running.to_next_block()
        running.measure(battery_soc_pct=49.0)
        running.pass_time(3)
        assert [head.seq for head in heads] == [1, 2, 3]
        assert all(verify(running.ledger._directory, head) == [] for head in heads)

    def test_shows_that_the_end_was_cut_off(self, running: Desk) -> None:
        running.to_next_block()
        head = running.ledger.head()
        running.ledger.close()
        with tampering(file(running.ledger._directory, 0)) as connection:
            connection.execute("DELETE FROM decision WHERE seq = 2")
            connection.execute("UPDATE sqlite_sequence SET seq = 1 WHERE name = 'decision'")
        assert verify(running.ledger._directory) == []
        assert "is not in the chain" in str(verify(running.ledger._directory, head)[0])
