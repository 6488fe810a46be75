"""From the feed over the bus to the rules: the market's prices by the block, and the fixed one when they end."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from bitgrid.bus import Received, Telemetry, Topics, decode
from bitgrid.bus.memory import MemoryBus
from bitgrid.clock import HeldClock
from bitgrid.config import Config, load_config
from bitgrid.config.tariff import Tariff
from bitgrid.control.blocks import BlockClock
from bitgrid.control.days import LocalDays
from bitgrid.control.signals import SignalBook
from bitgrid.control.state_builder import StateBuilder
from bitgrid.feeds.errands import Errands
from bitgrid.feeds.house_feeds import house_feeds
from bitgrid.feeds.means import Means
from bitgrid.feeds.publisher import FeedsPublisher
from bitgrid.kernel import EnergyState
from bitgrid.store.feeds import FeedsStore
from feeds import market_answers as market
from feeds.market_answers import MARKET, at_s, price_at, priced
from feeds.now import AtOnce

CONFIG = Path(__file__).parents[2] / "config"
TARIFF = {
    "import_ct_kwh": 30.0,
    "export_ct_kwh": 8.0,
    "day_ahead": {"source": "energy_charts", "surcharges_ct_kwh": {"all": 10.0}},
    "export": {"unpaid_when_negative": "quarter_hour"},
}


class FeedsAndRules:
    """The feeds and what the rules know of the house, on one bus; the market answers until it is told not to."""

    def __init__(self, directory: Path, clock: HeldClock) -> None:
        plain = load_config(CONFIG)
        site = plain.site.model_copy(update={"tariff": Tariff.model_validate(TARIFF)})
        config = Config(site, plain.rules, plain.flags, plain.policies)
        self.clock, bus, topics = clock, MemoryBus(), Topics("home")
        self.book, blocks = SignalBook(600, 60), BlockClock(clock, 600, 120)
        self.states = StateBuilder(config, self.book, blocks, LocalDays(MARKET))
        bus.subscribe("bitgrid/home/telemetry/#", self._hear)
        self.errands = Errands(AtOnce())
        feeds = house_feeds(
            config, Means(clock, FeedsStore(directory / "feeds.sqlite"), self.errands, self._answer)
        )
        self.publisher = FeedsPublisher(feeds.feeds, bus, topics, clock, 600)

    def _answer(self, _url: str, **_asked: Any) -> bytes:
        today = dt.datetime.fromtimestamp(self.clock.now(), MARKET).date()
        return market.energy_charts(priced(str(today), str(today + dt.timedelta(days=1))))

    def _hear(self, received: Received) -> None:
        *_, device, signal = received.topic.split("/")
        telemetry = decode(Telemetry, received.payload)
        assert telemetry is not None
        self.book.take(device, signal, telemetry, self.clock.boot())

    def state(self) -> EnergyState:
        for _ in range(2):
            self.errands.step()
            problem = self.publisher.step()
        assert problem == ""
        return self.states.latest({})


@pytest.fixture
def house(tmp_path: Path) -> FeedsAndRules:
    return FeedsAndRules(tmp_path, HeldClock(wall_s=at_s("2025-11-20 11:00")))


def test_the_rules_know_the_prices_of_every_block(house: FeedsAndRules) -> None:
    house.state()
    house.clock.advance(60)
    state = house.state()
    price, paid = state.signals["import_price_ct_kwh"], state.signals["export_price_ct_kwh"]
    assert price.value == round((price_at(int(at_s("2025-11-20 11:00"))) * 0.1 + 10) * 100)
    assert (price.source, price.age_s) == ("energy-charts until 2025-11-21 00:00, then fixed price", 60)
    assert paid.value == 800
    assert state.forecast is not None
    assert len(state.forecast.import_prices) == len(state.forecast.export_prices) == 144
    assert state.forecast.export_prices[6:24] == (0,) * 18, "from noon to three"
    assert state.forecast.import_prices[13 * 6 :] == (3000,) * 66, "past midnight the fixed price"


def test_the_hour_in_which_nothing_is_paid_is_known_when_it_comes(house: FeedsAndRules) -> None:
    house.state()
    house.clock.advance(3600)
    assert house.state().signals["export_price_ct_kwh"].value == 0
    house.clock.advance(3 * 3600)
    assert house.state().signals["export_price_ct_kwh"].value == 800
