"""Profiles of config/devices/: found by name, checked, and filled into the site."""

from __future__ import annotations

from pathlib import Path

import pytest

from bitgrid.config import load_config, profiling
from bitgrid.config.profiles import RegisterProfile
from config.directories import change, copied, problems

PROFILE = """\
schema: 1
name: A meter
source: Its manual, edition 3, table 7
checked: documentation
transport: modbus
port: 1502
unit_id: 71
signals:
  grid_power_w:
    points: [{address: 40, type: int32, unit: W}]
"""
METER = """\
  - id: meter
    kind: sunspec
    host: 127.0.0.1
    port: 15022
    signals: [grid_power_w]
"""


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A house whose meter is read by a profile."""
    target = copied(tmp_path)
    (target / "devices").mkdir(exist_ok=True)
    (target / "devices" / "a_meter.yaml").write_text(PROFILE)
    site = (target / "site.yaml").read_text()
    assert METER in site
    by_profile = METER.replace("kind: sunspec", "kind: profile\n    profile: a_meter").replace(
        "    port: 15022\n", ""
    )
    (target / "site.yaml").write_text(site.replace(METER, by_profile))
    return target


def test_port_and_unit_come_from_the_profile_where_the_site_leaves_them_out(directory: Path) -> None:
    config = load_config(directory)
    meter = next(device for device in config.site.devices if device.id == "meter")
    assert (meter.place, meter.unit_id) == (("127.0.0.1", 1502), 71)
    assert isinstance(config.profiles["a_meter"], RegisterProfile)


def test_a_release_brings_profiles_and_the_owner_s_own_go_before_them(
    directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped = tmp_path / "shipped"
    shipped.mkdir()
    monkeypatch.setattr(profiling, "SHIPPED", shipped)
    (shipped / "a_meter.yaml").write_text(PROFILE.replace("1502", "1503"))
    assert load_config(directory).profiles["a_meter"].port == 1502
    (directory / "devices" / "a_meter.yaml").unlink()
    assert load_config(directory).profiles["a_meter"].port == 1503
    (shipped / "a_meter.yaml").rename(shipped / "shipped_meter.yaml")
    (told,) = problems(directory)
    assert "there is no devices/a_meter.yaml" in told
    assert "shipped_meter" in told


def test_the_site_has_the_last_word_on_port_and_unit(directory: Path) -> None:
    change(directory / "site.yaml", "profile: a_meter", "profile: a_meter\n    port: 503\n    unit_id: 0")
    meter = next(device for device in load_config(directory).site.devices if device.id == "meter")
    assert (meter.place, meter.unit_id) == (("127.0.0.1", 503), 0)


def test_what_a_profile_says_is_part_of_the_hash(directory: Path) -> None:
    before = load_config(directory).config_hash
    change(directory / "devices" / "a_meter.yaml", "address: 40", "address: 42")
    assert load_config(directory).config_hash != before


def test_a_profile_nobody_uses_is_no_part_of_the_hash(directory: Path) -> None:
    before = load_config(directory).config_hash
    (directory / "devices" / "another.yaml").write_text("no profile at all")
    assert load_config(directory).config_hash == before


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        ("site.yaml", "profile: a_meter", "profile: b_meter", "there is no devices/b_meter.yaml; there are: "),
        ("site.yaml", "profile: a_meter", "unit_id: 1", "a device of kind profile needs profile"),
        ("site.yaml", "[grid_power_w]", "[house_load_w, grid_power_w]", "A meter does not tell house_load_w"),
        ("site.yaml", "    profile: a_meter\n    host: 127.0.0.1\n", "    profile: a_meter\n", "host: is missing"),
        ("devices/a_meter.yaml", "transport: modbus", "transport: serial", "must be one of modbus, http, mqtt"),
        (
            "devices/a_meter.yaml",
            "address: 40",
            "address: 70000",
            "a_meter.yaml:10:15 signals.grid_power_w.points.0",
        ),
        ("devices/a_meter.yaml", "address: 40", "adress: 40", "did you mean address?"),
    ],
)
def test_what_does_not_fit_is_told_with_its_place(
    directory: Path, file: str, old: str, new: str, told: str
) -> None:
    change(directory / file, old, new)
    assert told in "\n".join(problems(directory))


def by_mqtt(directory: Path, topic: str) -> None:
    """The meter tells bare numbers by MQTT instead."""
    change(directory / "site.yaml", "profile: a_meter", f"profile: mqtt_number{topic}")
    change(
        directory / "site.yaml", "    host: 127.0.0.1\n    signals: [grid_power_w]", "    signals: [grid_power_w]"
    )


@pytest.mark.parametrize("topic", ["bitgrid/home/telemetry/meter", "bitgrid"])
def test_no_device_tells_where_the_house_itself_talks(directory: Path, topic: str) -> None:
    by_mqtt(directory, f"\n    topic: {topic}")
    (problem,) = problems(directory)
    assert "devices.2.topic: leads to bitgrid/…, where the house itself talks" in problem


def test_a_device_that_tells_needs_a_topic_of_its_own_and_no_address(directory: Path) -> None:
    by_mqtt(directory, "")
    (problem,) = problems(directory)
    assert "this profile needs to know the device's own topic" in problem
    change(directory / "site.yaml", "profile: mqtt_number", "profile: mqtt_number\n    topic: cellar/bitgrid")
    (device,) = [one for one in load_config(directory).site.devices if one.id == "meter"]
    assert (device.topic, device.host, device.port) == ("cellar/bitgrid", None, None)


@pytest.mark.parametrize(
    ("point", "told"),
    [
        ("address: 40, type: int32, scale: 0", "must not be 0"),
        ("address: 65535, type: int32", "int32 at 65535 reaches beyond the last register"),
        ("address: 40, type: int16, not_told: [-32768]", "not_told holds -32768"),
        ("address: 40, type: uint16, not_told: [0x80000000]", "not_told holds 2147483648"),
    ],
)
def test_a_point_that_could_never_tell_what_it_says_is_refused(directory: Path, point: str, told: str) -> None:
    change(directory / "devices" / "a_meter.yaml", "address: 40, type: int32", point)
    assert any(told in line for line in problems(directory))


def test_the_last_register_and_the_largest_sentinel_are_taken(directory: Path) -> None:
    last = "address: 65534, type: int32, not_told: [0xFFFFFFFF]"
    change(directory / "devices" / "a_meter.yaml", "address: 40, type: int32", last)
    assert load_config(directory)
