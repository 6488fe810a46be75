from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest

from bitgrid.bus import Received, UpsReport
from bitgrid.store import StoreError
from control.desk import Desk


@pytest.fixture
def running(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path)
    desk.pass_time(2)
    desk.measure(power_w=1674.0, temp_c=60.0)
    return desk


def tell(desk: Desk, status: Literal["online", "on_battery", "shutdown"], *, retained: bool = False) -> None:
    report = UpsReport(request_id=status, status=status, actor="upsmon")
    desk.power_cut.on_report(Received(desk.topics.ups, report.encode(), retained))


def codes(desk: Desk) -> list[str]:
    return [reply.code for reply in desk.replies]


def whats(desk: Desk) -> list[str]:
    return [event.record for event in desk.ledger.events(limit=50) if "ups_" in event.record]


def test_on_battery_every_load_stops_at_once_and_it_is_written_down(running: Desk) -> None:
    tell(running, "on_battery")
    assert running.actions[-1] == ("STOP", "R3_UPS_ON_BATTERY")
    assert running.commands[-1].level == "off"
    assert codes(running) == ["UPS_ON_BATTERY"]
    assert len(whats(running)) == 1


def test_told_again_it_changes_nothing_and_is_answered_again(running: Desk) -> None:
    tell(running, "on_battery")
    decided = len(running.decisions)
    tell(running, "on_battery")
    assert (len(running.decisions), len(whats(running))) == (decided, 1)
    assert codes(running) == ["UPS_ON_BATTERY", "UPS_ON_BATTERY"]


def test_a_restarted_daemon_stays_off_until_it_is_told_that_power_is_back(running: Desk) -> None:
    tell(running, "on_battery")
    running.measure(power_w=0.0)
    running.start_rules()
    for _block in range(4):
        running.to_next_block()
    assert running.actions[-1] == ("STOP", "R3_UPS_ON_BATTERY")
    tell(running, "online")
    running.to_next_block()
    assert running.actions[-1] == ("START", "R1_SURPLUS_OK")


def test_the_shutdown_is_answered_only_when_the_guard_measures_every_load_off(running: Desk) -> None:
    running.guard.confirmed_off = False
    tell(running, "shutdown")
    assert running.actions[-1] == ("STOP", "R3_UPS_ON_BATTERY")
    running.pass_time(20)
    assert codes(running) == []
    running.guard.confirmed_off = True
    running.pass_time(2)
    assert codes(running) == ["LOADS_OFF"]


def test_a_guard_that_is_not_heard_confirms_nothing(running: Desk) -> None:
    running.guard.confirmed_off = True
    running.guard_alive = False
    running.pass_time(20)
    tell(running, "shutdown")
    running.pass_time(20)
    assert codes(running) == []


def test_the_shutdown_is_not_answered_while_a_record_is_owed(
    running: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        for name in ("append", "save_memories", "append_event"):
            patch.setattr(running.ledger, name, _refuse)
        running.guard.confirmed_off = True
        tell(running, "shutdown")
        assert running.commands[-1].level == "off"
        running.pass_time(3)
        assert codes(running) == []
    running.pass_time(10)
    assert codes(running) == ["LOADS_OFF"]
    assert "R3_UPS_ON_BATTERY" in [record["code"] for record in running.decisions]


def test_a_full_disk_stops_no_stop_and_is_told(running: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("append", "save_memories", "append_event"):
        monkeypatch.setattr(running.ledger, name, _refuse)
    tell(running, "on_battery")
    assert running.commands[-1].level == "off"
    assert "not durable" in running.replies[-1].text


def test_who_asked_long_ago_is_not_answered_any_more(running: Desk) -> None:
    running.guard.confirmed_off = False
    tell(running, "shutdown")
    running.pass_time(130)
    running.guard.confirmed_off = True
    running.pass_time(5)
    assert codes(running) == []


@pytest.mark.parametrize("payload", [b"", b"{}", b'{"status":"on_battery"}'])
def test_what_is_no_report_changes_nothing(running: Desk, payload: bytes) -> None:
    running.power_cut.on_report(Received(running.topics.ups, payload, retained=False))
    tell(running, "on_battery", retained=True)
    assert not running.engine.house.ups_on_battery
    assert codes(running) == []


def _refuse(*_arguments: object) -> None:
    raise StoreError("disk full")
