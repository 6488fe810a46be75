"""Whatever a hostile Modbus server sends: a figure out of the one frame that fits, nothing, or a `DeviceError`."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from contextlib import suppress
from unittest.mock import patch

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pymodbus.client import ModbusTcpClient

from bitgrid.clock import HeldClock
from bitgrid.config.profiles import REGISTERS_OF, RegisterProfile
from bitgrid.config.profiling import load_profile
from bitgrid.devices.errors import DeviceBusy, DeviceError, DeviceRefused
from bitgrid.devices.modbus.connection import ModbusConnection
from bitgrid.devices.modbus.register_map import RegisterMapDevice
from bitgrid.devices.modbus.sunspec import SunSpecDevice
from bitgrid.devices.modbus.sunspec_about import about
from bitgrid.devices.modbus.sunspec_models import find_models
from bitgrid.devices.ports import figure
from bitgrid.devices.transport import RegisterFunction
from plant.house import CONFIG

EXAMPLES = settings(max_examples=200, deadline=None)
UNIT, ADDRESS, COUNT = 1, 100, 3
LOADED = {path.stem: load_profile(path) for path in sorted((CONFIG / "devices").glob("*.yaml"))}
MAPS = {name: profile for name, profile in LOADED.items() if isinstance(profile, RegisterProfile)}
LARGEST = 2.0**128 * 20
"""A float32 at its largest, scaled; a signal is the sum of a few at most."""
MOST_READS = 3 + 64 + 1
"""Of a walk: the three bases and at most 64 headers, and then what says whose device it is."""

Part = Callable[[int], bytes]
"""Bytes for a transaction id."""

word = st.integers(0, 0xFFFF)
tempting = st.sampled_from([0, 1, 0x7FC0, 0x7F80, 0x7FFF, 0x8000, 0xFF80, 0xFFFF])
words = st.lists(word | tempting, max_size=6)


def frame(  # noqa: PLR0913, PLR0917  a frame has so many fields
    off: int, protocol: int, longer: int, unit: int, function: int, more: int, told: list[int]
) -> Part:
    data = struct.pack(f">{len(told)}H", *told)
    body = bytes([unit, function, (len(data) + more) & 0xFF]) + data
    length = max(0, len(body) + longer)
    return lambda transaction: struct.pack(">HHH", (transaction + off) & 0xFFFF, protocol, length) + body


def mostly(right: int, other: st.SearchStrategy[int]) -> st.SearchStrategy[int]:
    return st.one_of(st.just(right), st.just(right), st.just(right), other)


frames = st.builds(
    frame,
    mostly(0, st.integers(-2, 2)),
    mostly(0, word),
    mostly(0, st.integers(-12, 12)),
    mostly(UNIT, st.integers(0, 255)),
    mostly(3, st.integers(0, 255)),
    mostly(0, st.integers(0, 255)),
    words | st.lists(word, min_size=COUNT, max_size=COUNT),
)


def always(data: bytes) -> Part:
    return lambda _transaction: data


def cut(part: Part, at: int) -> Part:
    return lambda transaction: part(transaction)[:at]


parts = frames | frames | st.builds(cut, frames, st.integers(0, 20)) | st.binary(max_size=40).map(always)


def in_memory(answers: list[Part], sent: list[bytes]) -> type[ModbusTcpClient]:
    """pymodbus without a socket: its own framing and decoding of what these answers bring, one piece a receive."""

    class Client(ModbusTcpClient):
        def connect(self) -> bool:
            return True

        def close(self) -> None:
            """Nothing is open."""

        def send(self, request: bytes, addr: tuple[str, int] | None = None) -> int:
            del addr
            sent.append(request)
            return len(request)

        def recv(self, size: int | None) -> bytes:
            del size
            (transaction,) = struct.unpack_from(">H", sent[-1])
            return answers.pop(0)(transaction) if answers else b""

    return Client


@EXAMPLES
@given(st.lists(parts, max_size=5), st.sampled_from(["holding", "input"]))
@example([frame(0, 0, 0, UNIT, 4, 0, [1, 2, 3])], "holding")
@example([frame(0, 0, 0, UNIT, 3, 0, [1, 2])], "holding")
@example([frame(-1, 0, 0, UNIT, 3, 0, [9, 9, 9]), frame(0, 0, 0, UNIT, 3, 0, [1, 2, 3])], "holding")
def test_a_read_believes_only_the_frame_that_fits_its_question(
    answers: list[Part], function: RegisterFunction
) -> None:
    sent: list[bytes] = []
    with patch("bitgrid.devices.modbus.connection.ModbusTcpClient", in_memory(list(answers), sent)):
        connection = ModbusConnection("192.0.2.1", 502, 0.5)
    try:
        told = connection.reader(UNIT)(ADDRESS, COUNT, function)
    except DeviceError as error:
        assert str(error).startswith("192.0.2.1:502 unit 1 ")  # noqa: PT017  any of them, in words
        return
    (transaction,) = struct.unpack_from(">H", sent[-1])
    code = 3 if function == "holding" else 4
    fits = bytes([UNIT, code, 2 * COUNT]) + struct.pack(f">{COUNT}H", *told)
    stream = b"".join(part(transaction) for part in answers)
    assert any(
        stream[place - 6 : place - 2] == struct.pack(">HH", transaction, 0)
        for place in range(6, len(stream))
        if stream[place : place + len(fits)] == fits
    )


def cycled(told: list[int]) -> Callable[[int, int, RegisterFunction], list[int]]:
    """A device in whose registers these words repeat themselves for ever."""
    return lambda address, count, _function="holding": [
        told[place % len(told)] for place in range(address, address + count)
    ]


@EXAMPLES
@given(st.sampled_from(sorted(MAPS)), st.lists(word | tempting, min_size=1, max_size=7))
def test_no_shipped_map_makes_a_figure_that_is_none(name: str, told: list[int]) -> None:
    profile = MAPS[name]
    read = RegisterMapDevice("device", cycled(told), profile, list(profile.signals), HeldClock()).read()
    values = [figure(one) for one in read.values()]
    assert all(value is None or abs(value) < LARGEST for value in values)


SENTINELS = [
    (name, signal, number, raw)
    for name, profile in MAPS.items()
    for signal, told in profile.signals.items()
    for number, point in enumerate(told.points)
    for raw in point.not_told
]


@pytest.mark.parametrize(("name", "signal", "number", "raw"), SENTINELS)
def test_each_shipped_sentinel_is_no_figure(name: str, signal: str, number: int, raw: int) -> None:
    """One point says that it has none, all others say 1: none at all, or without that point's part."""
    profile = MAPS[name]
    asked = next(one for one in profile.signals if one == signal)
    points = profile.signals[asked].points
    size = REGISTERS_OF[points[number].type]
    told = [raw >> 16 * place & 0xFFFF for place in range(size)]
    if points[number].word_order != "low_first":
        told.reverse()

    def read(address: int, count: int, _function: RegisterFunction = "holding") -> list[int]:
        begin = points[number].address
        return [
            told[place - begin] if begin <= place < begin + size else 0
            for place in range(address, address + count)
        ]

    value = figure(RegisterMapDevice("device", read, profile, [asked], HeldClock()).read()[asked])
    without = math.fsum(point.offset for place, point in enumerate(points) if place != number)
    optional = points[number].optional and len(points) > 1
    assert value == (pytest.approx(without) if optional else None)


MODELS = [1, 103, 111, 124, 160, 203, 211, 701, 713, 714, 802, 0xFFFF]
models = st.lists(
    st.tuples(st.sampled_from(MODELS) | word, st.integers(0, 400) | tempting, words), min_size=1, max_size=80
)


class Space:
    """Registers from a base on; what is not there is refused, is busy or is filled with a word."""

    def __init__(self, base: int, listed: list[tuple[int, int, list[int]]], rest: int | type[DeviceError]) -> None:
        self.reads, self._rest = 0, rest
        self._words: dict[int, int] = dict(enumerate([0x5375, 0x6E53], base))
        place = base + 2
        for number, length, told in listed:
            self._words |= dict(enumerate([number, length, *told[:length]], place))
            place += length + 2

    def __call__(self, address: int, count: int, function: RegisterFunction = "holding") -> list[int]:
        assert function == "holding"
        assert 0 < count <= 125
        assert 0 <= address < 65_536, "no register has such an address"
        self.reads += 1
        if address + count > 65_536:
            raise DeviceRefused(f"no {count} registers at {address}")
        places = range(address, address + count)
        if isinstance(self._rest, int):
            return [self._words.get(place, self._rest) for place in places]
        if any(place not in self._words for place in places):
            raise self._rest(f"no registers at {address}")
        return [self._words[place] for place in places]


spaces = st.builds(
    Space,
    st.sampled_from([0, 40_000, 50_000]),
    models,
    word | tempting | st.sampled_from([DeviceRefused, DeviceBusy]),
)


@EXAMPLES
@given(spaces)
def test_the_walk_ends_and_no_model_lies_beyond_the_last_register(space: Space) -> None:
    with suppress(DeviceError):
        find_models(space, "device")
    assert space.reads <= MOST_READS


@EXAMPLES
@given(spaces)
def test_whatever_stands_in_its_models_a_sunspec_device_tells_figures_or_none(space: Space) -> None:
    signals = ["pv_power_w", "battery_power_w", "battery_soc_pct", "grid_power_w"]
    device = SunSpecDevice("device", space, signals)  # type: ignore[arg-type]  all of them are signals
    with suppress(DeviceError):
        assert all(value is None or math.isfinite(value) for value in device.read().values())
    with suppress(DeviceError):
        told = about(space, "device")
        assert all(value is None or math.isfinite(value) for value in (told.rated_w, told.max_w, told.limit_pct))
    assert space.reads <= 2 * MOST_READS + 20


@EXAMPLES
@given(st.integers(-0x8000, 0x7FFF), word)
@example(-0x8000, 1)
@example(10, 0x7FFF)
@example(-10, 1)
@example(11, 1)
def test_scale_factors_beyond_ten_digits_are_no_figure(scale: int, raw: int) -> None:
    inverter = [0x8000] * 50
    inverter[12], inverter[13] = raw, scale & 0xFFFF
    space = Space(40_000, [(1, 0, []), (103, 50, inverter), (0xFFFF, 0, [])], DeviceRefused)
    value = SunSpecDevice("device", space, ["pv_power_w"]).read()["pv_power_w"]
    if raw == 0x8000 or abs(scale) > 10:
        assert value is None
    else:
        assert value == pytest.approx((raw - 0x10000 * (raw >> 15)) * 10.0**scale)
