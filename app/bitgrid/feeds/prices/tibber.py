"""Tibber: what its customer pays for a kWh, with everything in it, beside the market's price.

https://developer.tibber.com: GraphQL, with the customer's own token. ``energy`` is the market's price,
``total`` the whole.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from bitgrid.feeds.prices.answer import Answer, read_answer
from bitgrid.feeds.prices.product import MAX_PRODUCTS, Product, epoch_s, evenly
from bitgrid.feeds.prices.schedule import MarketDays
from bitgrid.feeds.web import Fetch, FetchError

NAME = "tibber"
URL = "https://api.tibber.com/v1-beta/gql"
CT_IN_EURO = 100
_DAY = "{ startsAt energy total currency }"
QUERY = (
    "{ viewer { homes { currentSubscription { priceInfo(resolution: QUARTER_HOURLY) "
    f"{{ today {_DAY} tomorrow {_DAY} }} }} }} }} }}"
)


class _Price(Answer):
    startsAt: str  # noqa: N815  Tibber's name
    energy: float
    total: float
    currency: str


Day = Annotated[list[_Price], Field(max_length=MAX_PRODUCTS)]


class _PriceInfo(Answer):
    today: Day
    tomorrow: Day


class _Subscription(Answer):
    priceInfo: _PriceInfo | None  # noqa: N815  Tibber's name


class _Home(Answer):
    currentSubscription: _Subscription | None  # noqa: N815  Tibber's name


class _Viewer(Answer):
    homes: Annotated[list[_Home], Field(max_length=100)]


class _Data(Answer):
    viewer: _Viewer


class _Reply(Answer):
    data: _Data | None = None
    errors: list[object] | None = None


def ask(fetch: Fetch, _zone: str, _days: MarketDays, token: str) -> list[Product]:
    """The prices of today and, once they are known, tomorrow.

    Raises:
        FetchError: there is no usable answer.
    """
    return parse(fetch(URL, headers={"Authorization": f"Bearer {token}"}, post={"query": QUERY}))


def parse(body: bytes) -> list[Product]:
    """Products of an answer.

    Raises:
        FetchError: it is none, of no home or of homes that differ, or in another currency.
    """
    reply = read_answer(_Reply, body, NAME)
    if reply.data is None or reply.errors:
        raise FetchError(f"{NAME} refused the question; is the token still good?")
    contracts = [home.currentSubscription for home in reply.data.viewer.homes]
    known = [
        contract.priceInfo for contract in contracts if contract is not None and contract.priceInfo is not None
    ]
    if not known:
        raise FetchError(f"{NAME} knows of no home with a contract behind this token")
    if any(other != known[0] for other in known[1:]):
        raise FetchError(
            f"{NAME} knows several homes with prices that differ behind this token; none of it is used"
        )
    prices = [*known[0].today, *known[0].tomorrow]
    if any(price.currency != "EUR" for price in prices):
        raise FetchError(f"{NAME} tells prices in another currency than euros; none of it is used")
    return evenly(
        [(epoch_s(one.startsAt, NAME), one.energy * CT_IN_EURO, one.total * CT_IN_EURO) for one in prices], NAME
    )
