"""A changed file is taken over whole, valid, recorded and archived, or not at all."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from bitgrid.bus import ConfigureRequest, Received, RestartNotice, decode
from bitgrid.config import load_config
from bitgrid.control.configuring import Configurer
from bitgrid.control.reload import Reloader
from bitgrid.guard.link import Restart
from bitgrid.store import StoreError
from control.desk import CONFIG_DIRECTORY, Desk


class Office:
    """A desk whose configuration stands in a directory of its own."""

    def __init__(self, tmp_path: Path, *, first_run: bool = False) -> None:
        self.directory = tmp_path / "config"
        shutil.copytree(CONFIG_DIRECTORY, self.directory)
        if first_run:
            flags = self.directory / "flags.yaml"
            flags.write_text(f"{flags.read_text()}\nfirst_run: true\n")
        self.desk = Desk(tmp_path / "data", load_config(self.directory))
        self.reloader = Reloader(self.desk.engine, self.desk.bus, self.directory)
        self.configurer = Configurer(self.desk.engine, self.desk.bus, self.reloader, self.directory)
        self.restarts: list[RestartNotice] = []
        self.desk.bus.subscribe(self.desk.topics.restart, self._on_restart)

    def _on_restart(self, received: Received) -> None:
        notice = decode(RestartNotice, received.payload)
        assert notice is not None
        self.restarts.append(notice)

    def text(self, file: str) -> str:
        return (self.directory / file).read_text()

    def wish(self, file: str, text: str, *, before: str | None = None, retained: bool = False) -> str:
        """What `rules` answers, by its code."""
        digest = hashlib.sha256((self.directory / file).read_bytes()).hexdigest()
        request = ConfigureRequest(
            request_id="1",
            file=file,  # type: ignore[arg-type]
            text=text,
            before=before or digest,
            actor="anna",
        )
        count = len(self.desk.replies)
        self.configurer.on_request(Received(self.desk.topics.configure, request.encode(), retained=retained))
        return self.desk.replies[-1].code if len(self.desk.replies) > count else ""


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


@pytest.fixture
def new_office(tmp_path: Path) -> Office:
    return Office(tmp_path, first_run=True)


RULES = "bitgrid_rules.yaml"


def test_a_changed_threshold_is_written_archived_recorded_and_in_force(office: Office) -> None:
    before = office.desk.engine.config.config_hash
    text = office.text(RULES).replace("hysteresis_w: 200", "hysteresis_w: 350")
    assert office.wish(RULES, text) == "CONFIGURED"
    engine = office.desk.engine
    assert (engine.rules.hysteresis_w, office.text(RULES)) == (350, text)
    assert engine.config.config_hash != before
    archived = office.desk.ledger.configuration(engine.config.config_hash)
    assert archived is not None
    assert json.loads(archived)["rules"]["r1"]["hysteresis_w"] == 350
    told = [json.loads(event.record) for event in office.desk.ledger.events(limit=5)]
    wished = next(record for record in told if record["what"] == "configuration_wished")
    assert (wished["actor"], wished["from"], wished["file"]) == ("anna", before, RULES)
    assert wished["to"] == engine.config.config_hash
    assert not office.restarts


def test_what_is_not_valid_changes_nothing_and_says_where_it_is_wrong(office: Office) -> None:
    before = office.text(RULES)
    wrong = before.replace("soc_soft_min_pct: 58.0", "soc_soft_min_pct: 10.0").replace(
        "hysteresis_w", "hysterese_w"
    )
    assert office.wish(RULES, wrong) == "BAD_CONFIGURATION"
    assert office.text(RULES) == before
    text = office.desk.replies[-1].text
    assert "hysterese_w" in text
    assert "soc_soft_min_pct must not be below" in text
    assert office.desk.ledger.events(limit=5) == []


def test_built_in_safety_limits_cannot_be_passed_over_the_bus(office: Office) -> None:
    text = office.text(RULES).replace("max_temp_c: 85.0", "max_temp_c: 120.0")
    assert office.wish(RULES, text) == "BAD_CONFIGURATION"
    assert office.desk.engine.config.rules.r3.max_temp_c == 85.0


def test_a_file_that_somebody_has_changed_meanwhile_is_left_alone(office: Office) -> None:
    text = office.text(RULES)
    (office.directory / RULES).write_text(f"{text}# a remark\n")
    assert office.wish(RULES, text, before=hashlib.sha256(text.encode()).hexdigest()) == "CHANGED_MEANWHILE"
    assert office.text(RULES).endswith("# a remark\n")


@pytest.mark.parametrize("file", ["site.yaml", "flags.yaml", "policies.yaml"])
def test_other_files_are_closed_once_the_house_is_set_up(office: Office, file: str) -> None:
    assert office.wish(file, office.text(file)) == "NOT_FIRST_RUN"


def test_a_wish_that_the_broker_had_kept_is_not_heard(office: Office) -> None:
    assert office.wish(RULES, office.text(RULES), retained=True) == ""


def test_what_the_ledger_does_not_take_is_not_written(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise StoreError("the disk is full")

    monkeypatch.setattr(office.desk.ledger, "append_event", full)
    before = office.text(RULES)
    assert office.wish(RULES, before.replace("hysteresis_w: 200", "hysteresis_w: 350")) == "NOT_DURABLE"
    assert office.text(RULES) == before
    assert office.desk.engine.rules.hysteresis_w == 200


def test_what_may_not_be_written_is_told_and_the_old_rules_stay(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_path: Path, _content: bytes, _mode: int) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("bitgrid.control.configuring.write_whole", refused)
    text = office.text(RULES).replace("hysteresis_w: 200", "hysteresis_w: 350")
    assert office.wish(RULES, text) == "NOT_WRITTEN"
    assert "Permission denied" in office.desk.replies[-1].text
    assert office.desk.engine.rules.hysteresis_w == 200


def test_a_file_keeps_who_may_read_it(office: Office) -> None:
    path = office.directory / RULES
    path.chmod(0o640)
    assert office.wish(RULES, office.text(RULES).replace("hysteresis_w: 200", "hysteresis_w: 350"))
    assert ("hysteresis_w: 350" in path.read_text(), path.stat().st_mode & 0o777) == (True, 0o640)


def test_a_comment_alone_changes_the_file_and_nothing_in_force(office: Office) -> None:
    before = office.desk.engine.config.config_hash
    assert office.wish(RULES, f"{office.text(RULES)}# why\n") == "UNCHANGED"
    assert office.text(RULES).endswith("# why\n")
    assert office.desk.engine.config.config_hash == before


class TestFirstRun:
    def test_nothing_starts_whoever_asks_until_it_is_over(self, new_office: Office) -> None:
        desk = new_office.desk
        desk.pass_time(700)
        assert desk.decisions[-1]["code"] == "R3_FIRST_RUN"
        desk.ask(action="start", duration_s=3600)
        assert (desk.replies[-1].accepted, desk.replies[-1].code) == (False, "R3_FIRST_RUN")
        flags = new_office.text("flags.yaml").replace("first_run: true", "first_run: false")
        assert new_office.wish("flags.yaml", flags) == "CONFIGURED"
        desk.pass_time(600)
        assert desk.decisions[-1]["action"] == "START"

    def test_a_changed_site_is_written_and_every_process_starts_anew(self, new_office: Office) -> None:
        text = new_office.text("site.yaml").replace("Haus am Sonnenhang", "Haus am See")
        assert new_office.wish("site.yaml", text) == "CONFIGURED_RESTART"
        assert len(new_office.restarts) == 1
        assert len(new_office.desk.guard.of(Restart)) == 1
        assert load_config(new_office.directory).site.name == "Haus am See"
        assert new_office.desk.engine.config.site.name == "Haus am Sonnenhang"

    def test_a_site_that_could_not_run_is_refused_and_nothing_restarts(self, new_office: Office) -> None:
        text = new_office.text("site.yaml").replace("signals: [grid_power_w]", "signals: [pv_power_w]")
        assert new_office.wish("site.yaml", text) == "BAD_CONFIGURATION"
        assert not new_office.restarts
        assert load_config(new_office.directory) == replace(
            new_office.desk.engine.config, profiles=new_office.desk.engine.config.profiles
        )


def test_research_is_switched_at_any_time_and_nothing_else_in_that_file(office: Office) -> None:
    text = office.text("flags.yaml")
    assert office.wish("flags.yaml", f"{text}\nresearch: true\n") == "CONFIGURED"
    assert office.desk.engine.config.flags.research is True
    assert office.wish("flags.yaml", f"{text}\nresearch: false\n") == "CONFIGURED"
    smuggled = text.replace("r4_enabled: true", "r4_enabled: false")
    assert smuggled != text
    assert office.wish("flags.yaml", f"{smuggled}\nresearch: true\n") == "NOT_FIRST_RUN"
    assert office.wish("flags.yaml", f"{text}\nresearch: maybe\n") == "NOT_FIRST_RUN"
    assert office.desk.engine.config.flags.research is False
    assert office.desk.engine.config.flags.r4_enabled is True
