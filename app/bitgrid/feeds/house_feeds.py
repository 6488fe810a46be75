"""Which feeds a house has, by its configuration."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from bitgrid.clock import Clock
from bitgrid.config import Config
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
    """The feeds, and the history that is fed by the house's decisions."""

    feeds: tuple[Feed, ...]
    history: History


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
    return HouseFeeds(feeds, history)
