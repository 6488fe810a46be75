"""Pseudonyms: the same for the same name, nothing of the name in them, the product's own words left alone."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from bitgrid.config import Config, Site
from bitgrid.config.mirror import Mirror
from bitgrid.kernel import OFF
from bitgrid.replay.archive import config_from_json
from bitgrid.research.configuration import pseudonymised
from bitgrid.research.errors import NotPseudonymous
from bitgrid.research.names import SIGNALS, Names
from bitgrid.research.records import _WORDS, REMOVED, Renaming
from replay.houses import shipped
from research.homes import PRIVATE, private

VOTES = Path(__file__).parents[1] / "kernel" / "votes.jsonl"


def with_site(**changes: object) -> Config:
    config = private()
    told = config.site.model_dump(mode="json", by_alias=True)
    return replace(config, site=Site.model_validate({**told, **changes}))


def test_the_same_name_has_the_same_pseudonym_and_others_have_others() -> None:
    names = Names()
    assert [names.load("a"), names.load("b"), names.load("a")] == ["load_1", "load_2", "load_1"]
    assert names.device("a") == "load_1", "a load tells on the bus under its own name"
    assert names.device("m") == "device_1"
    assert names.source("m") == "device_1"
    assert names.source("someone else") == "source_1"
    assert names.signal("b.power_w") == "load_2.power_w"
    assert names.decision_id("b-0-29-tick-17") == "load_2-0-29-tick-17"


def test_a_name_that_looks_like_a_pseudonym_is_replaced_like_any_other() -> None:
    names = Names()
    assert [names.load("load_2"), names.load("load_1")] == ["load_1", "load_2"]


def test_the_products_own_words_stay() -> None:
    names = Names()
    assert names.level(OFF) == OFF
    assert names.device("tariff") == "tariff"
    assert names.source("rules") == "rules"
    assert names.signal("grid_power_w") == "grid_power_w"
    assert names.signal("anna_is_home") is None
    with pytest.raises(NotPseudonymous):
        names.known_signal("anna_is_home")


def test_a_device_called_like_a_feed_is_replaced_where_the_house_has_one() -> None:
    names = Names()
    names._of("name", "tariff", "device_")
    assert names.device("tariff") == "device_1"


def test_every_word_a_vote_is_measured_by_is_known() -> None:
    votes = [vote for line in VOTES.read_text().splitlines() for vote in json.loads(line)["votes"]]
    assert {vote["margin_input"] for vote in votes if vote.get("margin_input")} <= _WORDS
    assert _WORDS >= SIGNALS


# -- configurations -------------------------------------------------------------------------------------------


def test_no_word_of_the_owners_is_left_in_a_configuration() -> None:
    text = pseudonymised(private(), Names()).canonical_json
    assert [word for word in PRIVATE if word in text] == []
    assert '"latitude":48.0,"longitude":12.0' in text


def test_a_renamed_configuration_is_one_and_has_the_hash_of_what_it_is() -> None:
    config = pseudonymised(private(), Names())
    again = config_from_json(config.canonical_json)
    assert again.config_hash == config.config_hash != private().config_hash
    assert [load.id for load in again.site.loads] == ["load_1", "load_2"]
    assert again.rules == private().rules


def test_what_the_kernel_decides_by_is_untouched() -> None:
    before, after = private().site, pseudonymised(private(), Names()).site
    assert after.battery == before.battery
    assert after.pv == before.pv
    watts = [[level.power_w for level in load.levels] for load in (*before.loads, *after.loads)]
    assert watts[:2] == watts[2:]


BITCOIN = {
    "node": {"host": "node.huber.lan", "cookie": "/home/anna/.bitcoin/cookie"},
    "api": "https://mempool.huber.example/anna",
}
TARIFF = {
    "import_ct_kwh": 30.0,
    "export_ct_kwh": 8.0,
    "day_ahead": {"source": "entsoe", "secret": "anna_entsoe", "surcharges_ct_kwh": {"stadtwerk_huberstadt": 9.0}},
}
MIRROR = {"repository": "ssh://anna@backup.huber.lan/./bitgrid", "kinds": ["logs"]}


def test_servers_tokens_surcharges_and_the_mirror_are_gone() -> None:
    config = with_site(bitcoin=BITCOIN, tariff=TARIFF, mirror=Mirror.model_validate(MIRROR).model_dump())
    renamed = pseudonymised(config, Names())
    assert not [word for word in ("anna", "huber", "mempool", "stadtwerk") if word in renamed.canonical_json]
    assert renamed.site.mirror is None
    assert renamed.site.tariff.day_ahead is not None
    assert renamed.site.tariff.day_ahead.surcharges_ct_kwh == {"surcharge_1": 9.0}


def test_loopback_stays_and_other_addresses_stay_apart() -> None:
    config = pseudonymised(private(), Names())
    assert config.site.broker.host == "127.0.0.1"
    relays = [load.relay.host for load in config.site.loads if load.relay]
    assert len(set(relays)) == 2


def test_a_text_in_a_key_that_nobody_thought_of_is_refused_not_let_through(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bitgrid.research.configuration._tariff", lambda _tariff, _names: None)
    with pytest.raises(NotPseudonymous, match=r"site\.tariff\.day_ahead"):
        pseudonymised(with_site(tariff=TARIFF), Names())


@pytest.mark.parametrize("forgotten", ["_load", "_bitcoin", "_host"])
def test_each_kind_of_name_is_missed_if_it_is_forgotten(monkeypatch: pytest.MonkeyPatch, forgotten: str) -> None:
    monkeypatch.setattr(f"bitgrid.research.configuration.{forgotten}", lambda _part, _names: None)
    with pytest.raises(NotPseudonymous):
        pseudonymised(with_site(bitcoin=BITCOIN), Names())


# -- records --------------------------------------------------------------------------------------------------


def renaming() -> Renaming:
    config = private()
    return Renaming(Names(), {config.config_hash: "00" * 32})


def test_an_event_keeps_its_figures_and_loses_who_and_what_was_said() -> None:
    event = {
        "load": "papas_miner", "cause": "heat", "text": "papas_miner is hot", "at_boot_s": 1.5, "trip_id": "abc",
        "level": "leise", "from": private().config_hash, "to": 1, "actor": "anna", "why": "anna wants it",
        "decisions": [{"decision": "papas_miner-0-1-tick-600", "decided_at_s": 600}],
    }  # fmt: skip
    told = renaming().event(event)
    assert told == {
        "load": "load_1", "cause": "heat", "text": REMOVED, "at_boot_s": 1.5, "trip_id": REMOVED,
        "level": "level_1", "from": "00" * 32, "to": 1, "actor": REMOVED, "why": REMOVED,
        "decisions": [{"decision": "load_1-0-1-tick-600", "decided_at_s": 600}],
    }  # fmt: skip


def test_a_decision_by_a_configuration_that_is_lost_is_refused() -> None:
    record = {"decision": {"load": "a", "level": "off", "level_before": "off", "degraded": [], "votes": []}}
    record["decision"]["config_hash"] = "ff" * 32
    with pytest.raises(NotPseudonymous, match="Choose a period without it"):
        renaming().decision({**record, "memory": {}, "state": {}})


def test_the_shipped_house_can_be_renamed_too() -> None:
    assert pseudonymised(shipped(), Names()).site.loads[0].id == "load_1"
