"""What `make run` was asked for, and what that comes to."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from bitgrid.clock import HeldClock
from bitgrid.config import ConfigError
from bitgrid.ops.errors import Refusal
from bitgrid.ops.plan import Plan, Wishes, make_plan

NOON = datetime(2026, 6, 21, 10, 0, tzinfo=UTC)
MACHINE = HeldClock(wall_s=NOON.timestamp())


def plan(config_dir: Path, **wishes: object) -> Plan:
    return make_plan(Wishes(config=config_dir, **wishes), MACHINE)  # type: ignore[arg-type]


def make_real(config_dir: Path) -> Path:
    site = config_dir / "site.yaml"
    site.write_text(site.read_text().replace("host: 127.0.0.1\n    port: 15022", "host: 192.0.2.7"))
    return config_dir


def test_a_day_takes_24_minutes_and_begins_on_a_morning_in_may(config_dir: Path) -> None:
    made = plan(config_dir)
    assert (made.speed, made.pace, made.is_simulated) == (60, "a day in 24 minutes", True)
    assert made.starts_s == datetime(2026, 5, 15, 4, 0, tzinfo=UTC).timestamp()
    assert made.empties_data
    clock = made.start_clock()
    assert clock.speed == 60
    assert clock.now() == pytest.approx(made.starts_s, abs=60)


def test_at_speed_1_the_house_lives_in_the_machines_time_and_keeps_its_data(config_dir: Path) -> None:
    made = plan(config_dir, speed=1)
    assert (made.starts_s, made.empties_data, made.pace) == (None, False, "real time")
    assert made.start_clock().wall_origin_s is None


def test_at_speed_1_a_start_is_still_heard(config_dir: Path) -> None:
    made = plan(config_dir, speed=1, start="2024-05-15T12:30Z")
    assert made.starts_s == datetime(2024, 5, 15, 12, 30, tzinfo=UTC).timestamp()
    assert made.empties_data, "the data of another time would lie in its future or past"


def test_keep_keeps_the_data(config_dir: Path) -> None:
    assert not plan(config_dir, keep=True).empties_data


@pytest.mark.parametrize("speed", [0, 0.5, -1, 121, float("nan")])
def test_a_speed_at_which_safety_would_be_a_matter_of_luck_is_refused(config_dir: Path, speed: float) -> None:
    with pytest.raises(Refusal, match="from 1"):
        plan(config_dir, speed=speed)


def test_real_devices_force_real_time(config_dir: Path) -> None:
    made = plan(make_real(config_dir))
    assert (made.speed, made.starts_s, made.is_simulated, made.empties_data) == (1, None, False, False)


@pytest.mark.parametrize(
    ("wishes", "names"),
    [
        ({"speed": 60.0}, "SPEED"),
        ({"start": "2024-05-15"}, "START"),
        ({"data": Path("home.csv")}, "DATA"),
        ({"speed": 2.0, "start": "2024-05-15"}, "SPEED and START"),
    ],
)
def test_what_would_need_a_simulated_house_is_refused_with_real_devices(
    config_dir: Path, wishes: dict[str, object], names: str
) -> None:
    with pytest.raises(Refusal, match=f"^{names} cannot be used with this site"):
        plan(make_real(config_dir), **wishes)


def test_speed_1_may_be_said_with_real_devices(config_dir: Path) -> None:
    assert plan(make_real(config_dir), speed=1).speed == 1


def test_a_file_that_is_not_there_is_named(config_dir: Path) -> None:
    with pytest.raises(Refusal, match=r"DATA=nowhere\.csv: no such file"):
        plan(config_dir, data=Path("nowhere.csv"))
    with pytest.raises(Refusal, match=r"SITE=nowhere\.yaml: no such file"):
        plan(config_dir, site=Path("nowhere.yaml"))


def test_a_recording_is_driven_from_its_first_whole_day(config_dir: Path, tmp_path: Path) -> None:
    rows = "".join(f"2024-06-{day:02}T{hour:02}:00:00Z,5,300\n" for day in range(1, 5) for hour in range(24))
    data = tmp_path / "home.csv"
    data.write_text("time_utc,pv_power_w,house_load_w\n" + rows)
    made = plan(config_dir, data=data)
    assert made.starts_s == datetime(2024, 6, 2, 4, 0, tzinfo=UTC).timestamp()
    assert made.data == data


def test_a_bad_configuration_is_refused_whole_and_by_its_owners_names(config_dir: Path, tmp_path: Path) -> None:
    mine = tmp_path / "my-house.yaml"
    mine.write_text((config_dir / "site.yaml").read_text().replace("capacity_wh", "capacity_kwh"))
    (config_dir / "flags.yaml").write_text("schema: 1\nr4_enabled: maybe\n")
    with pytest.raises(ConfigError) as raised:
        plan(config_dir, site=mine)
    said = str(raised.value)
    assert "my-house.yaml:" in said
    assert "battery.capacity_kwh: extra key; did you mean capacity_wh?" in said
    assert "flags.yaml:2:1 r4_enabled" in said


def test_a_missing_file_is_named_where_its_owner_would_look(config_dir: Path) -> None:
    (config_dir / "flags.yaml").unlink()
    with pytest.raises(ConfigError, match=f"flags.yaml is missing from {config_dir}"):
        plan(config_dir)


def test_a_bad_plant_stops_the_simulated_house_only(config_dir: Path) -> None:
    (config_dir / "plant.yaml").write_text("schema: 1\ncloudiness: 7\n")
    with pytest.raises(ConfigError, match="cloudiness"):
        plan(config_dir)
    assert not plan(make_real(config_dir)).is_simulated
