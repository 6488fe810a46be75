from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bitgrid.bus.memory import MemoryBus
from bitgrid.clock import HeldClock
from bitgrid.config import Config, LoadConfig, load_config
from bitgrid.config.errors import ConfigError
from bitgrid.config.load import NO_RELAY_SENTENCE
from bitgrid.config.profiling import load_profile
from bitgrid.config.secrets import DIRECTORY_VARIABLE, Credentials
from bitgrid.devices.errors import DeviceNonsense, DeviceRefused
from bitgrid.devices.miners.avalon import AvalonMiner
from bitgrid.devices.miners.axeos import AxeosMiner
from bitgrid.devices.miners.braiins import BraiinsMiner
from bitgrid.devices.miners.luxos import LuxosMiner
from bitgrid.devices.miners.pyasic import PyasicMiner
from bitgrid.devices.modbus.register_map import RegisterMapDevice
from bitgrid.devices.registry import (
    Transports,
    ask_about,
    build_miner,
    build_relay,
    build_sources,
    no_bus,
    timeout_s,
)
from bitgrid.devices.transport import HttpAnswer, Pacing, RegisterReader
from devices.answers import Q_RUNNING, estats

CONFIG = load_config(Path(__file__).parents[2] / "config")
SITE = CONFIG.site
LOAD = SITE.loads[0]
Reached = list[tuple[str, str, int, float]]


def transports(reached: Reached) -> Transports:
    """Transports that remember what they were made for."""

    def tcp(host: str, port: int, timeout: float) -> Callable[[bytes], bytes]:
        reached.append(("tcp", host, port, timeout))
        return lambda _request: estats(Q_RUNNING)

    def http(host: str, port: int, timeout: float) -> Callable[..., HttpAnswer]:
        reached.append(("http", host, port, timeout))
        return lambda *_: HttpAnswer(200, b'{"output": false, "apower": 0.0}')

    def modbus(host: str, port: int, timeout: float, _pacing: Pacing) -> Callable[[int], RegisterReader]:
        reached.append(("modbus", host, port, timeout))

        def reader(unit: int) -> RegisterReader:
            def read(_address: int, count: int, _function: str = "holding") -> list[int]:
                reached.append(("unit", str(unit), count, 0))
                return [0] * count

            return read

        return reader

    return Transports(tcp, http, modbus)


def axeos() -> LoadConfig:
    return LOAD.model_copy(update={"miner": LOAD.miner.model_copy(update={"driver": "axeos", "port": 80})})


def test_a_load_gets_the_drivers_that_site_yaml_names() -> None:
    reached: Reached = []
    assert isinstance(build_miner(LOAD, HeldClock(), transports(reached)), AvalonMiner)
    assert isinstance(build_miner(axeos(), HeldClock(), transports(reached)), AxeosMiner)
    relay = build_relay(LOAD, HeldClock(), transports(reached))
    assert relay is not None
    assert relay.read().is_closed is False
    assert reached == [
        ("tcp", "127.0.0.1", 14028, 3.0),
        ("http", "127.0.0.1", 80, 3.0),
        ("http", "127.0.0.1", 18081, 3.0),
    ]


def test_a_load_without_a_relay_gets_none() -> None:
    bare = LOAD.model_copy(update={"relay": None, "accept_no_relay": NO_RELAY_SENTENCE})
    assert build_relay(bare, HeldClock()) is None


def test_devices_at_one_address_share_a_connection_by_unit() -> None:
    reached: Reached = []
    first, second, third = SITE.devices
    together = [first, second.model_copy(update={"port": first.port, "unit_id": 2}), third]
    sources = build_sources(CONFIG, HeldClock(), transports(reached), listen=MemoryBus().subscribe, only=together)
    assert [place[:3] for place in reached] == [("modbus", "127.0.0.1", 15020), ("modbus", "127.0.0.1", 15022)]
    for device in together:
        with pytest.raises(DeviceNonsense, match=f"unit {device.unit_id}[)] has no SunSpec mark"):
            sources[device.id].read()
    assert [place[1] for place in reached if place[0] == "unit"] == ["1", "1", "1", "2", "2", "2", "1", "1", "1"]


@pytest.mark.parametrize(("speed", "seconds"), [(1.0, 3.0), (2.0, 1.5), (60.0, 0.5)])
def test_a_fast_house_waits_shorter_but_never_less_than_a_network_needs(speed: float, seconds: float) -> None:
    assert timeout_s(HeldClock(speed=speed)) == seconds


def by_profile(*profiles: str) -> Config:
    """The repository's house with its first devices read by these profiles, all behind one address."""
    devices = [
        device.model_copy(
            update={"kind": "profile", "profile": name, "port": 502, "unit_id": unit, "signals": ["pv_power_w"]}
        )
        for unit, (device, name) in enumerate(zip(SITE.devices, profiles, strict=False), 1)
    ]
    known = {name: load_profile(Path(__file__).parents[2] / f"config/devices/{name}.yaml") for name in profiles}
    return Config(SITE.model_copy(update={"devices": devices}), CONFIG.rules, CONFIG.flags, CONFIG.policies, known)


def test_a_device_with_a_register_map_is_read_by_it() -> None:
    asked: list[tuple[int, int, int, str]] = []

    def modbus(_host: str, _port: int, _timeout: float, _pacing: Pacing) -> Callable[[int], RegisterReader]:
        def reader(unit: int) -> RegisterReader:
            def read(address: int, count: int, function: str = "holding") -> list[int]:
                asked.append((unit, address, count, function))
                return [0, 5000]

            return read

        return reader

    sources = build_sources(by_profile("huawei_sun2000"), HeldClock(), Transports(modbus=modbus), listen=no_bus)
    assert isinstance(sources["inverter"], RegisterMapDevice)
    assert sources["inverter"].read() == {"pv_power_w": 5000}
    assert asked == [(1, 32_064, 2, "holding")]


def test_a_connection_is_paced_as_the_most_sensitive_device_behind_it_wants() -> None:
    paced: list[Pacing] = []

    def modbus(_host: str, _port: int, _timeout: float, pacing: Pacing) -> Callable[[int], RegisterReader]:
        paced.append(pacing)
        return lambda _unit: lambda _address, count, _function="holding": [0] * count

    clock = HeldClock(speed=60, boot_s=0)
    build_sources(by_profile("huawei_sun2000", "growatt_sph"), clock, Transports(modbus=modbus), listen=no_bus)
    (pacing,) = paced
    assert (pacing.connect_delay_s, pacing.pause_s) == (1.0, 0.85)
    pacing.wait(0.85)
    assert clock.boot() == pytest.approx(0.85)


def test_only_what_speaks_sunspec_can_say_what_it_is() -> None:
    reached: Reached = []
    (device,) = by_profile("huawei_sun2000").site.devices
    assert ask_about(device, HeldClock(), transports(reached)) is None
    assert reached == []
    with pytest.raises(DeviceNonsense, match="no SunSpec mark"):
        ask_about(SITE.devices[0], HeldClock(), transports(reached))


def relays(kind: str) -> LoadConfig:
    return LOAD.model_copy(update={"relay": LOAD.relay.model_copy(update={"kind": kind, "secret": "relay"})})


@pytest.mark.parametrize(
    ("kind", "first"), [("shelly_gen1", None), ("shelly_gen2", None), ("tasmota", "Basic YTpi")]
)
def test_a_relay_with_a_secret_says_who_one_is(kind: str, first: str | None) -> None:
    """Shellies ask, and are answered; a Tasmota may refuse without asking, so it is told beforehand."""
    named: list[str] = []
    heard: list[str | None] = []

    def secret(name: str) -> Credentials:
        named.append(name)
        return Credentials("a", "b")

    def refusing(*request: Any) -> HttpAnswer:
        heard.append(request[3].get("Authorization"))
        return HttpAnswer(401, b"", {"www-authenticate": 'Basic realm="x"'})

    relay = build_relay(relays(kind), HeldClock(), Transports(http=lambda *_: refusing, secret=secret))
    assert relay is not None
    with pytest.raises(DeviceRefused, match=r"relay\.secret"):
        relay.open()
    assert named == ["relay"]
    assert heard == ([first] if first else [None, "Basic YTpi"])


@pytest.mark.parametrize(
    ("driver", "kind"), [("luxos", LuxosMiner), ("braiins", BraiinsMiner), ("pyasic", PyasicMiner)]
)
def test_every_miner_has_its_driver(driver: str, kind: type) -> None:
    load = LOAD.model_copy(update={"miner": LOAD.miner.model_copy(update={"driver": driver})})
    assert isinstance(build_miner(load, HeldClock(), transports([])), kind)


def test_a_secret_that_cannot_be_read_ends_in_no_driver_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(DIRECTORY_VARIABLE, str(tmp_path))
    with pytest.raises(ConfigError, match="cannot be read"):
        build_relay(relays("tasmota"), HeldClock())
