"""Every driver that speaks JSON, over real sockets, against its simulated device, with all that can go wrong.

One rule for all: it says that it failed, or what it says is so. And when the fault is over, it works again.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

import pytest

from bitgrid.bus import Quality, Received, Telemetry, Topics, decode
from bitgrid.bus.memory import MemoryBus
from bitgrid.clock import HeldClock, SystemClock
from bitgrid.config.secrets import Credentials
from bitgrid.config.signals import SignalName
from bitgrid.devices.http_json.source import JsonDevice
from bitgrid.devices.poller import DevicePoller
from bitgrid.devices.ports import MinerDriver, RelayDriver, RelayReading, RelaySettings
from bitgrid.devices.registry import Transports, build_miner, build_relay
from bitgrid.devices.sockets import http_exchange, tcp_exchange
from bitgrid.devices.transport import NO_HEADERS, ByteExchange, HttpAnswer, HttpExchange
from bitgrid.plant.faces import Faces
from bitgrid.plant.model import House
from devices.peers import peer
from plant.house import MakeHouse, close_relay, live, mining, site_data
from plant.spoiling import ANY_WIRE, HONEST, HTTP_WIRE, TCP_WIRE, Device, Fault, fails, over_http, over_tcp
from plant.test_json_device import PROFILES, answers, behind
from plant.test_more_drivers import LEVELS

PATIENT_S, HASTY_S = 5.0, 0.08
WHO = Credentials("admin", "geheim")
TCP = ("avalon", "luxos")
MINERS = (*TCP, "axeos", "braiins")
RELAYS = ("shelly_gen1", "shelly_gen2", "tasmota")
HTTP_FAULTS, TCP_FAULTS = ANY_WIRE | HTTP_WIRE, ANY_WIRE | TCP_WIRE


def faults_of(kind: str) -> dict[str, Fault]:
    return TCP_FAULTS if kind in TCP else HTTP_FAULTS


def table(*kinds: str) -> pytest.MarkDecorator:
    rows = [(kind, name) for kind in kinds for name in faults_of(kind)]
    return pytest.mark.parametrize(("kind", "name"), rows, ids=[f"{kind}: {name}" for kind, name in rows])


@dataclass
class Bench:
    """A house, the port behind which one of its devices stands, and how long one waits there."""

    house: House
    device: Device
    port: int
    timeout_s: float = PATIENT_S

    def http(self, *_place: object) -> HttpExchange:
        def exchange(
            method: str, target: str, body: bytes = b"", headers: Mapping[str, str] = NO_HEADERS
        ) -> HttpAnswer:
            return http_exchange("127.0.0.1", self.port, self.timeout_s)(method, target, body, headers)

        return exchange

    def tcp(self, *_place: object) -> ByteExchange:
        def exchange(request: bytes) -> bytes:
            return tcp_exchange("127.0.0.1", self.port, self.timeout_s)(request)

        return exchange

    @property
    def transports(self) -> Transports:
        return Transports(tcp=self.tcp, http=self.http, secret=lambda _name: WHO)

    def miner(self) -> MinerDriver:
        return build_miner(self.house.site.loads[0], HeldClock(wall_s=self.house.now_s), self.transports)

    def relay(self) -> RelayDriver:
        relay = build_relay(self.house.site.loads[0], HeldClock(), self.transports)
        assert relay
        return relay

    @contextmanager
    def wrong(self, fault: Fault) -> Iterator[None]:
        """So it is meanwhile, and whatever is asked of it ends in time."""
        self.device.fault, self.timeout_s = fault, HASTY_S if fault.is_slow else PATIENT_S
        began = SystemClock().boot()
        yield
        assert SystemClock().boot() - began < 4 * HASTY_S + 2, "it held others up"
        self.device.fault, self.timeout_s = HONEST, PATIENT_S


@contextmanager
def bench(house: House, face: Any, *, is_http: bool) -> Iterator[Bench]:  # noqa: ANN401  either kind of face
    device = Device(over_http(face) if is_http else over_tcp(face), is_http)
    with peer(device) as port:
        yield Bench(house, device, port)


@contextmanager
def load(make_house: MakeHouse, kind: str) -> Iterator[Bench]:
    """A mining house, and the port of its load's miner or relay."""
    loads, is_relay = site_data()["loads"], kind in RELAYS
    loads[0]["relay" if is_relay else "miner"] |= {"kind" if is_relay else "driver": kind}
    if kind == "braiins":
        loads[0]["miner"]["secret"] = "miner"  # noqa: S105  a name
    loads[0]["levels"] = LEVELS[-1:] if kind == "axeos" else LEVELS
    house = mining(make_house(3000, 500, loads=loads))
    faces = Faces(house, secret=lambda _name: WHO)
    with bench(house, faces.relay("miner") if is_relay else faces.miner("miner"), is_http=kind not in TCP) as at:
        yield at


@table(*MINERS)
def test_a_miner_is_read_rightly_and_set_or_said_not_to_be(make_house: MakeHouse, kind: str, name: str) -> None:
    fault = faults_of(kind)[name]
    with load(make_house, kind) as at:
        driver, miner, level = at.miner(), at.house.miners["miner"], at.house.site.loads[0].levels[0]
        honest = asdict(driver.read())
        with at.wrong(fault):
            told: list[dict[str, Any]] = []
            failed = fails(lambda: told.append(asdict(driver.read())))
        assert failed or not fault.is_plain
        for field, value in (told[0] if told else {}).items():
            assert value is None or value == pytest.approx(honest[field]), field
        with at.wrong(fault):
            failed = fails(driver.stop)
        assert failed or not live(at.house, 5).miners["miner"].is_hashing
        driver.stop()
        assert not live(at.house, 5).miners["miner"].is_hashing
        with at.wrong(fault):
            failed = fails(lambda: driver.set_level(level))
        assert failed or live(at.house, 5).miners["miner"].is_hashing
        driver.set_level(level)
        live(at.house, 200)
        assert (miner.is_hashing, miner.power_w, driver.read().power_w) == (True, level.power_w, level.power_w)


@table(*RELAYS)
def test_a_relay_is_read_rightly_and_switched_or_said_not_to_be(
    make_house: MakeHouse, kind: str, name: str
) -> None:
    fault = faults_of(kind)[name]
    with load(make_house, kind) as at:
        driver, relay = at.relay(), at.house.relays["miner"]
        honest, settings = driver.read(), driver.read_settings()
        with at.wrong(fault):
            told: list[Any] = []
            failed = [
                fails(lambda: told.append(driver.read())),
                fails(lambda: told.append(driver.read_settings())),
            ]
        assert all(failed) or not fault.is_plain
        for one in told:
            assert _is_believable(one, honest, settings)
        with at.wrong(fault):
            is_refused = fails(driver.open)
        assert is_refused or not live(at.house, 1).relays["miner"].is_contact_closed
        driver.open()
        assert not live(at.house, 1).relays["miner"].is_contact_closed
        with at.wrong(fault):
            is_refused = fails(lambda: driver.close_for(90))
        assert is_refused or (relay.output and relay.timer)
        driver.close_for(90)
        assert live(at.house, 60).relays["miner"].is_contact_closed
        assert not live(at.house, 31).relays["miner"].is_contact_closed


@dataclass
class Naive:
    """What a driver would be that believes whatever comes."""

    exchange: HttpExchange

    def open(self) -> None:
        self.exchange("GET", "/rpc/Switch.Set?id=0&on=false")

    def power_w(self) -> float:
        return float(json.loads(self.exchange("GET", "/rpc/Switch.GetStatus?id=0").body)["apower"])


@pytest.mark.parametrize("name", ["a page", "status 500", "redirect", "status 401 that asks"])
def test_a_naive_driver_would_be_seen_to_claim_what_is_not_so(make_house: MakeHouse, name: str) -> None:
    with load(make_house, "shelly_gen2") as at, at.wrong(HTTP_WIRE[name]):
        assert not fails(Naive(at.http()).open)
        assert live(at.house, 1).relays["miner"].is_contact_closed


@pytest.mark.parametrize("name", ["figures NaN", "figures infinite", "figures by Python alone", "all told twice"])
def test_a_naive_driver_would_be_seen_to_tell_what_is_not_so(make_house: MakeHouse, name: str) -> None:
    with load(make_house, "shelly_gen2") as at, at.wrong(ANY_WIRE[name]):
        told = RelayReading(is_closed=True, power_w=Naive(at.http()).power_w())
    honest = RelayReading(is_closed=True, power_w=at.house.miners["miner"].power_w)
    assert not _is_believable(told, honest, RelaySettings(None, starts_open=True))


def _is_believable(one: RelayReading | RelaySettings, honest: RelayReading, settings: RelaySettings) -> bool:
    """What is told is so; what may be lacking is a power, and what the fail-safe rests on."""
    if isinstance(one, RelayReading):
        return one.is_closed == honest.is_closed and one.power_w in {None, honest.power_w}
    return one.auto_off_s in {None, settings.auto_off_s} and one.starts_open <= settings.starts_open


OTHERS = {
    "shelly_gen1": "shelly_gen2",
    "shelly_gen2": "shelly_gen1",
    "tasmota": "shelly_gen2",
    "axeos": "braiins",
    "braiins": "axeos",
    "avalon": "luxos",
    "luxos": "avalon",
}


@pytest.mark.parametrize(("kind", "other"), OTHERS.items())
def test_a_device_of_another_kind_at_its_address_is_not_taken_for_it(
    make_house: MakeHouse, kind: str, other: str
) -> None:
    with load(make_house, other) as at:
        miner, relay = at.house.miners["miner"], at.house.relays["miner"]
        config = at.house.site.loads[0]
        part = {"kind": kind} if kind in RELAYS else {"driver": kind}
        changed = config.relay if kind in RELAYS else config.miner
        assert changed
        field = "relay" if kind in RELAYS else "miner"
        at.house.site = at.house.site.model_copy(
            update={"loads": [config.model_copy(update={field: changed.model_copy(update=part)})]}
        )
        driver: Any = at.relay() if kind in RELAYS else at.miner()
        acts = [driver.read, driver.open] if kind in RELAYS else [driver.read, driver.stop]
        assert all(fails(act) for act in acts)
        assert miner.is_hashing
        assert relay.is_contact_closed


@pytest.mark.parametrize("kind", ["shelly_gen1", "shelly_gen2", "tasmota"])
def test_another_output_of_the_same_relay_is_not_taken_for_it(make_house: MakeHouse, kind: str) -> None:
    """The load hangs on the second output; whoever asks the first is not answered with the second."""
    loads = site_data()["loads"]
    loads[0]["relay"] |= {"kind": kind, "channel": 1}
    house = close_relay(make_house(3000, 500, loads=loads))
    with bench(house, Faces(house).relay("miner"), is_http=True) as at:
        config = house.site.loads[0]
        assert config.relay
        first = config.model_copy(update={"relay": config.relay.model_copy(update={"channel": 0})})
        driver = build_relay(first, HeldClock(), at.transports)
        assert driver
        told: list[Any] = []
        assert fails(lambda: told.append(driver.read())) or not told[0].is_closed
        assert at.relay().read().is_closed


NULL_MEANS: dict[tuple[str, str], dict[SignalName, float]] = {
    ("fronius_solar_api", "all null"): {"pv_power_w": 0.0}
}
"""By Fronius' own documentation a null is no generation."""


@table(*PROFILES)
def test_a_meter_publishes_what_is_so_as_good_and_nothing_else(
    make_house: MakeHouse, kind: str, name: str
) -> None:
    fault = HTTP_FAULTS[name]
    house = behind(make_house, kind, 3000, 500)
    config, clock, bus, topics = house.site.devices[0], HeldClock(), MemoryBus(), Topics("home")
    heard: list[tuple[str, Telemetry]] = []

    def on_message(received: Received) -> None:
        told = decode(Telemetry, received.payload)
        assert told is not None
        heard.append((received.topic.rpartition("/")[2], told))

    bus.subscribe("#", on_message)
    with bench(house, answers(house), is_http=True) as at:
        source = JsonDevice("a meter", at.http(), PROFILES[kind], config.signals)
        poller = DevicePoller(config, source, bus, topics, clock, random.Random(1))
        honest = source.read()
        with at.wrong(fault):
            poller.step()
        good = {signal: told.value for signal, told in heard if told.quality is Quality.GOOD}
        assert not fault.is_plain or not good
        so = honest | NULL_MEANS.get((kind, name), {})
        assert good == pytest.approx({signal: so[signal] for signal in good})
        assert poller.problem or good.keys() == honest.keys()
        heard.clear()
        clock.advance(2 * config.poll_interval_s)
        poller.step()
        assert {signal: told.value for signal, told in heard} == honest
        assert not poller.problem
