"""Bitcoin as a feed: who is asked when, what stands in, and how values grow old."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from bitgrid.bus import Quality, Telemetry
from bitgrid.clock import HeldClock
from bitgrid.config import Config, load_config
from bitgrid.config.bitcoin import Bitcoin
from bitgrid.config.policies import Hodl
from bitgrid.config.secrets import Credentials
from bitgrid.feeds.bitcoin import BitcoinFeed
from bitgrid.feeds.bitcoin.efficiency import Efficiencies
from bitgrid.feeds.bitcoin.mining import sats_per_kwh
from bitgrid.feeds.errands import Errands
from bitgrid.feeds.web import FetchError
from bitgrid.store.feeds import FeedsStore
from feeds.bitcoin.answers import DIFFICULTY, HEIGHT, NOW_S, blocks, body, info, prices
from feeds.now import AtOnce

CONFIG = load_config(Path(__file__).parents[3] / "config")
NODE = {"host": "192.168.1.20", "secret": "bitcoind"}
SERVER = "https://mempool.example"
DAY_S = 86_400


@dataclass
class World:
    """Whoever may be asked; an answer that is None is silence."""

    clock: HeldClock
    node: dict[str, Any] | None = None
    blocks: Any = None
    prices: Any = None
    asked: list[str] = field(default_factory=list)

    def fetch(self, url: str, **_more: object) -> bytes:
        name = "node" if ":8332" in url else url.rsplit("/", 1)[1]
        self.asked.append(name)
        answer = {"node": self.node, "blocks": self.blocks, "prices": self.prices}[name]
        if answer is None:
            raise FetchError(f"{name} does not answer")
        return body(answer)

    def take_asked(self) -> list[str]:
        asked, self.asked = self.asked, []
        return asked

    def goes_on(self, difficulty: float = DIFFICULTY) -> None:
        """Everybody tells of the present time."""
        now_s = self.clock.now()
        height = HEIGHT + int((now_s - NOW_S) // 600)
        self.node = info(time=int(now_s), blocks=height, difficulty=difficulty)
        self.blocks = blocks(height, difficulty, now_s)
        self.prices = prices(at_s=now_s)


Make = Callable[..., BitcoinFeed]


@pytest.fixture
def clock() -> HeldClock:
    return HeldClock(wall_s=NOW_S)


@pytest.fixture
def world(clock: HeldClock) -> World:
    world = World(clock)
    world.goes_on()
    return world


@pytest.fixture
def make(tmp_path: Path, clock: HeldClock, world: World) -> Iterator[Make]:
    store = FeedsStore(tmp_path / "feeds.sqlite")

    def feed(hodl: Hodl | None = None, **bitcoin: Any) -> BitcoinFeed:
        policies = CONFIG.policies.model_copy(update={"hodl": hodl})
        config = Config(CONFIG.site, CONFIG.rules, CONFIG.flags, policies)
        return BitcoinFeed(
            config,
            Bitcoin.model_validate(bitcoin),
            store,
            Errands(AtOnce()),
            clock,
            world.fetch,
            Efficiencies(config.site.loads, store, 600),
            secret=lambda _name: Credentials("u", "p"),
        )

    yield feed
    store.close()


def told(feed: BitcoinFeed) -> dict[str, Telemetry]:
    feed.step()
    for asking in (feed._of_node, feed._of_blocks, feed._of_price):
        asking._errands.step()
    said = list(feed.told())
    assert all(one.device == "bitcoin" for one in said)
    return {one.signal: one.telemetry for one in said}


def live(feed: BitcoinFeed, clock: HeldClock, seconds: float, step_s: float = 60.0) -> dict[str, Telemetry]:
    for _ in range(round(seconds / step_s)):
        clock.advance(step_s)
        told(feed)
    return told(feed)


def test_the_own_node_and_the_owners_price_make_the_worth_of_a_kwh(make: Make) -> None:
    feed = make(Hodl(eur_per_btc=80_000.0), node=NODE, fees_sats=3_000_000, pool_fee_pct=2.0)
    said = told(feed)
    sats = sats_per_kwh(18.6, DIFFICULTY, HEIGHT, fees_sats=3_000_000, pool_fee_pct=2.0)
    assert said["difficulty"].value == DIFFICULTY
    assert said["block_height"].value == HEIGHT
    assert said["eur_per_btc"] == Telemetry(value=80_000.0, source="policies.yaml")
    assert said["miner.sats_per_kwh"].value == pytest.approx(sats)
    assert said["miner.sats_per_kwh"].source == "own node, site.yaml's J/TH"
    assert said["miner.hodl_ct_kwh"].value == pytest.approx(sats * 0.08)
    assert {message.quality for message in said.values()} == {Quality.GOOD}
    assert feed.problem() == ""


def test_where_a_node_answers_the_server_is_asked_for_the_price_alone(make: Make, world: World) -> None:
    told(make(node=NODE, api=SERVER))
    assert sorted(world.take_asked()) == ["node", "prices"]


def test_with_the_owners_price_and_a_node_nobody_outside_is_asked(
    make: Make, world: World, clock: HeldClock
) -> None:
    live(make(Hodl(eur_per_btc=80_000.0), node=NODE, api=SERVER), clock, 3600)
    assert set(world.asked) == {"node"}


def test_the_owners_price_goes_before_a_feeds(make: Make) -> None:
    assert told(make(Hodl(eur_per_btc=60_000.0), api=SERVER))["eur_per_btc"].value == 60_000.0
    assert told(make(api=SERVER))["eur_per_btc"] == Telemetry(value=76_000.0, source="mempool.example", age_s=0.0)


def test_who_is_asked_how_often(make: Make, world: World, clock: HeldClock) -> None:
    feed = make(node=NODE, api=SERVER)
    told(feed)
    for _ in range(24 * 60):
        clock.advance(60)
        world.goes_on()
        told(feed)
    asked = world.take_asked()
    assert (asked.count("node"), asked.count("prices"), asked.count("blocks")) == (145, 49, 0)


def test_a_node_that_is_silent_for_two_hours_is_stood_in_for(make: Make, world: World, clock: HeldClock) -> None:
    feed = make(node=NODE, api=SERVER)
    told(feed)
    world.node = None
    said = live(feed, clock, 2 * 3600)
    assert said["difficulty"].source == "own node"
    assert said["difficulty"].age_s == pytest.approx(7200, abs=610)
    world.goes_on()
    world.node = None
    assert live(feed, clock, 300)["difficulty"].source == "mempool.example"
    assert "node does not answer" in feed.problem()
    world.goes_on()
    assert live(feed, clock, 3700)["difficulty"].source == "own node", "asked again within the hour"


def test_who_does_not_answer_is_asked_a_little_later_each_time(make: Make, world: World, clock: HeldClock) -> None:
    world.node = None
    feed = make(node=NODE)
    told(feed)
    live(feed, clock, 6 * 3600)
    assert 9 <= len(world.take_asked()) <= 13, "1, 2, 4, … 32, 60, 60 minutes"


def test_what_was_known_last_is_told_after_a_restart_with_its_true_age(
    make: Make, world: World, clock: HeldClock
) -> None:
    told(make(node=NODE, api=SERVER))
    world.node = world.prices = world.blocks = None
    clock.advance(5 * 3600)
    said = told(make(node=NODE, api=SERVER))
    assert said["difficulty"].age_s == pytest.approx(5 * 3600)
    assert said["eur_per_btc"].age_s == pytest.approx(5 * 3600)
    assert said["miner.hodl_ct_kwh"].quality is Quality.GOOD


def test_a_clock_that_is_behind_knows_no_ages_and_tells_nothing(
    make: Make, world: World, clock: HeldClock
) -> None:
    told(make(node=NODE))
    world.node = None
    clock.wall_s = 1_000_000.0
    feed = make(node=NODE)
    assert told(feed) == {}
    clock.wall_s = NOW_S + 60
    assert told(feed)["difficulty"].age_s == 60


def test_values_turn_stale_at_their_own_moments_and_are_still_told(
    make: Make, world: World, clock: HeldClock
) -> None:
    feed = make(node=NODE, api=SERVER)
    told(feed)
    world.node = world.prices = world.blocks = None
    price_day = [live(feed, clock, 3600, 600) for _ in range(25)]
    assert [said["miner.hodl_ct_kwh"].quality.value for said in price_day] == ["good"] * 24 + ["stale"]
    assert {said["miner.sats_per_kwh"].quality for said in price_day} == {Quality.GOOD}
    assert price_day[-1]["miner.hodl_ct_kwh"].age_s == pytest.approx(25 * 3600)
    months = [live(feed, clock, DAY_S, 3600) for _ in range(30)]
    qualities = [said["miner.sats_per_kwh"].quality.value for said in months]
    assert qualities == ["good"] * 28 + ["stale"] * 2
    assert months[-1]["difficulty"].value == DIFFICULTY
    assert months[-1]["miner.sats_per_kwh"].age_s == pytest.approx(31 * DAY_S + 3600)
    assert "Bitcoin's difficulty is 31 days old and not decided by any more" in feed.problem()


def test_at_the_owners_price_a_value_is_as_old_as_its_difficulty(
    make: Make, world: World, clock: HeldClock
) -> None:
    feed = make(Hodl(eur_per_btc=80_000.0), node=NODE)
    told(feed)
    world.node = None
    said = live(feed, clock, 3 * DAY_S, 3600)["miner.hodl_ct_kwh"]
    assert (said.quality, said.age_s) == (Quality.GOOD, pytest.approx(3 * DAY_S))


def test_what_the_owner_typed_holds_where_no_difficulty_was_ever_known(make: Make, world: World) -> None:
    world.node = world.blocks = None
    said = told(make(Hodl(sats_per_kwh=95.0, eur_per_btc=80_000.0), node=NODE, api=SERVER))
    assert said["miner.sats_per_kwh"] == Telemetry(value=95.0, source="policies.yaml")
    assert said["miner.hodl_ct_kwh"].value == pytest.approx(7.6)


def test_a_node_that_never_answered_is_stood_in_for_at_once(make: Make, world: World) -> None:
    world.node = None
    feed = make(node=NODE, api=SERVER)
    told(feed)
    assert told(feed)["difficulty"].source == "mempool.example"


def test_typed_satoshi_are_worth_what_a_feed_says(make: Make, world: World) -> None:
    world.blocks = None
    said = told(make(Hodl(sats_per_kwh=100.0), api=SERVER))
    assert said["miner.sats_per_kwh"] == Telemetry(value=100.0, source="policies.yaml")
    assert said["miner.hodl_ct_kwh"].value == pytest.approx(7.6)
    assert said["miner.hodl_ct_kwh"].source == "policies.yaml, price by mempool.example"
    assert "difficulty" not in said


def test_a_section_that_names_nobody_asks_nobody(make: Make, world: World) -> None:
    assert told(make()) == {}
    assert world.asked == []


def test_a_difficulty_that_jumps_is_refused_and_the_known_one_kept(
    make: Make, world: World, clock: HeldClock
) -> None:
    feed = make(node=NODE)
    told(feed)
    clock.advance(601)
    world.goes_on(difficulty=DIFFICULTY / 10)
    said = told(feed)
    assert said["difficulty"].value == DIFFICULTY
    assert said["difficulty"].age_s == pytest.approx(601)
    assert "the protocol does not allow" in feed.problem()
    world.goes_on()
    assert live(feed, clock, 120)["difficulty"].age_s < 120
    assert feed.problem() == ""


def test_what_is_too_old_does_not_bind_for_ever(make: Make, world: World, clock: HeldClock) -> None:
    feed = make(node=NODE)
    told(feed)
    clock.advance(31 * DAY_S)
    world.goes_on(difficulty=DIFFICULTY * 300)
    assert told(feed)["difficulty"].value == DIFFICULTY * 300


def test_the_own_node_is_believed_against_a_server(make: Make, world: World) -> None:
    world.blocks = blocks(HEIGHT, DIFFICULTY * 2)
    told(make(api=SERVER))
    assert told(make(node=NODE))["difficulty"].value == DIFFICULTY


def test_a_price_that_jumps_is_refused_and_the_known_one_kept(make: Make, world: World, clock: HeldClock) -> None:
    feed = make(api=SERVER)
    told(feed)
    clock.advance(1801)
    world.prices = prices(eur=7_600_000, at_s=clock.now())
    assert told(feed)["eur_per_btc"].value == 76_000
    assert "that jump is not believed" in feed.problem()


def test_an_older_answer_does_not_take_the_place_of_a_newer(make: Make, world: World, clock: HeldClock) -> None:
    feed = make(node=NODE)
    told(feed)
    clock.advance(601)
    world.node = info(time=int(NOW_S) - 7 * DAY_S)
    assert told(feed)["difficulty"].age_s == pytest.approx(601)


@pytest.mark.parametrize("text", ["?", "[]", "{}", '{"difficulty": 0, "height": 5}', '{"eur_per_btc": "x"}'])
def test_what_was_kept_and_cannot_be_is_no_value(make: Make, world: World, text: str) -> None:
    feed = make(node=NODE, api=SERVER)
    for name in ("bitcoin chain", "bitcoin price"):
        feed._memory._store.keep(name, NOW_S, text)
    world.node = world.blocks = world.prices = None
    assert told(make(node=NODE, api=SERVER)) == {}


def test_a_store_that_fails_is_survived(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    feed = make(node=NODE)
    feed._memory._store.close()
    feed._memory._store._database.init("/nowhere/feeds.sqlite")
    assert told(feed)["difficulty"].value == DIFFICULTY
    assert "a restart would forget it" in caplog.text
    assert told(make(node=NODE))["difficulty"].value == DIFFICULTY
