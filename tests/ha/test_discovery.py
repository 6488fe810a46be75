"""The discovery messages, held against what Home Assistant publishes of its schemas."""

from __future__ import annotations

from typing import Any

import pytest

from bitgrid.config import Config, Site, load_config
from bitgrid.explain import LANGUAGES, Language
from bitgrid.ha.discovery import messages
from ha.house import BridgedHouse, phrases_of, with_home_assistant
from ha.published import problems
from web.talk import REPOSITORY

HOUSE, MINER = "homeassistant/device/bitgrid_home/config", "homeassistant/device/bitgrid_home_miner/config"


def told(config: Config) -> dict[str, dict[str, Any]]:
    return dict(messages(config, phrases_of(config)))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("autonomy_select", [False, True])
@pytest.mark.parametrize("research", [False, True])
def test_home_assistant_would_take_every_message(
    language: Language, autonomy_select: bool, research: bool
) -> None:
    config = with_home_assistant(language=language, autonomy_select=autonomy_select, research=research)
    assert [list(problems(topic, message)) for topic, message in told(config).items()] == [[], []]


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"device_class": "energy"}, "energy has no unit 'W'"),
        ({"state_class": "total"}, "power has no state_class total"),
        ({"entity_category": "config"}, "sensor takes no entity_category config"),
        ({"options": ["a"]}, "options and device_class enum belong together"),
        ({"precision": 1}, "sensor knows no precision"),
        ({"platform": "heater"}, "there is no platform 'heater'"),
    ],
)
def test_what_home_assistant_would_refuse_is_seen(change: dict[str, Any], complaint: str) -> None:
    message = told(with_home_assistant())[HOUSE]
    message["components"]["surplus_w"] |= change
    assert f"surplus_w: {complaint}" in list(problems(HOUSE, message))


def test_the_house_and_each_load_are_devices_and_loads_hang_on_the_house() -> None:
    found = told(with_home_assistant())
    assert list(found) == [HOUSE, MINER]
    assert found[HOUSE]["device"]["name"] == "Haus am Sonnenhang"
    assert found[MINER]["device"]["via_device"] in found[HOUSE]["device"]["identifiers"]


def test_names_are_in_the_owners_language() -> None:
    german, english = (told(with_home_assistant(language=language))[MINER] for language in ("de", "en"))
    assert german["components"]["next_change"]["name"] == "Nächste Änderung frühestens"
    assert english["components"]["next_change"]["name"] == "Next change at the earliest"


def test_unique_ids_are_unique_and_the_same_in_every_language() -> None:
    by_language = [
        [
            component["unique_id"]
            for message in told(with_home_assistant(language=language)).values()
            for component in message["components"].values()
            if "unique_id" in component
        ]
        for language in LANGUAGES
    ]
    assert by_language[0] == by_language[1]
    assert len(set(by_language[0])) == len(by_language[0])


def test_only_what_is_measured_is_shown() -> None:
    config = load_config(REPOSITORY / "config")
    data = config.site.model_dump(mode="json", by_alias=True, exclude_unset=True)
    data["devices"] = [one for one in data["devices"] if one["id"] != "battery"]
    del data["battery"]
    without = Config(Site.model_validate(data), config.rules, config.flags, config.policies)
    assert {"battery_power_w", "battery_soc_pct"} <= set(told(config)[HOUSE]["components"])
    assert not {"battery_power_w", "battery_soc_pct"} & set(told(without)[HOUSE]["components"])


def test_autonomy_is_a_sensor_unless_the_owner_lets_home_assistant_change_it() -> None:
    closed = told(with_home_assistant())[HOUSE]["components"]
    opened = told(with_home_assistant(autonomy_select=True))[HOUSE]["components"]
    assert closed["autonomy_sensor"]["options"] == opened["autonomy_select"]["options"]
    assert closed["autonomy_select"] == {"platform": "select"}  # taken away, where it was
    assert opened["autonomy_sensor"] == {"platform": "sensor"}
    assert not any("command_topic" in one for key, one in closed.items() if key != "export")


def test_a_bundle_can_be_asked_for_where_research_is_on() -> None:
    assert told(with_home_assistant())[HOUSE]["components"]["export"] == {"platform": "button"}
    button = told(with_home_assistant(research=True))[HOUSE]["components"]["export"]
    assert (button["command_topic"], button["payload_press"]) == ("bitgrid/home/ha/cmd/export", '{"days": 7}')


def test_a_load_has_two_buttons_stop_and_full_power() -> None:
    components = told(with_home_assistant())[MINER]["components"]
    buttons = {key: one["payload_press"] for key, one in components.items() if one["platform"] == "button"}
    assert buttons == {
        "stop": '{"load": "miner", "action": "stop"}',
        "boost": '{"load": "miner", "action": "level", "level": "full"}',
    }


def test_every_sensor_finds_its_value_in_what_the_bridge_tells(house: BridgedHouse) -> None:
    house.talk.all_well()
    house.live()
    for message in told(house.config).values():
        for key, component in message["components"].items():
            topic = component.get("state_topic")
            if component["platform"] != "sensor" or topic is None or topic.endswith("/today"):
                continue
            assert component["value_template"] == f"{{{{ value_json.{_value(key)} }}}}"
            document = house.of_topic(topic)[-1]
            assert _value(key) in document
            attributes = component.get("json_attributes_template")
            assert attributes is None or attributes.split(".")[1].split(" ")[0] in document


def _value(key: str) -> str:
    return "autonomy" if key.startswith("autonomy_") else key


def test_whatever_is_told_is_silent_when_the_bridge_is() -> None:
    for message in told(with_home_assistant()).values():
        assert message["availability"] == [{"topic": "bitgrid/home/ha/available"}]
        timed = {key for key, one in message["components"].items() if one.get("expire_after") == 60}
        told_live = {
            key
            for key, one in message["components"].items()
            if one["platform"] == "sensor" and len(one) > 1 and not one["state_topic"].endswith("/today")
        }
        assert timed == told_live
