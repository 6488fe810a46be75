"""What Home Assistant is told: only what is live, in the owner's language, with stable names beside it."""

from __future__ import annotations

import pytest

from bitgrid.bus import HealthStatus
from bitgrid.ha.documents import MAX_STATE, of_decision, of_load
from ha.house import BridgedHouse, with_home_assistant
from ha.published import MAX_STATE as HOME_ASSISTANTS_LIMIT
from web.talk import NOON_S


def test_the_flows_are_told_as_they_are(house: BridgedHouse) -> None:
    house.talk.all_well()
    house.live()
    told = house.last("house")
    flows = {name: told[name] for name in ("pv_power_w", "grid_power_w", "battery_power_w", "battery_soc_pct")}
    assert flows == {
        "pv_power_w": 4210,
        "grid_power_w": -310,
        "battery_power_w": 1650,
        "battery_soc_pct": 72.5,
    }
    assert told["surplus_w"] == 3612
    assert told["house_load_w"] == 4210 - 310 - 1650 - 1652  # from the balance


def test_what_is_old_is_no_value(house: BridgedHouse) -> None:
    house.talk.energy(old=("pv_power_w",))
    house.live()
    assert house.last("house")["pv_power_w"] is None
    assert house.last("house")["grid_power_w"] == -310


def test_when_the_rules_fall_silent_every_value_goes(house: BridgedHouse) -> None:
    house.talk.all_well()
    house.live()
    house.live(70)
    told, load = house.last("house"), house.last("load", "miner")
    assert {told[name] for name in ("pv_power_w", "surplus_w", "house_load_w", "autonomy")} == {None}
    assert {load[name] for name in ("power_w", "level", "rule", "sentence", "next_change")} == {None}
    assert told["health_details"]["status"] == "error"


def test_a_value_that_the_broker_had_kept_is_none() -> None:
    house = BridgedHouse(with_home_assistant())
    house.talk.all_well()
    late = BridgedHouse(with_home_assistant())
    late.inside._retained = house.inside._retained
    late.view = type(late.view)(late.config, late.inside, late.clock)
    late.bridge._view = late.view
    late.live()
    assert late.last("house")["pv_power_w"] is None
    assert late.last("load", "miner")["level"] is None


def test_a_running_load_tells_its_level_rule_and_why(house: BridgedHouse) -> None:
    house.talk.all_well()
    house.live()
    told = house.last("load", "miner")
    assert (told["power_w"], told["temp_c"]) == (1652, 61.5)
    assert (told["level"], told["level_details"]) == ("full power", {"level": "full", "override_until": None})
    assert (told["rule"], told["rule_details"]["rule"]) == ("R1 Surplus", "R1")
    assert told["sentence"].startswith("The sun leaves")
    assert told["sentence_details"]["sentence"] == told["sentence"]


def test_words_are_the_owners() -> None:
    house = BridgedHouse(with_home_assistant(language="de"))
    house.talk.all_well()
    house.live()
    told = house.last("load", "miner")
    assert (told["level"], told["rule"]) == ("volle Leistung", "R1 Überschuss")
    assert told["sentence"].startswith("Die Sonne lässt")
    assert told["level_details"]["level"] == "full"


def test_the_next_change_is_the_end_of_the_block_where_nothing_is_pending(house: BridgedHouse) -> None:
    house.talk.all_well()
    house.live()
    assert house.last("load", "miner")["next_change"] == "2025-06-16T10:10:00+00:00"


def test_the_next_change_is_the_end_of_the_hold_where_one_runs(house: BridgedHouse) -> None:
    block = NOON_S // 600
    house.talk.all_well()
    house.clock.advance(1)
    house.talk.decision(level="full", last_change_block=block, last_start_block=block)
    house.live()
    assert house.last("load", "miner")["next_change"] == "2025-06-16T10:30:00+00:00"


def test_a_sentence_too_long_for_a_state_is_whole_beside_it(house: BridgedHouse) -> None:
    house.talk.all_well()
    snapshot, load = house.view.snapshot(), house.config.site.loads[0]

    class Talkative:
        words = house.phrases.words
        load, rule = house.phrases.load, house.phrases.rule

        def sentence(self, _view: object) -> str:
            return "why " * 100

    told = of_load(snapshot, load, Talkative())  # type: ignore[arg-type]  # only its sentences are longer
    assert MAX_STATE == HOME_ASSISTANTS_LIMIT
    assert len(told["sentence"]) == MAX_STATE
    assert told["sentence"].endswith("…")
    assert told["sentence_details"]["sentence"] == "why " * 100


def test_health_is_the_worst_of_all_and_says_who(house: BridgedHouse) -> None:
    house.talk.all_well()
    house.talk.health("recorder", HealthStatus.WARN, "the disk is nearly full")
    house.live()
    told = house.last("house")
    assert told["health"] == "Not all well"
    assert told["health_details"] == {"status": "warn", "problems": ["recorder: the disk is nearly full"]}
    house.talk.health("guard", HealthStatus.ERROR, "the guard is not heard; no load can start")
    house.live()
    assert house.last("house")["health"] == "Trouble"


def test_an_update_that_was_not_kept_is_told_with_its_reason_and_one_that_was_is_no_news(
    house: BridgedHouse,
) -> None:
    house.talk.all_well()
    house.talk.health("backup", HealthStatus.OK, "")
    house.talk.health("update", HealthStatus.WARN, "The update to 2.0.0 was not kept: its house was not well")
    house.live()
    assert house.last("house")["health_details"] == {
        "status": "warn",
        "problems": ["update: The update to 2.0.0 was not kept: its house was not well"],
    }
    house.clock.advance(86_400.0)
    house.talk.all_well()
    house.live()
    assert house.last("house")["health_details"]["status"] == "warn", "it is said once, and stands"
    house.talk.health("update", HealthStatus.OK, "The update to 2.0.1 was well")
    house.talk.all_well()
    house.live()
    assert house.last("house")["health_details"] == {"status": "ok", "problems": []}
    house.clock.advance(86_400.0)
    house.talk.all_well()
    house.live()
    assert house.last("house")["health_details"]["problems"] == [], "nobody repeats it, and its age means nothing"


def test_autonomy_is_told_in_words_and_by_name(house: BridgedHouse) -> None:
    house.talk.energy(autonomy=1)
    house.live()
    told = house.last("house")
    assert (told["autonomy"], told["autonomy_details"]) == ("Assisted", {"autonomy": "assisted"})


def test_an_override_tells_when_it_ends(house: BridgedHouse) -> None:
    house.talk.all_well()
    house.talk.load("off", override={"vote": "stop", "level": "off", "ends_at_s": NOON_S + 3600})
    house.live()
    details = house.last("load", "miner")["level_details"]
    assert details == {"level": "off", "override_until": "2025-06-16T11:00:00+00:00"}


def test_a_time_that_no_calendar_has_is_none(house: BridgedHouse) -> None:
    house.talk.load("off", override={"vote": "stop", "level": "off", "ends_at_s": 1e300})
    house.talk.energy(block_ends_s=10**18)
    house.talk.decision()
    house.live()
    told = house.last("load", "miner")
    assert (told["level_details"]["override_until"], told["next_change"]) == (None, None)


@pytest.mark.parametrize("told", ["level", "rule", "code", "trigger", "sentence", "at", "decision_id", "power_w"])
def test_a_decision_says_all_of_itself(house: BridgedHouse, told: str) -> None:
    house.talk.decision()
    (decided,) = house.view.snapshot().decisions
    event = of_decision(decided, house.phrases)
    assert event["event_type"] == "start"
    assert event[told] not in {None, ""}
