"""A stop that was sent and could not be written: kept, and written as soon as the ledger takes writes again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from bitgrid.bus import EstopRequest, OverrideRequest, Received
from bitgrid.control.journal import MOST_OWED, Decided, Journal
from bitgrid.guard.link import Renew
from bitgrid.kernel import Trigger
from bitgrid.replay.replaying import Replayer
from bitgrid.store import Ledger, RecordRefused, StoreError
from bitgrid.store.verify import verify
from control.desk import Desk

WRITES = ("append", "append_event", "save_memories", "archive_configuration", "archive_forecast")


@contextmanager
def full_disk(desk: Desk) -> Iterator[None]:
    def refuse(*_arguments: object) -> None:
        raise StoreError("disk full")

    with pytest.MonkeyPatch.context() as patch:
        for name in WRITES:
            patch.setattr(desk.ledger, name, refuse)
        yield


@pytest.fixture
def stopped(running: Desk) -> Desk:
    """The reserve was reached while the disk was full; it has room again."""
    with full_disk(running):
        running.measure(battery_soc_pct=49.0)
        running.pass_time(20)
        running.measure(power_w=0.0)
        assert running.commands[-1].level == "off"
    return running


def records(desk: Desk) -> list[dict[str, Any]]:
    return [json.loads(row.record)["decision"] for row in desk.ledger.records()]


def events(desk: Desk) -> list[dict[str, Any]]:
    return [json.loads(row.record) for row in desk.ledger.events(limit=50)]


def differences(desk: Desk) -> list[str]:
    replayer = Replayer(desk.ledger)
    return [str(found) for row in desk.ledger.records() for found in replayer.check(row)]


def test_it_is_written_within_seconds_with_the_time_it_was_decided_at(stopped: Desk) -> None:
    decided_at_s = int(stopped.clock.now()) - 20
    stopped.pass_time(6)
    last = records(stopped)[-1]
    assert (last["action"], last["code"], last["at_s"]) == ("STOP", "R2_HARD_RESERVE", decided_at_s)
    assert stopped.engine.problem == ""


def test_an_event_before_it_says_that_it_is_late(stopped: Desk) -> None:
    stopped.pass_time(6)
    row = stopped.ledger.decisions(limit=1)[0]
    event = stopped.ledger.events(limit=1)[0]
    assert (event.kind, event.seq) == ("health", row.seq - 1)
    late = {"decision": row.id, "decided_at_s": row.at_s}
    assert json.loads(event.record) == {"what": "recorded_late", "decisions": [late]}
    assert event.at_s > row.at_s


def test_it_is_told_on_the_bus_once_it_is_written(stopped: Desk) -> None:
    assert stopped.actions[-1][0] == "START"
    stopped.pass_time(6)
    assert stopped.actions[-1] == ("STOP", "R2_HARD_RESERVE")


def test_the_chain_is_sound_and_every_decision_is_derived_again(stopped: Desk) -> None:
    stopped.pass_time(2 * 3600, step_s=5)
    stopped.measure(battery_soc_pct=80.0)
    stopped.pass_time(1300, step_s=5)
    assert stopped.actions[-1][0] == "START"
    assert verify(stopped.ledger._directory) == []
    assert differences(stopped) == []


def test_until_it_is_written_nothing_starts_and_nothing_is_renewed(running: Desk) -> None:
    with full_disk(running):
        running.measure(battery_soc_pct=49.0)
        running.pass_time(5)
        renewed = len(running.guard.of(Renew))
        running.measure(battery_soc_pct=80.0, power_w=0.0)
        running.pass_time(2 * 3600, step_s=5)
        assert len(running.guard.of(Renew)) == renewed
        assert running.commands[-1].level == "off"


def test_it_is_written_before_whatever_is_written_next(running: Desk) -> None:
    with full_disk(running):
        running.measure(battery_soc_pct=49.0)
        running.pass_time(1)
    running.measure(power_w=0.0, battery_soc_pct=80.0)
    running.speak()
    wish = OverrideRequest(request_id="r", load="miner", action="start", actor="test")
    running.requests.on_override(Received(running.topics.override, wish.encode(), retained=False))
    assert [record["action"] for record in records(running)] == ["START", "STOP", "START"]
    assert differences(running) == []


def test_one_that_the_tick_decided_is_its_block_s_only_decision(running: Desk) -> None:
    running.pass_time(1795 - running.clock.now() % 600)
    running.tell("tariff", "import_price_ct_kwh", 30.0)  # too dear, and the hold is over with this block
    assert len(running.actions) == 1
    with full_disk(running):
        running.pass_time(30)
        assert running.commands[-1].level == "off"
        assert running.engine.journal.has_tick("miner", 0, running.engine.blocks.block())
        running.measure(power_w=0.0)
    running.pass_time(700)
    told = records(running)
    stop = next(record for record in told if record["action"] == "STOP")
    assert stop["trigger"] == "TICK"
    blocks = [record["block"] for record in told if record["trigger"] == "TICK"]
    assert blocks == sorted(set(blocks))
    assert verify(running.ledger._directory) == []
    assert differences(running) == []


def test_what_was_remembered_since_is_not_overwritten_by_it(running: Desk) -> None:
    with full_disk(running):
        request = EstopRequest(request_id="e", engage=True, actor="test")
        running.requests.on_estop(Received(running.topics.estop, request.encode(), retained=False))
        running.measure(power_w=0.0)
        running.pass_time(10)
    running.pass_time(10)
    until_s = running.engine.loads["miner"].memory.lockout_until_s
    running.start_rules()
    assert running.engine.house.emergency_stop
    assert running.engine.loads["miner"].memory.lockout_until_s == until_s
    assert [record["code"] for record in records(running)][-1] == "R3_EMERGENCY_STOP"


def test_a_clock_that_steps_meanwhile_leaves_it_as_it_was_decided(running: Desk) -> None:
    with full_disk(running):
        running.measure(battery_soc_pct=49.0)
        running.pass_time(2)
        block = running.engine.blocks.block()
        running.measure(power_w=0.0)
        running.clock.wall_s -= 86_400
        running.pass_time(20)
    running.pass_time(20)
    stop = next(record for record in records(running) if record["action"] == "STOP")
    assert (stop["clock_epoch"], stop["block"]) == (0, block)
    assert verify(running.ledger._directory) == []
    running.start_rules()
    assert running.engine.blocks.epoch == 1


class TestTheJournal:
    @pytest.fixture
    def decided(self, running: Desk) -> Decided:
        load = running.engine.loads["miner"]
        running.measure(battery_soc_pct=49.0)
        running.speak()
        return running.engine.journal.decided(running.engine.judge(load, load.memory, Trigger.PROTECT))

    @pytest.fixture
    def journal(self, running: Desk) -> Journal:
        return Journal(running.ledger)

    def test_keeps_no_more_than_there_can_be(self, running: Desk, journal: Journal, decided: Decided) -> None:
        for _ in range(MOST_OWED + 5):
            journal.owe(decided)
        journal.event("health", {"what": "test"}, 0)
        assert sum(record["action"] == "STOP" for record in records(running)) == MOST_OWED

    def test_gives_up_what_the_ledger_will_never_take(
        self, running: Desk, journal: Journal, decided: Decided, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(*_arguments: object) -> None:
            raise RecordRefused("there is one")

        journal.owe(decided)
        with monkeypatch.context() as patch:
            patch.setattr(Ledger, "append", refuse)
            journal.event("health", {"what": "test"}, 0)
        journal.event("health", {"what": "another"}, 0)
        assert [record["action"] for record in records(running)] == ["START"]

    def test_tells_of_them_once_however_often_it_tries(
        self, running: Desk, journal: Journal, decided: Decided, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(*_arguments: object) -> None:
            raise StoreError("disk full")

        journal.owe(decided)
        with monkeypatch.context() as patch:
            patch.setattr(Ledger, "append", fail)
            for _ in range(5):
                with pytest.raises(StoreError):
                    journal.event("health", {"what": "test"}, 0)
        journal.event("health", {"what": "test"}, 0)
        assert [event["what"] for event in events(running)] == ["test", "recorded_late"]
