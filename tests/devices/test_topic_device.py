"""Devices that tell by MQTT: what is believed, how old it is, and when they count as silent."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitgrid.bus import Quality, Telemetry, Topics, decode
from bitgrid.bus.memory import MemoryBus
from bitgrid.clock import HeldClock
from bitgrid.config import DeviceConfig
from bitgrid.config.profiles import TopicPoint, TopicProfile, TopicSignal
from bitgrid.config.profiling import load_profile
from bitgrid.config.signals import SignalName
from bitgrid.devices.errors import DeviceError, DeviceNonsense, DeviceSilent
from bitgrid.devices.mqtt.source import MAX_PAYLOAD_BYTES, SILENT_S, TopicDevice
from bitgrid.devices.poller import DevicePoller
from bitgrid.devices.ports import Dated, Heard
from near import EXAMPLES, spoiled

PROFILES = Path(__file__).parents[2] / "config" / "devices"
NOON_S = 1_780_000_000.0


@dataclass(frozen=True)
class Said:
    topic: str
    payload: bytes
    retained: bool = False


class Air:
    """What carries messages to whoever listens."""

    def __init__(self) -> None:
        self.handlers: dict[str, list[object]] = {}

    def listen(self, topic: str, handler: object) -> None:
        self.handlers.setdefault(topic, []).append(handler)

    def say(self, topic: str, payload: bytes, *, retained: bool = False) -> None:
        said: Heard = Said(topic, payload, retained)
        for handler in self.handlers.get(topic, []):
            handler(said)  # type: ignore[operator]


class Bench:
    """A device of a profile, the air, and the time."""

    def __init__(self, profile: TopicProfile, *signals: SignalName, topic: str | None = "cellar") -> None:
        self.clock, self.air = HeldClock(wall_s=NOON_S), Air()
        self.device = TopicDevice("reader", self.air.listen, profile, topic, signals, self.clock)


def shipped(name: str, *signals: SignalName) -> Bench:
    profile = load_profile(PROFILES / f"{name}.yaml")
    assert isinstance(profile, TopicProfile)
    return Bench(profile, *signals)


def dated() -> Bench:
    """A device whose messages name their time."""
    point = TopicPoint(topic="{topic}/power", pointer="/w", unit="W")
    signal = TopicSignal(points=[point], time_pointer="/at")
    profile = TopicProfile(
        schema=1,
        name="Dated",
        source="this test's own form",
        checked="documentation",
        transport="mqtt",
        signals={"grid_power_w": signal},
    )
    return Bench(profile, "grid_power_w")


def test_an_infrared_reader_at_the_utilitys_meter() -> None:
    bench = shipped("tasmota_sml", "grid_power_w")
    bench.air.say("tele/cellar/SENSOR", b'{"Time":"2026-05-01T12:00:00","SML":{"Total_in":1.5,"Power_curr":-431}}')
    assert bench.device.read() == {"grid_power_w": Dated(-431.0, bench.clock.boot())}


def test_bare_numbers_a_topic_each() -> None:
    bench = shipped("mqtt_number", "pv_power_w", "battery_soc_pct")
    bench.air.say("cellar/pv_power_w", b"1250.5\n")
    with pytest.raises(DeviceSilent, match="nothing yet on cellar/battery_soc_pct"):
        bench.device.read()
    bench.air.say("cellar/battery_soc_pct", b"71")
    told = bench.device.read()
    assert {name: one.value for name, one in told.items()} == {"pv_power_w": 1250.5, "battery_soc_pct": 71.0}


def test_a_value_keeps_the_age_of_its_message() -> None:
    bench = shipped("mqtt_number", "grid_power_w")
    bench.air.say("cellar/grid_power_w", b"5")
    heard = bench.clock.boot()
    bench.clock.advance(20)
    assert bench.device.read()["grid_power_w"] == Dated(5.0, heard)


def test_silence_is_told_and_nothing_is_made_up() -> None:
    bench = shipped("mqtt_number", "grid_power_w")
    bench.air.say("cellar/grid_power_w", b"5")
    bench.clock.advance(SILENT_S)
    bench.device.read()
    bench.clock.advance(1)
    with pytest.raises(DeviceSilent, match=r"told nothing for 61 s.*cellar/grid_power_w"):
        bench.device.read()
    bench.air.say("cellar/grid_power_w", b"6")
    assert bench.device.read()["grid_power_w"].value == 6.0


def test_what_the_broker_kept_is_not_believed() -> None:
    bench = shipped("mqtt_number", "grid_power_w")
    bench.air.say("cellar/grid_power_w", b"-3000", retained=True)
    with pytest.raises(DeviceSilent, match="nothing yet"):
        bench.device.read()


def test_what_the_broker_kept_counts_with_its_own_time_but_is_no_sign_of_life() -> None:
    bench = dated()
    bench.air.say("cellar/power", b'{"w": 7, "at": %d}' % (NOON_S - 25), retained=True)
    assert bench.device.read()["grid_power_w"] == Dated(7.0, bench.clock.boot() - 25)
    bench.clock.advance(SILENT_S + 1)
    with pytest.raises(DeviceSilent):
        bench.device.read()


@pytest.mark.parametrize(
    ("told", "age_s"),
    [
        (b"%d" % (NOON_S - 40), 40.0),
        (b'"2026-05-28T20:26:00+00:00"', 40.0),
        (b'"2026-05-28T22:26:00+02:00"', 40.0),
        (b"%d" % (NOON_S + 50), 0.0),
    ],
)
def test_an_old_value_told_anew_keeps_its_old_time(told: bytes, age_s: float) -> None:
    bench = dated()
    bench.air.say("cellar/power", b'{"w": 7, "at": ' + told + b"}")
    assert bench.device.read()["grid_power_w"].boot_s == pytest.approx(bench.clock.boot() - age_s)


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        (b'{"w": 7, "at": %d}' % (NOON_S + 61), "61 s in the future"),
        (b'{"w": 7, "at": "2026-05-28T20:26:00"}', "with its zone"),
        (b'{"w": 7, "at": "yesterday"}', "with its zone"),
        (b'{"w": 7}', "with its zone"),
        (b'{"w": 7, "at": -1}', "with its zone"),
        (b"7", "with its zone"),
        (b"no json", "instead of JSON"),
    ],
)
def test_a_message_of_unknown_time_is_no_value(payload: bytes, words: str) -> None:
    bench = dated()
    bench.air.say("cellar/power", payload)
    with pytest.raises(DeviceNonsense, match=words):
        bench.device.read()


def test_a_huge_message_is_refused_without_being_kept() -> None:
    bench = shipped("mqtt_number", "grid_power_w")
    bench.air.say("cellar/grid_power_w", b"1" * (10 * MAX_PAYLOAD_BYTES))
    with pytest.raises(DeviceNonsense, match="more than 65536 bytes"):
        bench.device.read()


@EXAMPLES
@given(payload=spoiled({"w": 7, "at": NOON_S, "SML": {"Power_curr": -431}}), is_dated=st.booleans())
def test_what_is_nearly_a_message_tells_a_finite_number_of_the_past_or_none(
    payload: bytes, *, is_dated: bool
) -> None:
    bench = dated() if is_dated else shipped("tasmota_sml", "grid_power_w")
    bench.air.say("cellar/power" if is_dated else "tele/cellar/SENSOR", payload)
    try:
        told = bench.device.read()["grid_power_w"]
    except DeviceError:
        return
    assert told.value is None or math.isfinite(told.value)
    assert told.boot_s <= bench.clock.boot()


WRONG = {
    "nothing": b"",
    "a word": b"online",
    "not UTF-8": b"\xff\xfe7",
    "NaN": b"NaN",
    "infinite": b"-Infinity",
    "too large": b"1e999",
    "a true": b"true",
    "null": b"null",
    "a list": b"[-431]",
    "an object": b'{"value": -431}',
    "by Python alone": b"4_31",
    "other digits": "٤٣١".encode(),
    "no home's": b"9e8",
    "oversized": b"1" * (2 * MAX_PAYLOAD_BYTES),
}


@pytest.mark.parametrize("as_json", [False, True])
@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_message_is_published_as_no_good_value_and_the_next_right_one_is(
    *, name: str, as_json: bool
) -> None:
    bench = shipped("tasmota_sml" if as_json else "mqtt_number", "grid_power_w")
    topic = "tele/cellar/SENSOR" if as_json else "cellar/grid_power_w"
    bus, heard = MemoryBus(), list[Telemetry | None]()
    bus.subscribe("#", lambda received: heard.append(decode(Telemetry, received.payload)))
    config = DeviceConfig(
        id="reader",
        kind="profile",
        profile="mqtt_number",
        topic="cellar",
        signals=["grid_power_w"],
        poll_interval_s=5,
    )
    poller = DevicePoller(config, bench.device, bus, Topics("home"), bench.clock, random.Random(1))
    for payload in (WRONG[name], b"-431"):
        bench.air.say(topic, b'{"SML": {"Power_curr": %b}}' % payload if as_json else payload)
        poller.step()
        bench.clock.advance(30)
    good = [told.value for told in heard if told is not None and told.quality is Quality.GOOD]
    assert good == [-431.0]
    assert None not in heard
    assert not poller.problem


def test_a_flood_costs_no_more_than_its_last_message() -> None:
    bench = shipped("mqtt_number", "grid_power_w")
    for watts in range(20_000):
        bench.air.say("cellar/grid_power_w", b"%d" % watts)
        bench.air.say(f"cellar/{watts}", b"x" * 100)
    assert bench.device.read()["grid_power_w"].value == 19_999.0
    assert len(bench.device._messages) == 1


@given(payload=st.binary(max_size=40), is_json=st.booleans())
def test_no_message_gets_past_as_anything_but_an_error_or_a_finite_number(payload: bytes, is_json: bool) -> None:
    bench = dated() if is_json else shipped("mqtt_number", "grid_power_w")
    bench.air.say("cellar/power" if is_json else "cellar/grid_power_w", payload)
    try:
        value = bench.device.read()["grid_power_w"].value
    except DeviceError:
        return
    assert value is None or math.isfinite(value)
