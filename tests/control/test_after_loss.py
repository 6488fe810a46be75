"""After the ledger was damaged nothing starts from what it remembers: that is older than what ran."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bitgrid.bus import EstopRequest, Health, HealthStatus, Received
from bitgrid.control.after_loss import EPOCHS_LEFT_OUT
from bitgrid.control.store_losses import StoreLosses
from bitgrid.guard.link import Release, Renew
from bitgrid.store import LOST, DamagedError, Ledger, month
from bitgrid.store.incidents import Loss
from bitgrid.store.ledger_copy import LedgerCopy
from bitgrid.store.ledger_opening import open_ledger
from bitgrid.store.verify import verify
from control.desk import Desk


def events(desk: Desk) -> list[dict[str, Any]]:
    return [json.loads(row.record) for row in desk.ledger.events(limit=50)]


def damage(desk: Desk, directory: Path, *, copied: bool = True) -> None:
    """The rules die, the month's file is spoiled, the next start gives it back."""
    if copied:
        assert LedgerCopy(directory / "ledger", directory / "snapshots" / "ledger", desk.clock).copy() == ""
    desk.ledger.close()
    (path,) = month.months(directory / "ledger")
    path.write_bytes(b"\xa5" * path.stat().st_size)
    desk.ledger = open_ledger(directory / "ledger", desk.clock)
    desk.start_rules()


@pytest.fixture
def lost(running: Desk, tmp_path: Path) -> Desk:
    """A miner ran by noon's sun when the power failed and the card was damaged."""
    damage(running, tmp_path)
    return running


def test_every_load_is_told_off_at_once_and_no_lease_is_taken_over(lost: Desk) -> None:
    lost.loads_leases["miner"] = lost.guard.lease_id
    renewed = len(lost.guard.of(Renew))
    lost.pass_time(1)
    assert isinstance(lost.guard.sent[-1], Release)
    assert lost.commands[-1].level == "off"
    lost.pass_time(120)
    assert len(lost.guard.of(Renew)) == renewed


def test_nothing_starts_in_hours_of_sun_until_a_person_acknowledges(lost: Desk) -> None:
    started = len(lost.actions)
    lost.measure(power_w=0.0)
    lost.pass_time(6 * 3600, step_s=5)
    assert len(lost.actions) == started
    assert lost.engine.house.emergency_stop
    assert "damaged" in lost.engine.after_loss.told


def test_after_the_word_of_a_person_lockout_pause_starts_and_assisted_mode_hold_still(lost: Desk) -> None:
    lost.measure(power_w=0.0)
    lost.pass_time(60)
    request = EstopRequest(request_id="a", engage=False, actor="test")
    lost.requests.on_estop(Received(lost.topics.estop, request.encode(), retained=False))
    assert lost.engine.after_loss.told == ""
    memory, now_s = lost.engine.loads["miner"].memory, int(lost.clock.now())
    assert memory.lockout_until_s is not None
    assert memory.lockout_until_s > now_s + 3000
    assert memory.starts == lost.engine.rules.max_starts_per_day
    assert lost.engine.autonomy == 1
    lost.ask(action="start")
    assert lost.commands[-1].level == "off", "a person's wish does not break the lockout"
    lost.pass_time(3600, step_s=5)
    lost.ask(action="start")
    lost.pass_time(2)
    assert lost.commands[-1].level != "off", "once it is over, a person may start it"


def test_the_loss_is_told_once_in_the_ledger_which_goes_on_sound(lost: Desk, tmp_path: Path) -> None:
    lost.pass_time(3)
    (told,) = [event for event in events(lost) if event["what"] == "ledger_damaged"]
    assert "not a database" in told["problem"]
    assert Path(told["aside"], Path(told["file"]).name).exists()
    assert "its copy as of" in told["given_back"]
    lost.start_rules()
    lost.pass_time(3)
    assert [event["what"] for event in events(lost)].count("ledger_damaged") == 1
    assert LOST not in lost.ledger.memories()
    assert lost.engine.house.emergency_stop
    assert verify(tmp_path / "ledger") == []


def test_a_start_that_dies_before_it_is_told_leaves_the_note_to_the_next(lost: Desk) -> None:
    assert LOST in lost.ledger.memories()
    lost.start_rules()
    assert lost.engine.house.emergency_stop
    assert lost.engine.loads["miner"].memory.level == "off"


def test_a_new_clock_epoch_is_far_from_any_that_was(lost: Desk) -> None:
    lost.pass_time(60)
    assert lost.engine.blocks.epoch == EPOCHS_LEFT_OUT
    assert lost.ledger.decisions(limit=1)[0].clock_epoch == EPOCHS_LEFT_OUT


def test_without_any_copy_it_is_the_same(running: Desk, tmp_path: Path) -> None:
    damage(running, tmp_path, copied=False)
    running.measure(power_w=0.0)
    running.pass_time(3600, step_s=5)
    assert running.commands[-1].level == "off"
    assert running.engine.house.emergency_stop
    assert events(running)[-1]["given_back"] == ""


def test_a_sound_ledger_changes_nothing(running: Desk, tmp_path: Path) -> None:
    running.ledger.close()
    running.ledger = open_ledger(tmp_path / "ledger", running.clock)
    running.start_rules()
    running.loads_leases["miner"] = running.guard.lease_id
    running.pass_time(60)
    assert not running.engine.house.emergency_stop
    assert running.engine.blocks.epoch == 0
    assert running.commands[-1].level != "off"


class TestWhatOthersLost:
    @staticmethod
    def told(*, retained: bool = False, **changed: object) -> Received:
        loss = {**Loss("feeds.sqlite", "malformed", 5, "set-aside/one", "").event, **changed}
        health = Health(status=HealthStatus.WARN, reason="", instance="i", details={"loss": loss})
        return Received("health", health.encode(), retained)

    def test_is_recorded_once_however_often_it_is_told(self, desk: Desk) -> None:
        for _ in range(3):
            losses = StoreLosses(desk.engine)  # a fresh one each time, as after a restart
            losses.on_health(self.told())
            losses.on_health(self.told())
        (event,) = [event for event in events(desk) if event["what"] == "store_damaged"]
        assert (event["file"], event["problem"]) == ("feeds.sqlite", "malformed")

    def test_is_not_believed_where_it_is_none(self, desk: Desk) -> None:
        losses = StoreLosses(desk.engine)
        losses.on_health(self.told(what="something else"))
        losses.on_health(self.told(retained=True))
        losses.on_health(Received("health", b"garbage", retained=False))
        assert events(desk) == []


def test_a_ledger_that_breaks_while_it_is_written_says_that_only_a_start_helps(tmp_path: Path, desk: Desk) -> None:
    desk.to_next_block()
    (path,) = month.months(tmp_path / "ledger")
    desk.ledger.close()
    with closing(Ledger(tmp_path / "ledger")) as ledger:
        desk.ledger = ledger
        desk.start_rules()
        path.with_name(f"{path.name}-wal").write_bytes(b"")
        path.write_bytes(b"\xa5" * path.stat().st_size)
        before = len(desk.actions)
        with pytest.raises(DamagedError):
            desk.pass_time(1300, step_s=5)
        assert ledger.is_damaged
        assert "START" not in [action for action, _code in desk.actions[before:]]
