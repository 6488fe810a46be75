"""Which feeds a house has, by its configuration."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from bitgrid.bus import Received
from bitgrid.clock import Clock
from bitgrid.config import Config
from bitgrid.feeds.bitcoin import BitcoinFeed
from bitgrid.feeds.bitcoin.efficiency import Efficiencies
from bitgrid.feeds.clearsky import ClearSkyFeed
from bitgrid.feeds.errands import Errands
from bitgrid.feeds.history import History
from bitgrid.feeds.household import LoadForecastFeed
from bitgrid.feeds.port import Feed
from bitgrid.feeds.tariff import FixedTariffFeed
from bitgrid.feeds.web import Fetch
from bitgrid.store.feeds import FeedsStore


@dataclass(frozen=True)
class Means:
    """What feeds work with, handed in.

    Args:
        clock: of the house.
        store: what must not be forgotten.
        errands: for what takes long.
        fetch: the way to servers.
    """

    clock: Clock
    store: FeedsStore
    errands: Errands
    fetch: Fetch


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
    feeds: tuple[Feed, ...] = (
        FixedTariffFeed(config.site.tariff),
        ClearSkyFeed(config.site, means.clock, block_s),
        LoadForecastFeed(means.store, means.errands, means.clock, zone, block_s),
    )
    efficiencies = Efficiencies(config.site.loads, means.store, block_s)
    return HouseFeeds((*feeds, *_bitcoin(config, means, efficiencies)), history, efficiencies)


def _bitcoin(config: Config, means: Means, efficiencies: Efficiencies) -> tuple[Feed, ...]:
    """Nobody is asked where nobody is named."""
    bitcoin = config.site.bitcoin
    if bitcoin is None:
        return ()
    store, errands, clock, fetch = means.store, means.errands, means.clock, means.fetch
    return (BitcoinFeed(config, bitcoin, store, errands, clock, fetch, efficiencies),)
