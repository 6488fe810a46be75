"""Prices over blocks: the mean by time of what holds in them, whatever the clock on the wall does."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitgrid.config.tariff import DayAhead, Tariff
from bitgrid.feeds.prices.formula import export_steps, gross_ct_kwh, import_steps, market_steps
from bitgrid.feeds.prices.product import Product
from bitgrid.feeds.prices.steps import Step, Steps
from bitgrid.feeds.prices.time_of_use import time_of_use_steps
from feeds.market_answers import MARKET, at_s, midnight_s

BLOCK_S = 600
LENGTHS_S = st.sampled_from([900, 1800, 3600])
PRICES = st.lists(st.floats(-50, 400), min_size=1, max_size=30)
AT_S = 1_763_593_200


def in_a_row(prices: list[float], length_s: int) -> list[Product]:
    return [Product(AT_S + i * length_s, AT_S + (i + 1) * length_s, price) for i, price in enumerate(prices)]


@given(prices=PRICES, length_s=LENGTHS_S, block_s=st.sampled_from([60, 300, 600, 900, 1200, 3600]))
def test_the_mean_of_all_blocks_is_the_mean_of_all_products(
    prices: list[float], length_s: int, block_s: int
) -> None:
    """A kWh spread evenly over the time costs the same by the block as by the product."""
    steps = market_steps(in_a_row(prices * 4, length_s))
    total_s = len(prices) * 4 * length_s
    means = [steps.mean(AT_S + at, AT_S + at + block_s) for at in range(0, total_s, block_s)]
    assert None not in means
    assert sum(mean for mean in means if mean is not None) / len(means) == pytest.approx(
        sum(prices) / len(prices), abs=1e-9
    )


@given(prices=PRICES, length_s=LENGTHS_S)
def test_the_mean_over_a_product_is_its_price(prices: list[float], length_s: int) -> None:
    products = in_a_row(prices, length_s)
    steps = market_steps(products)
    for product in products:
        assert steps.mean(product.start_s, product.end_s) == pytest.approx(product.market_ct_kwh)


def test_a_block_over_the_edge_of_two_quarters_has_its_share_of_each() -> None:
    steps = market_steps(in_a_row([10.0, 40.0], 900))
    assert steps.mean(AT_S + 600, AT_S + 1200) == pytest.approx(25.0)
    assert steps.mean(AT_S, AT_S + 600) == 10.0


def test_a_stretch_of_which_a_second_has_no_price_has_none() -> None:
    steps = Steps([Step(0, 900, 10.0), Step(1800, 2700, 20.0)])
    assert steps.mean(0, 900) == 10.0
    assert steps.mean(0, 901) is None
    assert steps.mean(1799, 2000) is None
    assert steps.mean(2700, 2701) is None
    assert steps.mean(-1, 10) is None


def test_until_when_prices_are_known_ends_at_the_first_gap() -> None:
    steps = Steps([Step(0, 900, 10.0), Step(900, 1800, 10.0), Step(2700, 3600, 20.0)])
    assert steps.known_until_s(5) == 1800
    assert steps.known_until_s(1800) == 1800, "no price now"
    assert steps.known_until_s(2700) == 3600
    assert steps.known_until_s(-5) == -5
    assert Steps([]).known_until_s(7) == 7


TERMS = {"source": "energy_charts", "surcharges_ct_kwh": {"grid_fee": 8.0, "tax": 2.05}, "markup_pct": 10.0}


def terms(**other: Any) -> DayAhead:
    return DayAhead.model_validate(TERMS | {"vat_pct": 19.0} | other)


def tariff(**export: Any) -> Tariff:
    told = {"import_ct_kwh": 30.0, "export_ct_kwh": 8.0, "export": export, "day_ahead": TERMS}
    return Tariff.model_validate(told)


def test_the_formula() -> None:
    assert gross_ct_kwh(10.0, terms()) == pytest.approx((10 + 1 + 8 + 2.05) * 1.19)
    assert gross_ct_kwh(-10.0, terms()) == pytest.approx((-10 + 1 + 8 + 2.05) * 1.19)
    assert gross_ct_kwh(10.0, DayAhead.model_validate({"source": "awattar"})) == 10.0


def test_the_suppliers_own_figure_needs_no_formula() -> None:
    steps = import_steps([Product(AT_S, AT_S + 900, 10.0, 31.4)], terms())
    assert steps.mean(AT_S, AT_S + 900) == 31.4


NEGATIVE = in_a_row([5.0, -1.0, -9.0, 3.0, 4.0, 4.0, -2.0, 4.0], 900)


def earned(**export: Any) -> list[float | None]:
    steps = export_steps(NEGATIVE, tariff(**export))
    return [steps.mean(one.start_s, one.end_s) for one in NEGATIVE]


def test_a_fixed_feed_in_is_paid_or_not_by_the_sign_of_the_market() -> None:
    assert earned() == [8.0] * 8
    assert earned(unpaid_when_negative="quarter_hour") == [8.0, 0.0, 0.0, 8.0, 8.0, 8.0, 0.0, 8.0]
    assert earned(unpaid_when_negative="hour") == [0.0] * 4 + [8.0] * 4, "of the first hour the mean is negative"


def test_a_feed_in_by_the_market() -> None:
    assert earned(kind="day_ahead", fee_ct_kwh=0.5) == [4.5, -1.5, -9.5, 2.5, 3.5, 3.5, -2.5, 3.5]
    unpaid = earned(kind="day_ahead", fee_ct_kwh=0.5, unpaid_when_negative="quarter_hour")
    assert unpaid == [4.5, 0.0, 0.0, 2.5, 3.5, 3.5, 0.0, 3.5]


def test_of_an_hour_known_in_part_each_quarter_speaks_for_itself() -> None:
    steps = export_steps(NEGATIVE[1:4], tariff(unpaid_when_negative="hour"))
    assert [steps.mean(one.start_s, one.end_s) for one in NEGATIVE[1:4]] == [0.0, 0.0, 8.0]


def hours_of_day(date: str, following: str, windows: list[dict[str, Any]]) -> dict[str, float]:
    """The price of every block of a local day, by its local time with its offset."""
    told = Tariff.model_validate({"import_ct_kwh": 30.0, "export_ct_kwh": 8.0, "time_of_use": windows})
    first_s, last_s = midnight_s(date), midnight_s(following)
    steps = time_of_use_steps(told, MARKET, first_s, last_s)
    means = {at: steps.mean(at, at + BLOCK_S) for at in range(first_s, last_s, BLOCK_S)}
    return {
        dt.datetime.fromtimestamp(at, MARKET).strftime("%H:%M%z"): mean
        for at, mean in means.items()
        if mean is not None
    }


NIGHT = {"from": "22:00", "to": "06:00", "import_ct_kwh": 20.0}
EARLY = {"from": "02:30", "to": "03:30", "import_ct_kwh": 10.0}


@pytest.mark.parametrize(
    ("date", "following", "hours"),
    [("2025-03-29", "2025-03-30", 24), ("2025-03-30", "2025-03-31", 23), ("2025-10-26", "2025-10-27", 25)],
)
def test_every_block_of_every_day_has_a_price(date: str, following: str, hours: int) -> None:
    blocks = hours_of_day(date, following, [NIGHT])
    assert len(blocks) == hours * 6
    cheap = [at for at, price in blocks.items() if price == 20.0]
    assert len(cheap) == (hours - 16) * 6, "the hour that is lost or won is one of the night"


def test_a_window_in_the_hour_that_is_skipped_or_lived_twice() -> None:
    spring = hours_of_day("2025-03-30", "2025-03-31", [EARLY])
    assert [at for at, price in spring.items() if price == 10.0] == ["03:00+0200", "03:10+0200", "03:20+0200"]
    autumn = hours_of_day("2025-10-26", "2025-10-27", [EARLY])
    assert [at for at, price in autumn.items() if price == 10.0] == [
        *("02:30+0200", "02:40+0200", "02:50+0200"),
        *("02:30+0100", "02:40+0100", "02:50+0100"),
        *("03:00+0100", "03:10+0100", "03:20+0100"),
    ]


def test_a_window_counts_by_the_day_and_month_in_which_it_began() -> None:
    friday_night = [NIGHT | {"days": ["fri"], "months": [10]}]
    assert hours_of_day("2025-10-31", "2025-11-01", friday_night)["05:50+0100"] == 30.0
    assert hours_of_day("2025-10-31", "2025-11-01", friday_night)["22:00+0100"] == 20.0
    assert hours_of_day("2025-11-01", "2025-11-02", friday_night)["05:50+0100"] == 20.0, "it began in October"
    assert hours_of_day("2025-11-01", "2025-11-02", friday_night)["22:00+0100"] == 30.0


def test_windows_at_odd_minutes_and_in_odd_zones() -> None:
    windows = [{"from": "10:07", "to": "10:13", "import_ct_kwh": 0.0}]
    assert hours_of_day("2025-11-20", "2025-11-21", windows)["10:00+0100"] == pytest.approx(30 * 0.7)
    told = Tariff.model_validate({"import_ct_kwh": 30.0, "export_ct_kwh": 8.0, "time_of_use": [NIGHT]})
    kathmandu = ZoneInfo("Asia/Kathmandu")  # 5:45 ahead of UTC
    six_s = round(dt.datetime(2025, 11, 20, 6, tzinfo=kathmandu).timestamp())
    steps = time_of_use_steps(told, kathmandu, six_s - 3600, six_s + 3600)
    assert (steps.mean(six_s - 900, six_s), steps.mean(six_s, six_s + 900)) == (20.0, 30.0)


@pytest.mark.parametrize(
    ("date", "following", "hours"), [("2025-03-30", "2025-03-31", 23), ("2025-10-26", "2025-10-27", 25)]
)
def test_the_market_has_a_product_for_every_hour_of_such_days_too(date: str, following: str, hours: int) -> None:
    first_s, last_s = midnight_s(date), midnight_s(following)
    steps = market_steps([Product(at, at + 900, float(at)) for at in range(first_s, last_s, 900)])
    blocks = [steps.mean(at, at + BLOCK_S) for at in range(first_s, last_s, BLOCK_S)]
    assert len(blocks) == hours * 6
    assert None not in blocks
    assert steps.known_until_s(at_s(f"{date} 00:00")) == last_s
