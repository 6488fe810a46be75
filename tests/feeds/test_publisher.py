"""The feeds on the bus: the tariff and the PV forecast of a new house."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from bitgrid.bus import Received, Telemetry, Topics, decode
from bitgrid.bus.memory import MemoryBus
from bitgrid.clock import HeldClock
from bitgrid.config import Config, load_config
from bitgrid.feeds.errands import Errands
from bitgrid.feeds.house_feeds import house_feeds
from bitgrid.feeds.means import Means
from bitgrid.feeds.port import Told
from bitgrid.feeds.publisher import FeedsPublisher
from bitgrid.store.feeds import FeedsStore
from feeds.now import AtOnce

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


def nobody(*_url: str, **_how: object) -> bytes:
    raise AssertionError("a feed that nobody asked for went to the internet")


def publisher(config: Config, bus: MemoryBus, clock: HeldClock) -> FeedsPublisher:
    with TemporaryDirectory() as place:
        store = FeedsStore(Path(place) / "feeds.sqlite")
        feeds = house_feeds(config, Means(clock, store, Errands(AtOnce()), nobody)).feeds
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
    assert forecast.source == "clear sky of the roof in site.yaml"
    assert forecast.first_block == NOON_S // 600
    assert isinstance(forecast.value, list)
    assert len(forecast.value) == 36 * 6


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
    assert len(after) == len(before)
    assert all(low <= median <= high for low, median, high in after)  # type: ignore[misc]
    nights = [[index for index, told in enumerate(curve) if told == (0, 0, 0)] for curve in (before, after)]
    assert [index - 1 for index in nights[0] if index] == [index for index in nights[1] if index < len(after) - 1]


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


def test_a_house_that_neither_names_nor_measures_pv_gets_no_forecast(
    config: Config, clock: HeldClock, bus: MemoryBus
) -> None:
    devices = [device for device in config.site.devices if "pv_power_w" not in device.signals]
    site = config.site.model_copy(update={"pv": [], "devices": devices})
    ear = Ear(bus)
    feeds = publisher(Config(site, config.rules, config.flags, config.policies), bus, clock)
    assert feeds.step() == ""
    assert set(ear.take()) == {f"{PREFIX}/tariff/import_price_ct_kwh", f"{PREFIX}/tariff/export_price_ct_kwh"}


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


class OneThatFails(OneWithATrouble):
    """A feed with a fault of its own."""

    def step(self) -> None:
        raise ZeroDivisionError


def test_a_feed_that_fails_does_not_silence_the_others(config: Config, clock: HeldClock, bus: MemoryBus) -> None:
    ear = Ear(bus)
    with TemporaryDirectory() as place:
        means = Means(clock, FeedsStore(Path(place) / "feeds.sqlite"), Errands(AtOnce()), nobody)
        feeds = (OneThatFails(), *house_feeds(config, means).feeds)
    said = FeedsPublisher(feeds, bus, Topics("home"), clock, 600).step()
    assert said == "OneThatFails failed (ZeroDivisionError); what it knew grows old"
    assert ear.take()[f"{PREFIX}/tariff/import_price_ct_kwh"].value == 24.0
