"""Planning, decoding and dating of what a register map asks for."""

from __future__ import annotations

import struct
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitgrid.clock import HeldClock
from bitgrid.config.profiles import REGISTERS_OF, Quirks, RegisterPoint, RegisterProfile
from bitgrid.config.signals import SignalName
from bitgrid.devices.errors import DeviceRefused, DeviceSilent
from bitgrid.devices.modbus.register_map import SLOW_S, Read, RegisterMapDevice, decode, plan
from bitgrid.devices.ports import Dated, figure
from bitgrid.devices.transport import RegisterFunction


def point(address: int, **rest: Any) -> RegisterPoint:
    return RegisterPoint.model_validate({"address": address, "type": "int16", "unit": "W"} | rest)


def profile(signals: dict[str, Any], **quirks: Any) -> RegisterProfile:
    made = {
        "schema": 1,
        "name": "A device",
        "source": "Its manual, edition 3, table 7",
        "checked": "documentation",
        "transport": "modbus",
        "quirks": quirks,
        "signals": signals,
    }
    return RegisterProfile.model_validate(made)


class Registers:
    """Every register holds its own address; remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, int, str]] = []
        self.error: Exception | None = None

    def __call__(self, address: int, count: int, function: RegisterFunction = "holding") -> list[int]:
        self.asked.append((address, count, function))
        if self.error:
            raise self.error
        return list(range(address, address + count))


def device(registers: Registers, signals: dict[str, Any], clock: HeldClock, **quirks: Any) -> RegisterMapDevice:
    made = profile(signals, **quirks)
    return RegisterMapDevice("inverter", registers, made, list(made.signals), clock)


# -- planning -------------------------------------------------------------------------------------------------


def test_neighbours_are_asked_for_together_and_what_is_far_apart_is_not() -> None:
    points = [point(10), point(12, type="int32"), point(40), point(11, function="input")]
    assert plan(points, Quirks(max_gap=8)) == [
        Read("holding", 10, 4),
        Read("holding", 40, 1),
        Read("input", 11, 1),
    ]


def test_a_hole_is_only_read_across_where_the_device_bears_it() -> None:
    points = [point(10), point(12)]
    assert plan(points, Quirks(max_gap=0)) == [Read("holding", 10, 1), Read("holding", 12, 1)]
    assert plan(points, Quirks(max_gap=1)) == [Read("holding", 10, 3)]


def test_no_answer_is_longer_than_the_device_gives() -> None:
    points = [point(address, type="int32") for address in range(0, 20, 2)]
    reads = plan(points, Quirks(max_registers=6))
    assert [read.count for read in reads] == [6, 6, 6, 2]


def test_registers_that_two_signals_share_are_read_once() -> None:
    assert plan([point(52, type="int32"), point(52, type="int32"), point(53)], Quirks()) == [
        Read("holding", 52, 2)
    ]


quirks = st.builds(Quirks, max_registers=st.integers(4, 125), max_gap=st.integers(0, 125))
points = st.builds(
    point,
    st.integers(0, 400),
    type=st.sampled_from(sorted(REGISTERS_OF)),
    function=st.sampled_from(["holding", "input"]),
)


@given(st.lists(points, max_size=30), quirks)
def test_every_point_is_in_a_read_and_every_read_within_the_quirks(
    wanted: list[RegisterPoint], of: Quirks
) -> None:
    reads = plan(wanted, of)
    for one in wanted:
        end = one.address + REGISTERS_OF[one.type]
        assert any(
            read.function == one.function and read.address <= one.address and end <= read.address + read.count
            for read in reads
        )
    asked_for = {(one.function, one.address + i) for one in wanted for i in range(REGISTERS_OF[one.type])}
    for read in reads:
        assert read.count <= of.max_registers
        hole = 0
        for place in range(read.address, read.address + read.count):
            hole = 0 if (read.function, place) in asked_for else hole + 1
            assert hole <= of.max_gap


# -- decoding -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "words", "value"),
    [
        ("int16", [0xFFFE], -2),
        ("uint16", [0xFFFE], 65_534),
        ("int32", [0xFFFF, 0xFFFE], -2),
        ("uint32", [0x0001, 0x0000], 65_536),
        ("int64", [0xFFFF, 0xFFFF, 0xFFFF, 0xFFFE], -2),
        ("uint64", [0, 1, 0, 0], 2**32),
        ("float32", [0x442F, 0x0000], 700.0),
    ],
)
@pytest.mark.parametrize("order", ["high_first", "low_first"])
def test_each_type_in_either_word_order(kind: str, words: list[int], value: float, order: str) -> None:
    told = words if order == "high_first" else words[::-1]
    registers = {("holding", 7 + i): word for i, word in enumerate(told)}
    assert decode(point(7, type=kind, word_order=order), registers) == value  # type: ignore[arg-type]


def test_scale_and_offset_bring_it_into_the_signals_unit() -> None:
    assert decode(point(7, scale=-0.1, offset=5.0), {("holding", 7): 150}) == pytest.approx(-10)


@pytest.mark.parametrize("raw", [0x7FC00000, 0x7F800000, 0xFF800000, 0xFFFFFFFF])
def test_a_float_that_is_no_finite_number_is_missing(raw: int) -> None:
    high, low = struct.unpack(">HH", struct.pack(">I", raw))
    assert decode(point(7, type="float32"), {("holding", 7): high, ("holding", 8): low}) is None


def test_a_figure_that_means_not_measured_is_missing_whatever_its_sign() -> None:
    nan = point(7, type="int32", not_told=[0x80000000])
    assert decode(nan, {("holding", 7): 0x8000, ("holding", 8): 0}) is None
    assert decode(nan, {("holding", 7): 0x8000, ("holding", 8): 1}) == -(2**31) + 1


def test_a_signal_is_the_sum_of_its_points_or_missing() -> None:
    both = [{"address": 10, "type": "uint16", "unit": "W"}, {"address": 20, "type": "uint16", "unit": "W"}]
    absent = {"address": 0, "type": "uint16", "unit": "W", "not_told": [0]}
    registers, clock = Registers(), HeldClock()

    def told(*of: dict[str, Any]) -> float | None:
        return figure(device(registers, {"pv_power_w": {"points": list(of)}}, clock).read()["pv_power_w"])

    assert told(*both) == 30
    assert told(*both, absent) is None
    assert told(*both, absent | {"optional": True}) == 30
    assert told(absent | {"optional": True}) is None


# -- reading --------------------------------------------------------------------------------------------------

SOC = {"points": [{"address": 50, "type": "uint16", "unit": "%"}], "group": "slow"}
POWER = {"points": [{"address": 10, "type": "uint16", "unit": "W"}]}
BOTH = {"battery_power_w": POWER, "battery_soc_pct": SOC}


def test_what_hardly_changes_is_read_less_often_and_keeps_its_own_time() -> None:
    registers, clock = Registers(), HeldClock(boot_s=100.0)
    battery = device(registers, BOTH, clock)
    assert battery.read() == {"battery_power_w": 10, "battery_soc_pct": Dated(50, 100.0)}
    clock.advance(SLOW_S - 1)
    registers.asked.clear()
    assert battery.read() == {"battery_power_w": 10, "battery_soc_pct": Dated(50, 100.0)}
    assert registers.asked == [(10, 1, "holding")]
    clock.advance(1)
    assert battery.read()["battery_soc_pct"] == Dated(50, 100.0 + SLOW_S)


@pytest.mark.parametrize("interval_s", [1, 3, 5, 7, 9, 10, 14, 20])
def test_what_hardly_changes_does_not_go_stale_when_one_poll_fails(interval_s: int) -> None:
    """The rules call a signal stale after 30 s or three polls, whichever is longer."""
    registers, clock = Registers(), HeldClock(boot_s=0.0)
    battery, oldest_s = device(registers, BOTH, clock), 0.0
    for number in range(40):
        registers.error = DeviceSilent("lost") if number % 5 == 4 else None
        with suppress(DeviceSilent):
            soc = battery.read()["battery_soc_pct"]
        assert isinstance(soc, Dated)
        clock.advance(interval_s)
        oldest_s = max(oldest_s, clock.boot() - soc.boot_s)
    assert oldest_s < max(30, 3 * interval_s)


def test_only_what_is_asked_for_is_read() -> None:
    registers = Registers()
    made = profile(BOTH)
    RegisterMapDevice("meter", registers, made, ["battery_power_w"], HeldClock()).read()
    assert registers.asked == [(10, 1, "holding")]


def test_a_device_that_takes_one_client_names_the_likely_cause_of_its_silence() -> None:
    registers, signals = Registers(), {"battery_power_w": POWER}
    registers.error = DeviceSilent("192.0.2.1:502 unit 1 gave no answer.")
    with pytest.raises(DeviceSilent, match=r"gave no answer\. It takes one connection.*another program"):
        device(registers, signals, HeldClock(), single_connection=True).read()
    with pytest.raises(DeviceSilent, match=r"gave no answer\.$"):
        device(registers, signals, HeldClock()).read()


def test_a_refusal_is_a_refusal_and_not_blamed_on_another_program() -> None:
    registers = Registers()
    registers.error = DeviceRefused("refused 1 registers at 10")
    with pytest.raises(DeviceRefused, match=r"^refused 1 registers at 10$"):
        device(registers, {"battery_power_w": POWER}, HeldClock(), single_connection=True).read()


@given(st.lists(st.integers(0, 0xFFFF), min_size=4, max_size=4), st.sampled_from(sorted(REGISTERS_OF)))
def test_whatever_stands_in_the_registers_no_signal_is_ever_not_finite(words: list[int], kind: str) -> None:
    value = decode(point(0, type=kind), {("holding", i): word for i, word in enumerate(words)})
    assert value is None or abs(value) < 1e39


def test_signals_are_those_of_the_profile() -> None:
    names: list[SignalName] = ["grid_power_w"]
    with pytest.raises(KeyError):
        RegisterMapDevice("meter", Registers(), profile(BOTH), names, HeldClock())
