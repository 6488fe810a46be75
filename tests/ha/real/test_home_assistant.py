"""What a real Home Assistant makes of the house: it sees it, asks, is answered, and sees when it is gone."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from bitgrid.ha.discovery import messages
from broker import eventually
from ha import published
from ha.house import phrases_of, with_home_assistant
from ha.real.conftest import SPEED, Home

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]
HOUSE, MINER = "Haus am Sonnenhang", "Miner"
WITHIN_S = 120.0


@pytest.fixture(scope="session")
def facts(hass: str) -> dict[str, Any]:
    """What this Home Assistant says of its own schemas, and of our messages."""
    told = [
        message
        for more in ({}, {"autonomy_select": True, "research": True, "language": "de"})
        for config in [with_home_assistant(**more)]
        for _topic, message in messages(config, phrases_of(config))
    ]
    command = [str(Path(hass).with_name("python")), str(Path(__file__).with_name("facts.py"))]
    done = subprocess.run(
        command, input=json.dumps(told), capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_its_own_schemas_take_every_message(facts: dict[str, Any]) -> None:
    assert facts["complaints"] == [[], [], [], []]


def test_what_the_tests_say_it_publishes_is_what_it_publishes(facts: dict[str, Any]) -> None:
    assert set(facts["root"]) >= published.ROOT
    assert set(facts["device"]) >= published.DEVICE
    assert set(facts["origin"]) >= published.ORIGIN
    for platform, keys in published.PLATFORMS.items():
        assert keys - {"platform"} <= set(facts["platforms"][platform]), platform
    for kind, units in published.UNITS.items():
        assert set(facts["units"].get(kind, [None])) == units, kind
    for kind, classes in published.STATE_CLASSES.items():
        assert set(facts["state_classes"][kind]) == classes, kind
    assert facts["max_state"] == published.MAX_STATE


def test_it_shows_every_entity_by_the_owners_names(home: Home) -> None:
    config = with_home_assistant(language="de", autonomy_select=True, research=True)
    names = {
        f"{message['device']['name']} {component['name']}"
        for _topic, message in messages(config, phrases_of(config))
        for component in message["components"].values()
        if "name" in component
    }
    eventually(lambda: names <= set(home.assistant.states()), "every entity is there", WITHIN_S)


def test_the_flows_are_numbers_and_the_reason_a_sentence(home: Home) -> None:
    def is_told() -> bool:
        sun, why = home.assistant.state(f"{HOUSE} Sonne"), home.assistant.state(f"{MINER} Warum")
        return sun.isdigit() and int(sun) > 500 and why.endswith(".")

    eventually(is_told, "sun and sentence", WITHIN_S)
    shown = home.assistant.states()[f"{HOUSE} Sonne"]["attributes"]
    assert (shown["unit_of_measurement"], shown["device_class"]) == ("W", "power")


def test_stop_stops_the_miner_and_the_answer_is_shown(home: Home) -> None:
    home.stack.run_miner()
    home.assistant.call("button/press", f"{MINER} Stoppen")
    eventually(lambda: home.stack.miner_w < 50, "the miner is off", WITHIN_S)
    answer = f"{HOUSE} Antwort auf einen Wunsch"

    def is_answered() -> bool:
        told = home.assistant.states()[answer]["attributes"]
        return told.get("event_type") == "accepted" and told["wish"] == "stop"

    eventually(is_answered, "the answer is shown", WITHIN_S)
    eventually(lambda: home.assistant.state(f"{MINER} Stufe") == "aus", "the level is shown", WITHIN_S)
    decision = home.assistant.states()[f"{MINER} Entscheidung"]["attributes"]
    assert decision["rule"] in {"USER", "R1", "R2", "R3", "R4", "R5"}


def test_full_power_lets_it_run_again(home: Home) -> None:
    """The rules may refuse it for a moment, as when a heartbeat is late; then a person presses again."""
    answers = []
    for _ in range(10):
        home.assistant.call("button/press", f"{MINER} Volle Leistung")
        home.stack.wait_house(10 * SPEED)
        if home.stack.miner_w > 1000:
            return
        answers.append(home.assistant.states()[f"{HOUSE} Antwort auf einen Wunsch"]["attributes"].get("code"))
    raise AssertionError(f"the miner does not run: {answers}")


def test_the_autonomy_can_be_chosen_where_the_owner_allows_it(home: Home) -> None:
    name = f"{HOUSE} Autonomie"
    home.assistant.call("select/select_option", name, option="Mit Zustimmung")
    eventually(lambda: home.assistant.state(name) == "Mit Zustimmung", "the autonomy is shown", WITHIN_S)


def test_when_the_bridge_dies_nothing_is_shown_as_if_it_were_now(home: Home) -> None:
    name = f"{HOUSE} Sonne"
    eventually(lambda: home.assistant.state(name).isdigit(), "the sun is shown", WITHIN_S)
    home.stack.signal("web", signal.SIGKILL)
    eventually(lambda: home.assistant.state(name) == "unavailable", "the sun is unavailable", WITHIN_S)
    eventually(lambda: home.assistant.state(name).isdigit(), "the sun is back", WITHIN_S)


def test_home_assistant_has_nothing_to_complain_of(home: Home) -> None:
    assert home.assistant.complaints() == []
