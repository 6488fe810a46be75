"""The whole house with its feeds in it: what they learn from its decisions, and a month without a network."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from bitgrid.bus import Received, Telemetry, decode
from bitgrid.clock import HeldClock
from bitgrid.config import Config, load_config
from bitgrid.config.bitcoin import Bitcoin
from bitgrid.config.policies import Hodl
from bitgrid.control.engine import Engine
from bitgrid.explain import Explainer, read_record
from bitgrid.feeds.bitcoin.mining import sats_per_kwh
from bitgrid.feeds.errands import Errands
from bitgrid.feeds.house_feeds import house_feeds
from bitgrid.feeds.means import Means
from bitgrid.feeds.publisher import FeedsPublisher
from bitgrid.feeds.web import FetchError
from bitgrid.store.feeds import FeedsStore
from control.desk import Desk
from feeds.bitcoin.answers import DIFFICULTY, HEIGHT, blocks, body, prices
from feeds.now import AtOnce
from whole_house import CONFIG_DIRECTORY, WholeHouse

NOON_S = dt.datetime(2026, 5, 14, 11, tzinfo=dt.UTC).timestamp()
DAY_S, HOUR_S = 86_400, 3600
SHIPPED = load_config(CONFIG_DIRECTORY)


class Internet:
    """A mempool.space-compatible server, until it is gone."""

    def __init__(self, clock: HeldClock) -> None:
        self.clock, self.is_there, self.asked = clock, True, 0

    def __call__(self, url: str, **_more: object) -> bytes:
        self.asked += 1
        if not self.is_there:
            raise FetchError("mempool.example cannot be reached (ConnectError)")
        now_s = self.clock.now()
        return body(blocks(at_s=now_s) if url.endswith("blocks") else prices(at_s=now_s))


def with_bitcoin(hodl: Hodl | None = None) -> Config:
    site = SHIPPED.site.model_copy(update={"bitcoin": Bitcoin(api="https://mempool.example")})
    policies = SHIPPED.policies.model_copy(update={"hodl": hodl})
    return Config(site, SHIPPED.rules, SHIPPED.flags, policies)


def test_what_the_house_did_is_remembered_and_the_miner_is_measured(tmp_path: Path) -> None:
    internet = Internet(HeldClock(NOON_S))
    house = WholeHouse(tmp_path, NOON_S, with_bitcoin(Hodl(eur_per_btc=120_000.0)), fetch=internet)
    internet.clock = house.clock
    house.live(5 * 600 + 30)
    means = list(house.feeds_store.means(0, 2**40))
    assert [row.start_s for row in means[-3:]] == [NOON_S + 600 * number for number in (2, 3, 4)]
    assert all(row.load_w is not None and row.pv_w is not None for row in means)
    decision, before = [one for one in house.decisions if one["trigger"] == "TICK"][:-3:-1]
    told = decision["state"]["signals"]["hodl_ct_kwh"]
    assert (told["quality"], told["source"].split(",")[1]) == ("good", " measured J/TH")
    joules = decision["state"]["signals"]["miner.block_j_per_th"]["value"]
    assert joules == pytest.approx(18.6, rel=0.05)
    assert decision["state"]["signals"]["sats_per_kwh"]["value"] == pytest.approx(
        sats_per_kwh(before["state"]["signals"]["miner.block_j_per_th"]["value"], DIFFICULTY, HEIGHT), abs=1
    )


class Month:
    """Rules and feeds on a desk. The feeds live every hour of the month, the rules a block of each day."""

    def __init__(self, directory: Path, config: Config) -> None:
        self.desk = Desk(directory, config)
        self.clock, self.internet = self.desk.clock, Internet(self.desk.clock)
        self.errands, store = Errands(AtOnce()), FeedsStore(directory / "feeds.sqlite")
        self.house = house_feeds(config, Means(self.clock, store, self.errands, self.internet))
        topics, bus = self.desk.topics, self.desk.bus
        self.feeds = FeedsPublisher(self.house.feeds, bus, topics, self.clock, config.rules.block_s)
        self.told: dict[str, Telemetry] = {}
        bus.subscribe(topics.decision, self.house.on_decision)
        bus.subscribe(topics.telemetry("+", "+"), self._hear)

    def live_a_day(self) -> dict[str, Any]:
        """A block is lived through; then the rules sleep, as in a suspended machine, and the feeds go on."""
        lived_s = -self.clock.now()
        self.step_feeds()
        self.desk.pass_time(61)
        self.step_feeds()
        self.desk.to_next_block()
        record = self.desk.decisions[-1]
        lived_s += self.clock.now()
        for _ in range(23):
            self.clock.advance(HOUR_S)
            self.step_feeds()
        self.clock.advance(HOUR_S - lived_s)
        return record

    def step_feeds(self) -> None:
        self.stepped_block = int(self.clock.now() // 600)
        for _ in range(2):
            self.errands.step()
            self.problem = self.feeds.step()

    @property
    def engine(self) -> Engine:
        return self.desk.engine

    def _hear(self, received: Received) -> None:
        message = decode(Telemetry, received.payload)
        assert message is not None
        self.told[received.topic.split("telemetry/")[1]] = message
        self.engine.on_telemetry(received)


def test_thirty_days_without_a_network_stop_nothing_and_every_value_shows_its_age(tmp_path: Path) -> None:
    """Mining brings 7.55 ct at first, feeding in 8 ct: the miner is not worth it, until nobody knows any more."""
    month = Month(tmp_path, with_bitcoin())
    first = month.live_a_day()
    assert first["energy_path"]["policy"] == "best_value"
    assert first["energy_path"]["hodl"] == pytest.approx(7.55, abs=0.05)
    month.internet.is_there = False
    records = [month.live_a_day() for _ in range(32)]

    ages_s = [record["state"]["signals"]["hodl_ct_kwh"]["age_s"] for record in records]
    assert all(later - before == pytest.approx(DAY_S, abs=5) for before, later in pairwise(ages_s))
    assert {record["state"]["signals"]["hodl_ct_kwh"]["value"] for record in records} == {
        first["energy_path"]["hodl"]
    }
    qualities = [record["state"]["signals"]["hodl_ct_kwh"]["quality"] for record in records]
    assert qualities[0] == "good", "the price is some hours old"
    assert set(qualities[2:]) == {"stale"}, "a price holds for a day"
    of_yield = [record["state"]["signals"]["sats_per_kwh"]["quality"] for record in records]
    assert (of_yield[28], of_yield[31]) == ("good", "stale"), "a difficulty holds for thirty days"

    paths = [record["energy_path"] for record in records]
    assert paths[0]["policy"] == "best_value"
    assert all((path["policy"], path["hodl"]) == ("local_first", None) for path in paths[2:])
    by_forecast = [
        [vote["code"] for vote in record["votes"] if vote["rule"] == "R4" and "hodl_ct_kwh" in vote["inputs"]]
        for record in records[2:]
    ]
    assert not any(by_forecast), "R4 does not weigh what nobody knows"

    explainer, view = Explainer(month.desk.config.site), read_record(records[-1])
    assert view is not None
    assert any(" 31 days old" in text.replace("\u00a0", " ") for text in explainer.remarks(view, "en"))
    assert any(" 31 Tage alt" in text.replace("\u00a0", " ") for text in explainer.remarks(view, "de"))
    assert "Bitcoin's difficulty is 3" in month.problem
    assert month.told["forecast/pv_forecast_w"].first_block == month.stepped_block
    assert month.internet.asked < 33 * 60, "a server that is gone is not asked without end"
    assert month.desk.engine.problem == ""


def test_a_network_that_comes_back_makes_it_good_again(tmp_path: Path) -> None:
    month = Month(tmp_path, with_bitcoin())
    month.live_a_day()
    month.internet.is_there = False
    for _ in range(3):
        month.live_a_day()
    month.internet.is_there = True
    month.live_a_day()
    record = month.live_a_day()
    assert record["energy_path"]["policy"] == "best_value"
    assert month.problem == ""
