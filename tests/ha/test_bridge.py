"""When the bridge speaks: all of it to who has just come, what changed at once, measured values now and then."""

from __future__ import annotations

from bitgrid.ha.told import Told
from ha.house import BridgedHouse, with_home_assistant

MINER = "homeassistant/device/bitgrid_home_miner/config"


def test_a_new_connection_is_told_everything_and_kept_by_the_broker(house: BridgedHouse) -> None:
    house.talk.all_well()
    house.live()
    kept = set(house.outside._retained)
    assert kept == {
        "homeassistant/device/bitgrid_home/config",
        MINER,
        "bitgrid/home/ha/available",
        "bitgrid/home/ha/house",
        "bitgrid/home/ha/load/miner",
    }
    assert house.all("available") == ["online"]


def test_what_is_known_already_is_not_said_again(house: BridgedHouse) -> None:
    house.talk.all_well()
    house.live(5)
    assert (len(house.of_topic(MINER)), len(house.all("house")), len(house.all("available"))) == (1, 1, 1)


def test_measured_values_are_told_every_ten_seconds(house: BridgedHouse) -> None:
    house.talk.all_well()
    for _ in range(30):
        house.live()
        house.talk.energy()
        house.talk.load()
    assert len(house.all("house")) == 3


def test_a_change_of_level_is_told_at_once(house: BridgedHouse) -> None:
    house.talk.all_well()
    house.live(2)
    house.talk.load("eco")
    house.live()
    assert house.last("load", "miner")["level_details"]["level"] == "eco"


def test_a_value_that_is_gone_is_told_at_once(house: BridgedHouse) -> None:
    house.talk.all_well()
    house.live(2)
    house.talk.energy(old=("pv_power_w",))
    house.live()
    assert house.last("house")["pv_power_w"] is None


def test_after_the_broker_was_away_everything_is_told_anew(house: BridgedHouse) -> None:
    house.talk.all_well()
    house.live(2)
    house.outside.is_connected = False
    house.live(3)
    house.outside.is_connected = True
    house.live()
    assert (len(house.of_topic(MINER)), house.all("available")) == (2, ["online", "online"])


def test_home_assistant_that_has_just_started_is_told_everything(house: BridgedHouse) -> None:
    house.talk.all_well()
    house.live(2)
    house.outside.publish("homeassistant/status", Told("offline"))
    house.live()
    assert len(house.of_topic(MINER)) == 1
    house.outside.publish("homeassistant/status", Told("online"))
    house.live()
    assert len(house.of_topic(MINER)) == 2


def test_each_decision_is_one_event_and_no_broker_keeps_it(house: BridgedHouse) -> None:
    house.talk.all_well()
    house.live(3)
    house.clock.advance(10)
    house.talk.decision({"grid_power_w": 2500.0, "battery_soc_pct": 72.5}, level="full")
    house.live(3)
    events = house.all("decision", "miner")
    assert [event["event_type"] for event in events] == ["start", "stop"]
    assert "bitgrid/home/ha/decision/miner" not in house.outside._retained


def test_a_decision_of_an_hour_ago_is_no_news() -> None:
    house = BridgedHouse(with_home_assistant())
    house.talk.decision()
    house.clock.advance(3600)
    house.talk.energy()
    house.live(3)
    assert house.all("decision", "miner") == []


def test_a_decision_made_while_the_broker_was_away_is_not_told_late(house: BridgedHouse) -> None:
    house.live()
    house.outside.is_connected = False
    house.talk.decision()
    house.live(3)
    house.outside.is_connected = True
    house.live(3)
    assert house.all("decision", "miner") == []


def test_at_its_end_the_bridge_says_so(house: BridgedHouse) -> None:
    house.live()
    house.bridge.stop()
    assert house.all("available")[-1] == "offline"
