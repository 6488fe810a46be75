from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bitgrid.config import Config, load_config
from bitgrid.explain import LANGUAGES, Explainer, Language, read_record
from bitgrid.explain.sentences import TEXTS_DIRECTORY
from bitgrid.kernel import Action, Code, LoadMemory, Quality, Signal, Trigger
from explain.scenes import (
    BLOCK,
    EMPTIES,
    JUST_STARTED,
    NEITHER,
    NOON_S,
    RUNS,
    SPILLS,
    WELL,
    all_kernel_records,
    asked,
    by_mode,
    by_value,
    ended,
    looking_ahead,
    record,
)


@pytest.fixture(scope="module")
def config() -> Config:
    return load_config(Path(__file__).parents[2] / "config")


@pytest.fixture(scope="module")
def explainer(config: Config) -> Explainer:
    return Explainer(config.site)


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


SCENES = [
    (
        record(grid_power_w=-1860),
        "The sun leaves 1.9 kW over, enough for full power: the miner starts at 1,674 W.",
        "Die Sonne lässt 1,9 kW übrig, genug für volle Leistung: Der Miner startet mit 1.674 W.",
    ),
    (
        record(RUNS, grid_power_w=-1100, **WELL),
        "The sun leaves 1.1 kW over, enough for reduced power: the miner changes to reduced power, 800 W.",
        "Die Sonne lässt 1,1 kW übrig, genug für den Sparbetrieb: Der Miner wechselt auf Sparbetrieb, 800 W.",
    ),
    (
        record(grid_power_w=-300),
        "Only 300 W is left over, and 800 W is needed: the miner stays off.",
        "Nur 300 W bleiben übrig, nötig sind 800 W: Der Miner bleibt aus.",
    ),
    (
        record(RUNS, grid_power_w=400, **WELL),
        "Nothing is left over (−400 W), and 600 W is needed: the miner stops.",
        "Es bleibt nichts übrig (−400 W), nötig sind 600 W: Der Miner wird abgeschaltet.",
    ),
    (
        record(JUST_STARTED, grid_power_w=300, **WELL),
        "Once started it stays on until 12:20, so that it does not flap: the miner runs on at 1,674 W.",
        (
            "Einmal gestartet, bleibt das Gerät bis 12:20 an, damit es nicht flattert: "
            "Der Miner läuft weiter mit 1.674 W."
        ),
    ),
    (
        record(grid_power_w=-1860, battery_soc_pct=495, battery_power_w=0),
        "The battery is at 49.5 %, and 50 % of it belongs to the house: the miner stays off.",
        "Der Speicher steht bei 49,5 %, und 50 % davon gehören dem Haus: Der Miner bleibt aus.",
    ),
    (
        record(RUNS, grid_power_w=-1860, miner__temp_c=862),
        "The hottest chip is at 86.2 °C, and 85 °C is the limit: the miner stops.",
        "Der heißeste Chip hat 86,2 °C, die Grenze liegt bei 85 °C: Der Miner wird abgeschaltet.",
    ),
    (
        record(RUNS, grid_power_w=-1860, miner__temp_c=840, miner__guard_trip=2),
        "The guard measured more heat than the allowed 85 °C and cut the power: the miner stops.",
        (
            "Der Wächter hat mehr Hitze gemessen als die erlaubten 85 °C und den Strom abgeschaltet: "
            "Der Miner wird abgeschaltet."
        ),
    ),
    (
        record(RUNS, grid_power_w=Signal(-1860, 75, Quality.STALE), **WELL),
        "A required measurement is missing (grid power): the miner stops.",
        "Ein nötiger Messwert fehlt (Netzleistung): Der Miner wird abgeschaltet.",
    ),
    (
        looking_ahead(EMPTIES),
        (
            "The battery is expected to be empty by 02:10, so what is mined now costs the house 28.88 ct/kWh, "
            "and mining brings only 6 ct/kWh: the miner stays off."
        ),
        (
            "Der Speicher ist voraussichtlich bis 02:10 leer, deshalb kostet das Haus 28,88 ct/kWh, was jetzt "
            "geschürft wird, und Schürfen bringt nur 6 ct/kWh: Der Miner bleibt aus."
        ),
    ),
    (
        looking_ahead(NEITHER, RUNS, hodl=850, value_margin=100),
        (
            "By the forecast, what is mined now costs the house 8 ct/kWh, and mining brings 8.5 ct/kWh, "
            "which is not 1 ct/kWh more: the miner stops."
        ),
        (
            "Nach der Prognose kostet das Haus 8 ct/kWh, was jetzt geschürft wird, und Schürfen bringt "
            "8,5 ct/kWh, das sind keine 1 ct/kWh mehr: Der Miner wird abgeschaltet."
        ),
    ),
    (
        by_value()[0],
        "Feeding in earns 8 ct/kWh, and mining brings only 6 ct/kWh: the miner stays off.",
        "Einspeisen bringt 8 ct/kWh, und Schürfen bringt nur 6 ct/kWh: Der Miner bleibt aus.",
    ),
    (
        record(RUNS, grid_power_w=-1860, miner__temp_c=840),
        (
            "The hottest chip is at 84 °C, near the limit of 85 °C, so reduced power is the most allowed: "
            "the miner changes to reduced power, 800 W."
        ),
        (
            "Der heißeste Chip hat 84 °C, nah an der Grenze von 85 °C, erlaubt ist höchstens Sparbetrieb: "
            "Der Miner wechselt auf Sparbetrieb, 800 W."
        ),
    ),
    (
        asked(0),
        "BitGrid would start the miner at full power, but is set to manual and only says so: the miner stays off.",
        (
            "BitGrid würde starten (volle Leistung), steht aber auf Handbetrieb und sagt es nur: "
            "Der Miner bleibt aus."
        ),
    ),
    (
        asked(1),
        "BitGrid would start the miner at full power and waits for your yes until 12:10: the miner stays off.",
        "BitGrid würde starten (volle Leistung) und wartet bis 12:10 auf Zustimmung: Der Miner bleibt aus.",
    ),
    (
        by_mode()[5],
        (
            "BitGrid would stop the miner and waits for your yes; without one it stops at 12:30 all the same: "
            "the miner runs on at 1,674 W."
        ),
        (
            "BitGrid würde abschalten und wartet auf Zustimmung; ohne sie schaltet es um 12:30 trotzdem ab: "
            "Der Miner läuft weiter mit 1.674 W."
        ),
    ),
    (
        ended(),
        (
            "The time for what was asked for by hand is over, and BitGrid is not set to go on by itself: "
            "the miner stops."
        ),
        (
            "Die Zeit für den Wunsch von Hand ist um, und BitGrid darf nicht selbst weitermachen: "
            "Der Miner wird abgeschaltet."
        ),
    ),
]


@pytest.mark.parametrize(("given", "english", "german"), SCENES)
def test_a_decision_of_the_kernel_is_said_in_a_sentence(
    explainer: Explainer, given: dict[str, Any], english: str, german: str
) -> None:
    assert plain(explainer.explain(given, "en")) == english
    assert plain(explainer.explain(given, "de")) == german


def test_what_waits_for_the_next_block_is_not_given_as_its_cause(explainer: Explainer) -> None:
    between_ticks = record(trigger=Trigger.PROTECT, grid_power_w=-1860)
    assert between_ticks["code"] == Code.R1_SURPLUS_OK
    sentence = explainer.explain(between_ticks, "en")
    assert sentence.startswith("The next regular decision is due at 12:10")
    assert sentence.endswith("the miner stays off.")


def test_a_forecast_that_spares_says_when_and_how_much(explainer: Explainer) -> None:
    view = read_record(looking_ahead(SPILLS, hodl=3000))
    assert view
    vote = next(vote for vote in view.votes if vote.rule == "R4")
    assert vote.code == Code.R4_SPARE
    said = "the battery is expected to be full by 13:20, and then 3,210 Wh would be left over"
    assert plain(explainer.cause(vote, view, "en")) == said


def test_the_semi_modes_last_word_is_kept_by_the_kernel(explainer: Explainer) -> None:
    """The sentence says when a stop is no longer asked about: at that block the kernel stops, and not before."""
    wished = LoadMemory("full", BLOCK - 9, BLOCK - 9, stop_wished_block=BLOCK - 1)
    assert "stops at 12:30" in explainer.explain(asked(2, wished, 400), "en")
    at = {block: replace(wished, stop_wished_block=BLOCK - 1 - block) for block in (2, 3)}
    assert [asked(2, at[block], 400)["action"] for block in (2, 3)] == ["HOLD", "STOP"]


def test_what_comes_after_a_day_is_said_with_its_date(explainer: Explainer) -> None:
    later = looking_ahead(EMPTIES._replace(empty_block=200))
    assert "empty by 17 Jun 21:20" in plain(explainer.explain(later, "en"))


def synthetic(code: Code, action: Action, level: str, **vote: Any) -> dict[str, Any]:
    rule = code.value.split("_", 1)[0]
    voted = {"rule": rule, "rank": 1, "vote": "none", "code": code.value, **vote}
    return {
        "load": "miner",
        "at_s": NOON_S,
        "trigger": "TICK",
        "valid_until_s": NOON_S + 600,
        "action": action.value,
        "level": level,
        "power_w": 800 if level != "off" else 0,
        "rule": rule,
        "code": code.value,
        "votes": [voted],
    }


OUTCOMES = [
    (Action.START, "eco"),
    (Action.STOP, "off"),
    (Action.THROTTLE, "eco"),
    (Action.HOLD, "eco"),
    (Action.HOLD, "off"),
]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", list(Code))
def test_every_code_has_a_sentence_for_every_outcome_even_without_figures(
    explainer: Explainer, code: Code, language: Language
) -> None:
    said = {explainer.explain(synthetic(code, *outcome), language) for outcome in OUTCOMES}
    assert len(said) == len(OUTCOMES), "each outcome is said differently"
    for sentence in said:
        assert not re.search(r"[{}$?]|_|None", sentence), sentence
        assert sentence[0].isupper(), sentence
        assert sentence.endswith("."), sentence


# Names that stand for something in the record besides a vote's inputs and thresholds.
SAID_OF_THE_RECORD = {
    *(
        "load",
        "power",
        "level",
        "surplus_kw",
        "sign",
        "until",
        "passed",
        "seen",
        "meters",
        "worth",
        "course",
        "moment",
    ),
    *("wish", "wish_level", "without", "answer_until"),
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", list(Code))
def test_a_text_asks_for_nothing_that_no_record_has(code: Code, language: Language) -> None:
    asked = placeholders(language, code)
    known = {
        name.rsplit(".", 1)[-1]
        for scene in [*[scene[0] for scene in SCENES], *all_kernel_records()]
        for vote in scene["votes"]
        if vote["code"] == code.value
        for name in [*vote["inputs"], *vote["thresholds"]]
    }
    assert asked <= known | SAID_OF_THE_RECORD


def placeholders(language: Language, key: str) -> set[str]:
    source = (TEXTS_DIRECTORY / f"{language}.ftl").read_text(encoding="utf-8")
    entry = re.search(rf"^{re.escape(key)} =.*?(?=^\S|\Z)", source, re.DOTALL | re.MULTILINE)
    assert entry, f"{language}.ftl has no {key}"
    return set(re.findall(r"\$(\w+)", entry.group(0)))


def figures_in(text: str) -> set[float]:
    """Every figure of an English sentence, clock times left out; kilowatts as watts."""
    without_times = re.sub(r"\d\d:\d\d", "", text.replace("\u00a0", " "))
    found = re.findall(r"(−?[\d,]*\.?\d+)( kW)?", without_times)
    return {float(number.replace(",", "").replace("−", "-")) * (1000 if kilo else 1) for number, kilo in found}


@pytest.mark.parametrize("given", [*[scene[0] for scene in SCENES], *all_kernel_records()])
def test_no_sentence_states_a_figure_that_the_record_does_not_have(
    explainer: Explainer, given: dict[str, Any]
) -> None:
    values = {float(given["power_w"])}
    for vote in given["votes"]:
        values |= {
            float(value) for value in [*vote["inputs"].values(), *vote["thresholds"].values()] if value is not None
        }
    for figure in figures_in(explainer.explain(given, "en")):
        assert any(abs(figure - value) <= 50 if figure >= 1000 else figure == value for value in values), figure


@pytest.mark.parametrize("given", [*[scene[0] for scene in SCENES], *all_kernel_records()])
def test_a_record_that_has_the_figures_is_said_with_them(explainer: Explainer, given: dict[str, Any]) -> None:
    code = given["code"]
    for language in LANGUAGES:
        without = explainer.reason(code, language)
        assert without is not None
        if placeholders(language, code):
            assert f"{without.casefold()}:" not in explainer.explain(given, language).casefold()


@pytest.mark.parametrize("garbage", [{}, {"code": 7}, {"load": "miner", "votes": "many"}, {"load": "<b>"}])
def test_a_record_that_is_none_is_said_to_be_unreadable(explainer: Explainer, garbage: dict[str, Any]) -> None:
    assert explainer.explain(garbage, "en") == "A decision was made that this version cannot read."


def test_a_code_of_a_later_version_is_named(explainer: Explainer) -> None:
    later = synthetic(Code.R1_SURPLUS_OK, Action.START, "eco") | {"code": "R9_MOON", "rule": "R9"}
    sentence = explainer.explain(later, "en")
    assert "R9_MOON" in sentence
    assert sentence.endswith("the miner starts at 800\u00a0W.")


def test_a_level_without_a_name_of_its_own_is_called_by_its_id(explainer: Explainer) -> None:
    assert explainer.level_name("turbo", "en") == "level turbo"


def test_several_loads_go_by_their_ids(config: Config) -> None:
    miner = config.site.loads[0]
    second = miner.model_copy(update={"id": "heater", "priority": 2})
    site = config.site.model_copy(update={"loads": [miner, second]})
    assert Explainer(site).load_name("heater", "de") == "heater"
