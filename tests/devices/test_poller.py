from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from bitgrid.bus import Received, Telemetry, Topics, decode
from bitgrid.bus.memory import MemoryBus
from bitgrid.clock import HeldClock
from bitgrid.config import DeviceConfig
from bitgrid.config.signals import SignalName
from bitgrid.devices.errors import DeviceSilent
from bitgrid.devices.poller import DevicePoller
from bitgrid.devices.ports import Dated, Told

TOPICS = Topics("home")


@dataclass
class Source:
    """A device that tells what a test says."""

    values: dict[SignalName, Told]
    is_silent: bool = False
    takes: Callable[[], object] = lambda: None
    reads: int = 0

    def read(self) -> dict[SignalName, Told]:
        self.reads += 1
        self.takes()
        if self.is_silent:
            raise DeviceSilent("192.0.2.1:502 gave no answer")
        return dict(self.values)


@dataclass
class Bench:
    """A poller, its device, and what it published."""

    values: dict[SignalName, Told]
    invert_sign: list[SignalName] = field(default_factory=list)
    interval_s: int = 10

    def __post_init__(self) -> None:
        self.clock, self.bus, self.source = HeldClock(), MemoryBus(), Source(self.values)
        self.device = DeviceConfig(
            id="battery",
            kind="sunspec",
            host="192.0.2.1",
            signals=list(self.values),
            invert_sign=self.invert_sign,
            poll_interval_s=self.interval_s,
        )
        self.poller = DevicePoller(self.device, self.source, self.bus, TOPICS, self.clock, random.Random(1))
        self.told: dict[str, Telemetry] = {}
        self.bus.subscribe(TOPICS.telemetry("+", "+"), self._hear)

    def _hear(self, received: Received) -> None:
        told = decode(Telemetry, received.payload)
        assert told is not None
        self.told[received.topic] = told

    def signal(self, name: str) -> Telemetry:
        return self.told[TOPICS.telemetry("battery", name)]

    def live(self, seconds: float) -> None:
        for _ in range(round(seconds)):
            self.poller.step()
            self.clock.advance(1)


def test_every_signal_is_published_with_its_source() -> None:
    bench = Bench({"battery_power_w": -1200.0, "battery_soc_pct": 61.5})
    bench.live(1)
    power = bench.signal("battery_power_w")
    assert (power.value, power.quality, power.age_s, power.source) == (-1200, "good", 0, "battery")
    assert bench.signal("battery_soc_pct").value == 61.5


def test_a_value_is_as_old_as_the_question() -> None:
    bench = Bench({"grid_power_w": 5.0})
    bench.source.takes = lambda: bench.clock.advance(2.5)
    bench.live(1)
    assert bench.signal("grid_power_w").age_s == 2.5


def test_a_value_says_when_it_was_sent_so_that_it_ages_on_its_way() -> None:
    bench = Bench({"grid_power_w": 5.0})
    bench.source.takes = lambda: bench.clock.advance(2.5)
    bench.live(1)
    assert bench.signal("grid_power_w").age_at_s(bench.clock.boot() + 40) == 2.5 + 41


def test_it_polls_at_its_interval() -> None:
    bench = Bench({"grid_power_w": 5.0}, interval_s=10)
    bench.live(100)
    assert bench.source.reads == 10
    assert bench.poller.step() == pytest.approx(10)


def test_a_sign_that_site_yaml_inverts_is_inverted() -> None:
    bench = Bench({"battery_power_w": -1200.0, "battery_soc_pct": 50.0}, invert_sign=["battery_power_w"])
    bench.live(1)
    assert (bench.signal("battery_power_w").value, bench.signal("battery_soc_pct").value) == (1200, 50)


@pytest.mark.parametrize(
    ("signal", "value"),
    [
        ("battery_soc_pct", 100.5),
        ("battery_soc_pct", -0.1),
        ("grid_power_w", 200_001.0),
        ("grid_power_w", -200_001.0),
        ("pv_power_w", -1_500.0),
    ],
)
def test_a_value_that_cannot_be_is_invalid(signal: SignalName, value: float) -> None:
    bench = Bench({signal: value})
    bench.live(1)
    assert bench.signal(signal).quality == "invalid"
    assert f"tells {signal} as {value:g}, which no home can have" in bench.poller.problem


def test_a_value_that_is_not_told_is_missing_and_named_in_the_health() -> None:
    bench = Bench({"battery_power_w": 1.0, "battery_soc_pct": None})
    bench.live(1)
    soc = bench.signal("battery_soc_pct")
    assert (soc.value, soc.quality) == (None, "missing")
    assert bench.poller.problem == "battery answers, but does not tell battery_soc_pct"


def test_a_silent_device_publishes_nothing_and_is_named_in_the_health() -> None:
    bench = Bench({"grid_power_w": 5.0})
    bench.live(1)
    bench.told.clear()
    bench.source.is_silent = True
    bench.live(60)
    assert bench.told == {}
    assert bench.poller.problem == "battery: 192.0.2.1:502 gave no answer"
    assert bench.poller.details()["answer_age_s"] == 61


@pytest.mark.parametrize("interval_s", [1, 5, 10, 30, 60])
def test_a_device_that_comes_back_is_heard_within_two_intervals_and_a_minute(interval_s: int) -> None:
    for silent_s in (interval_s, 7 * interval_s, 600):
        bench = Bench({"grid_power_w": 5.0}, interval_s=interval_s)
        bench.source.is_silent = True
        bench.live(silent_s)
        bench.source.is_silent = False
        bench.live(min(2 * interval_s, 60) + 1)
        assert bench.poller.problem == ""
        assert bench.signal("grid_power_w").value == 5


def test_a_silent_device_is_asked_less_often_and_not_in_step_with_others() -> None:
    bench = Bench({"grid_power_w": 5.0}, interval_s=10)
    bench.source.is_silent = True
    bench.live(1000)
    assert 50 <= bench.source.reads <= 70


def test_a_value_from_earlier_keeps_its_own_age() -> None:
    bench = Bench({"battery_power_w": 1.0, "battery_soc_pct": Dated(50.0, HeldClock().boot_s)}, interval_s=10)
    bench.live(11)
    assert (bench.signal("battery_power_w").age_s, bench.signal("battery_soc_pct").age_s) == (0, 10)
    assert bench.signal("battery_soc_pct").value == 50


def test_what_a_frozen_device_tells_is_stale_and_named_in_the_health() -> None:
    bench = Bench({"grid_power_w": -2500.0})
    bench.live(900)
    assert bench.signal("grid_power_w").quality == "good"
    bench.live(10)
    frozen = bench.signal("grid_power_w")
    assert (frozen.value, frozen.quality) == (-2500, "stale")
    assert bench.poller.problem.startswith(
        "battery is frozen: it has told exactly the same grid_power_w for 900 s"
    )


def test_a_device_that_thaws_is_good_again() -> None:
    bench = Bench({"grid_power_w": -2500.0})
    bench.live(1000)
    bench.source.values["grid_power_w"] = -2499.0
    bench.live(10)
    assert (bench.signal("grid_power_w").quality, bench.poller.problem) == ("good", "")


def test_an_implausible_value_stays_invalid_however_long_it_is_told() -> None:
    bench = Bench({"grid_power_w": 300_000.0})
    bench.live(2000)
    assert bench.signal("grid_power_w").quality == "invalid"
