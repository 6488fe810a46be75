"""The feeds on the bus: the tariff and a forecast of a cloudless sky."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Never

import pytest

from bitgrid.bus import Received, Telemetry, Topics, decode
from bitgrid.bus.memory import MemoryBus
from bitgrid.clock import HeldClock
from bitgrid.config import Config, load_config
from bitgrid.feeds.clearsky import ClearSkyFeed, pv_forecast_w
from bitgrid.feeds.port import Told
from bitgrid.feeds.prices.market import Outside
from bitgrid.feeds.publisher import FeedsPublisher
from bitgrid.feeds.tariff import TariffFeed

CONFIG = Path(__file__).parents[2] / "config"
NOON_S = 1_718_967_600.0  # 2024-06-21T11:00:00Z, the beginning of a block
PREFIX = "bitgrid/home/telemetry"


class Ear:
    """Hears all telemetry."""

    def __init__(self, bus: MemoryBus) -> None:
        self.heard: list[tuple[str, Telemetry]] = []
        bus.subscribe("bitgrid/#", self._on)

    def _on(self, received: Received) -> None:
        message = decode(Telemetry, received.payload)
        assert message is not None
        self.heard.append((received.topic, message))

    def take(self) -> dict[str, Telemetry]:
        heard, self.heard = self.heard, []
        assert len({topic for topic, _ in heard}) == len(heard), "something was said twice"
        return dict(heard)


class Nobody:
    """Who a fixed tariff asks, and where it keeps what it learns."""

    def __getattr__(self, name: str) -> Never:
        pytest.fail(f"a fixed tariff needs no {name}")

    def __call__(self, *_args: object, **_kwargs: object) -> Never:
        pytest.fail("a fixed tariff asks nobody")


def publisher(config: Config, bus: MemoryBus, clock: HeldClock) -> FeedsPublisher:
    nobody: Any = Nobody()
    outside = Outside(clock, nobody, nobody, nobody)
    feeds = (TariffFeed(config.site, outside, 600), ClearSkyFeed(config.site, clock, 600))
    return FeedsPublisher(feeds, bus, Topics("home"), clock, 600)


@pytest.fixture
def config() -> Config:
    return load_config(CONFIG)


@pytest.fixture
def clock() -> HeldClock:
    return HeldClock(wall_s=NOON_S)


@pytest.fixture
def bus() -> MemoryBus:
    return MemoryBus()


def test_the_tariff_and_the_forecast_are_told_at_once(config: Config, clock: HeldClock, bus: MemoryBus) -> None:
    ear = Ear(bus)
    publisher(config, bus, clock).step()
    heard = ear.take()
    assert heard[f"{PREFIX}/tariff/import_price_ct_kwh"].value == 24.0
    assert heard[f"{PREFIX}/tariff/export_price_ct_kwh"].value == 8.0
    assert heard[f"{PREFIX}/tariff/import_price_ct_kwh"].source == "fixed tariff"
    forecast = heard[f"{PREFIX}/forecast/pv_forecast_w"]
    assert forecast.source == "clear-sky"
    assert forecast.first_block == NOON_S // 600
    assert isinstance(forecast.value, list)
    assert len(forecast.value) == 144


def test_they_are_told_once_a_minute(config: Config, clock: HeldClock, bus: MemoryBus) -> None:
    ear, feeds = Ear(bus), publisher(config, bus, clock)
    feeds.step()
    ear.take()
    clock.advance(59)
    feeds.step()
    assert ear.take() == {}
    clock.advance(1)
    feeds.step()
    assert len(ear.take()) == 3


def test_a_new_block_is_told_at_once_with_the_forecast_moved_on(
    config: Config, clock: HeldClock, bus: MemoryBus
) -> None:
    ear, feeds = Ear(bus), publisher(config, bus, clock)
    clock.wall_s = NOON_S + 595
    feeds.step()
    before = ear.take()[f"{PREFIX}/forecast/pv_forecast_w"].value
    clock.advance(5)
    feeds.step()
    after = ear.take()[f"{PREFIX}/forecast/pv_forecast_w"].value
    assert isinstance(before, list)
    assert isinstance(after, list)
    assert after[:-1] == before[1:]


def test_when_the_broker_is_back_they_are_told_at_once(config: Config, clock: HeldClock, bus: MemoryBus) -> None:
    ear, feeds = Ear(bus), publisher(config, bus, clock)
    feeds.step()
    ear.take()
    bus.is_connected = False
    clock.advance(10)
    feeds.step()
    bus.is_connected = True
    clock.advance(5)
    feeds.step()
    assert len(ear.take()) == 3


def test_a_clock_that_steps_back_does_not_silence_the_feeds(
    config: Config, clock: HeldClock, bus: MemoryBus
) -> None:
    ear, feeds = Ear(bus), publisher(config, bus, clock)
    feeds.step()
    ear.take()
    clock.wall_s -= 7200
    feeds.step()
    assert len(ear.take()) == 3


def test_a_house_without_pv_gets_no_forecast(config: Config, clock: HeldClock, bus: MemoryBus) -> None:
    site = config.site.model_copy(update={"pv": []})
    ear = Ear(bus)
    publisher(Config(site, config.rules, config.flags, config.policies), bus, clock).step()
    assert set(ear.take()) == {f"{PREFIX}/tariff/import_price_ct_kwh", f"{PREFIX}/tariff/export_price_ct_kwh"}


def test_the_forecast_begins_with_the_present_block_and_covers_a_day(config: Config) -> None:
    forecast_w = pv_forecast_w(config.site, int(NOON_S // 600), 600)
    assert forecast_w[0] == pytest.approx(6000, rel=0.05)
    assert forecast_w[6 * 12] == 0, "midnight"
    assert forecast_w[-1] == pytest.approx(forecast_w[0], rel=0.02), "the next noon"
    assert len(pv_forecast_w(config.site, int(NOON_S // 3600), 3600)) == 24


class OneWithATrouble:
    """A feed that knows nothing, and says why."""

    def step(self) -> None:
        pass

    def told(self) -> tuple[Told, ...]:
        return ()

    def problem(self) -> str:
        return "the market does not answer"


def test_what_is_wrong_with_a_feed_is_said_with_and_without_a_broker(clock: HeldClock, bus: MemoryBus) -> None:
    feeds = FeedsPublisher((OneWithATrouble(), OneWithATrouble()), bus, Topics("home"), clock, 600)
    said = "the market does not answer; the market does not answer"
    assert feeds.step() == said
    bus.is_connected = False
    assert feeds.step() == said
