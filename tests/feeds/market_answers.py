"""Answers as the sources give them, made for any two days: their shapes as recorded, their prices our own."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Iterator
from typing import Any
from zoneinfo import ZoneInfo

MARKET = ZoneInfo("Europe/Berlin")
QUARTER_S, HOUR_S = 900, 3600
Priced = tuple[int, float]


def midnight_s(date: str) -> int:
    """Local midnight of a day, UTC epoch seconds."""
    return round(dt.datetime.fromisoformat(date).replace(tzinfo=MARKET).timestamp())


def at_s(text: str) -> float:
    """A local time, UTC epoch seconds."""
    return dt.datetime.fromisoformat(text).replace(tzinfo=MARKET).timestamp()


def price_at(start_s: int) -> float:
    """What the market asks at a time, EUR/MWh: different in every quarter of an hour, negative at noon."""
    hour = dt.datetime.fromtimestamp(start_s, MARKET).hour
    return (-20.0 if 12 <= hour < 15 else 80.0 + hour) + start_s % HOUR_S / HOUR_S


def priced(first: str, last: str, step_s: int = QUARTER_S) -> list[Priced]:
    """Start and price of every product from a day's beginning to before another's."""
    return [(start_s, price_at(start_s)) for start_s in range(midnight_s(first), midnight_s(last), step_s)]


def energy_charts(prices: Iterable[tuple[int, float | None]], step_min: int = 15, **other: Any) -> bytes:
    answer = {
        "endpoint": "price",
        "bidding_zone": "DE-LU",
        "interval_minutes": step_min,
        "resolution": f"PT{step_min}M",
        "unit": "EUR / MWh",
        "license": "CC BY 4.0 (creativecommons.org/licenses/by/4.0) from Bundesnetzagentur | SMARD.de",
        "deprecated": False,
        "series": [{"id": "day_ahead_price", "name": "Day-ahead spot market price"}],
        "data": [{"timestamp": local(start_s), "values": {"day_ahead_price": price}} for start_s, price in prices],
    }
    return json.dumps(answer | other).encode()


def awattar(prices: Iterable[Priced], unit: str = "Eur/MWh") -> bytes:
    data = [
        {
            "start_timestamp": start_s * 1000,
            "end_timestamp": (start_s + HOUR_S) * 1000,
            "marketprice": price,
            "unit": unit,
        }
        for start_s, price in prices
    ]
    return json.dumps({"object": "list", "data": data, "url": "/at/v1/marketdata"}).encode()


def tibber(*homes: Any) -> bytes:
    return json.dumps({"data": {"viewer": {"homes": list(homes)}}}).encode()


def tibber_home(today: Iterable[Priced], tomorrow: Iterable[Priced] = (), currency: str = "EUR") -> dict[str, Any]:
    days = {"today": _tibber_day(today, currency), "tomorrow": _tibber_day(tomorrow, currency)}
    return {"currentSubscription": {"priceInfo": days}}


def _tibber_day(prices: Iterable[Priced], currency: str) -> list[dict[str, Any]]:
    return [
        {
            "startsAt": local(start_s, "milliseconds"),
            "energy": price / 1000,
            "total": round(price / 1000 * 1.19 + 0.19, 4),
            "currency": currency,
        }
        for start_s, price in prices
    ]


def entsoe(*series: str) -> bytes:
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<Publication_MarketDocument xmlns="urn:iec62325.351:tc57wg16:451-3:publicationdocument:7:3">'
        "<mRID>64e2af3a87c2404cbea80edc067a1b6f</mRID><type>A44</type>"
        f"{''.join(series)}</Publication_MarketDocument>"
    ).encode()


def entsoe_series(  # noqa: PLR0913  each is something that answers differ in
    prices: Iterable[Priced],
    end_s: int,
    *,
    step_min: int = 15,
    curve: str = "A03",
    sequence: int | None = 1,
    currency: str = "EUR",
) -> str:
    """A series of one period; prices that equal the one before are left out of curves of type A03."""
    told = list(prices)
    start_s = told[0][0]
    points = "".join(_entsoe_points(told, start_s, step_min * 60, leaves_out=curve == "A03"))
    tag = "classificationSequence_AttributeInstanceComponent.position"
    return (
        f"<TimeSeries><mRID>1</mRID><auction.type>A01</auction.type><currency_Unit.name>{currency}</currency_Unit.name>"
        f"<price_Measure_Unit.name>MWH</price_Measure_Unit.name><curveType>{curve}</curveType>"
        f"{'' if sequence is None else f'<{tag}>{sequence}</{tag}>'}<Period><timeInterval>"
        f"<start>{utc(start_s)}</start><end>{utc(end_s)}</end></timeInterval>"
        f"<resolution>PT{step_min}M</resolution>{points}</Period></TimeSeries>"
    )


def _entsoe_points(told: list[Priced], start_s: int, step_s: int, *, leaves_out: bool) -> Iterator[str]:
    before: float | None = None
    for at, price in told:
        if not leaves_out or price != before:
            position = (at - start_s) // step_s + 1
            yield f"<Point><position>{position}</position><price.amount>{price}</price.amount></Point>"
        before = price


def local(start_s: int, timespec: str = "seconds") -> str:
    return dt.datetime.fromtimestamp(start_s, MARKET).isoformat(timespec=timespec)


def utc(start_s: int) -> str:
    return f"{dt.datetime.fromtimestamp(start_s, dt.UTC):%Y-%m-%dT%H:%MZ}"
