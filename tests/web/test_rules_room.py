"""The room Rules: what is shown, what may be entered, what it would have done, and only then what is applied."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pytest
from flask import Flask

from bitgrid.bus import ConfigureRequest
from bitgrid.bus.memory import MemoryBus
from bitgrid.clock import HeldClock
from bitgrid.config import Config, Rules
from bitgrid.web import Asker, HouseView, create_app
from bitgrid.web.jobs import Jobs
from web.living import OURS, Children, ended, own_places
from web.talk import Talk

FIGURES = {
    "mined_kwh": 10.0,
    "surplus_used_pct": 41.5,
    "import_kwh": 20.0,
    "export_kwh": 30.0,
    "autarky_pct": 80.0,
    "soc_end_pct": None,
    "starts": 12,
    "switches": 30,
    "cost_eur": 1.0,
    "gain_eur": 2.5,
    "stops": {},
}
EFFECT = {
    "schema": 1,
    "from_s": 1_747_000_000,
    "to_s": 1_749_592_000,
    "blocks": 4320,
    "gap_blocks": 7,
    "forecast_blocks": 4000,
    "worth_ct_kwh": None,
    "before": FIGURES,
    "after": FIGURES | {"mined_kwh": 13.26, "gain_eur": 2.5, "starts": 9},
}


class Room:
    """A visitor in the room, and what stands behind it."""

    def __init__(self, app: Flask, jobs: Jobs, children: Children, file: Path) -> None:
        self.visitor, self.jobs, self.children, self.file = app.test_client(), jobs, children, file
        self.visitor.get("/?lang=en")

    def see(self, path: str = "/rules", status: int = 200, lang: str = "en") -> str:
        mark = "&" if "?" in path else "?"
        response = self.visitor.get(f"{path}{mark}lang={lang}")
        assert response.status_code == status
        return response.get_data(as_text=True)

    def press(self, path: str, status: int = 200, **form: str) -> str:
        response = self.visitor.post(f"{path}?lang=en", data=form, headers=OURS, follow_redirects=True)
        assert response.status_code == status, response.get_data(as_text=True)
        return response.get_data(as_text=True)

    def enter(self, status: int = 200, **values: str) -> str:
        named = {name.replace("__", "."): value for name, value in values.items()}
        return self.press("/rules/try", status, **named)

    @property
    def job(self) -> str:
        newest = self.jobs.newest("effect")
        assert newest is not None
        return newest.id


@pytest.fixture
def app(config: Config, bus: MemoryBus, clock: HeldClock, view: HouseView, tmp_path: Path) -> Flask:
    asker = Asker(config.site.site, bus, clock)
    app = create_app(config, view, asker, clock, places=own_places(tmp_path))
    app.testing = True
    return app


@pytest.fixture
def room(app: Flask, clock: HeldClock, tmp_path: Path) -> Room:
    children = Children(says=json.dumps(EFFECT), complains="progress 4/8")
    jobs = app.extensions["bitgrid"].jobs = Jobs(clock, children)
    return Room(app, jobs, children, tmp_path / "config" / "bitgrid_rules.yaml")


@pytest.mark.parametrize("lang", ["de", "en"])
def test_every_threshold_is_there_with_its_meaning_value_and_bounds(room: Room, talk: Talk, lang: str) -> None:
    talk.energy()
    html = room.see(lang=lang)
    assert html.count('class="threshold') == 22 + 1  # each, and the form
    assert "c0ffee12deadbeef" in html
    assert not re.search(r"(threshold|rules|unit)-[a-z0-9_]+-?[a-z_]*<", html)  # no key where a text should be
    hottest = "mehr als 0, höchstens 95" if lang == "de" else "more than 0, at most 95"
    assert hottest in html


def test_a_house_that_says_nothing_has_no_hash_in_force(room: Room) -> None:
    assert "is not told just now" in room.see()


def test_a_change_is_simulated_by_a_child_for_this_house_and_not_applied(
    room: Room, talk: Talk, tmp_path: Path
) -> None:
    talk.listen()
    before = room.file.read_bytes()
    room.enter(r1__hysteresis_w="350", r2__soc_hard_min_pct="45,5")
    ended(room.jobs)
    (command,) = room.children.commands
    given = dict(zip(command[-8::2], command[-7::2], strict=True))
    assert (given["--data"], given["--config"]) == (str(tmp_path / "data"), str(tmp_path / "config"))
    assert given["--days"] == "30"
    rules = Rules.model_validate_json(given["--rules-json"])
    assert (rules.r1.hysteresis_w, rules.r2.soc_hard_min_pct, rules.r3.max_temp_c) == (350, 45.5, 85.0)
    html = room.see(f"/rules/effect?job={room.job}")
    for text in ("200\u00a0W", "350\u00a0W", "45.5\u00a0%", "10\u00a0kWh", "13.3\u00a0kWh", "+3.3\u00a0kWh", "−3"):
        assert text in html
    assert "7 of 4,320 blocks" in html
    assert talk.asked == []
    assert room.file.read_bytes() == before


def test_while_it_runs_there_is_a_bar_a_cancel_and_nothing_to_apply(room: Room) -> None:
    room.children.waits = True
    html = room.enter(r1__hysteresis_w="350")
    assert "<progress" in html
    assert "/rules/cancel" in html
    assert "/rules/apply" not in html
    assert 'http-equiv="refresh"' in html  # without JavaScript it goes on too
    assert 'hx-trigger="every 1s"' in room.see(f"/rules/effect/part?job={room.job}")
    assert "has not been worked out" in room.press("/rules/apply", 409, job=room.job)
    assert "Other work is still running" in room.enter(409, r1__hysteresis_w="400")
    html = room.press("/rules/cancel", job=room.job)
    ended(room.jobs)
    assert 'value="350"' in html  # what was entered is not lost
    assert "Cancelled" in room.see(f"/rules/effect?job={room.job}")
    assert "has not been worked out" in room.press("/rules/apply", 409, job=room.job)


def test_what_was_simulated_is_what_is_applied(room: Room, talk: Talk) -> None:
    talk.answer(code="CONFIGURED")
    room.enter(r1__hysteresis_w="350")
    ended(room.jobs)
    assert "The new values hold now" in room.press("/rules/apply", job=room.job)
    (request,) = talk.asked
    assert isinstance(request, ConfigureRequest)
    assert (request.file, request.actor) == ("bitgrid_rules.yaml", "web")
    assert request.before == hashlib.sha256(room.file.read_bytes()).hexdigest()
    changed = [
        (old, new)
        for old, new in zip(room.file.read_text().split("\n"), request.text.split("\n"), strict=True)
        if old != new
    ]
    assert changed == [("  hysteresis_w: 200", "  hysteresis_w: 350")]


def test_a_refusal_of_the_rules_is_told_and_the_change_stays_at_hand(room: Room, talk: Talk) -> None:
    talk.answer(accepted=False, code="CHANGED_MEANWHILE", text="somebody else")
    room.enter(r1__hysteresis_w="350")
    ended(room.jobs)
    html = room.press("/rules/apply", 409, job=room.job)
    assert "Somebody else has changed the file meanwhile" in html
    assert "350" in html


def test_in_a_house_without_a_past_the_values_can_be_applied_all_the_same(room: Room, talk: Talk) -> None:
    talk.answer(code="CONFIGURED")
    room.children.code, room.children.complains = 1, "Error: there is no ledger"
    room.enter(r1__hysteresis_w="350")
    ended(room.jobs)
    html = room.see(f"/rules/effect?job={room.job}")
    assert "could not be worked out" in html
    assert "there is no ledger" in html
    assert "The new values hold now" in room.press("/rules/apply", job=room.job)


@pytest.mark.parametrize(
    ("entered", "says"),
    [
        ({"r1__hysteresis_w": "viel"}, "This is no fitting number. Allowed is 0 to 100,000."),
        ({"r1__hysteresis_w": "12.5"}, "This is no fitting number"),
        ({"r1__hysteresis_w": "-1"}, "This is out of bounds"),
        ({"r3__max_temp_c": "96"}, "This is out of bounds. Allowed is more than 0, at most 95."),
        ({"r3__max_temp_c": "nan"}, "This is out of bounds"),
        ({"r2__soc_soft_min_pct": "10"}, "“Soft reserve” must not be less than “Hard reserve”."),
        ({"r3__resume_temp_c": "85"}, "“Cool enough again” must be less than “Hottest chip”."),
    ],
)
def test_what_cannot_be_is_said_beside_its_field_and_loses_nothing(
    room: Room, entered: dict[str, str], says: str
) -> None:
    html = room.enter(422, r4__price_spike_ct_kwh="31", **entered)
    assert says in html.replace("&#34;", '"')
    assert 'value="31"' in html
    for value in entered.values():
        assert f'value="{value}"' in html
    assert room.children.commands == []


def test_a_change_that_is_none_begins_nothing(room: Room) -> None:
    assert "there is nothing to change" in room.enter(r1__hysteresis_w="200")
    assert room.children.commands == []


def test_a_box_that_is_not_ticked_counts_as_such(room: Room) -> None:
    room.file.write_text(room.file.read_text().replace("may_use_reserve: false", "may_use_reserve: true"))
    room.enter(boxes="1")
    ended(room.jobs)
    rules = Rules.model_validate_json(room.children.commands[0][-1])
    assert not rules.override.may_use_reserve


def test_a_broken_file_is_shown_with_its_place_and_no_form(room: Room) -> None:
    room.file.write_text("schema: 1\nr1: {hysterese: 3}\n")
    html = room.see()
    assert "cannot be read" in html
    assert "bitgrid_rules.yaml:2" in html
    assert "<fieldset" not in html


def test_a_page_without_a_house_says_so(config: Config, bus: MemoryBus, clock: HeldClock, view: HouseView) -> None:
    app = create_app(config, view, Asker(config.site.site, bus, clock), clock)
    response = app.test_client().get("/rules?lang=en")
    assert response.status_code == 503
    assert "belongs to no house" in response.get_data(as_text=True)


def test_another_sites_form_changes_nothing(room: Room) -> None:
    response = room.visitor.post("/rules/try", data={"r1.hysteresis_w": "350"})
    assert response.status_code == 403
    assert room.children.commands == []


def test_what_is_not_kept_any_more_is_told(room: Room) -> None:
    assert "not kept any more" in room.see("/rules/effect?job=nothing", 404)
