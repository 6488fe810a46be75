"""Autonomy, confirmations, reload, gaps and overruns: on the desk, with the real engine and ledger."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bitgrid.bus import (
    AutonomyRequest,
    ConfirmRequest,
    EnergyStateMessage,
    EventMessage,
    Received,
    ReloadRequest,
    decode,
)
from bitgrid.clock import HeldClock
from bitgrid.config import load_config
from bitgrid.control import engine as engine_module
from bitgrid.control.engine import PUBLISH_EVERY_S
from bitgrid.control.modes import Modes
from bitgrid.control.reload import Reloader
from bitgrid.kernel import EnergyState, Override, Vote
from bitgrid.replay.archive import Library, Rulebook
from bitgrid.replay.preview import PlannedBlock
from bitgrid.replay.standing import standing
from bitgrid.store import StoreError
from control.desk import CONFIG_DIRECTORY, NOON_S, Desk


def set_autonomy(desk: Desk, autonomy: int) -> None:
    request = AutonomyRequest(request_id="a", autonomy=autonomy, actor="test")
    Modes(desk.engine, desk.bus).on_autonomy(Received(desk.topics.autonomy, request.encode(), retained=False))


def confirm(desk: Desk, level: str, load: str = "miner") -> None:
    request = ConfirmRequest(request_id="c", load=load, level=level, actor="test")
    Modes(desk.engine, desk.bus).on_confirm(Received(desk.topics.confirm, request.encode(), retained=False))


def events(desk: Desk) -> list[dict[str, Any]]:
    return [json.loads(event.record) for event in desk.ledger.events(limit=50)]


class TestAutonomy:
    def test_manual_only_suggests(self, desk: Desk) -> None:
        set_autonomy(desk, 0)
        desk.pass_time(1300)
        assert desk.actions == []
        assert desk.decisions[-1]["code"] == "MODE_SUGGESTS"
        assert desk.commands == []

    def test_is_remembered_over_a_restart(self, desk: Desk) -> None:
        set_autonomy(desk, 1)
        desk.start_rules()
        assert desk.engine.autonomy == 1

    def test_a_change_is_an_audit_event(self, desk: Desk) -> None:
        set_autonomy(desk, 1)
        assert {"what": "autonomy", "from": 3, "to": 1, "actor": "test"} in events(desk)
        assert desk.replies[-1].accepted

    def test_what_is_set_is_told_with_the_state_of_the_house(self, desk: Desk) -> None:
        told: list[int | None] = []

        def hear(received: Received) -> None:
            message = decode(EnergyStateMessage, received.payload)
            assert message is not None
            told.append(message.autonomy)

        desk.bus.subscribe(desk.topics.energy, hear)
        desk.pass_time(PUBLISH_EVERY_S + 1)
        set_autonomy(desk, 2)
        assert (told[0], told[-1]) == (3, 2), "at once: a person looks whether it is set"

    def test_a_change_that_cannot_be_recorded_is_refused(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(desk.ledger, "save_memories", _refuse)
        set_autonomy(desk, 0)
        assert (desk.replies[-1].accepted, desk.replies[-1].code) == (False, "NOT_DURABLE")
        assert desk.engine.autonomy == 3

    def test_assisted_starts_on_a_yes_and_not_before(self, desk: Desk) -> None:
        set_autonomy(desk, 1)
        desk.pass_time(5)
        assert desk.actions == []
        confirm(desk, "full")
        assert desk.actions == [("START", "R1_SURPLUS_OK")]
        assert desk.commands[-1].level == "full"

    def test_a_yes_to_something_else_is_refused(self, desk: Desk) -> None:
        set_autonomy(desk, 1)
        desk.pass_time(5)
        confirm(desk, "eco")
        assert not desk.replies[-1].accepted
        assert desk.actions == []

    def test_a_yes_does_not_last_beyond_its_block(self, desk: Desk) -> None:
        set_autonomy(desk, 1)
        desk.pass_time(5)
        desk.engine.loads["miner"].confirmed = (0, desk.engine.blocks.block()), "full"
        desk.to_next_block()
        assert desk.actions == []
        assert desk.decisions[-1]["code"] == "MODE_WAITS"

    def test_a_yes_cannot_break_the_reserve(self, desk: Desk) -> None:
        set_autonomy(desk, 1)
        desk.measure(battery_soc_pct=40.0)
        desk.pass_time(5)
        confirm(desk, "full")
        assert desk.replies[-1].code == "R2_HARD_RESERVE"
        assert desk.commands == []

    @pytest.mark.parametrize(("load", "level"), [("heater", "eco"), ("miner", "turbo")])
    def test_a_yes_to_what_there_is_not_is_refused(self, desk: Desk, load: str, level: str) -> None:
        desk.pass_time(1)
        confirm(desk, level, load)
        assert desk.replies[-1].code == "UNKNOWN_LOAD"

    def test_garbage_and_retained_requests_are_not_heard(self, desk: Desk) -> None:
        modes = Modes(desk.engine, desk.bus)
        request = AutonomyRequest(request_id="a", autonomy=0, actor="test").encode()
        modes.on_autonomy(Received(desk.topics.autonomy, request, retained=True))
        modes.on_autonomy(Received(desk.topics.autonomy, b"{}", retained=False))
        modes.on_confirm(Received(desk.topics.confirm, b"[]", retained=False))
        assert desk.replies == []
        assert desk.engine.autonomy == 3


class TestReload:
    @pytest.fixture
    def directory(self, tmp_path: Path) -> Path:
        return Path(shutil.copytree(CONFIG_DIRECTORY, tmp_path / "config"))

    @pytest.fixture
    def reloader(self, desk: Desk, directory: Path) -> Reloader:
        return Reloader(desk.engine, desk.bus, directory)

    def change(self, directory: Path, file: str, old: str, new: str) -> None:
        path = directory / file
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    def ask(self, desk: Desk, reloader: Reloader) -> None:
        request = ReloadRequest(request_id="r", actor="test")
        reloader.on_request(Received(desk.topics.reload, request.encode(), retained=False))

    def test_a_changed_threshold_is_live_within_a_block_and_recorded(
        self, desk: Desk, reloader: Reloader, directory: Path
    ) -> None:
        desk.measure(grid_power_w=-3000.0, battery_soc_pct=70.0)
        old = desk.engine.config.config_hash
        self.change(directory, "bitgrid_rules.yaml", "soc_soft_min_pct: 58.0", "soc_soft_min_pct: 75.0")
        desk.clock.advance(10)
        reloader.step()
        desk.pass_time(5)
        new = load_config(directory).config_hash
        assert desk.decisions[-1]["code"] == "R2_SOFT_RESERVE"
        assert desk.decisions[-1]["config_hash"] == new
        assert {"what": "configuration", "from": old, "to": new, "actor": "file"} in events(desk)

    def test_a_bad_file_changes_nothing_and_is_told(self, desk: Desk, reloader: Reloader, directory: Path) -> None:
        old = desk.engine.config
        self.change(directory, "bitgrid_rules.yaml", "soc_soft_min_pct: 58.0", "soc_soft_min_pct: 8.0")
        self.ask(desk, reloader)
        assert desk.engine.config is old
        assert (desk.replies[-1].accepted, desk.replies[-1].code) == (False, "REFUSED")
        assert "soc_soft_min_pct must not be below" in reloader.problem

    def test_a_mended_file_takes_the_complaint_back(self, desk: Desk, reloader: Reloader, directory: Path) -> None:
        self.change(directory, "flags.yaml", "r4_enabled: true", "r4_enabled: maybe")
        self.ask(desk, reloader)
        self.change(directory, "flags.yaml", "r4_enabled: maybe", "r4_enabled: false")
        self.ask(desk, reloader)
        assert desk.replies[-1].code == "RELOADED"
        assert reloader.problem == ""

    def test_another_site_needs_a_restart(self, desk: Desk, reloader: Reloader, directory: Path) -> None:
        self.change(directory, "site.yaml", "port: 15020", "port: 15099")
        self.ask(desk, reloader)
        assert "restart BitGrid" in desk.replies[-1].text

    def test_what_has_not_changed_is_not_read_anew(self, desk: Desk, reloader: Reloader) -> None:
        self.ask(desk, reloader)
        assert desk.replies[-1].code == "UNCHANGED"
        desk.clock.advance(20)
        reloader.step()
        assert events(desk) == []

    def test_a_file_that_is_gone_is_told_and_the_old_one_stays(
        self, desk: Desk, reloader: Reloader, directory: Path
    ) -> None:
        (directory / "flags.yaml").unlink()
        desk.clock.advance(10)
        reloader.step()
        assert "flags.yaml is missing" in reloader.problem


class TestTime:
    def test_blocks_slept_through_are_recorded_as_a_gap(self, desk: Desk) -> None:
        desk.pass_time(10)
        block = desk.engine.blocks.block()
        desk.clock.advance(4 * 600)
        desk.pass_time(10)
        assert {"what": "gap", "from_block": block + 1, "to_block": block + 3} in events(desk)

    def test_an_evaluation_that_overruns_starts_nothing(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        _slow_down(desk, monkeypatch)
        desk.pass_time(700)
        assert desk.actions == []
        assert desk.decisions[-1]["code"] == "CLOCK_OVERRUN"
        assert any(event["what"] == "evaluation_overrun" for event in events(desk))

    def test_a_person_s_wish_does_not_start_it_either(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        desk.measure(grid_power_w=300.0)
        desk.pass_time(2)
        load = desk.engine.loads["miner"]
        wish = Override(Vote.LEVEL, "eco", desk.engine.blocks.now_s() + 3600)
        load.memory = replace(load.memory, override=wish)
        _slow_down(desk, monkeypatch)
        desk.to_next_block()
        assert desk.actions == []
        assert desk.decisions[-1]["code"] == "CLOCK_OVERRUN"

    def test_an_evaluation_that_overruns_is_a_warning_until_one_is_in_time(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with monkeypatch.context() as slow:
            _slow_down(desk, slow)
            desk.pass_time(5)
            assert "took 2.0 s and was not believed" in desk.engine.warning
        desk.to_next_block()
        assert desk.engine.warning == ""

    def test_the_making_of_its_state_is_part_of_an_evaluation(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        real = desk.engine.builder.of_window

        def slow(context: dict[str, int], window_s: float) -> EnergyState:
            desk.clock.advance(2)
            return real(context, window_s)

        monkeypatch.setattr(desk.engine.builder, "of_window", slow)
        desk.pass_time(5)
        assert desk.actions == []
        assert desk.decisions[-1]["code"] == "CLOCK_OVERRUN"

    def test_a_second_of_the_machine_is_more_of_the_house_where_it_lives_faster(self, tmp_path: Path) -> None:
        desk = Desk(tmp_path / "fast", clock=HeldClock(wall_s=NOON_S, speed=60.0))
        with pytest.MonkeyPatch.context() as patch:
            _slow_down(desk, patch)  # two seconds of the house are a thirtieth of the machine's
            desk.pass_time(2)
        assert desk.actions == [("START", "R1_SURPLUS_OK")]

    def test_an_evaluation_that_overruns_stops_what_runs(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        desk.pass_time(5)
        desk.measure(power_w=1674.0, temp_c=60.0)
        _slow_down(desk, monkeypatch)
        desk.to_next_block()
        assert desk.actions[-1] == ("STOP", "CLOCK_OVERRUN")


class TestEvents:
    def test_are_said_on_the_bus_as_they_are_stored(self, desk: Desk) -> None:
        said: list[EventMessage] = []

        def hear(received: Received) -> None:
            message = decode(EventMessage, received.payload)
            assert message is not None
            said.append(message)

        desk.bus.subscribe(desk.topics.event("+"), hear)
        set_autonomy(desk, 2)
        assert [message.kind for message in said] == ["audit"]
        assert said[0].record == events(desk)[0]


class TestForecasts:
    def test_a_forecast_is_archived_once_and_named_in_every_record(self, desk: Desk) -> None:
        for _ in range(3):
            desk.tell_forecast([4000.0] * 144)
            desk.to_next_block()
        records = [json.loads(row.record)["state"]["forecast"] for row in desk.ledger.decisions(limit=3)]
        assert records[0] is not None
        assert desk.ledger.forecast(records[0]) is not None
        assert len(set(records)) == 1

    def test_one_that_comes_between_blocks_changes_the_preview_and_nothing_that_runs(self, desk: Desk) -> None:
        desk.tell_forecast([4000.0] * 144)
        desk.to_next_block()
        desk.pass_time(60)
        decided, commands = list(desk.decisions), list(desk.commands)
        before = preview(desk)
        desk.tell_forecast([4000.0] + [0.0] * 143)
        desk.pass_time(60)
        assert desk.decisions == decided
        assert desk.commands == commands
        after = preview(desk)
        assert after[-1].surplus_w is not None
        assert before[-1].surplus_w is not None
        assert after[-1].surplus_w < 0 < before[-1].surplus_w
        told = json.loads(desk.ledger.decisions(limit=1)[0].record)["state"]["forecast"]
        newest = desk.ledger.newest_forecast()
        assert newest is not None
        assert newest[1] != told

    def test_one_that_cannot_be_written_is_told_and_tried_again(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        desk.to_next_block()
        with monkeypatch.context() as full:
            full.setattr(desk.ledger, "archive_forecast", _refuse)
            desk.tell_forecast([4000.0] * 144)
            desk.pass_time(PUBLISH_EVERY_S + 1)
            assert "disk full" in desk.engine.problem
            assert desk.ledger.newest_forecast() is None
        desk.pass_time(PUBLISH_EVERY_S + 1)
        assert desk.ledger.newest_forecast() is not None


def preview(desk: Desk) -> list[PlannedBlock]:
    """What the miner's next blocks would be, by the ledger alone."""
    book, rows = Rulebook.of(desk.config), {"miner": desk.ledger.decisions(limit=1)[0]}
    return standing(desk.ledger, Library(desk.ledger), book, rows).plan(6)["miner"]


def _slow_down(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    real = engine_module.decide

    def slow(*arguments: Any) -> object:
        if arguments[-1].value == "TICK":
            desk.clock.boot_s += 2
            desk.clock.wall_s += 2
        return real(*arguments)

    monkeypatch.setattr(engine_module, "decide", slow)


def _refuse(*_arguments: object) -> None:
    raise StoreError("disk full")
