"""The simulated house behind every shipped profile that tells by MQTT, heard by the driver."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from bitgrid.bus import Received
from bitgrid.clock import HeldClock
from bitgrid.config.profiles import TopicPoint, TopicProfile, TopicSignal
from bitgrid.config.profiling import load_profile
from bitgrid.devices.mqtt.source import TopicDevice
from bitgrid.devices.ports import Heard
from bitgrid.plant.errors import PlantError
from bitgrid.plant.faces import Faces
from bitgrid.plant.faces.topics import TopicFace
from bitgrid.plant.faults import Fault
from bitgrid.plant.model import House
from bitgrid.plant.server import refuse_foreign_addresses
from bitgrid.plant.telling import EVERY_S, Telling
from plant.house import CONFIG, MakeHouse, MakeSite, live, site_data

LOADED = {path.stem: load_profile(path) for path in sorted((CONFIG / "devices").glob("*.yaml"))}
PROFILES = {name: profile for name, profile in LOADED.items() if isinstance(profile, TopicProfile)}
MEASURED = ("grid_power_w", "pv_power_w", "battery_power_w", "battery_soc_pct")


def telling_by(make_house: MakeHouse, name: str, pv_w: int, house_w: int, **changes: Any) -> House:
    signals = [signal for signal in PROFILES[name].signals if signal in MEASURED]
    device = {"id": "device", "kind": "profile", "profile": name, "topic": "cellar", "signals": signals}
    return live(make_house(pv_w, house_w, devices=[device | changes]), 5)


class Air:
    """What carries messages to whoever listens."""

    def __init__(self) -> None:
        self.handlers: dict[str, Callable[[Heard], None]] = {}
        self.said: list[tuple[str, bytes]] = []

    def listen(self, topic: str, handler: Callable[[Heard], None]) -> None:
        self.handlers[topic] = handler

    def say(self, topic: str, payload: bytes) -> None:
        self.said.append((topic, payload))
        received: Heard = Received(topic, payload, retained=False)
        if topic in self.handlers:
            self.handlers[topic](received)


@pytest.mark.parametrize(("pv_w", "house_w"), [(9000, 500), (0, 7300)])
@pytest.mark.parametrize("name", PROFILES)
def test_what_is_told_is_what_the_house_is(make_house: MakeHouse, name: str, pv_w: int, house_w: int) -> None:
    house, air, clock = telling_by(make_house, name, pv_w, house_w), Air(), HeldClock()
    device = house.site.devices[0]
    source = TopicDevice("device", air.listen, PROFILES[name], "cellar", device.signals, clock)
    Telling(Faces(house, PROFILES).telling, air.say, clock).step()
    truth = {
        "pv_power_w": house.pv_w,
        "grid_power_w": house.grid_w,
        "battery_power_w": house.battery_w,
        "battery_soc_pct": house.soc_pct,
    }
    told = {signal: one.value for signal, one in source.read().items()}
    assert told == pytest.approx({signal: truth[signal] for signal in device.signals}, abs=0.51)


def test_it_is_told_every_ten_seconds_and_not_while_silent(make_house: MakeHouse) -> None:
    house, air, clock = telling_by(make_house, "tasmota_sml", 3000, 500), Air(), HeldClock()
    telling = Telling(Faces(house, PROFILES).telling, air.say, clock)
    for _ in range(3 * int(EVERY_S)):
        telling.step()
        clock.advance(1)
    assert len(air.said) == 3
    house.faults.add(Fault.METER_SILENT)
    clock.advance(EVERY_S)
    telling.step()
    assert len(air.said) == 3


def test_a_message_that_names_its_time_names_the_houses(make_house: MakeHouse) -> None:
    point = TopicPoint(topic="{topic}/power", pointer="/w/0", unit="W")
    profile = PROFILES["mqtt_number"].model_copy(
        update={"signals": {"grid_power_w": TopicSignal(points=[point], time_pointer="/at")}}
    )
    house = telling_by(make_house, "mqtt_number", 3000, 500, signals=["grid_power_w"])
    told = TopicFace(house, house.site.devices[0], profile).messages()
    message = json.loads(told["cellar/power"])
    assert message == {"w": [house.grid_w], "at": message["at"]}
    source_clock, air = HeldClock(wall_s=house.now_s + 7), Air()
    source = TopicDevice("device", air.listen, profile, "cellar", ["grid_power_w"], source_clock)
    air.say("cellar/power", told["cellar/power"])
    assert source_clock.boot() - source.read()["grid_power_w"].boot_s == pytest.approx(7)


def test_a_broker_elsewhere_is_never_told_of_a_simulated_house(make_site: MakeSite) -> None:
    meter = {"id": "meter", "kind": "profile", "profile": "tasmota_sml", "topic": "x", "signals": ["grid_power_w"]}
    devices = [*site_data()["devices"][:2], meter]
    here, there = (
        make_site(devices=devices),
        make_site(devices=devices, broker={"host": "192.168.1.2", "port": 1883}),
    )
    refuse_foreign_addresses(here)
    with pytest.raises(PlantError, match=r"meter at 192\.168\.1\.2.*loopback"):
        refuse_foreign_addresses(there)
    assert here.is_loopback_only
    assert not there.is_loopback_only
