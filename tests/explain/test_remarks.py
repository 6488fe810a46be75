"""What is said beside a decision's reason: contradictions, policies, and what would have had to be otherwise."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bitgrid.config import load_config
from bitgrid.explain import Explainer, Language, RecordView, read_record
from bitgrid.explain.alternatives import nearest
from bitgrid.kernel import EnergyState, LoadMemory, RuleSet, Signal, decide, decision_record
from bitgrid.kernel.counterfactual import counterfactuals
from explain.scenes import BLOCK, EMPTIES, MINER, NOON_S, RUNS, decided, looking_ahead


@pytest.fixture(scope="module")
def explainer() -> Explainer:
    return Explainer(load_config(Path(__file__).parents[2] / "config").site)


def view_of(record: dict[str, Any]) -> RecordView:
    view = read_record(record)
    assert view is not None
    return view


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


def contradicting(grid_w: int, **more: int) -> RecordView:
    return view_of(decided({"grid_power_w": grid_w, "pv_power_w": 3000, "house_load_w": 500, **more}))


def test_a_meter_with_the_wrong_sign_is_named_with_both_figures(explainer: Explainer) -> None:
    view = contradicting(2500)
    assert plain(explainer.warning(view, "en")) == (
        "Meter and inverter contradict each other: by the meter −2,500 W is left over, by the inverter 2,500 W. "
        "A wrong sign of grid power would do that; if its device shows it the other way round, write into "
        "site.yaml: invert_sign: [grid_power_w] for meter."
    )
    assert "bleiben −2.500 W übrig, nach dem Wechselrichter 2.500 W." in plain(explainer.warning(view, "de"))


def test_the_figures_are_those_of_the_whole_house_also_for_one_load_of_several(explainer: Explainer) -> None:
    signals = {"grid_power_w": 2500, "pv_power_w": 3000, "house_load_w": 500}
    said = explainer.warning(view_of(decided(signals, surplus_left_w=-4100)), "en")
    assert "by the meter −2,500 W is left over, by the inverter 2,500 W" in plain(said)


def test_a_battery_with_the_wrong_sign_is_named_with_the_line_that_turns_it(explainer: Explainer) -> None:
    view = contradicting(-700, battery_power_w=-1800)
    said = explainer.warning(view, "en")
    assert "A wrong sign of battery power would do that" in said
    assert "invert_sign: [battery_power_w] for battery." in said
    assert "gehört in site.yaml: invert_sign: [battery_power_w] bei battery." in explainer.warning(view, "de")


def test_where_no_single_sign_explains_it_none_is_blamed(explainer: Explainer) -> None:
    view = contradicting(-700, battery_power_w=300)
    assert "No single wrong sign explains it" in explainer.warning(view, "en")
    assert "Kein einzelnes falsches Vorzeichen" in explainer.warning(view, "de")
    assert "invert_sign" not in explainer.warning(view, "en")


def test_more_surplus_than_sun_is_a_contradiction_also_where_no_household_is_measured(
    explainer: Explainer,
) -> None:
    view = view_of(decided({"grid_power_w": -900, "pv_power_w": 0}))
    assert plain(explainer.warning(view, "en")).startswith(
        "Meter and inverter contradict each other: by the meter 900 W is left over, by the inverter at most 0 W. "
        "A wrong sign of grid power"
    )
    assert "nach dem Wechselrichter höchstens 0 W." in plain(explainer.warning(view, "de"))


def test_a_signal_that_nobody_measures_any_more_is_named_by_itself(explainer: Explainer) -> None:
    record = decided({"grid_power_w": 2500, "pv_power_w": 3000, "house_load_w": 500})
    record["balance"]["explained_by"] = ["house_load_w"]
    assert "write into site.yaml: house_load_w." in explainer.warning(view_of(record), "en")


def test_a_house_that_agrees_with_itself_is_not_warned(explainer: Explainer) -> None:
    assert explainer.warning(contradicting(-2400), "en") == ""


def test_a_policy_that_stands_in_is_told_with_the_one_chosen(explainer: Explainer) -> None:
    said = explainer.remarks(view_of(decided({"grid_power_w": -1860})), "en")
    assert said == ["What mining brings cannot be valued just now, so “local first” stands in for “best value”."]


def test_the_worths_of_the_paths_are_told_the_best_first(explainer: Explainer) -> None:
    said = explainer.remarks(view_of(looking_ahead(EMPTIES)), "en")
    assert [plain(text) for text in said] == [
        "A surplus kilowatt-hour is worth: stored 23.4 ct/kWh, fed in 8 ct/kWh, mined 6 ct/kWh."
    ]


def with_alternatives(memory: LoadMemory | None = None, **signals: int) -> RecordView:
    named = {name.replace("__", "."): Signal(value) for name, value in signals.items()}
    state = EnergyState(NOON_S, BLOCK, signals=named, load_ids=("miner",))
    decision = decide(state, memory or LoadMemory(), RuleSet(), MINER)
    found = [one.record() for one in counterfactuals(decision)]
    return view_of(decision_record(decision) | {"counterfactuals": found})


@pytest.mark.parametrize(
    ("view", "english", "german"),
    [
        (
            with_alternatives(grid_power_w=-700),
            "The miner would start at reduced power if the meter showed 100 W more export.",
            "Der Miner würde starten (Sparbetrieb), wenn der Zähler 100 W mehr Einspeisung zeigte.",
        ),
        (
            with_alternatives(grid_power_w=100),
            "The miner would start at reduced power if the meter showed 800 W export instead of 100 W import.",
            "Der Miner würde starten (Sparbetrieb), wenn der Zähler 800 W Einspeisung statt 100 W Bezug zeigte.",
        ),
        (
            with_alternatives(grid_power_w=0),
            "The miner would start at reduced power if the meter showed 800 W export.",
            "Der Miner würde starten (Sparbetrieb), wenn der Zähler 800 W Einspeisung zeigte.",
        ),
        (
            with_alternatives(pv_power_w=1000, house_load_w=500),
            "The miner would start at reduced power if household power were 300 W lower (200 W).",
            "Der Miner würde starten (Sparbetrieb), wenn der Hausverbrauch um 300 W niedriger wäre (200 W).",
        ),
        (
            with_alternatives(RUNS, pv_power_w=3000, house_load_w=500, miner__temp_c=820),
            (
                "The miner would change to reduced power if the hottest chip's temperature "
                "were 1.1 °C higher (83.1 °C)."
            ),
            (
                "Der Miner würde auf Sparbetrieb wechseln, wenn die Temperatur des heißesten Chips "
                "um 1,1 °C höher wäre (83,1 °C)."
            ),
        ),
    ],
)
def test_what_would_have_to_be_otherwise_is_said(
    explainer: Explainer, view: RecordView, english: str, german: str
) -> None:
    assert plain(explainer.alternatives(view, "en")[0]) == english
    assert plain(explainer.alternatives(view, "de")[0]) == german


def test_only_the_two_nearest_are_said_and_the_meter_only_once(explainer: Explainer) -> None:
    view = with_alternatives(
        RUNS, grid_power_w=-100, grid_power_60s_w=-100, miner__temp_c=820, battery_soc_pct=700
    )
    assert len(view.counterfactuals) > 2
    assert len(explainer.alternatives(view, "en")) == 2
    meters = [one for one in nearest(view.counterfactuals, 9) if one.input.startswith("grid")]
    assert len(meters) == 1


def test_what_nobody_in_the_house_can_change_is_said_last() -> None:
    view = with_alternatives(
        RUNS, grid_power_w=-100, miner__power_w=1674, miner__hashrate_ths=900, miner__temp_c=700
    )
    inputs = [one.input for one in nearest(view.counterfactuals, 9)]
    assert {"miner.power_w", "miner.hashrate_ths"} <= set(inputs)
    assert inputs[-2:] == ["miner.power_w", "miner.hashrate_ths"]


def test_a_record_without_counterfactuals_says_none(explainer: Explainer) -> None:
    assert explainer.alternatives(view_of(decided({"grid_power_w": -700})), "en") == []


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("action", ["START", "STOP", "THROTTLE", "HOLD"])
@pytest.mark.parametrize(
    ("name", "present", "value"),
    [
        ("grid_power_w", -500, -900),
        ("grid_power_w", -900, -500),
        ("grid_power_w", 500, 900),
        ("grid_power_w", 900, 500),
        ("grid_power_w", 0, -800),
        ("grid_power_w", 0, 800),
        ("grid_power_60s_w", -100, 600),
        ("miner.age_s", 3, 61),
        ("miner.temp_c", 70.5, 85.1),
        ("import_price_ct_kwh", 26.0, 25.0),
        ("something_new_w", 1, 2),
    ],
)
def test_every_condition_has_its_words(  # noqa: PLR0913, PLR0917  each is a case
    explainer: Explainer,
    caplog: pytest.LogCaptureFixture,
    language: Language,
    action: str,
    name: str,
    present: float,
    value: float,
) -> None:
    alternative = {
        "input": name,
        "value": value,
        "present": present,
        "change": value - present,
        "action": action,
        "level": "eco",
        "rule": "R1",
        "code": "R1_SURPLUS_ECO",
    }
    view = view_of(decided({"grid_power_w": -700}) | {"counterfactuals": [alternative]})
    (said,) = explainer.alternatives(view, language)
    assert said[0].isupper()
    assert said.endswith(".")
    assert "None" not in said
    assert not caplog.records
