"""The guard has stopped a load: recorded, decided upon, cleared; and what a person had asked for is over."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bitgrid.guard.link import ClearTrip, Trip
from bitgrid.store import DecisionRow, Head, StoreError
from control.desk import Desk

TRIP = Trip(trip_id="t1", cause="lease_expired", at_boot_s=1.0, text="the lease ran out")


def events(desk: Desk) -> list[dict[str, Any]]:
    return [json.loads(event.record) for event in desk.ledger.events(limit=50)]


def refuse(*_arguments: object) -> None:
    raise StoreError("disk full")


def test_a_trip_is_recorded_decided_and_only_then_cleared(running: Desk) -> None:
    running.guard.trip = TRIP
    running.pass_time(1)
    assert running.actions[-1] == ("STOP", "R3_GUARD_TRIP")
    assert [event.kind for event in running.ledger.events(limit=9)] == ["safety"]
    assert running.guard.sent[-1] == ClearTrip(load="miner", trip_id="t1")


def test_a_trip_is_an_event_once(running: Desk) -> None:
    running.guard.trip = TRIP
    running.pass_time(5)
    assert len(running.ledger.events(limit=9)) == 1


def test_a_trip_that_cannot_be_recorded_is_not_cleared(running: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running.ledger, "append_event", refuse)
    running.guard.trip = TRIP
    running.pass_time(5)
    assert running.guard.of(ClearTrip) == []


def test_heat_seen_by_the_guard_alone_locks_the_load(running: Desk) -> None:
    running.guard.trip = TRIP.model_copy(update={"cause": "heat"})
    running.pass_time(1)
    running.guard.trip = None
    assert running.actions[-1] == ("STOP", "R3_OVER_TEMP")
    assert running.engine.loads["miner"].memory.lockout_until_s is not None


class TestWishes:
    """The house has no surplus; somebody has asked for the miner to run, and the guard stops it."""

    @pytest.fixture
    def asked(self, desk: Desk) -> Desk:
        desk.measure(grid_power_w=300.0)
        desk.pass_time(2)
        desk.ask(action="start", duration_s=12 * 3600)
        desk.measure(power_w=800.0, temp_c=50.0, grid_power_w=400.0)
        desk.pass_time(5)
        assert desk.actions == [("START", "USER_START")]
        return desk

    def trip(self, desk: Desk, cause: str = "silence") -> None:
        desk.guard.trip = TRIP.model_copy(update={"cause": cause})
        desk.pass_time(3)
        desk.guard.trip = None
        desk.measure(power_w=0.0, temp_c=30.0)

    @pytest.mark.parametrize("cause", ["heat", "silence", "lease_expired", "unleased_power", "relay_fault"])
    def test_a_trip_ends_it_so_that_it_does_not_start_the_load_again(self, asked: Desk, cause: str) -> None:
        self.trip(asked, cause)
        asked.pass_time(3 * 3600, step_s=5)
        assert [action for action, _ in asked.actions] == ["START", "STOP"]
        assert asked.engine.loads["miner"].memory.override is None

    def test_its_end_is_a_decision_and_an_event_with_the_reason(self, asked: Desk) -> None:
        override = asked.engine.loads["miner"].memory.override
        assert override is not None
        self.trip(asked)
        assert asked.decisions[-1]["trigger"] == "EXPIRY"
        ended = [event for event in events(asked) if event.get("what") == "override_ended"]
        assert ended == [
            {
                "what": "override_ended",
                "load": "miner",
                "why": "guard_trip",
                "trip_id": "t1",
                "level": "eco",
                "ends_at_s": override.ends_at_s,
            }
        ]

    def test_it_stays_ended_over_a_restart(self, asked: Desk) -> None:
        self.trip(asked)
        asked.start_rules()
        assert asked.engine.loads["miner"].memory.override is None

    def test_a_trip_is_not_cleared_before_that_is_durable(
        self, asked: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        real = asked.ledger.append

        def refuse_expiry(row: DecisionRow, memory: str) -> Head:
            if row.trigger == "EXPIRY":
                refuse()
            return real(row, memory)

        with monkeypatch.context() as full:
            full.setattr(asked.ledger, "append", refuse_expiry)
            asked.guard.trip = TRIP
            asked.pass_time(3)
            assert asked.actions[-1] == ("STOP", "R3_GUARD_TRIP")
            assert asked.guard.of(ClearTrip) == []
        asked.pass_time(1)
        assert asked.guard.of(ClearTrip) != []
        assert asked.engine.loads["miner"].memory.override is None

    def test_while_the_trip_stands_nobody_starts_it_and_afterwards_a_person_may(self, asked: Desk) -> None:
        asked.guard.trip = TRIP
        asked.pass_time(3)
        asked.measure(power_w=0.0)
        asked.ask(action="start")
        assert (asked.replies[-1].accepted, asked.replies[-1].code) == (False, "R3_GUARD_TRIP")
        asked.guard.trip = None
        asked.pass_time(1)
        asked.ask(action="start")
        assert asked.actions[-1] == ("START", "USER_START")

    def test_a_wish_for_off_stays(self, running: Desk) -> None:
        running.ask(action="stop")
        self.trip(running, "unleased_power")
        override = running.engine.loads["miner"].memory.override
        assert override is not None
        assert override.level == "off"

    def test_the_rules_start_it_again_within_their_holds(self, running: Desk) -> None:
        self.trip(running)
        running.pass_time(1195 - running.clock.now() % 600)
        assert running.actions[-1] == ("STOP", "R3_GUARD_TRIP")
        running.to_next_block()
        assert running.actions[-1] == ("START", "R1_SURPLUS_OK")
