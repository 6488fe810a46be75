"""aWATTar: hourly day-ahead prices of Germany with Luxembourg, and of Austria, without an account.

https://www.awattar.de/services/api; fair use is at most a hundred questions a day.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from bitgrid.feeds.prices.answer import Answer, check_unit, read_answer
from bitgrid.feeds.prices.product import MAX_PRODUCTS, Product
from bitgrid.feeds.prices.schedule import MarketDays
from bitgrid.feeds.web import Fetch

NAME = "awattar"
URLS = {
    "DE-LU": "https://api.awattar.de/v1/marketdata",
    "AT": "https://api.awattar.at/v1/marketdata",
}
CT_KWH_IN_EUR_MWH = 0.1
Milliseconds = Annotated[int, Field(ge=0, le=10**13)]


class _Row(Answer):
    start_timestamp: Milliseconds
    end_timestamp: Milliseconds
    marketprice: float
    unit: str


class _Prices(Answer):
    data: Annotated[list[_Row], Field(max_length=MAX_PRODUCTS)]


def ask(fetch: Fetch, zone: str, days: MarketDays, _token: str = "") -> list[Product]:
    """The prices of today and, once they are known, tomorrow.

    Raises:
        FetchError: there is no usable answer.
    """
    span = {"start": f"{days.start_s * 1000}", "end": f"{days.end_s * 1000}"}
    return parse(fetch(URLS[zone], params=span))


def parse(body: bytes) -> list[Product]:
    """Products of an answer.

    Raises:
        FetchError: it is none, or in another unit.
    """
    rows = read_answer(_Prices, body, NAME).data
    for row in rows:
        check_unit(row.unit, NAME)
    return [
        Product(row.start_timestamp // 1000, row.end_timestamp // 1000, row.marketprice * CT_KWH_IN_EUR_MWH)
        for row in rows
    ]
