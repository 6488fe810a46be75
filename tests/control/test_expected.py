"""The forecast in force: several curves told apart, put together by their blocks."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bitgrid.bus import Curve, Quality, Telemetry
from bitgrid.clock import HeldClock
from bitgrid.control.blocks import BlockClock
from bitgrid.control.expected import FORECAST_STALE_S, Expected
from bitgrid.control.signals import SignalBook
from bitgrid.kernel import Forecast

BLOCK = 2_916_667
PV, LOAD = ("forecast", "pv_forecast_w"), ("forecast", "load_forecast_w")
IMPORT, EXPORT = ("tariff", "import_prices_ct_kwh"), ("tariff", "export_prices_ct_kwh")
Tell = Callable[..., None]


@pytest.fixture
def clock() -> HeldClock:
    return HeldClock(wall_s=BLOCK * 600.0)


@pytest.fixture
def book() -> SignalBook:
    return SignalBook(600, 60)


@pytest.fixture
def expected(book: SignalBook, clock: HeldClock) -> Expected:
    return Expected(book, BlockClock(clock, 600, 120))


@pytest.fixture
def tell(book: SignalBook, clock: HeldClock) -> Tell:
    def say(
        curve: tuple[str, str],
        values: Curve,
        first_block: int | None = BLOCK,
        *,
        age_s: float = 0.0,
        good: bool = True,
    ) -> None:
        quality = Quality.GOOD if good else Quality.INVALID
        told = Telemetry(value=values, source="feed", first_block=first_block, age_s=age_s, quality=quality)
        book.take(*curve, told, clock.boot())

    return say


def in_force(expected: Expected) -> Forecast:
    forecast = expected.forecast()
    assert forecast is not None
    return forecast


def test_nothing_told_is_no_forecast(expected: Expected) -> None:
    assert expected.forecast() is None
    assert expected.price("import_price_ct_kwh") is None


def test_curves_are_laid_block_over_block(expected: Expected, tell: Tell) -> None:
    tell(PV, [(1.0, 2.0, 3.0), (10.0, 20.0, 30.0)])
    tell(LOAD, [9.0, 300.0, 310.0], BLOCK - 1)
    tell(IMPORT, [0.0, 30.25, 31.0], BLOCK - 1)
    tell(EXPORT, [-1.5, 8.0])
    forecast = in_force(expected)
    assert forecast == Forecast(
        BLOCK, (2, 20), (1, 10), (3, 30), load_w=(300, 310), import_prices=(3025, 3100), export_prices=(-150, 800)
    )


def test_prices_alone_are_a_forecast_a_household_alone_is_none(expected: Expected, tell: Tell) -> None:
    tell(LOAD, [300.0])
    assert expected.forecast() is None
    tell(IMPORT, [30.0])
    assert in_force(expected).import_prices == (3000,)


def test_a_curve_that_begins_later_or_names_no_block_is_none(expected: Expected, tell: Tell) -> None:
    tell(PV, [1.0, 2.0], BLOCK + 1)
    assert expected.forecast() is None
    tell(PV, [1.0, 2.0], None)
    assert expected.forecast() is None


@pytest.mark.parametrize("values", [[-1.0, 5.0], [(3.0, 2.0, 4.0)], [(1.0, 2.0, 1.5)], [(-1.0, 2.0, 3.0)]])
def test_watts_that_cannot_be_are_no_forecast(expected: Expected, tell: Tell, values: Curve) -> None:
    tell(PV, values)
    assert expected.forecast() is None


def test_a_newer_forecast_that_says_the_same_does_not_replace_the_one_in_force(
    expected: Expected, tell: Tell, clock: HeldClock
) -> None:
    tell(PV, [1.0, 2.0, 3.0, 4.0])
    first = in_force(expected)
    clock.advance(600)
    tell(PV, [2.0, 3.0, 4.0, 5.0], BLOCK + 1)
    assert in_force(expected) is first
    tell(PV, [2.0, 3.5, 4.0, 5.0], BLOCK + 1)
    assert in_force(expected) == Forecast(BLOCK + 1, (2, 4, 4, 5))


def test_a_new_price_replaces_it_though_the_sun_stays(expected: Expected, tell: Tell) -> None:
    tell(PV, [1.0, 2.0])
    tell(IMPORT, [30.0, 30.0])
    tell(IMPORT, [30.0, 31.0])
    assert in_force(expected).import_prices == (3000, 3100)


def test_a_forecast_nobody_tells_any_more_ends_prices_hold_until_they_end(
    expected: Expected, tell: Tell, clock: HeldClock
) -> None:
    blocks = FORECAST_STALE_S // 600
    tell(PV, [1000.0] * 144)
    tell(IMPORT, [30.0] * (blocks + 3))
    clock.advance(FORECAST_STALE_S)
    assert in_force(expected).pv_w
    clock.advance(600)
    forecast = in_force(expected)
    assert forecast.pv_w == ()
    assert forecast.import_prices == (3000,) * 2
    price = expected.price("import_price_ct_kwh")
    assert price is not None
    assert (price.value, price.age_s) == (3000, FORECAST_STALE_S + 600)
    clock.advance(1200)
    assert expected.price("import_price_ct_kwh") is None


def test_a_price_learned_long_ago_and_told_anew_keeps_its_age(expected: Expected, tell: Tell) -> None:
    tell(IMPORT, [30.0], age_s=40_000.0)
    price = expected.price("import_price_ct_kwh")
    assert price is not None
    assert (price.age_s, price.source) == (40_000, "feed")


def test_a_forecast_learned_long_ago_counts_while_it_is_told(expected: Expected, tell: Tell) -> None:
    tell(PV, [1000.0], age_s=2 * FORECAST_STALE_S)
    assert in_force(expected).pv_w == (1000,)


def test_a_forecast_that_its_feed_no_longer_vouches_for_is_none(expected: Expected, tell: Tell) -> None:
    tell(PV, [1000.0])
    tell(PV, [1000.0], good=False)
    assert expected.forecast() is None


def test_a_forecast_is_shown_from_this_block_on_with_its_source_and_its_age(
    expected: Expected, tell: Tell, clock: HeldClock
) -> None:
    tell(PV, [(1.0, 1000.0, 2000.0), (2.0, 1100.0, 2100.0), (3.0, 1200.0, 2200.0)], age_s=300.0)
    tell(LOAD, [400.0, 500.0])
    clock.advance(660)
    view = expected.views()["pv_forecast_w"]
    assert (view.value, view.source, view.quality) == ([1100.0, 1200.0], "feed", Quality.GOOD)
    assert view.age_s == 960.0
    assert expected.views()["load_forecast_w"].value == [500.0]
    clock.advance(600)
    assert set(expected.views()) == {"pv_forecast_w"}


def test_a_forecast_that_no_rule_goes_by_any_more_is_shown_as_old(
    expected: Expected, tell: Tell, clock: HeldClock
) -> None:
    tell(PV, [1000.0] * 144)
    clock.advance(FORECAST_STALE_S)
    assert expected.views()["pv_forecast_w"].quality is Quality.GOOD
    clock.advance(1)
    assert expected.views()["pv_forecast_w"].quality is Quality.STALE
    assert expected.forecast() is None


def test_a_forecast_that_waited_on_its_way_is_not_fresh_when_it_comes(
    expected: Expected, book: SignalBook, clock: HeldClock
) -> None:
    told = Telemetry(value=[1000.0] * 144, source="feed", first_block=BLOCK, sent_boot_s=clock.boot())
    clock.advance(FORECAST_STALE_S + 1)
    book.take(*PV, told, clock.boot())
    assert expected.forecast() is None
    assert expected.views()["pv_forecast_w"].quality is Quality.STALE
