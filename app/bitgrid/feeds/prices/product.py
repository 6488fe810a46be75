"""Products of the day-ahead market as a source tells them, and whether they can be true."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from bitgrid.feeds.web import FetchError

MAX_PRODUCTS = 600
LENGTHS_S = frozenset({900, 1800, 3600})
MAX_CT_KWH = 1000.0
"""10 €/kWh. The auction itself knows no price below −0.5 or above 4 €/kWh (harmonised limits of ACER, 2023)."""
MAX_MEAN_CT_KWH = 200.0
"""2 €/kWh in the mean of a whole answer; the dearest days of 2022 had 0.7. More is another unit, most likely."""
MAX_AHEAD_S = 60 * 3600
"""The auction is held a day ahead: nobody knows prices of the day after tomorrow."""


class Product(NamedTuple):
    """One price of the market.

    Args:
        start_s, end_s: when it is delivered, UTC epoch seconds.
        market_ct_kwh: the auction's price, net.
        gross_ct_kwh: what the supplier says that a kWh costs with everything in it; None where it is no supplier.
    """

    start_s: int
    end_s: int
    market_ct_kwh: float
    gross_ct_kwh: float | None = None


def in_order(products: Iterable[Product], source: str) -> tuple[Product, ...]:
    """The products, each once; gaps between them are allowed.

    Raises:
        FetchError: they are too many, of no length that is traded, out of order, or contradict each other.
    """
    known: list[Product] = []
    for product in products:
        if known and product == known[-1]:
            continue
        _check_one(product, source)
        if known and product.start_s < known[-1].end_s:
            what = "two prices for" if product.start_s == known[-1].start_s else "prices out of order at"
            raise FetchError(f"{source} tells {what} {_utc(product.start_s)}; none of it is used")
        known.append(product)
    if not known:
        raise FetchError(f"{source} tells no prices")
    if len(known) > MAX_PRODUCTS:
        raise FetchError(f"{source} tells {len(known)} prices, more than two days have; none of it is used")
    return tuple(known)


def believable(products: Sequence[Product], now_s: float, source: str) -> None:
    """Check an answer that has just come against the clock and against what prices can be.

    Raises:
        FetchError: it is of another day, or in another unit.
    """
    if not any(product.start_s <= now_s < product.end_s for product in products):
        raise FetchError(
            f"{source} tells prices from {_utc(products[0].start_s)} to {_utc(products[-1].end_s)}, but none "
            f"for now, {_utc(now_s)}; either it answers for another day or this house's clock is wrong"
        )
    if products[-1].end_s - now_s > MAX_AHEAD_S:
        raise FetchError(
            f"{source} tells prices until {_utc(products[-1].end_s)}, which no auction has made yet at "
            f"{_utc(now_s)}; is this house's clock right?"
        )
    mean = sum(abs(product.market_ct_kwh) for product in products) / len(products)
    if mean > MAX_MEAN_CT_KWH:
        raise FetchError(
            f"{source} tells {mean / 100:.2f} €/kWh in the mean, which no day ever cost; most likely it is "
            "another unit, a thousand times too much"
        )


def evenly(told: Sequence[tuple[int, float, float | None]], source: str) -> list[Product]:
    """Products of an answer that tells only when each begins: start (epoch s), market and gross price (ct/kWh).

    Each lasts as long as the shortest step between two; where a step is longer there is a gap.

    Raises:
        FetchError: fewer than two are told, or the steps are no quarter, half or whole hours.
    """
    steps = {later[0] - earlier[0] for earlier, later in itertools.pairwise(told)} - {0}
    if not steps:
        raise FetchError(f"{source} tells too few prices to know how long they hold")
    length_s = min(steps)
    if length_s <= 0:
        raise FetchError(f"{source} tells prices out of order; none of it is used")
    return [Product(start_s, start_s + length_s, market, gross) for start_s, market, gross in told]


def epoch_s(text: str, source: str) -> int:
    """UTC epoch seconds of a time as sources write it, with its offset from UTC.

    Raises:
        FetchError: it is none.
    """
    try:
        at = dt.datetime.fromisoformat(text)
        if at.tzinfo is None:
            raise FetchError(f"{source} tells times without their offset from UTC")
        return round(at.timestamp())
    except (ValueError, OverflowError):
        raise FetchError(f"{source} tells a time that is none") from None


def _check_one(product: Product, source: str) -> None:
    if product.end_s - product.start_s not in LENGTHS_S or product.start_s % 900:
        raise FetchError(
            f"{source} tells a price at {_utc(product.start_s)} that holds no quarter, half or full hour"
        )
    for price in (product.market_ct_kwh, product.gross_ct_kwh):
        if price is not None and not abs(price) <= MAX_CT_KWH:
            raise FetchError(
                f"{source} tells {price / 100:.2f} €/kWh at {_utc(product.start_s)}, which cannot be: no more "
                f"than {MAX_CT_KWH / 100:.0f} €/kWh either way is believed; most likely it is another unit"
            )


def _utc(at_s: float) -> str:
    try:
        return dt.datetime.fromtimestamp(at_s, dt.UTC).strftime("%Y-%m-%d %H:%M UTC")
    except (ValueError, OverflowError, OSError):
        return "a time that is none"
