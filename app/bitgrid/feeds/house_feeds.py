"""Which feeds a house has, by its configuration."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from bitgrid.bus import Received
from bitgrid.config import Config, Site
from bitgrid.feeds.bitcoin import BitcoinFeed
from bitgrid.feeds.bitcoin.efficiency import Efficiencies
from bitgrid.feeds.history import History
from bitgrid.feeds.household import LoadForecastFeed
from bitgrid.feeds.means import Means
from bitgrid.feeds.port import Feed
from bitgrid.feeds.pv.feed import PvForecastFeed
from bitgrid.feeds.pv.learning import Home
from bitgrid.feeds.pv.memory import Memory
from bitgrid.feeds.pv.open_meteo import OpenMeteo
from bitgrid.feeds.pv.outside import Outside
from bitgrid.feeds.pv.teacher import Teacher
from bitgrid.feeds.tariff import TariffFeed


@dataclass(frozen=True)
class HouseFeeds:
    """The feeds, and what learns from the house's decisions."""

    feeds: tuple[Feed, ...]
    history: History
    efficiencies: Efficiencies

    def on_decision(self, received: Received) -> None:
        """A decision of the house."""
        self.history.on_decision(received)
        self.efficiencies.on_decision(received)


def house_feeds(config: Config, means: Means) -> HouseFeeds:
    """The feeds that a configuration asks for."""
    block_s = config.rules.block_s
    history = History(means.store, block_s)
    zone = ZoneInfo(config.site.location.timezone)
    efficiencies = Efficiencies(config.site.loads, means.store, block_s)
    feeds: tuple[Feed, ...] = (
        TariffFeed(config.site, means, block_s),
        *_pv_forecast(config.site, block_s, means),
        LoadForecastFeed(means.store, means.errands, means.clock, zone, block_s),
        *_bitcoin(config, means, efficiencies),
    )
    return HouseFeeds(feeds, history, efficiencies)


def _pv_forecast(site: Site, block_s: int, means: Means) -> tuple[PvForecastFeed, ...]:
    """None in a house that neither names nor measures PV."""
    if not site.pv and "pv_power_w" not in site.measured:
        return ()
    clock, memory = means.clock, Memory(means.store, block_s)
    teacher = Teacher(Home(site.location, site.pv, block_s), memory, means.errands, clock)
    outside = None
    if site.pv_forecast.outside == "open_meteo":
        nothing_yet = Outside(place=site.location, block_s=block_s)
        outside = OpenMeteo(nothing_yet, memory, means.errands, means.fetch, clock)
    return (PvForecastFeed(teacher, memory, outside, clock, block_s),)


def _bitcoin(config: Config, means: Means, efficiencies: Efficiencies) -> tuple[Feed, ...]:
    """Nobody is asked where nobody is named."""
    bitcoin = config.site.bitcoin
    if bitcoin is None:
        return ()
    store, errands, clock, fetch = means.store, means.errands, means.clock, means.fetch
    return (BitcoinFeed(config, bitcoin, store, errands, clock, fetch, efficiencies),)
