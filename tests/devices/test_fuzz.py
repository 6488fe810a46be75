"""Whatever a device sends, a driver answers with a reading or a `DeviceError`."""

from __future__ import annotations

import json
import struct
from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from bitgrid.clock import HeldClock
from bitgrid.devices.errors import DeviceError
from bitgrid.devices.miners.avalon import AvalonMiner
from bitgrid.devices.miners.axeos import AxeosMiner
from bitgrid.devices.modbus.sunspec import SunSpecDevice
from bitgrid.devices.ports import MinerReading
from bitgrid.devices.relays.shelly_gen2 import ShellyGen2Relay
from bitgrid.devices.transport import HttpAnswer
from devices.answers import AXEOS, Q_RUNNING, SHELLY_CONFIG, SHELLY_STATUS, cgminer, estats
from devices.talk import ECO
from near import EXAMPLES, spoiled


def broken(whole: bytes) -> st.SearchStrategy[bytes]:
    """An honest answer, cut off somewhere and with a few bytes changed; or mere garbage."""

    def breaks(cut: int, at: int, byte: int) -> bytes:
        body = bytearray(whole[:cut])
        if at < len(body):
            body[at] = byte
        return bytes(body)

    place = st.integers(0, len(whole))
    return st.builds(breaks, place, place, st.integers(0, 255)) | st.binary(max_size=64)


def may_be(reading: MinerReading) -> bool:
    values = (reading.power_w, reading.temp_c, reading.hashrate_ths)
    return all(value is None or abs(value) < 1e6 for value in values)


@EXAMPLES
@given(broken(estats(Q_RUNNING)) | spoiled(json.loads(estats(Q_RUNNING).rstrip(b"\0"))), broken(cgminer("I")))
def test_avalon(answer: bytes, ack: bytes) -> None:
    driver = AvalonMiner("miner", lambda said: ack if b"ascset" in said else answer, [ECO], HeldClock())
    with suppress(DeviceError):
        assert may_be(driver.read())
    for command in (driver.stop, lambda: driver.set_level(ECO)):
        with suppress(DeviceError):
            command()


@EXAMPLES
@given(st.text(max_size=200))
def test_avalon_fields(text: str) -> None:
    with suppress(DeviceError):
        assert may_be(AvalonMiner("miner", lambda _: estats(text), [ECO], HeldClock()).read())


@EXAMPLES
@given(st.integers(100, 599), broken(json.dumps(AXEOS).encode()) | spoiled(AXEOS))
def test_axeos(status: int, body: bytes) -> None:
    driver = AxeosMiner("miner", lambda *_: HttpAnswer(status if body[:1] != b"{" else 200, body))
    with suppress(DeviceError):
        assert may_be(driver.read())
    with suppress(DeviceError):
        driver.set_level(ECO)


@EXAMPLES
@given(
    st.sampled_from([200, 401, 500]),
    broken(json.dumps(SHELLY_STATUS).encode()) | spoiled(SHELLY_STATUS) | spoiled(SHELLY_CONFIG),
)
def test_shelly(status: int, body: bytes) -> None:
    driver = ShellyGen2Relay("relay", lambda *_: HttpAnswer(status, body))
    for method in (driver.read, driver.read_settings, driver.open):
        with suppress(DeviceError):
            method()


@EXAMPLES
@given(
    st.lists(st.sampled_from([103, 802, 714, 160, 701, 213, 124, 0, 0xFFFF]) | st.integers(0, 0xFFFF), max_size=60)
)
def test_sunspec(words: list[int]) -> None:
    registers = dict(enumerate([*struct.unpack(">2H", b"SunS"), *words], start=40_000))

    def read(address: int, count: int) -> list[int]:
        return [registers.get(place, 0x8000) for place in range(address, address + count)]

    device = SunSpecDevice("device", read, ["pv_power_w", "battery_power_w", "battery_soc_pct", "grid_power_w"])
    with suppress(DeviceError):
        assert all(value is None or value == value for value in device.read().values())  # noqa: PLR0124  NaN differs
