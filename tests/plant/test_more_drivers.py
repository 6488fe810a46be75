"""The drivers of LuxOS, Braiins OS, Shelly and Tasmota over their faces: both sides of each protocol agree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from bitgrid.clock import HeldClock
from bitgrid.config.secrets import Credentials
from bitgrid.devices.errors import DeviceRefused, DeviceSilent
from bitgrid.devices.ports import MinerDriver, RelayDriver, RelayReading
from bitgrid.devices.registry import Transports, build_miner, build_relay
from bitgrid.plant.faces import Faces
from bitgrid.plant.faults import Fault
from bitgrid.plant.model import House
from plant.house import MakeHouse, close_relay, live, mining, site_data

LEVELS = [
    {"name": "eco", "power_w": 800, "min_surplus_w": 800, "profile": "250MHz"},
    {"name": "full", "power_w": 1674, "min_surplus_w": 1500, "profile": "default"},
]
KINDS = ["shelly_gen1", "shelly_gen2", "tasmota"]
WHO = Credentials("admin", "Käse:1")
MINERS = ["luxos", "braiins"]


@dataclass
class Bench:
    """A house, and its load's drivers over the house's own faces; ``typed`` is the password they are given."""

    house: House
    typed: Credentials = WHO

    def transports(self) -> Transports:
        faces = Faces(self.house, secret=lambda _name: WHO)
        load = self.house.site.loads[0]
        assert load.miner
        assert load.relay
        miner, relay = faces.miner(load.id), faces.relay(load.id)
        return Transports(
            tcp=lambda _host, _port, _s: miner,
            http=lambda _host, port, _s: relay if port == load.relay.port else miner,
            secret=lambda _name: self.typed,
        )

    def miner(self) -> MinerDriver:
        return build_miner(self.house.site.loads[0], HeldClock(), self.transports())

    def relay(self) -> RelayDriver:
        relay = build_relay(self.house.site.loads[0], HeldClock(), self.transports())
        assert relay
        return relay


def bench(
    make_house: MakeHouse, miner: dict[str, Any] | None = None, relay: dict[str, Any] | None = None
) -> Bench:
    loads = site_data()["loads"]
    loads[0]["miner"] |= miner or {}
    loads[0]["relay"] |= relay or {}
    loads[0]["levels"] = LEVELS[-1:] if loads[0]["miner"]["driver"] == "axeos" else LEVELS
    return Bench(make_house(3000, 500, loads=loads))


@pytest.mark.parametrize("kind", MINERS)
def test_the_miner_is_read_set_stopped_and_woken(make_house: MakeHouse, kind: str) -> None:
    at = bench(make_house, {"driver": kind, "secret": "miner" if kind == "braiins" else None})
    house, driver, (eco, full) = mining(at.house), at.miner(), at.house.site.loads[0].levels
    reading = driver.read()
    assert (reading.power_w, reading.is_asleep) == (1674, False)
    assert reading.hashrate_ths == pytest.approx(90)
    assert reading.temp_c == pytest.approx(house.miners["miner"].temp_c, abs=0.6)
    driver.set_level(eco)
    live(house, 200)
    assert driver.read().power_w == 800
    for _ in range(2):
        driver.stop()
        live(house, 5)
    asleep = driver.read()
    assert (asleep.power_w, asleep.is_asleep, asleep.hashrate_ths) == (12, True, 0)
    driver.set_level(full)
    live(house, 200)
    assert driver.read().power_w == 1674


@pytest.mark.parametrize("kind", [*MINERS, "axeos"])
def test_one_that_ignores_its_stop_is_seen_to_draw_and_hash(make_house: MakeHouse, kind: str) -> None:
    at = bench(make_house, {"driver": kind})
    house, driver = mining(at.house), at.miner()
    house.faults.add(Fault.MINER_IGNORES_STOP)
    driver.stop()
    live(house, 30)
    reading = driver.read()
    assert (reading.power_w, reading.is_asleep) == (1674, False)


@pytest.mark.parametrize("kind", MINERS)
def test_one_that_wakes_by_itself_is_seen_to(make_house: MakeHouse, kind: str) -> None:
    at = bench(make_house, {"driver": kind})
    house, driver = mining(at.house), at.miner()
    house.faults.add(Fault.MINER_STARTS_ITSELF)
    driver.stop()
    live(house, 120)
    assert driver.read().is_asleep is False


@pytest.mark.parametrize("kind", MINERS)
def test_one_that_is_too_hot_tells_it(make_house: MakeHouse, kind: str) -> None:
    at = bench(make_house, {"driver": kind})
    at.house.faults.add(Fault.MINER_HOT)
    mining(at.house, 1800)
    assert (at.miner().read().temp_c or 0) > 90


@pytest.mark.parametrize("kind", MINERS)
def test_one_without_power_or_by_fault_is_silent(make_house: MakeHouse, kind: str) -> None:
    at = bench(make_house, {"driver": kind})
    with pytest.raises(DeviceSilent):
        at.miner().read()
    mining(at.house).faults.add(Fault.MINER_SILENT)
    with pytest.raises(DeviceSilent):
        at.miner().stop()


def test_a_luxos_session_left_open_elsewhere_does_not_keep_it_running(make_house: MakeHouse) -> None:
    at = bench(make_house, {"driver": "luxos"})
    house = mining(at.house)
    transports = at.transports()
    transports.tcp("", 0, 1)(b'{"command": "logon"}')
    build_miner(house.site.loads[0], HeldClock(), transports).stop()
    live(house, 5)
    assert not house.miners["miner"].is_hashing


def test_a_braiins_token_that_runs_out_is_renewed(make_house: MakeHouse) -> None:
    at = bench(make_house, {"driver": "braiins", "secret": "miner"})
    house, driver = mining(at.house), at.miner()
    for _ in range(3):
        close_relay(live(house, 4000))
        assert driver.read().power_w == 1674


def test_a_braiins_miner_with_another_password_refuses(make_house: MakeHouse) -> None:
    at = bench(make_house, {"driver": "braiins", "secret": "miner"})
    mining(at.house)
    at.typed = Credentials("root", "other")
    with pytest.raises(DeviceRefused, match=r"refused the login.*miner\.secret"):
        at.miner().stop()


@pytest.mark.parametrize("secret", [None, "relay"])
@pytest.mark.parametrize("channel", [0, 1])
@pytest.mark.parametrize("kind", KINDS)
def test_the_relay_closes_for_a_while_is_renewed_and_opens(
    make_house: MakeHouse, kind: str, channel: int, secret: str | None
) -> None:
    at = bench(make_house, relay={"kind": kind, "channel": channel, "secret": secret})
    house, driver = at.house, at.relay()
    settings = driver.read_settings()
    assert (settings.auto_off_s, settings.starts_open) == (120, True)
    for _ in range(4):
        driver.close_for(90)
        live(house, 60)
    assert driver.read().is_closed
    assert driver.read().power_w == house.miners["miner"].power_w > 0
    live(house, 31)
    assert driver.read() == RelayReading(is_closed=False, power_w=0)
    driver.close_for(90)
    driver.open()
    live(house, 1)
    assert not house.relays["miner"].is_contact_closed


@pytest.mark.parametrize("kind", KINDS)
def test_a_relay_with_another_password_refuses_and_stays_open(make_house: MakeHouse, kind: str) -> None:
    at = bench(make_house, relay={"kind": kind, "secret": "relay"})
    at.typed = Credentials("admin", "other-one")
    for act in (at.relay().read, at.relay().open, lambda: at.relay().close_for(90)):
        with pytest.raises(DeviceRefused, match=r"relay\.secret") as caught:
            act()
        assert "other-one" not in str(caught.value)
    assert not live(at.house, 1).relays["miner"].is_contact_closed


@pytest.mark.parametrize("kind", KINDS)
def test_settings_changed_by_hand_are_told(make_house: MakeHouse, kind: str) -> None:
    at = bench(make_house, relay={"kind": kind})
    at.house.relays["miner"].auto_off, at.house.relays["miner"].initial_state = False, "restore_last"
    settings = at.relay().read_settings()
    assert (settings.auto_off_s, settings.starts_open) == (None, False)


@pytest.mark.parametrize("kind", KINDS)
def test_a_silent_relay_is_silent_and_its_own_timer_opens_it(make_house: MakeHouse, kind: str) -> None:
    at = bench(make_house, relay={"kind": kind})
    house, driver = at.house, at.relay()
    driver.close_for(90)
    live(house, 10).faults.add(Fault.RELAY_SILENT)
    with pytest.raises(DeviceSilent):
        driver.read()
    live(house, 81)
    assert not house.relays["miner"].is_contact_closed


@pytest.mark.parametrize("kind", KINDS)
def test_a_stuck_contact_shows_in_its_meter(make_house: MakeHouse, kind: str) -> None:
    at = bench(make_house, relay={"kind": kind})
    house, driver = mining(at.house), at.relay()
    house.faults.add(Fault.RELAY_STUCK_CLOSED)
    driver.open()
    live(house, 5)
    reading = driver.read()
    assert (reading.is_closed, reading.power_w) == (False, 1674)
