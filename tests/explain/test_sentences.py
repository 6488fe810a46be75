from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from bitgrid.config import Config, load_config
from bitgrid.explain import LANGUAGES, Explainer, Language
from bitgrid.explain.sentences import TEXTS_DIRECTORY
from bitgrid.kernel import (
    Action,
    Code,
    EnergyState,
    Level,
    LoadMemory,
    LoadProfile,
    Override,
    Quality,
    RuleSet,
    Signal,
    Trigger,
    Vote,
    decide,
    decision_record,
)

NOON_S = 1_750_068_000  # 2025-06-16 12:00 in Berlin
BLOCK = NOON_S // 600
MINER = LoadProfile("miner", (Level("eco", 800, 800), Level("full", 1674, 1500)))


@pytest.fixture(scope="module")
def config() -> Config:
    return load_config(Path(__file__).parents[2] / "config")


@pytest.fixture(scope="module")
def explainer(config: Config) -> Explainer:
    return Explainer(config.site)


def record(
    memory: LoadMemory | None = None, trigger: Trigger = Trigger.TICK, **signals: int | Signal
) -> dict[str, Any]:
    named = {name.replace("__", "."): value for name, value in signals.items()}
    given = {name: value if isinstance(value, Signal) else Signal(value) for name, value in named.items()}
    state = EnergyState(NOON_S, BLOCK, signals=given, required=("grid_power_w",), load_ids=("miner",))
    return decision_record(decide(state, memory or LoadMemory(), RuleSet(), MINER, trigger))


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


RUNS = LoadMemory(level="full", last_change_block=BLOCK - 9, last_start_block=BLOCK - 9)
JUST_STARTED = LoadMemory(level="full", last_change_block=BLOCK - 1, last_start_block=BLOCK - 1)
WELL = {"miner__temp_c": 600}

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
        record(RUNS, grid_power_w=Signal(-1860, 75, Quality.STALE), **WELL),
        "A required measurement is missing (grid power): the miner stops.",
        "Ein nötiger Messwert fehlt (Netzleistung): Der Miner wird abgeschaltet.",
    ),
]


@pytest.mark.parametrize(("given", "english", "german"), SCENES)
def test_a_decision_of_the_kernel_is_said_in_a_sentence(
    explainer: Explainer, given: dict[str, Any], english: str, german: str
) -> None:
    assert plain(explainer.explain(given, "en")) == english
    assert plain(explainer.explain(given, "de")) == german


def test_what_waits_for_the_next_block_is_not_given_as_its_cause(explainer: Explainer) -> None:
    after_restart = record(trigger=Trigger.RESYNC, grid_power_w=-1860)
    assert after_restart["code"] == Code.R1_SURPLUS_OK
    sentence = explainer.explain(after_restart, "en")
    assert sentence.startswith("The next regular decision is due at 12:10")
    assert sentence.endswith("the miner stays off.")


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
SAID_OF_THE_RECORD = {"load", "power", "level", "surplus_kw", "sign", "until", "passed", "meters"}


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


def all_kernel_records() -> list[dict[str, Any]]:
    """Records that make each rule with figures speak."""
    held = LoadMemory(level="off", last_change_block=BLOCK)
    tired = LoadMemory(level="off", starts=6, starts_day=0)
    locked = LoadMemory(level="off", lockout_until_s=NOON_S + 900)
    state = EnergyState(
        NOON_S, BLOCK, signals={"pv_power_w": Signal(3000), "house_load_w": Signal(300)}, pv_forecast_w=(400,) * 3
    )
    bright = EnergyState(
        NOON_S, BLOCK, signals={"pv_power_w": Signal(3000), "house_load_w": Signal(300)}, pv_forecast_w=(4000,) * 3
    )
    dear = EnergyState(
        NOON_S,
        BLOCK,
        signals={"pv_power_w": Signal(3000), "house_load_w": Signal(300)},
        pv_forecast_w=(1900,) * 3,
        import_prices=(4500,) * 3,
    )
    forecasts = [decision_record(decide(one, LoadMemory(), RuleSet(), MINER)) for one in (state, bright, dear)]
    by_hand = [
        record(LoadMemory(level=level, override=_override(wish)), grid_power_w=-1860, **WELL)
        for level, wish in (("off", "eco"), ("full", "eco"), ("full", "off"))
    ]
    return [
        *forecasts,
        *by_hand,
        record(held, grid_power_w=-1860),
        record(tired, grid_power_w=-1860),
        record(locked, grid_power_w=-1860),
        record(LoadMemory(level="off", last_change_block=BLOCK - 1), grid_power_w=-1860),
        record(grid_power_w=-1860, import_price_ct_kwh=4000),
        record(grid_power_w=-1860, battery_soc_pct=560, battery_power_w=0),
        record(RUNS, grid_power_w=900, **WELL),
        record(RUNS, grid_power_w=-1860, room_temp_c=450, **WELL),
        record(RUNS, grid_power_w=-1860, miner__temp_c=Signal(600, 90, Quality.STALE)),
    ]


def _override(level: str) -> Override:
    return Override(Vote.STOP if level == "off" else Vote.LEVEL, level, NOON_S + 1800)


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
        values |= {float(value) for value in [*vote["inputs"].values(), *vote["thresholds"].values()] if value}
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
