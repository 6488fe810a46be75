"""The sources of prices: answers of the shapes they were recorded in, and answers of every wrong one."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitgrid.config.tariff import Zone
from bitgrid.feeds.prices import awattar, energy_charts, entsoe, tibber
from bitgrid.feeds.prices.product import Product, believable, in_order
from bitgrid.feeds.prices.schedule import market_days
from bitgrid.feeds.prices.sources import SOURCES
from bitgrid.feeds.web import FetchError
from feeds import market_answers as market
from feeds.market_answers import HOUR_S, QUARTER_S, midnight_s, priced

DAY, NEXT, AFTER = "2025-11-20", "2025-11-21", "2025-11-22"
NOON_S = midnight_s(DAY) + 12 * HOUR_S
QUARTERS, HOURS = priced(DAY, AFTER), priced(DAY, AFTER, HOUR_S)


def of(prices: list[tuple[int, float]], step_s: int = QUARTER_S) -> list[Product]:
    return [Product(start_s, start_s + step_s, price * 0.1) for start_s, price in prices]


def test_energy_charts_tells_quarter_hours() -> None:
    assert energy_charts.parse(market.energy_charts(QUARTERS), "DE-LU") == of(QUARTERS)


def test_energy_charts_tells_hours_of_a_zone_that_has_them() -> None:
    body = market.energy_charts(HOURS, step_min=60, bidding_zone="AT")
    assert energy_charts.parse(body, "AT") == of(HOURS, HOUR_S)


def test_energy_charts_need_not_say_how_long_a_price_holds() -> None:
    body = market.energy_charts(QUARTERS, interval_minutes=None)
    assert energy_charts.parse(body, "DE-LU") == of(QUARTERS)


def test_a_price_that_is_not_known_yet_is_none() -> None:
    told = [*QUARTERS[:96], *((start_s, None) for start_s, _ in QUARTERS[96:])]
    assert energy_charts.parse(market.energy_charts(told), "DE-LU") == of(QUARTERS[:96])


def test_awattar_tells_hours() -> None:
    assert awattar.parse(market.awattar(HOURS)) == of(HOURS, HOUR_S)


def test_tibber_tells_what_the_customer_pays_beside_the_market() -> None:
    today, tomorrow = priced(DAY, NEXT), priced(NEXT, AFTER)
    products = tibber.parse(market.tibber({"currentSubscription": None}, market.tibber_home(today, tomorrow)))
    assert [(one.start_s, one.end_s) for one in products] == [(one.start_s, one.end_s) for one in of(QUARTERS)]
    first = products[0]
    assert first.market_ct_kwh == pytest.approx(8.0)
    assert first.gross_ct_kwh == pytest.approx(8.0 * 1.19 + 19)


@pytest.mark.parametrize("sequence", [1, None])
def test_entsoe_leaves_out_what_does_not_change(sequence: int | None) -> None:
    flat = [(start_s, 50.0 if index % 4 else price) for index, (start_s, price) in enumerate(QUARTERS)]
    body = market.entsoe(market.entsoe_series(flat, midnight_s(AFTER), sequence=sequence))
    assert body.count(b"<Point>") < len(flat)
    assert entsoe.parse(body) == of(flat)


def test_entsoe_of_two_auctions_the_coupled_one_counts_in_whatever_order_they_come() -> None:
    other = [(start_s, price - 10) for start_s, price in QUARTERS]
    days = (QUARTERS[96:], QUARTERS[:96])
    coupled = [market.entsoe_series(day, day[-1][0] + QUARTER_S) for day in days]
    body = market.entsoe(market.entsoe_series(other, midnight_s(AFTER), sequence=2), *coupled)
    assert entsoe.parse(body) == of(QUARTERS)


def test_entsoe_of_hours_and_quarters_the_quarters_count() -> None:
    hours = market.entsoe_series(HOURS, midnight_s(AFTER), step_min=60)
    body = market.entsoe(hours, market.entsoe_series(QUARTERS, midnight_s(AFTER)))
    assert entsoe.parse(body) == of(QUARTERS)


def test_entsoe_a_point_missing_in_a_plain_curve_is_a_gap() -> None:
    gap = [one for one in QUARTERS if one != QUARTERS[10]]
    body = market.entsoe(market.entsoe_series(gap, midnight_s(AFTER), curve="A01"))
    assert entsoe.parse(body) == of(gap)


NO_DATA = b"""<?xml version="1.0" encoding="utf-8"?>
<Acknowledgement_MarketDocument xmlns="urn:iec62325.351:tc57wg16:451-1:acknowledgementdocument:7:0">
<Reason><code>999</code><text>No matching data found</text></Reason></Acknowledgement_MarketDocument>"""
BOMB = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "ha"><!ENTITY c "&b;&b;&b;">]><a>&c;</a>'


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (NO_DATA, "has no prices for these days, or refused the token"),
        (BOMB, "DOCTYPE"),
        (BOMB.decode().encode("utf-16"), "did not send XML"),
        (b"<html><body>busy</body></html>", "has no prices"),
        (b"<html><body>busy", "did not send XML"),
        (b"", "did not send XML"),
        (market.entsoe(), "no prices of the coupled"),
        (market.entsoe(market.entsoe_series(QUARTERS, midnight_s(AFTER), sequence=2)), "no prices of the coupled"),
        (market.entsoe(market.entsoe_series(QUARTERS, midnight_s(AFTER), currency="GBP")), "not in EUR/MWh"),
        (market.entsoe(market.entsoe_series(QUARTERS, midnight_s(AFTER), step_min=5)), "no quarter, half or full"),
        (market.entsoe(market.entsoe_series(QUARTERS, midnight_s(DAY) - 1)), "ends before it begins"),
        (market.entsoe(market.entsoe_series(QUARTERS, midnight_s("2035-01-01"))), "of many days"),
        (market.entsoe("<TimeSeries/>"), "leaves out currency_Unit.name"),
        (market.entsoe(market.entsoe_series([(NOON_S, "much")], NOON_S + 900)), "no number"),  # type: ignore[list-item]
    ],
)
def test_entsoe_answers_that_are_none(body: bytes, told: str) -> None:
    with pytest.raises(FetchError, match=told):
        entsoe.parse(body)


@pytest.mark.parametrize(
    ("parse", "body", "told"),
    [
        (energy_charts.parse, market.energy_charts(QUARTERS, unit="No Unit"), "in 'No Unit', not in EUR/MWh"),
        (energy_charts.parse, market.energy_charts(QUARTERS, unit="EUR / kWh"), "not in EUR/MWh"),
        (
            energy_charts.parse,
            market.energy_charts(QUARTERS, bidding_zone="FR"),
            "another bidding zone than DE-LU",
        ),
        (energy_charts.parse, b"<html>busy</html>", "did not send JSON"),
        (energy_charts.parse, b"", "did not send JSON"),
        (energy_charts.parse, b"[]", "something else than prices: all of it"),
        (energy_charts.parse, b"{}", "something else than prices: unit: missing"),
        (energy_charts.parse, market.energy_charts(QUARTERS)[:-9], "did not send JSON"),
        (energy_charts.parse, market.energy_charts([(NOON_S, float("nan"))]), "did not send JSON"),
        (energy_charts.parse, market.energy_charts([(NOON_S, "8.1")]), r"data\.0\.values\.day_ahead_price"),  # type: ignore[list-item]
        (energy_charts.parse, market.energy_charts(QUARTERS * 4), "data: too_long"),
        (
            lambda body, _zone: awattar.parse(body),
            market.awattar(HOURS, unit="ct/kWh"),
            "in 'ct/kWh', not in EUR/MWh",
        ),
        (lambda body, _zone: awattar.parse(body), b'{"data": [{}]}', "start_timestamp: missing"),
        (
            lambda body, _zone: tibber.parse(body),
            b'{"errors": [{"message": "no"}], "data": null}',
            "token still good",
        ),
        (lambda body, _zone: tibber.parse(body), market.tibber(), "no home with a contract"),
        (
            lambda body, _zone: tibber.parse(body),
            market.tibber(market.tibber_home(QUARTERS), market.tibber_home(HOURS)),
            "several homes with prices that differ",
        ),
        (
            lambda body, _zone: tibber.parse(body),
            market.tibber(market.tibber_home(QUARTERS, currency="NOK")),
            "euros",
        ),
        (lambda body, _zone: tibber.parse(body), market.tibber(market.tibber_home([])), "too few prices"),
    ],
)
def test_answers_that_are_none(parse: Callable[[bytes, str], Any], body: bytes, told: str) -> None:
    with pytest.raises(FetchError, match=told):
        parse(body, "DE-LU")


PRODUCTS = of(QUARTERS)


@pytest.mark.parametrize(
    ("products", "told"),
    [
        ([], "tells no prices"),
        ([*PRODUCTS[:3], PRODUCTS[2]._replace(market_ct_kwh=1.0)], "two prices for 2025-11-19 23:30 UTC"),
        ([PRODUCTS[1], PRODUCTS[0]], "out of order at 2025-11-19 23:00 UTC"),
        ([Product(NOON_S, NOON_S + 3600, 8.0), Product(NOON_S + 900, NOON_S + 1800, 8.0)], "out of order at"),
        ([PRODUCTS[0]._replace(end_s=PRODUCTS[0].start_s - 900)], "no quarter, half or full hour"),
        ([PRODUCTS[0]._replace(end_s=PRODUCTS[0].start_s)], "no quarter, half or full hour"),
        ([Product(NOON_S + 60, NOON_S + 960, 8.0)], "no quarter, half or full hour"),
        ([Product(NOON_S, NOON_S + 900, 1000.1)], "tells 10.00 €/kWh at .* no more than 10 €/kWh"),
        ([Product(NOON_S, NOON_S + 900, float("nan"))], "cannot be"),
        ([Product(NOON_S, NOON_S + 900, 8.0, -2000.0)], "cannot be"),
        ([Product(at, at + 900, 8.0) for at in range(NOON_S, NOON_S + 601 * 900, 900)], "tells 601 prices"),
        ([Product(10**18 * 900, 10**18 * 900 + 900, 9e9)], "a time that is none"),
    ],
)
def test_prices_that_cannot_be(products: list[Product], told: str) -> None:
    with pytest.raises(FetchError, match=told):
        in_order(products, "market")


def test_a_price_told_twice_counts_once_and_a_gap_is_a_gap() -> None:
    told = [PRODUCTS[0], PRODUCTS[0], PRODUCTS[1], PRODUCTS[5]]
    assert in_order(told, "market") == (PRODUCTS[0], PRODUCTS[1], PRODUCTS[5])


@pytest.mark.parametrize(
    ("factor", "now_s", "told"),
    [
        (1, midnight_s(DAY) - 1, "none for now, 2025-11-19 22:59 UTC; .* clock is wrong"),
        (1, midnight_s(AFTER), "none for now"),
        (40, NOON_S, "in the mean, which no day ever cost"),
    ],
)
def test_prices_of_another_day_or_in_another_unit(factor: float, now_s: float, told: str) -> None:
    products = [one._replace(market_ct_kwh=one.market_ct_kwh * factor) for one in PRODUCTS]
    with pytest.raises(FetchError, match=told):
        believable(products, now_s, "market")
    believable(PRODUCTS, NOON_S, "market")


def test_prices_that_no_auction_has_made_yet() -> None:
    with pytest.raises(FetchError, match="no auction has made yet"):
        believable(of(priced(DAY, "2025-11-23")), midnight_s(DAY), "market")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=10,
)
PARSERS: list[Callable[[bytes], Any]] = [
    lambda body: energy_charts.parse(body, "DE-LU"),
    awattar.parse,
    tibber.parse,
    entsoe.parse,
]


def _put(value: object, key: str, other: object) -> None:
    """Put something else wherever a key stands."""
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _put(inner, key, other)
    if isinstance(value, dict) and key in value:
        value[key] = other


@pytest.mark.parametrize("parse", PARSERS)
@given(body=st.binary(max_size=40) | JSON.map(json.dumps).map(str.encode))
def test_whatever_is_sent_is_prices_or_an_error_in_words(parse: Callable[[bytes], Any], body: bytes) -> None:
    with pytest.raises(FetchError):
        parse(body)


@given(
    key=st.sampled_from(["timestamp", "values", "data", "unit", "interval_minutes", "day_ahead_price"]), other=JSON
)
def test_an_answer_with_one_thing_wrong_is_prices_or_an_error_in_words(key: str, other: object) -> None:
    answer = json.loads(market.energy_charts(QUARTERS[:3]))
    _put(answer, key, other)
    try:
        products = in_order(energy_charts.parse(json.dumps(answer).encode(), "DE-LU"), "market")
    except FetchError:
        return
    assert all(one.start_s < one.end_s and abs(one.market_ct_kwh) <= 1000 for one in products)


@given(key=st.sampled_from(["start_timestamp", "end_timestamp", "marketprice", "unit"]), other=JSON)
def test_an_hour_with_one_thing_wrong_is_prices_or_an_error_in_words(key: str, other: object) -> None:
    answer = json.loads(market.awattar(HOURS[:2]))
    _put(answer, key, other)
    try:
        products = in_order(awattar.parse(json.dumps(answer).encode()), "market")
    except FetchError:
        return
    assert all(one.end_s - one.start_s == HOUR_S for one in products)


class Asked:
    """A way to a server that remembers what it was asked."""

    def __init__(self, body: bytes) -> None:
        self.body, self.url, self.asked = body, "", {}

    url: str
    asked: dict[str, Any]

    def __call__(self, url: str, **asked: Any) -> bytes:
        self.url, self.asked = url, asked
        return self.body


def test_energy_charts_is_asked_for_two_market_days() -> None:
    asked = Asked(market.energy_charts(QUARTERS))
    assert SOURCES["energy_charts"].ask(asked, "DE-LU", market_days(NOON_S), "") == PRODUCTS
    assert asked.url == "https://api.energy-charts.info/v2/price"
    span = {"start": "2025-11-19T23:00Z", "end": "2025-11-21T22:45Z"}
    assert asked.asked == {"params": {"bzn": "DE-LU"} | span}


@pytest.mark.parametrize(("zone", "host"), [("DE-LU", "api.awattar.de"), ("AT", "api.awattar.at")])
def test_awattar_is_asked_where_the_zone_is(zone: str, host: str) -> None:
    asked = Asked(market.awattar(HOURS))
    SOURCES["awattar"].ask(asked, zone, market_days(NOON_S), "")
    assert asked.url == f"https://{host}/v1/marketdata"
    assert asked.asked["params"] == {"start": "1763593200000", "end": "1763766000000"}


def test_tibber_is_told_the_token_in_a_header_alone() -> None:
    asked = Asked(market.tibber(market.tibber_home(QUARTERS)))
    SOURCES["tibber"].ask(asked, "DE-LU", market_days(NOON_S), "quiet")
    assert asked.asked["headers"] == {"Authorization": "Bearer quiet"}
    assert "quiet" not in asked.url + str(asked.asked["post"])
    assert "resolution: QUARTER_HOURLY" in asked.asked["post"]["query"]


def test_entsoe_is_asked_for_the_zone_by_its_code() -> None:
    asked = Asked(market.entsoe(market.entsoe_series(QUARTERS, midnight_s(AFTER))))
    assert SOURCES["entsoe"].ask(asked, "DE-LU", market_days(NOON_S), "quiet") == PRODUCTS
    params = asked.asked["params"]
    assert (params["periodStart"], params["periodEnd"]) == ("202511192300", "202511212300")
    assert (params["in_Domain"], params["securityToken"]) == ("10Y1001A1001A82H", "quiet")


def test_every_zone_has_its_code() -> None:
    assert set(entsoe.EIC) == set(Zone.__args__)
    assert {len(code) for code in entsoe.EIC.values()} == {16}
