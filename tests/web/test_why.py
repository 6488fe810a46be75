"""The Why card: the rule ladder's votes, what would have changed the decision, and what stands behind it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from bitgrid.clock import HeldClock
from bitgrid.kernel import (
    EnergyState,
    LoadMemory,
    Outlook,
    RuleSet,
    Signal,
    decide,
    decision_record,
    to_scaled,
)
from bitgrid.kernel.counterfactual import counterfactuals
from bitgrid.kernel.outlook import Course
from web.talk import MINER, NOON_S, SUNNY, Talk

RUNS = LoadMemory("full", 0, 0)


def record_of(signals: dict[str, float], memory: LoadMemory | None = None, **more: Any) -> dict[str, Any]:
    """A decision of the kernel as the rules publish it: with its counterfactuals."""
    rules, outlook, autonomy = more.get("rules"), more.get("outlook"), more.get("autonomy", 3)
    given = {name: Signal(to_scaled(name, value)) for name, value in signals.items()}
    state = EnergyState(
        NOON_S + 130, NOON_S // 600, signals=given, load_ids=("miner",), outlook=outlook, autonomy=autonomy
    )
    decision = decide(state, memory or LoadMemory(), rules or RuleSet(), MINER)
    found = [one.record() for one in counterfactuals(decision)]
    return decision_record(decision) | {"counterfactuals": found}


def why(client: FlaskClient, language: str = "en") -> str:
    html = client.get(f"/?lang={language}").get_data(as_text=True).replace("\u00a0", " ")
    found = re.search(r'<section id="why".*?</section>', html, re.DOTALL)
    assert found
    return found.group(0)


def rung(html: str, name: str) -> str:
    found = [item for item in re.findall(r'<li class="rung.*?</li>', html, re.DOTALL) if f"<b>{name}</b>" in item]
    assert len(found) == 1, name
    return str(found[0])


def show(talk: Talk, record: dict[str, Any]) -> None:
    talk.energy()
    talk.load(record["level"])
    talk.event(record)


def test_what_would_have_to_be_otherwise_is_said_under_the_reason(client: FlaskClient, talk: Talk) -> None:
    show(talk, record_of({"grid_power_w": -700.0}))
    assert "The miner would start at reduced power if the meter showed 100 W more export." in why(client)
    assert "Der Miner würde starten (Sparbetrieb), wenn der Zähler 100 W mehr Einspeisung zeigte." in why(
        client, "de"
    )


def test_no_more_than_two_are_said(client: FlaskClient, talk: Talk) -> None:
    record = record_of({**SUNNY, "miner.temp_c": 82.0}, RUNS)
    assert len(record["counterfactuals"]) > 2
    show(talk, record)
    assert why(client).count("note alternative") == 2


def test_of_an_overdue_decision_nothing_is_promised(client: FlaskClient, talk: Talk, clock: HeldClock) -> None:
    show(talk, record_of({"grid_power_w": -700.0}))
    clock.advance(600)
    talk.energy()
    talk.load("off")
    assert "would start" not in why(client)


def test_the_api_gives_them_in_words_and_figures(client: FlaskClient, talk: Talk) -> None:
    show(talk, record_of({"grid_power_w": -700.0}))
    (decision,) = client.get("/api/v1/decisions").get_json()["decisions"]
    assert decision["texts"]["en"]["alternatives"].startswith("The miner would start")
    assert decision["record"]["counterfactuals"][0]["change"] == -100


def test_a_cap_says_what_it_allows(client: FlaskClient, talk: Talk) -> None:
    show(talk, record_of({**SUNNY, "grid_power_w": -1900.0, "miner.temp_c": 84.0}, RUNS))
    safety = rung(why(client), "Safety")
    assert 'class="rung keeps binding"' in safety
    assert 'aria-label="at most reduced power"' in safety
    assert "84 °C against 85 °C, 1 °C to spare" in safety


def test_a_suggested_stop_is_no_objection(client: FlaskClient, talk: Talk) -> None:
    show(talk, record_of({"grid_power_w": 300.0, "miner.temp_c": 60.0}, RUNS, autonomy=0))
    mode = rung(why(client), "Autonomy")
    assert 'class="rung keeps binding"' in mode
    assert "BitGrid would stop the miner, but is set to manual and only says so" in mode


@pytest.mark.parametrize(("margin", "limit", "beyond"), [(0, "28.88", "22.88"), (100, "29.88", "23.88")])
def test_two_worths_are_shown_against_each_other(
    client: FlaskClient, talk: Talk, margin: int, limit: str, beyond: str
) -> None:
    course = Course(None, 85, 0)
    prices = {"hodl_ct_kwh": 6.0, "import_price_ct_kwh": 26.0, "export_price_ct_kwh": 8.0}
    outlook = Outlook((course, course, course), 144)
    show(talk, record_of({**SUNNY, **prices}, rules=RuleSet(value_margin=margin), outlook=outlook))
    forecast = rung(why(client), "Forecast")
    assert f"6 ct/kWh against {limit} ct/kWh, {beyond} ct/kWh beyond" in forecast
    assert "expected to be empty by 02:10" in forecast


def test_the_policy_that_stands_in_is_told_in_the_details(client: FlaskClient, talk: Talk) -> None:
    show(talk, record_of(SUNNY))
    details = why(client).partition("<details")[2]
    assert "so “local first” stands in for “best value”" in details


def test_a_contradiction_of_the_meters_is_told_before_the_details(client: FlaskClient, talk: Talk) -> None:
    show(talk, record_of({"grid_power_w": 2500.0, "pv_power_w": 3000.0, "house_load_w": 500.0}))
    head = why(client).partition("<details")[0]
    assert "by the meter −2,500 W is left over, by the inverter 2,500 W." in head
    assert "write into site.yaml: invert_sign: [grid_power_w] for meter." in head
