from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bitgrid.bus import Quality, Telemetry
from bitgrid.clock import HeldClock
from bitgrid.config import load_config
from bitgrid.control.blocks import BlockClock
from bitgrid.control.days import LocalDays
from bitgrid.control.signals import CounterHistory, History, SignalBook
from bitgrid.control.state_builder import StateBuilder
from bitgrid.kernel import Quality as KernelQuality
from bitgrid.kernel import Signal

CONFIG = load_config(Path(__file__).parents[2] / "config")
BERLIN = ZoneInfo("Europe/Berlin")


def told(value: float | list[float] | None, *, quality: Quality = Quality.GOOD, age_s: float = 0.0) -> Telemetry:
    return Telemetry(value=value, quality=quality, age_s=age_s, source="test")


class TestHistory:
    def test_a_value_holds_until_the_next(self) -> None:
        history = History(keep_s=600, gap_s=60)
        history.add(0, 100)
        history.add(30, 400)
        assert history.mean(0, 40) == pytest.approx((100 * 30 + 400 * 10) / 40)

    def test_only_the_time_asked_for_counts(self) -> None:
        history = History(keep_s=600, gap_s=60)
        history.add(0, 100)
        history.add(30, 400)
        assert history.mean(20, 40) == pytest.approx(250)
        assert history.mean(35, 40) == 400

    def test_nothing_is_known_of_a_time_before_the_first_value(self) -> None:
        history = History(keep_s=600, gap_s=60)
        assert history.mean(0, 10) is None
        history.add(20, 100)
        assert history.mean(0, 10) is None

    def test_does_not_grow(self) -> None:
        history = History(keep_s=60, gap_s=60)
        for second in range(10_000):
            history.add(second, 1)
        assert len(history._points) <= 62
        assert history.mean(9940, 10_000) == 1


class TestBook:
    def signal(self, book: SignalBook, now: float, name: str = "grid_power_w") -> Signal:
        return book.signal("meter", name, now, stale_after_s=30, missing_after_s=60)

    def test_quality_comes_with_age(self) -> None:
        book = SignalBook(600, 60)
        book.take("meter", "grid_power_w", told(5.0), now_boot_s=100)
        found = [
            (self.signal(book, now).quality, self.signal(book, now).value) for now in (100, 130, 131, 160, 161)
        ]
        assert found == [
            (KernelQuality.GOOD, 5),
            (KernelQuality.GOOD, 5),
            (KernelQuality.STALE, 5),
            (KernelQuality.STALE, 5),
            (KernelQuality.MISSING, None),
        ]

    def test_what_was_never_told_is_missing(self) -> None:
        assert self.signal(SignalBook(600, 60), 0).quality is KernelQuality.MISSING

    @pytest.mark.parametrize("message", [told(None), told(5.0, quality=Quality.INVALID), told([1.0])])
    def test_what_is_no_good_number_is_invalid(self, message: Telemetry) -> None:
        book = SignalBook(600, 60)
        book.take("meter", "grid_power_w", message, 0)
        assert self.signal(book, 0).quality is KernelQuality.INVALID

    def test_an_older_value_does_not_replace_a_newer(self) -> None:
        book = SignalBook(600, 60)
        book.take("meter", "grid_power_w", told(5.0), 100)
        book.take("meter", "grid_power_w", told(9.0, age_s=50), 110)
        assert self.signal(book, 110).value == 5

    def test_an_old_value_first_heard_as_old_is_kept_with_its_age(self) -> None:
        book = SignalBook(600, 60)
        book.take("meter", "grid_power_w", told(5.0, age_s=40, quality=Quality.STALE), 100)
        signal = self.signal(book, 110)
        assert (signal.value, signal.age_s, signal.quality) == (5, 50, KernelQuality.STALE)
        assert book.mean("meter", "grid_power_w", 0, 110) is None, "it is in no mean"

    def test_a_value_told_to_be_old_is_old_though_its_age_would_do(self) -> None:
        book = SignalBook(600, 60)
        book.take("meter", "grid_power_w", told(5.0), 100)
        book.take("meter", "grid_power_w", told(5.0, age_s=3, quality=Quality.STALE), 102)
        assert self.signal(book, 102).quality is KernelQuality.STALE
        book.take("meter", "grid_power_w", told(6.0), 103)
        assert (self.signal(book, 103).quality, self.signal(book, 103).value) == (KernelQuality.GOOD, 6)

    def test_the_same_value_told_again_is_no_older_one(self) -> None:
        book = SignalBook(600, 60)
        book.take("meter", "grid_power_w", told(5.0, age_s=10), 100)
        book.take("meter", "grid_power_w", told(6.0, age_s=20.0000001), 110)
        assert self.signal(book, 110).value == 6

    def test_the_age_a_message_carries_counts(self) -> None:
        book = SignalBook(600, 60)
        book.take("meter", "grid_power_w", told(5.0, age_s=31), 100)
        assert self.signal(book, 100).quality is KernelQuality.STALE

    def test_values_come_in_the_kernels_integers(self) -> None:
        book = SignalBook(600, 60)
        book.take("meter", "battery_soc_pct", told(58.05), 0)
        assert self.signal(book, 0, "battery_soc_pct").value in {580, 581}


class TestState:
    @pytest.fixture
    def clock(self) -> HeldClock:
        return HeldClock(wall_s=1_750_000_200.0)

    @pytest.fixture
    def book(self, clock: HeldClock) -> SignalBook:
        book = SignalBook(600, 60)
        for device, name, value in [
            ("inverter", "pv_power_w", 4000.0),
            ("meter", "grid_power_w", -1000.0),
            ("battery", "battery_power_w", 500.0),
            ("battery", "battery_soc_pct", 77.7),
        ]:
            book.take(device, name, told(value), clock.boot())
        return book

    @pytest.fixture
    def builder(self, book: SignalBook, clock: HeldClock) -> StateBuilder:
        return StateBuilder(CONFIG, book, BlockClock(clock, 600, 120), LocalDays(BERLIN))

    def test_requires_what_the_site_measures(self, builder: StateBuilder, clock: HeldClock) -> None:
        assert builder.latest({}).degraded == ()
        clock.advance(31)
        assert builder.latest({}).degraded == ("battery_power_w", "battery_soc_pct", "grid_power_w", "pv_power_w")

    def test_the_fixed_tariff_is_the_price_until_a_feed_tells_one(
        self, builder: StateBuilder, book: SignalBook, clock: HeldClock
    ) -> None:
        price = builder.latest({}).signals["import_price_ct_kwh"]
        assert (price.value, price.source) == (2400, "site.yaml")
        curve = Telemetry(value=[31.5, 20.0], source="market", first_block=int(clock.now() // 600))
        book.take("tariff", "import_prices_ct_kwh", curve, clock.boot())
        assert builder.latest({}).signals["import_price_ct_kwh"].value == 3150

    def test_the_local_day_changes_at_local_midnight(self, builder: StateBuilder, clock: HeldClock) -> None:
        clock.wall_s = 1_750_024_799.0  # 2025-06-15 23:59:59 in Berlin
        assert builder.latest({}).local_day == 20250615
        clock.wall_s += 1
        assert builder.latest({}).local_day == 20250616

    def test_the_window_takes_means_of_powers_and_the_newest_of_the_rest(
        self, builder: StateBuilder, book: SignalBook, clock: HeldClock
    ) -> None:
        clock.advance(10)
        book.take("meter", "grid_power_w", told(1000.0), clock.boot())
        book.take("battery", "battery_soc_pct", told(70.0), clock.boot())
        clock.advance(10)
        state = builder.of_window({}, 600)
        assert state.good("grid_power_w") == 0
        assert state.good("battery_soc_pct") == 700
        assert builder.latest({}).good("grid_power_w") == 1000

    def test_several_inverters_are_added_up_and_the_worst_of_them_counts(self, clock: HeldClock) -> None:
        second = CONFIG.site.devices[0].model_copy(update={"id": "garage"})
        site = CONFIG.site.model_copy(update={"devices": [*CONFIG.site.devices, second]})
        config = type(CONFIG)(site, CONFIG.rules, CONFIG.flags, CONFIG.policies)
        book = SignalBook(600, 60)
        builder = StateBuilder(config, book, BlockClock(clock, 600, 120), LocalDays(BERLIN))
        book.take("inverter", "pv_power_w", told(4000.0), clock.boot())
        assert builder.latest({}).signals["pv_power_w"].quality is KernelQuality.MISSING
        book.take("garage", "pv_power_w", told(500.0), clock.boot())
        assert builder.latest({}).good("pv_power_w") == 4500
        clock.advance(31)
        book.take("inverter", "pv_power_w", told(4000.0), clock.boot())
        assert builder.latest({}).signals["pv_power_w"].quality is KernelQuality.STALE


class TestCounters:
    def test_a_counter_rises_by_what_it_counted_in_the_window(self) -> None:
        counter = CounterHistory(keep_s=600)
        for at_s, value in ((0, 100), (300, 130), (600, 175), (900, 190)):
            counter.add(at_s, value)
        assert counter.increase(300, 900) == 60
        assert counter.increase(600, 900) == 15

    def test_one_that_begins_anew_counts_from_nought(self) -> None:
        counter = CounterHistory(keep_s=600)
        for at_s, value in ((0, 100), (60, 130), (120, 4), (180, 10)):
            counter.add(at_s, value)
        assert counter.increase(0, 180) == 30 + 4 + 6

    def test_one_reading_tells_nothing(self) -> None:
        counter = CounterHistory(keep_s=600)
        assert counter.increase(0, 60) is None
        counter.add(30, 100)
        assert counter.increase(0, 60) is None

    def test_what_is_older_than_the_window_is_forgotten_but_for_where_it_begins(self) -> None:
        counter = CounterHistory(keep_s=600)
        for minute in range(60):
            counter.add(minute * 60.0, minute * 10.0)
        assert counter.increase(3540 - 600, 3540) == 100
        assert counter.increase(0, 3540) == 100

    def test_the_book_counts_what_is_a_counter_and_nothing_else(self) -> None:
        book = SignalBook(window_s=600, gap_s=60)
        for at_s, value in ((0, 100.0), (300, 160.0)):
            book.take("miner", "accepted_shares", Telemetry(value=value, source="miner"), at_s)
            book.take("miner", "temp_c", Telemetry(value=value, source="miner"), at_s)
        assert book.increase("miner", "accepted_shares", 0, 300) == 60
        assert book.increase("miner", "temp_c", 0, 300) is None
        assert book.increase("heater", "accepted_shares", 0, 300) is None
