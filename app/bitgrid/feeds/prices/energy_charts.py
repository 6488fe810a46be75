"""Energy-Charts of Fraunhofer ISE: the day-ahead prices of most European bidding zones, without an account.

https://api.energy-charts.info (``/v2/price``). For Germany the data are of the Bundesnetzagentur
(SMARD.de), CC BY 4.0.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from pydantic import Field

from bitgrid.feeds.prices.answer import Answer, check_unit, read_answer
from bitgrid.feeds.prices.product import MAX_PRODUCTS, Product, epoch_s, evenly
from bitgrid.feeds.prices.schedule import MarketDays
from bitgrid.feeds.web import Fetch, FetchError

NAME = "energy-charts"
URL = "https://api.energy-charts.info/v2/price"
CT_KWH_IN_EUR_MWH = 0.1


class _Values(Answer):
    day_ahead_price: float | None


class _Row(Answer):
    timestamp: str
    values: _Values


class _Prices(Answer):
    unit: str
    bidding_zone: str | None = None
    interval_minutes: int | None = None
    data: Annotated[list[_Row], Field(max_length=MAX_PRODUCTS)]


def ask(fetch: Fetch, zone: str, days: MarketDays, _token: str = "") -> list[Product]:
    """The prices of today and, once they are known, tomorrow.

    Raises:
        FetchError: there is no usable answer.
    """
    first, last = (dt.datetime.fromtimestamp(at_s, dt.UTC) for at_s in (days.start_s, days.end_s - 900))
    span = {"start": f"{first:%Y-%m-%dT%H:%MZ}", "end": f"{last:%Y-%m-%dT%H:%MZ}"}
    return parse(fetch(URL, params={"bzn": zone} | span), zone)


def parse(body: bytes, zone: str) -> list[Product]:
    """Products of an answer; a price that is null is not known yet.

    Raises:
        FetchError: it is none, of another zone, or in another unit.
    """
    answer = read_answer(_Prices, body, NAME)
    check_unit(answer.unit, NAME)
    if answer.bidding_zone not in {None, zone}:
        raise FetchError(f"{NAME} answered for another bidding zone than {zone}")
    told = [
        (epoch_s(row.timestamp, NAME), row.values.day_ahead_price * CT_KWH_IN_EUR_MWH, None)
        for row in answer.data
        if row.values.day_ahead_price is not None
    ]
    if answer.interval_minutes is None:
        return evenly(told, NAME)
    return [Product(start_s, start_s + answer.interval_minutes * 60, price) for start_s, price, _gross in told]
