"""Which feeds a house has, by its configuration."""

from __future__ import annotations

from dataclasses import dataclass

from bitgrid.config import Config, Site
from bitgrid.feeds.history import History
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
    """The feeds, and the history that is fed by the house's decisions."""

    feeds: tuple[Feed, ...]
    history: History


def house_feeds(config: Config, means: Means) -> HouseFeeds:
    """The feeds that a configuration asks for."""
    block_s = config.rules.block_s
    history = History(means.store, block_s)
    feeds: tuple[Feed, ...] = (
        TariffFeed(config.site, means, block_s),
        *_pv_forecast(config.site, block_s, means),
    )
    return HouseFeeds(feeds, history)


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
