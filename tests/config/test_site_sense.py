"""What makes no sense in a site.yaml, although each line of it could stand."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bitgrid.config import ConfigError, load_config

SHIPPED = Path(__file__).parents[2] / "config"
RELAY = "relay: {kind: shelly_gen2, host: 127.0.0.1, port: 18081, auto_off_s: 120}"
OTHER_RELAY = RELAY.replace("18081", "18082")
MINER = "miner: {driver: avalon, host: 127.0.0.1, port: 14028}\n    joules_per_terahash: 18.6"
LEVELS = "levels:\n      - {name: on, power_w: 2000, min_surplus_w: 2000}"
METER = "    signals: [grid_power_w]\n"
SOC = "    signals: [battery_power_w, battery_soc_pct]\n"


def house(tmp_path: Path, old: str, new: str) -> Path:
    directory = tmp_path / "config"
    shutil.copytree(SHIPPED, directory)
    text = (directory / "site.yaml").read_text()
    assert old in text
    (directory / "site.yaml").write_text(text.replace(old, new, 1))
    return directory


def load(name: str, *parts: str) -> tuple[str, str]:
    lines = "\n    ".join([f"id: {name}", "priority: 2", *parts])
    return "\nbattery:\n", f"  - {lines}\n\nbattery:\n"


def contact(signal: str, pin: str = "line: 17", name: str = "contact") -> tuple[str, str]:
    device = f"  - {{id: {name}, kind: gpio, gpio: {{{pin}}}, signals: [{signal}]}}\n"
    return "devices:\n", f"devices:\n{device}"


def second_inverter(place: str) -> tuple[str, str]:
    device = f"  - {{id: second, kind: sunspec, host: 127.0.0.1, {place}, signals: [pv_power_w]}}\n"
    return "  - id: battery\n", f"{device}  - id: battery\n"


TWO_ON_A_PIN = contact("emergency_stop")[1] + contact(
    "grid_limit_w", "line: 17, on_value: 4200, off_value: 20000", "limit"
)[1].removeprefix("devices:\n")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (load("rod", RELAY, LEVELS), "miner and rod name the same output of a relay"),
        (load("twin", MINER, OTHER_RELAY, LEVELS), "miner and twin name the same miner"),
        (("devices:\n", TWO_ON_A_PIN), "contact and limit name the same pin"),
        ((METER, f"{METER}    invert_sign: [pv_power_w]\n"), "pv_power_w, which is not among its signals"),
        ((SOC, f"{SOC}    invert_sign: [battery_soc_pct]\n"), "battery_soc_pct, which has no sign to turn"),
        (
            second_inverter("port: 15020"),
            "inverter and second are the same device, whose pv_power_w would count twice",
        ),
        (contact("room_temp_c"), "it can tell grid_limit_w or emergency_stop, and not room_temp_c"),
        (contact("grid_limit_w"), "tells grid_limit_w as 1 W or 0 W"),
        (contact("grid_limit_w", "line: 17, on_value: 4200, off_value: 4200"), "as 4200 W or 4200 W"),
        (contact("emergency_stop", "line: 17, on_value: 0"), "is a stop button"),
        (contact("emergency_stop", "line: 17, on_value: 5"), "is a stop button"),
    ],
)
def test_what_makes_no_sense_together_is_refused_in_words(
    tmp_path: Path, change: tuple[str, str], told: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(house(tmp_path, *change))
    assert told in str(caught.value)


@pytest.mark.parametrize(
    "change",
    [
        load("rod", f"{RELAY[:-1]}, channel: 1}}", LEVELS),
        load("twin", MINER.replace("14028", "14029"), OTHER_RELAY, LEVELS),
        (METER, f"{METER}    invert_sign: [grid_power_w]\n"),
        contact("grid_limit_w", "line: 17, on_value: 4200, off_value: 100000"),
        contact("grid_limit_w", "line: 17, on_value: 100000, off_value: 0"),
        second_inverter("port: 15020, unit_id: 2"),
        second_inverter("port: 15021"),
        contact("emergency_stop"),
        contact("emergency_stop", "line: 17, on_value: 0, off_value: 1"),
    ],
)
def test_what_does_is_taken(tmp_path: Path, change: tuple[str, str]) -> None:
    assert load_config(house(tmp_path, *change))
