"""Whatever a LuxOS, Braiins OS, Shelly Gen1 or Tasmota sends, its driver reads it or raises a `DeviceError`."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from bitgrid.clock import HeldClock
from bitgrid.config.secrets import Credentials
from bitgrid.devices.authentication import authenticated
from bitgrid.devices.errors import DeviceError
from bitgrid.devices.miners.avalon import AvalonMiner
from bitgrid.devices.miners.braiins import BraiinsMiner
from bitgrid.devices.miners.luxos import LuxosMiner
from bitgrid.devices.ports import RelayDriver
from bitgrid.devices.relays.shelly_gen1 import ShellyGen1Relay
from bitgrid.devices.relays.tasmota import TasmotaRelay
from bitgrid.devices.transport import HttpAnswer
from devices.answers import Q_RUNNING, SHELLY1PM, TASMOTA_SENSORS, cgminer, estats
from devices.talk import ECO
from devices.test_fuzz import broken, may_be
from near import EXAMPLES, json_values, spoiled

WHO = Credentials("admin", "geheim")
LUXOS = {
    "STATUS": [{"STATUS": "S"}],
    "CONFIG": [{"CurtailMode": "None", "Profile": "default"}],
    "POWER": [{"Watts": 1051}],
    "SUMMARY": [{"GHS 5s": 61_500.0}],
    "TEMPS": [{"TopLeft": 48.0}],
    "STATS": [{"temp_chip1": "61-62-70-71"}],
    "SESSION": [{"SessionID": "Xq2w"}],
}
BRAIINS = {
    "token": "t",
    "status": 2,
    "miner_stats": {"real_hashrate": {"last_15s": {"gigahash_per_second": 82_297.7}}},
    "power_stats": {"approximated_consumption": {"watt": 2288}},
    "highest_temperature": {"temperature": {"degree_c": 58.5}},
    "mode_state": {"powertargetmodestate": {"current_target": {"watt": 1674}}},
}
GEN1 = SHELLY1PM | {"ison": True, "has_timer": True, "auto_off": 120.0, "default_state": "off"}
TASMOTA = TASMOTA_SENSORS | {"POWER": "ON", "PulseTime1": {"Set": 220, "Remaining": 220}, "PowerOnState": 0}


def all_of(*commands: Callable[[], object]) -> None:
    for command in commands:
        with suppress(DeviceError):
            command()


def relay(driver: RelayDriver) -> None:
    with suppress(DeviceError):
        power_w = driver.read().power_w
        assert power_w is None or abs(power_w) <= 20_000
    with suppress(DeviceError):
        auto_off_s = driver.read_settings().auto_off_s
        assert auto_off_s is None or 0 < auto_off_s <= 1e7
    all_of(lambda: driver.close_for(120), driver.open)


@EXAMPLES
@given(broken(json.dumps(LUXOS).encode()) | spoiled(LUXOS))
def test_luxos(answer: bytes) -> None:
    driver = LuxosMiner("miner", lambda _: answer)
    with suppress(DeviceError):
        assert may_be(driver.read())
    all_of(driver.stop, lambda: driver.set_level(ECO.model_copy(update={"profile": "x"})))


JOINED = {
    name: [{"STATUS": LUXOS["STATUS"]} | {name.upper(): LUXOS[name.upper()]}]
    for name in ("config", "power", "summary", "temps", "stats")
}


@EXAMPLES
@given(spoiled(JOINED))
def test_luxos_asked_for_all_at_once(answer: bytes) -> None:
    with suppress(DeviceError):
        assert may_be(LuxosMiner("miner", lambda _: answer).read())


@EXAMPLES
@given(spoiled(json.loads(estats(Q_RUNNING).rstrip(b"\0"))), spoiled(json.loads(cgminer().rstrip(b"\0"))))
def test_avalon_shares_and_clock(answer: bytes, ack: bytes) -> None:
    """The miner's own clock is reckoned with, so it must be a moment."""
    clock = HeldClock(wall_s=1_780_000_000.0)
    driver = AvalonMiner("miner", lambda said: ack if b"ascset" in said else answer, [ECO], clock)
    with suppress(DeviceError):
        assert may_be(driver.read())
    all_of(driver.stop, lambda: driver.set_level(ECO))


@EXAMPLES
@given(st.integers(100, 599), broken(json.dumps(BRAIINS).encode()) | spoiled(BRAIINS))
def test_braiins(status: int, body: bytes) -> None:
    driver = BraiinsMiner("miner", lambda *_: HttpAnswer(status if body[:1] != b"{" else 200, body), WHO)
    with suppress(DeviceError):
        assert may_be(driver.read())
    all_of(driver.stop, lambda: driver.set_level(ECO))


@EXAMPLES
@given(broken(json.dumps(GEN1).encode()) | spoiled(GEN1), st.integers(0, 1))
def test_shelly_gen1(body: bytes, channel: int) -> None:
    relay(ShellyGen1Relay("relay", lambda *_: HttpAnswer(200, body), channel))


@EXAMPLES
@given(broken(json.dumps(TASMOTA).encode()) | spoiled(TASMOTA), st.integers(0, 1))
def test_tasmota(body: bytes, channel: int) -> None:
    relay(TasmotaRelay("relay", lambda *_: HttpAnswer(200, body), channel))


@EXAMPLES
@given(json_values)
def test_a_tasmotas_parts_of_any_kind(part: object) -> None:
    for name in TASMOTA:
        body = json.dumps(TASMOTA | {name: part}).encode()
        relay(TasmotaRelay("relay", lambda *_, body=body: HttpAnswer(200, body)))


@EXAMPLES
@given(st.text(max_size=40) | st.text(max_size=40).map(lambda text: f"Digest {text}"))
def test_a_challenge_of_any_kind(challenge: str) -> None:
    exchange = authenticated(lambda *_: HttpAnswer(401, b"", {"www-authenticate": challenge}), WHO)
    for _ in range(2):
        assert exchange("GET", "/").status == 401
