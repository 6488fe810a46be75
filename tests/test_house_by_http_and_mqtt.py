"""A whole house in process: its PV asked by HTTP behind a password, its battery and meter telling by MQTT."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import pytest

from bitgrid.config import Config, load_config
from bitgrid.config.secrets import Credentials
from bitgrid.devices.http_json.source import JsonDevice
from bitgrid.devices.mqtt.source import TopicDevice
from bitgrid.devices.registry import build_sources
from bitgrid.plant.faults import Fault
from whole_house import CONFIG_DIRECTORY, AsTold, WholeHouse

SITE = Path(__file__).parent / "sites" / "shelly_and_tasmota.yaml"
MAY_MORNING_S = dt.datetime(2025, 5, 14, 4, tzinfo=dt.UTC).timestamp()
METER_TOPIC = "tele/reader/SENSOR"


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Config:
    """The repository's configuration with this site."""
    directory = tmp_path_factory.mktemp("config")
    shutil.copytree(CONFIG_DIRECTORY, directory, dirs_exist_ok=True)
    shutil.copyfile(SITE, directory / "site.yaml")
    return load_config(directory)


class Noon:
    """More sun than battery and miner can take, trembling a little."""

    def at(self, epoch_s: float) -> tuple[int, int]:
        return 9000 + int(epoch_s) % 37, 400 + int(epoch_s) % 11


def secret(name: str) -> Credentials:
    return Credentials("admin", f"the password of {name}")


@pytest.fixture
def mining(config: Config, tmp_path: Path) -> WholeHouse:
    """A house at noon whose miner has been at work for a while."""
    house = WholeHouse(tmp_path / "house", MAY_MORNING_S + 7 * 3600, config, source=Noon(), secret=secret)
    for _ in range(6):
        house.live(600, step_s=5)
        if house.miner_w > 700:
            return house
    pytest.fail("the miner never started")


def test_its_devices_are_read_by_http_and_heard_by_mqtt(config: Config, mining: WholeHouse) -> None:
    sources = build_sources(config, mining.clock, mining.transports, listen=mining.bus.subscribe)
    assert [type(one) for one in sources.values()] == [JsonDevice, TopicDevice, TopicDevice]


def test_the_rules_see_the_house_as_it_is(config: Config, tmp_path: Path) -> None:
    house = WholeHouse(tmp_path / "house", MAY_MORNING_S + 5 * 3600, config, secret=secret)
    heard = house.hear_devices(31)
    truth = {
        "pv_power_w": house.house.pv_w,
        "grid_power_w": house.house.metered_w,
        "battery_power_w": house.house.battery_w,
        "battery_soc_pct": house.house.soc_pct,
    }
    assert {name: told.value for name, told in heard.items()} == pytest.approx(truth, abs=60)
    assert all(told.quality == "good" and told.age_s <= 20 for told in heard.values())


def test_it_mines_on_the_sun_and_not_at_night(config: Config, tmp_path: Path) -> None:
    house = WholeHouse(tmp_path / "house", MAY_MORNING_S, config, secret=secret)
    house.live(86_400, step_s=5)
    ran = [moment.at_s for moment in house.moments if moment.miner_w > 100]
    hours = {dt.datetime.fromtimestamp(at_s, dt.UTC).hour for at_s in ran}
    assert len(hours) >= 3
    assert hours <= set(range(5, 20))
    assert all(not poller.problem for poller in house.pollers)


@pytest.mark.parametrize("fault", [Fault.METER_SILENT, Fault.INVERTER_SILENT])
def test_a_device_that_falls_silent_stops_the_miner(mining: WholeHouse, fault: Fault) -> None:
    mining.house.faults.add(fault)
    mining.live(180)
    assert mining.miner_w < 50


def test_a_message_told_over_and_over_by_somebody_else_is_found_frozen(mining: WholeHouse) -> None:
    """The reader is dead, and a bridge repeats its last words: they arrive fresh and never change."""
    mining.house.faults.add(Fault.METER_SILENT)
    for _ in range(110):
        mining.bus.publish(METER_TOPIC, AsTold(b'{"SML": {"Power_curr": -4000}}'))  # type: ignore[arg-type]
        mining.live(10)
    assert mining.miner_w < 50
    assert "meter is frozen" in mining.pollers[2].problem


def test_what_the_broker_kept_does_not_start_a_miner(config: Config, tmp_path: Path) -> None:
    house = WholeHouse(tmp_path / "house", MAY_MORNING_S + 7 * 3600, config, source=Noon(), secret=secret)
    house.house.faults.add(Fault.METER_SILENT)
    house.bus.publish(METER_TOPIC, AsTold(b'{"SML": {"Power_curr": -4000}}'), retain=True)  # type: ignore[arg-type]
    house.start_poller()
    house.live(1900, step_s=5)
    assert all(moment.miner_w < 50 for moment in house.moments)
    assert any("nothing" in poller.problem for poller in house.pollers)


def test_a_wrong_password_keeps_the_miner_off_and_is_said(config: Config, tmp_path: Path) -> None:
    house = WholeHouse(tmp_path / "house", MAY_MORNING_S + 7 * 3600, config, source=Noon(), secret=secret)
    object.__setattr__(house.transports, "secret", lambda _name: Credentials("admin", "wrong"))
    house.start_poller()
    house.live(1900, step_s=5)
    assert all(moment.miner_w < 50 for moment in house.moments)
    assert "asks for a password, or refused" in house.pollers[0].problem
    assert "wrong" not in house.pollers[0].problem
