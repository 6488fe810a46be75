"""A whole house in process whose inverter, battery and meter are read by register maps."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import pytest

from bitgrid.config import Config, load_config
from bitgrid.devices.modbus.register_map import SLOW_S, RegisterMapDevice
from bitgrid.devices.registry import build_sources, no_bus
from bitgrid.plant.faults import Fault
from whole_house import CONFIG_DIRECTORY, WholeHouse

SITE = Path(__file__).parent / "sites" / "huawei_and_sdm630.yaml"
MAY_MORNING_S = dt.datetime(2025, 5, 14, 4, tzinfo=dt.UTC).timestamp()
FROZEN_AFTER_S = 900
OFF_WITHIN_S = 120


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


@pytest.fixture
def mining(config: Config, tmp_path: Path) -> WholeHouse:
    """A house at noon whose miner has been at work for a while."""
    house = WholeHouse(tmp_path / "house", MAY_MORNING_S + 7 * 3600, config, source=Noon())
    for _ in range(6):
        house.live(600, step_s=5)
        if house.miner_w > 700:
            return house
    pytest.fail("the miner never started")


def test_its_devices_are_read_by_their_maps(config: Config, mining: WholeHouse) -> None:
    sources = build_sources(config, mining.clock, mining.transports, listen=no_bus)
    assert all(isinstance(source, RegisterMapDevice) for source in sources.values())


def test_the_rules_see_the_house_as_it_is(config: Config, tmp_path: Path) -> None:
    house = WholeHouse(tmp_path / "house", MAY_MORNING_S + 5 * 3600, config)
    heard = house.hear_devices(11)
    truth = {
        "pv_power_w": house.house.pv_w,
        "grid_power_w": house.house.grid_w,
        "battery_power_w": house.house.battery_w,
        "battery_soc_pct": house.house.soc_pct,
    }
    assert {name: told.value for name, told in heard.items()} == pytest.approx(truth, abs=60)
    assert all(told.quality == "good" and told.age_s <= SLOW_S for told in heard.values())


def test_it_mines_on_the_sun_and_not_at_night(config: Config, tmp_path: Path) -> None:
    house = WholeHouse(tmp_path / "house", MAY_MORNING_S, config)
    house.live(86_400, step_s=5)
    ran = [moment.at_s for moment in house.moments if moment.miner_w > 100]
    hours = {dt.datetime.fromtimestamp(at_s, dt.UTC).hour for at_s in ran}
    assert len(hours) >= 3
    assert hours <= set(range(5, 20))
    assert all(not poller.problem for poller in house.pollers)


def test_a_meter_that_freezes_keeps_no_miner_running(mining: WholeHouse) -> None:
    """The sun shines on, so that nothing but the meter's own standing still can be the reason."""
    assert mining.house.metered_w < -500
    mining.house.faults.add(Fault.METER_FROZEN)
    mining.live(FROZEN_AFTER_S - 60)
    assert mining.miner_w > 700
    mining.live(60 + OFF_WITHIN_S)
    assert mining.miner_w < 50
    assert "meter is frozen: it has told exactly the same grid_power_w" in mining.pollers[1].problem


def test_a_map_that_falls_silent_stops_the_miner(mining: WholeHouse) -> None:
    mining.house.faults.add(Fault.METER_SILENT)
    mining.live(180)
    assert mining.miner_w < 50
