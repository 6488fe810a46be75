"""Every register map in config/devices/, against registers made from its source."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bitgrid.clock import HeldClock
from bitgrid.config.profiles import RegisterProfile
from bitgrid.config.profiling import load_profile
from bitgrid.devices.errors import DeviceRefused
from bitgrid.devices.modbus.register_map import RegisterMapDevice, plan
from bitgrid.devices.ports import figure
from bitgrid.devices.transport import RegisterFunction
from devices.modbus.fixtures import FIXTURES, Fixture, Moment

DIRECTORY = Path(__file__).parents[3] / "config" / "devices"


def register_maps() -> dict[str, RegisterProfile]:
    profiles = {path.stem: load_profile(path) for path in sorted(DIRECTORY.glob("*.yaml"))}
    return {name: profile for name, profile in profiles.items() if isinstance(profile, RegisterProfile)}


MAPS = register_maps()


class Strict:
    """Registers of a moment, as unforgiving as the profile says the device is."""

    def __init__(self, profile: RegisterProfile, moment: Moment) -> None:
        self._max_registers = profile.quirks.max_registers
        self._spans = {"holding": moment.holding, "input": moment.input}

    def __call__(self, address: int, count: int, function: RegisterFunction = "holding") -> list[int]:
        assert count <= self._max_registers
        for begin, words in self._spans[function].items():
            found = words[address - begin : address - begin + count] if address >= begin else []
            if len(found) == count:
                return found
        raise DeviceRefused(f"no {count} {function} registers at {address}")


def told(fixture: Fixture, moment: Moment) -> dict[str, float | None]:
    profile = MAPS[fixture.profile]
    device = RegisterMapDevice("device", Strict(profile, moment), profile, list(moment.means), HeldClock())
    return {name: figure(one) for name, one in device.read().items()}


@pytest.mark.parametrize("fixture", FIXTURES, ids=lambda fixture: fixture.profile)
def test_by_day_the_battery_charges_and_the_house_exports(fixture: Fixture) -> None:
    assert told(fixture, fixture.day) == pytest.approx(fixture.day.means)


@pytest.mark.parametrize("fixture", FIXTURES, ids=lambda fixture: fixture.profile)
def test_at_night_the_battery_discharges_and_the_house_imports(fixture: Fixture) -> None:
    assert told(fixture, fixture.night) == pytest.approx(fixture.night.means)


@pytest.mark.parametrize(
    "fixture", [fixture for fixture in FIXTURES if fixture.silent], ids=lambda fixture: fixture.profile
)
def test_what_is_not_measured_is_missing_and_never_a_figure(fixture: Fixture) -> None:
    assert fixture.silent is not None
    assert told(fixture, fixture.silent) == pytest.approx(fixture.silent.means)


def test_every_shipped_map_has_a_fixture_for_all_that_it_tells() -> None:
    covered = {fixture.profile: set(fixture.day.means) for fixture in FIXTURES}
    assert covered == {name: set(profile.signals) for name, profile in MAPS.items()}


def test_every_sentinel_is_tried() -> None:
    """A map that names figures for "not measured" shows in its fixture what they cost."""
    with_sentinels = {
        name
        for name, profile in MAPS.items()
        if any(point.not_told for signal in profile.signals.values() for point in signal.points)
    }
    assert with_sentinels <= {fixture.profile for fixture in FIXTURES if fixture.silent}


@pytest.mark.parametrize("name", MAPS)
def test_every_map_names_its_source_and_what_it_was_checked_against(name: str) -> None:
    profile = MAPS[name]
    assert re.search(r"\d", profile.source) or "/" in profile.source, "an edition, a year, or a file of a project"
    assert profile.checked == "documentation"
    assert profile.notes


@pytest.mark.parametrize("name", MAPS)
def test_every_map_is_planned_within_its_quirks(name: str) -> None:
    quirks = MAPS[name].quirks
    points = [point for signal in MAPS[name].signals.values() for point in signal.points]
    reads = plan(points, quirks)
    assert all(0 < read.count <= quirks.max_registers for read in reads)
    assert len(reads) <= 6
    for point in points:
        assert any(
            read.function == point.function and read.address <= point.address < read.address + read.count
            for read in reads
        )


def test_the_makes_that_were_promised_are_there() -> None:
    promised = {"huawei", "sma", "kostal", "victron", "deye", "goodwe", "growatt", "sungrow", "e3dc", "eastron"}
    promised |= {"carlo", "shelly"}
    assert promised <= {name.split("_")[0] for name in MAPS}
