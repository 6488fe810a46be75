"""The sources of day-ahead prices, by their names in site.yaml."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from bitgrid.config.tariff import SourceName
from bitgrid.feeds.prices import awattar, energy_charts, entsoe, tibber
from bitgrid.feeds.prices.product import Product
from bitgrid.feeds.prices.schedule import MarketDays
from bitgrid.feeds.web import Fetch

Ask = Callable[[Fetch, str, MarketDays, str], list[Product]]
"""Asks a source for a bidding zone and two days, with a token or an empty text."""


class Source(NamedTuple):
    """Who is asked, by the name people know, and how."""

    name: str
    ask: Ask


SOURCES: dict[SourceName, Source] = {
    "energy_charts": Source(energy_charts.NAME, energy_charts.ask),
    "awattar": Source(awattar.NAME, awattar.ask),
    "tibber": Source(tibber.NAME, tibber.ask),
    "entsoe": Source(entsoe.NAME, entsoe.ask),
}
