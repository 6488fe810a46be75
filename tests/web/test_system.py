"""The room System: health, versions, backups and the log, to an operator and to an observer."""

from __future__ import annotations

import dataclasses
import html
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from bitgrid.bus import HealthStatus
from bitgrid.bus.memory import MemoryBus
from bitgrid.clock import HeldClock
from bitgrid.config import Config
from bitgrid.config.network import WebServer
from bitgrid.store import EventRow, Ledger
from bitgrid.store.backup_state import tell_backup, tell_restore
from bitgrid.web import Asker, HouseView, Places, create_app, machine
from bitgrid.web.accounts import Accounts, Role
from bitgrid.web.entry import ACCOUNTS
from web.talk import NOON_S, REPOSITORY, Talk

PASSWORD = "the sun is free"  # noqa: S105  of a house that lives for one test
HERE = {"Origin": "http://localhost"}
LogIn = Callable[[str], FlaskClient]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    return tmp_path / "data"


@pytest.fixture
def log_in(  # noqa: PLR0913, PLR0917  fixtures
    config: Config, bus: MemoryBus, clock: HeldClock, view: HouseView, data: Path, tmp_path: Path
) -> LogIn:
    """A browser of somebody who has logged in."""
    server = WebServer.model_validate({"login": "required"})
    config = dataclasses.replace(config, site=config.site.model_copy(update={"web": server}))
    keys = tmp_path / "web"
    accounts = Accounts(keys / ACCOUNTS)
    accounts.set_user("anna", PASSWORD, Role.OPERATOR)
    accounts.set_user("oma", PASSWORD, Role.OBSERVER)
    places = Places(data, REPOSITORY / "config")
    asker = Asker(config.site.site, bus, clock)
    app = create_app(config, view, asker, clock, keys=keys, places=places)
    app.testing = True

    def client(name: str) -> FlaskClient:
        browser = app.test_client()
        browser.get("/login")
        browser.post("/login", data={"name": name, "password": PASSWORD}, headers=HERE)
        return browser

    return client


def page(client: FlaskClient, query: str = "lang=en") -> str:
    response = client.get(f"/system?{query}")
    assert response.status_code == 200
    return response.get_data(as_text=True)


def section(text: str, title: str) -> str:
    """What a person reads in a section, all white space alike."""
    found = re.search(rf"<section[^>]*>\s*<h2[^>]*>{title}</h2>.*?</section>", text, re.DOTALL)
    assert found is not None, title
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", found[0])).split())


def test_each_part_says_how_it_is_and_when_it_was_heard(log_in: LogIn, talk: Talk, clock: HeldClock) -> None:
    talk.all_well()
    talk.health("feeds", HealthStatus.WARN, "the price service does not answer")
    clock.advance(5)
    told = section(page(log_in("oma")), "Health")
    assert told.count("well") == 8, "seven, and one not quite"
    assert "the price service does not answer" in told
    assert told.count("5 s ago") == 8
    clock.advance(600)
    told = section(page(log_in("oma")), "Health")
    assert told.count("not heard") == 8, "an old yes is silence, and so is an old warning"


def test_a_house_that_nobody_has_heard_of_and_a_broker_that_is_away(log_in: LogIn, bus: MemoryBus) -> None:
    bus.is_connected = False
    told = section(page(log_in("oma")), "Health")
    assert "The connection inside BitGrid is down" in told
    assert told.count("not heard") == 8


def test_what_is_live_comes_alone_too(log_in: LogIn, talk: Talk) -> None:
    talk.all_well()
    parts = log_in("oma").get("/fragments/system?lang=en").get_data(as_text=True)
    assert 'id="health"' in parts
    assert 'id="pulse"' in parts
    assert 'id="export"' not in parts, "an observer makes no bundles"
    assert 'id="export"' in log_in("anna").get("/fragments/system").get_data(as_text=True)


def test_backups_tell_the_last_good_one_and_the_last_tested_restore(log_in: LogIn, data: Path) -> None:
    told = section(page(log_in("oma")), "Backups")
    assert "Last backup none known" in told
    assert "Last tested restore none yet" in told
    tell_backup(data, NOON_S - 9 * 3600)
    tell_restore(data, NOON_S - 90 * 86_400)
    tell_backup(data, NOON_S, "the disk is not mounted")
    text = page(log_in("oma"))
    told = section(text, "Backups")
    assert "Last backup 2025-06-16 03:00, 9 h 02 min ago the disk is not mounted" in told
    assert "Last tested restore 2025-03-18 11:00, 90 days ago" in told
    assert text.count('class="old"') == 1, "the backup that failed, and not the restore"


def test_without_the_file_the_bus_tells_of_the_backup(log_in: LogIn, talk: Talk) -> None:
    talk.health("backup")
    assert "Last backup 2025-06-16 12:02" in section(page(log_in("oma")), "Backups")
    talk.health("backup", HealthStatus.ERROR, "see: journalctl")
    told = section(page(log_in("oma")), "Backups")
    assert "Last backup failed, 2025-06-16 12:02, 0 s ago see: journalctl" in told
    assert "none yet" in told


def test_an_update_of_the_whole_system_is_told_and_marked_where_it_was_not_kept(log_in: LogIn, talk: Talk) -> None:
    assert "Whole system" not in page(log_in("oma"))
    talk.health("update", HealthStatus.OK, "The update to 2.0.0 was well, and took the place of 1.0.0")
    assert "Whole system last update kept The update to 2.0.0 was well" in section(
        page(log_in("oma")), "What runs here"
    )
    talk.health("update", HealthStatus.WARN, "The update to 2.0.0 was not kept: it did not come up")
    told = section(text := page(log_in("oma")), "What runs here")
    assert "Whole system last update not kept The update to 2.0.0 was not kept: it did not come up" in told
    assert '<div class="old"><dt>Whole system' in text


def test_how_it_is_renewed_fits_what_runs_here(log_in: LogIn, monkeypatch: pytest.MonkeyPatch) -> None:
    found = machine.look()
    for is_card in (True, False):
        shown = dataclasses.replace(found, release="2.0.0", is_card=is_card)
        monkeypatch.setattr(machine, "look", lambda shown=shown: shown)
        told = log_in("anna").get("/system?lang=en").get_data(as_text=True)
        assert [way in told for way in ("bitgrid-update image", "update.yml")] == [is_card, not is_card]


def test_an_old_restore_is_marked(log_in: LogIn, data: Path) -> None:
    tell_backup(data, NOON_S)
    tell_restore(data, NOON_S - 400 * 86_400)
    assert page(log_in("oma")).count('class="old"') == 1


def test_the_log_tells_in_words_and_leaves_nothing_out(log_in: LogIn, data: Path) -> None:
    ledger = Ledger(data / "ledger")
    records = [
        ("audit", {"what": "autonomy", "from": 1, "to": 2, "actor": "anna"}),
        ("safety", {"load": "miner", "trip_id": "t", "cause": "heat", "temp_c": 90.5}),
        ("health", {"what": "gap", "from_block": 5, "to_block": 9}),
        ("audit", {"what": "account", "change": "token_added", "name": "ha", "may": "read", "actor": "anna"}),
        ("audit", {"what": "something new", "x": "<b>"}),
        ("safety", {"cause": "heat"}),
        ("audit", {"what": "research", "is_on": True, "config_hash": "c0ffee"}),
    ]
    for number, (kind, record) in enumerate(records):
        ledger.append_event(EventRow(NOON_S - 600 + number, kind, json.dumps(record)))
    ledger.close()
    told = section(page(log_in("anna")), "Log")
    for text in (
        "Autonomy set from 1 to 2 by anna", "The guard switched Miner off: too hot", "Research switched on",
        "No decisions from block 5 to 9", "Token ha made: read by anna",
        '{"what": "something new", "x": "<b>"}', '{"cause": "heat"}',
    ):  # fmt: skip
        assert text in told
    only = section(page(log_in("anna"), "lang=en&kind=health"), "Log")
    assert "No decisions from block" in only
    assert "Autonomy" not in only


def test_the_log_is_turned_page_by_page(log_in: LogIn, data: Path) -> None:
    ledger = Ledger(data / "ledger")
    for number in range(50):
        ledger.append_event(
            EventRow(NOON_S + number, "audit", json.dumps({"what": "n", "number": f"n{number:02}"}))
        )
    ledger.close()
    browser = log_in("anna")
    first = page(browser)
    assert ("n49" in first, "n09" in first) == (True, False)
    older = re.search(r'href="/system\?(lang=en&amp;kind=&amp;before=\d+)#audit"', first)
    assert older is not None
    second = page(browser, html.unescape(older[1]))
    assert ("n10" in second, "n09" in second, "n00" in second) == (False, True, True)
    assert "Show older" in first
    assert "Show older" not in second
    assert page(browser, "before=x&kind=moon&lang=en")


def test_a_ledger_that_cannot_be_read_is_said_and_the_rest_stands(log_in: LogIn, data: Path) -> None:
    (data / "ledger").mkdir()
    (data / "ledger" / "2025-06.sqlite").write_bytes(b"no database")
    told = page(log_in("anna"))
    assert "The ledger cannot be read" in told
    assert "What runs here" in told


def test_an_observer_sees_no_accounts_no_log_and_no_button(log_in: LogIn) -> None:
    text = page(log_in("oma"))
    assert "Machines" not in text
    assert 'id="audit"' not in text
    main = text[text.index("<main") :]
    assert "<button" not in main
    assert "<form" not in main


def test_a_house_without_a_log_in_and_without_data_has_the_room_all_the_same(client: FlaskClient) -> None:
    for language, title in (("de", "Sicherungen"), ("en", "Backups")):
        text = page(client, f"lang={language}")
        assert title in text
        assert 'id="people"' not in text, "nobody logs in here"
    assert not re.search(r"<script(?![^>]*\ssrc=)|\sstyle=|<style|\son\w+=|javascript:", text)
