"""What mining is worth: each load's own, by the feed or the owner; what is old is told and not decided by."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bitgrid.bus import Quality, Received, Telemetry
from bitgrid.config import Config, LoadConfig, Policies, load_config
from bitgrid.config.bitcoin import Bitcoin
from bitgrid.config.policies import Hodl
from bitgrid.control.worth import seen_by
from bitgrid.explain import Explainer, Language, read_record
from bitgrid.guard.link import GuardReport
from bitgrid.kernel import EnergyState, Signal
from control.desk import CONFIG_DIRECTORY, Desk, HandGuard

SHIPPED = load_config(CONFIG_DIRECTORY)
FIRST = SHIPPED.site.loads[0]
SECOND = FIRST.model_copy(update={"id": "second", "priority": 2})
ROD = LoadConfig.model_validate(
    {
        "id": "rod",
        "priority": 2,
        "relay": {"host": "127.0.0.1"},
        "levels": [{"name": "on", "power_w": 800, "min_surplus_w": 800}],
        "cooldown_s": 0,
    }
)
BITCOIN = Bitcoin(stale_after_days=30.0, price_stale_after_h=24.0)
HOUR_S = 3600.0


class GuardOfAll(HandGuard):
    """Guards every load of its desk."""

    names: tuple[str, ...] = ()

    def report(self, boot_s: float) -> GuardReport:
        return (
            super().report(boot_s).model_copy(update={"loads": {name: self.guarded(name) for name in self.names}})
        )


def desk_of(
    directory: Path, *loads: LoadConfig, hodl: Hodl | None = None, bitcoin: Bitcoin | None = BITCOIN
) -> Desk:
    site = SHIPPED.site.model_copy(update={"loads": list(loads or (FIRST,)), "bitcoin": bitcoin})
    policies: Policies = SHIPPED.policies.model_copy(update={"hodl": hodl})
    desk = Desk(directory, Config(site, SHIPPED.rules, SHIPPED.flags, policies))
    desk.guard = GuardOfAll()
    desk.guard.names = tuple(load.id for load in site.loads)
    desk.start_rules()
    return desk


def tell(  # noqa: PLR0913, PLR0917  a message, part by part
    desk: Desk, load: str, sats: float, ct: float, age_s: float = 0.0, quality: Quality = Quality.GOOD
) -> None:
    for name, value in (("sats_per_kwh", sats), ("hodl_ct_kwh", ct)):
        message = Telemetry(value=value, source="own node", age_s=age_s, quality=quality)
        topic = desk.topics.telemetry("bitcoin", f"{load}.{name}")
        desk.engine.on_telemetry(Received(topic, message.encode(), retained=False))


def signals(desk: Desk, load: str = "miner") -> dict[str, Any]:
    found: dict[str, Any] = [one for one in desk.decisions if one["load"] == load][-1]["state"]["signals"]
    return found


def test_a_feeds_word_stands_in_the_decision_once(tmp_path: Path) -> None:
    desk = desk_of(tmp_path)
    tell(desk, "miner", 99.4, 7.95, age_s=1234)
    desk.pass_time(2)
    told = signals(desk)
    assert told["hodl_ct_kwh"] == {"value": 7.95, "age_s": 1234, "quality": "good", "source": "own node"}
    assert told["sats_per_kwh"]["value"] == 99
    assert "miner.hodl_ct_kwh" not in told


def test_each_load_is_decided_on_by_its_own_worth(tmp_path: Path) -> None:
    desk = desk_of(tmp_path, FIRST, SECOND)
    tell(desk, "miner", 99, 7.9)
    tell(desk, "second", 40, 3.2)
    desk.pass_time(2)
    worths = {load: signals(desk, load)["hodl_ct_kwh"]["value"] for load in ("miner", "second")}
    assert worths == {"miner": 7.9, "second": 3.2}
    paths = {one["load"]: one["energy_path"]["hodl"] for one in desk.decisions}
    assert paths == worths
    for load in ("miner", "second"):
        assert signals(desk, load)["second.hodl_ct_kwh"]["value"] == 3.2, "a preview plans for all loads"


def test_a_heating_rod_mines_nothing(tmp_path: Path) -> None:
    desk = desk_of(tmp_path, FIRST, ROD, hodl=Hodl(sats_per_kwh=95.0, eur_per_btc=80_000.0))
    desk.pass_time(2)
    assert signals(desk)["hodl_ct_kwh"]["value"] == 7.6
    assert "hodl_ct_kwh" not in signals(desk, "rod")
    assert next(one for one in desk.decisions if one["load"] == "rod")["energy_path"]["hodl"] is None


def test_what_the_owner_typed_holds_until_a_feed_tells(tmp_path: Path) -> None:
    desk = desk_of(tmp_path, hodl=Hodl(sats_per_kwh=95.0, eur_per_btc=80_000.0))
    desk.pass_time(2)
    assert (signals(desk)["hodl_ct_kwh"]["value"], signals(desk)["hodl_ct_kwh"]["source"]) == (
        7.6,
        "policies.yaml",
    )
    tell(desk, "miner", 50, 4.0)
    desk.to_next_block()
    assert (signals(desk)["hodl_ct_kwh"]["value"], signals(desk)["hodl_ct_kwh"]["source"]) == (4.0, "own node")


def test_half_of_what_the_owner_could_type_is_no_worth(tmp_path: Path) -> None:
    desk = desk_of(tmp_path, hodl=Hodl(eur_per_btc=80_000.0))
    desk.pass_time(2)
    assert not {"hodl_ct_kwh", "sats_per_kwh"} & set(signals(desk))
    assert desk.decisions[-1]["energy_path"]["policy"] == "local_first"


def test_old_worth_is_told_and_not_decided_by(tmp_path: Path) -> None:
    """Feeding in earns 8 ct. A miner that brings 2 ct stays off, until nobody knows any more that it does."""
    desk = desk_of(tmp_path, hodl=Hodl(sats_per_kwh=500.0, eur_per_btc=80_000.0))
    tell(desk, "miner", 25, 2.0)
    desk.pass_time(2)
    assert desk.decisions[-1]["energy_path"]["policy"] == "best_value"
    assert desk.actions == []
    tell(desk, "miner", 25, 2.0, age_s=31 * 24 * HOUR_S, quality=Quality.STALE)
    desk.to_next_block()
    record = desk.decisions[-1]
    assert signals(desk)["hodl_ct_kwh"]["quality"] == "stale"
    assert signals(desk)["hodl_ct_kwh"]["value"] == 2.0
    assert (record["energy_path"]["hodl"], record["energy_path"]["policy"]) == (None, "local_first")
    assert [action for action, _code in desk.actions] == ["START"], "the typed 40 ct play no part"


def test_a_worth_first_heard_when_it_is_old_is_told_too(tmp_path: Path) -> None:
    desk = desk_of(tmp_path)
    tell(desk, "miner", 25, 2.0, age_s=40 * 24 * HOUR_S, quality=Quality.STALE)
    desk.pass_time(2)
    assert signals(desk)["hodl_ct_kwh"] == {
        "value": 2.0,
        "age_s": 40 * 24 * 3600,
        "quality": "stale",
        "source": "own node",
    }


@pytest.mark.parametrize(("owners_price", "holds_h"), [(None, 24), (80_000.0, 30 * 24)])
def test_a_feed_that_is_gone_leaves_values_that_grow_old(
    tmp_path: Path, owners_price: float | None, holds_h: int
) -> None:
    desk = desk_of(tmp_path, hodl=None if owners_price is None else Hodl(eur_per_btc=owners_price))
    tell(desk, "miner", 99, 7.9)
    miner = desk.engine.loads["miner"]
    seen = []
    for _ in range(2):
        desk.clock.advance(holds_h * HOUR_S - (0 if seen else 60))
        signal = desk.engine.standpoint.state_for(miner).signals["hodl_ct_kwh"]
        seen.append((signal.value, signal.quality.value))
    assert seen == [(790, "good"), (790, "stale")]


def test_a_worth_that_comes_back_is_decided_by_again(tmp_path: Path) -> None:
    desk = desk_of(tmp_path)
    tell(desk, "miner", 25, 2.0, age_s=40 * 24 * HOUR_S, quality=Quality.STALE)
    desk.pass_time(2)
    tell(desk, "miner", 99, 9.0)
    desk.to_next_block()
    assert desk.decisions[-1]["energy_path"]["policy"] == "best_value"


def test_a_house_that_names_nobody_hears_nobody(tmp_path: Path) -> None:
    desk = desk_of(tmp_path, bitcoin=None)
    tell(desk, "miner", 99, 9.0)
    desk.pass_time(2)
    assert desk.decisions[-1]["energy_path"]["policy"] == "local_first"


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "The worth of mining (2 ct/kWh) is 31 days old, too old to decide by, so “local first” stands in"),
        (
            "de",
            "Der Wert des Schürfens (2 ct/kWh) ist 31 Tage alt, zu alt, um danach zu entscheiden; deshalb gilt",
        ),
    ],
)
def test_the_energy_path_says_how_old_it_is(tmp_path: Path, language: Language, said: str) -> None:
    desk = desk_of(tmp_path)
    tell(desk, "miner", 25, 2.0, age_s=31 * 24 * HOUR_S, quality=Quality.STALE)
    desk.pass_time(2)
    view = read_record(desk.decisions[-1])
    assert view is not None
    remarks = Explainer(desk.config.site).remarks(view, language)
    assert any(text.replace("\u00a0", " ").startswith(said) for text in remarks)


def test_a_state_that_tells_no_loads_worth_stays_as_it_is() -> None:
    state = EnergyState(0, 0, signals={"hodl_ct_kwh": Signal(5)}, load_ids=("a", "b"))
    assert seen_by(state, "a") is state
    shared = replace(state, signals={"hodl_ct_kwh": Signal(5), "b.hodl_ct_kwh": Signal(7)})
    assert "hodl_ct_kwh" not in seen_by(shared, "a").signals
    assert seen_by(shared, "b").signals["hodl_ct_kwh"].value == 7
