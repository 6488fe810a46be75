"""ENTSO-E's transparency platform: the day-ahead prices of every bidding zone, with a token.

Document A44 (IEC 62325-451-3), XML. Of a zone with two auctions sequence 1 is that of the coupled market; the
other is EXAA's of a quarter past ten. In curves of type A03 a price that equals the one before it is left out.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from xml.etree import ElementTree as ET

from bitgrid.feeds.prices.product import MAX_PRODUCTS, Product, epoch_s
from bitgrid.feeds.prices.schedule import MarketDays
from bitgrid.feeds.web import Fetch, FetchError

NAME = "entsoe"
URL = "https://web-api.tp.entsoe.eu/api"
CT_KWH_IN_EUR_MWH = 0.1
EIC = {
    "AT": "10YAT-APG------L",
    "BE": "10YBE----------2",
    "DE-LU": "10Y1001A1001A82H",
    "EE": "10Y1001A1001A39I",
    "ES": "10YES-REE------0",
    "FI": "10YFI-1--------U",
    "FR": "10YFR-RTE------C",
    "LT": "10YLT-1001A0008Q",
    "LV": "10YLV-1001A00074",
    "NL": "10YNL----------L",
    "PT": "10YPT-REN------W",
    "SI": "10YSI-ELES-----O",
    "SK": "10YSK-SEPS-----K",
}
"""Codes of the bidding zones (ENTSO-E's list of areas)."""
_LENGTHS_S = {"PT15M": 900, "PT30M": 1800, "PT60M": 3600}
_SEQUENCE = "classificationSequence_AttributeInstanceComponent.position"


def ask(fetch: Fetch, zone: str, days: MarketDays, token: str) -> list[Product]:
    """The prices of today and, once they are known, tomorrow.

    Raises:
        FetchError: there is no usable answer.
    """
    first, last = (dt.datetime.fromtimestamp(at_s, dt.UTC) for at_s in (days.start_s, days.end_s))
    wanted = {
        "documentType": "A44",
        "contract_MarketAgreement.type": "A01",
        "in_Domain": EIC[zone],
        "out_Domain": EIC[zone],
        "periodStart": f"{first:%Y%m%d%H%M}",
        "periodEnd": f"{last:%Y%m%d%H%M}",
    }
    return parse(fetch(URL, params=wanted | {"securityToken": token}))


def parse(body: bytes) -> list[Product]:
    """Products of an answer, in their order; where they are told in several lengths, the shortest.

    Raises:
        FetchError: it is none, or in another unit.
    """
    root = _root(body)
    if not root.tag.endswith("Publication_MarketDocument"):
        raise FetchError(f"{NAME} has no prices for these days, or refused the token")
    products = [
        product
        for series in root.iterfind("{*}TimeSeries")
        if _text(series, _SEQUENCE, "1") == "1"
        for product in _of_series(series)
    ]
    if not products:
        raise FetchError(f"{NAME} tells no prices of the coupled day-ahead market")
    shortest_s = min(product.end_s - product.start_s for product in products)
    return sorted(product for product in products if product.end_s - product.start_s == shortest_s)


def _root(body: bytes) -> ET.Element:
    """The document; with a DOCTYPE, which entities would be declared in, it is refused unread."""
    try:
        text = body.decode("utf-8")
        if "<!DOCTYPE" in text or "<!ENTITY" in text:
            raise FetchError(f"{NAME} sent XML with a DOCTYPE, which its documents do not have; it was not read")
        return ET.fromstring(text)  # noqa: S314  its size is limited and entities were refused above
    except (ValueError, ET.ParseError):
        raise FetchError(f"{NAME} did not send XML") from None


def _of_series(series: ET.Element) -> Iterator[Product]:
    currency, unit = _text(series, "currency_Unit.name"), _text(series, "price_Measure_Unit.name")
    if (currency, unit) != ("EUR", "MWH"):
        raise FetchError(f"{NAME} tells prices in {currency[:5]}/{unit[:5]}, not in EUR/MWh; none of it is used")
    for period in series.iterfind("{*}Period"):
        yield from _of_period(period, is_filled=_text(series, "curveType", "A01") == "A03")


def _of_period(period: ET.Element, *, is_filled: bool) -> Iterator[Product]:
    length_s = _LENGTHS_S.get(_text(period, "resolution"))
    if length_s is None:
        raise FetchError(f"{NAME} tells prices that hold no quarter, half or full hour")
    start_s, end_s = (epoch_s(_text(period, f"timeInterval/{{*}}{edge}"), NAME) for edge in ("start", "end"))
    count = (end_s - start_s) // length_s
    if not 0 < count <= MAX_PRODUCTS:
        raise FetchError(f"{NAME} tells a period that ends before it begins, or of many days")
    told = dict(_points(period))
    price: float | None = None
    for position in range(1, count + 1):
        price = told.get(position, price if is_filled else None)
        if price is not None:
            begins_s = start_s + (position - 1) * length_s
            yield Product(begins_s, begins_s + length_s, price * CT_KWH_IN_EUR_MWH)


def _points(period: ET.Element) -> Iterator[tuple[int, float]]:
    for point in period.iterfind("{*}Point"):
        try:
            yield int(_text(point, "position")), float(_text(point, "price.amount"))
        except (ValueError, OverflowError):
            raise FetchError(f"{NAME} tells a price that is no number") from None


def _text(element: ET.Element, path: str, default: str | None = None) -> str:
    found = element.findtext(f"{{*}}{path}", default)
    if found is None:
        raise FetchError(f"{NAME} leaves out {path.rpartition('}')[2]}")
    return found.strip()
