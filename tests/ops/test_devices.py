"""`bitgrid devices`: what is on the network is found and proposed, and what site.yaml names can be looked at."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from ruamel.yaml import YAML

from bitgrid.cli import main
from bitgrid.clock import HeldClock, SystemClock
from bitgrid.config import Config, Site, load_config
from bitgrid.config.files import load_file
from bitgrid.config.loading import load_plant
from bitgrid.devices.discovery.found import AsDevice, Found
from bitgrid.devices.discovery.scan import Ports
from bitgrid.ops.commands import devices
from bitgrid.ops.instance import Card
from bitgrid.ops.looks import Look
from bitgrid.ops.proposal import render
from bitgrid.plant.control import PlantControl
from bitgrid.plant.model import House
from bitgrid.plant.server import PlantServer
from broker import Broker
from plant.house import CONFIG, NOON_S, Still, close_relay
from plant.test_server import free_ports


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """The configuration of the repository on free ports: inverter and battery share one, as units 1 and 2."""
    place = Path(shutil.copytree(CONFIG, tmp_path / "config"))
    yaml = YAML()
    data = yaml.load((place / "site.yaml").read_bytes())
    modbus, meter, miner, relay = free_ports(4)
    for device, port, unit in zip(data["devices"], (modbus, modbus, meter), (1, 2, 1), strict=True):
        device["port"], device["unit_id"] = port, unit
    data["loads"][0]["miner"]["port"], data["loads"][0]["relay"]["port"] = miner, relay
    with (place / "site.yaml").open("wb") as out:
        yaml.dump(data, out)
    return place


@pytest.fixture
def config(directory: Path) -> Config:
    return load_config(directory)


@pytest.fixture
def at(tmp_path: Path) -> Path:
    return tmp_path / "plant.sock"


@pytest.fixture
def house(config: Config, at: Path) -> Iterator[House]:
    """A house at noon on real sockets, its miner powered and awake."""
    clock = HeldClock()
    house = House(config.site, load_plant(CONFIG), Still(3000, 500), NOON_S)
    server = PlantServer(house, clock, at)
    server.start()
    close_relay(house)
    clock.advance(600)
    yield house
    server.stop()


def bitgrid(*arguments: str) -> Result:
    done = CliRunner().invoke(main, ["devices", *arguments])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


def ports(config: Config) -> list[str]:
    """The options that name this house's ports."""
    found = devices.ports_of(config)
    named = {"--modbus-port": found.modbus, "--miner-port": found.miner, "--http-port": found.http}
    return [part for option, numbers in named.items() for number in numbers for part in (option, str(number))]


def site_with(proposed: str, directory: Path) -> Site:
    """The site of the repository with these devices in place of its own, as its owner would write it."""
    yaml = YAML()
    data = yaml.load((CONFIG / "site.yaml").read_bytes())
    data["devices"] = yaml.load(proposed)["devices"]
    with (directory / "site.yaml").open("wb") as out:
        yaml.dump(data, out)
    return load_config(directory).site


def test_the_simulated_house_is_found_and_what_is_proposed_is_the_house(
    house: House, config: Config, directory: Path
) -> None:
    done = bitgrid("scan", "127.0.0.1", *ports(config))
    assert done.exit_code == 0
    assert "5 found at 1 addresses." in done.stderr
    proposed = site_with(done.stdout, directory)
    told = {(one.place, one.unit_id, tuple(one.signals)) for one in proposed.devices}
    assert told == {(one.place, one.unit_id, tuple(one.signals)) for one in house.site.devices}
    load = house.site.loads[0]
    assert load.miner
    assert load.relay
    assert f"#   miner: {{driver: avalon, host: 127.0.0.1, port: {load.miner.port}}}" in done.stdout
    assert f"#   relay: {{kind: shelly_gen2, host: 127.0.0.1, port: {load.relay.port}}}" in done.stdout


@pytest.mark.usefixtures("house")
def test_a_scan_changes_nothing_in_the_house(config: Config, at: Path) -> None:
    before = PlantControl(at).status()
    bitgrid("scan", "127.0.0.1", *ports(config))
    after = PlantControl(at).status()
    assert after["loads"] == before["loads"]


def test_a_scan_for_programs_is_json(house: House, config: Config) -> None:
    told = json.loads(bitgrid("scan", "127.0.0.1", *ports(config), "--json").stdout)
    assert len(told) == 5
    assert {one["host"] for one in told} == {"127.0.0.1"}
    assert [one["miner"] for one in told if one["miner"]] == ["avalon"]
    assert house.site.loads[0].miner is not None


def test_where_nothing_answers_it_says_so() -> None:
    (port,) = free_ports(1)
    options = [part for name in ("modbus", "miner", "http") for part in (f"--{name}-port", str(port))]
    done = bitgrid("scan", "127.0.0.1", *options)
    assert (done.exit_code, done.stdout) == (0, "# Nothing was found that measures.\n")


@pytest.mark.parametrize("target", ["1.1.1.1", "10.0.0.0/8", "meter"])
def test_what_is_not_the_homes_own_network_is_refused(target: str) -> None:
    done = bitgrid("scan", target)
    assert done.exit_code == 1
    assert "Nothing was asked." in done.stderr


def test_without_a_private_network_one_must_be_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(devices, "ROUTES", tmp_path / "none")
    done = bitgrid("scan")
    assert done.exit_code == 1
    assert "name one: 192.168.1.0/24" in done.stderr


AT_GRID = AsDevice(("grid_power_w",), "where", "shelly_3em")
FOUND = [
    Found(
        "Fronius GEN24", "192.168.1.5", 502, AsDevice(("pv_power_w", "battery_power_w", "battery_soc_pct"), "sums")
    ),
    Found("SMA STP", "192.168.1.6", 502, AsDevice(("pv_power_w",), unit_id=126)),
    Found("SMA SBS", "192.168.1.6", 1502, AsDevice(("battery_power_w", "battery_soc_pct"), unit_id=3)),
    Found("Shelly 3EM", "192.168.1.7", 80, AT_GRID, needs_password=True),
    Found("Tasmota", "192.168.1.8", 80, AsDevice(("grid_power_w",), "where", "tasmota_sml", topic="sml")),
    Found("Plug\n- id: evil", "192.168.1.9", 80, relay="shelly_gen1", needs_password=True),
    Found("Modbus device", "192.168.1.10", 502, note="it is something else"),
]


def test_what_is_proposed_is_valid_and_names_every_signal_once(directory: Path) -> None:
    site = site_with(render(FOUND), directory)
    assert {one.id: one.signals for one in site.devices} == {
        "hybrid": ["pv_power_w", "battery_power_w", "battery_soc_pct"],
        "inverter": ["pv_power_w"],
        "battery": ["battery_power_w"],
        "meter": ["grid_power_w"],
    }
    by_id = {one.id: one for one in site.devices}
    assert (by_id["meter"].secret, by_id["meter"].profile) == ("meter", "shelly_3em")
    assert (by_id["inverter"].unit_id, by_id["battery"].place) == (126, ("192.168.1.6", 1502))


def test_a_device_that_tells_by_mqtt_is_proposed_by_its_topic(directory: Path) -> None:
    (meter,) = site_with(render([FOUND[4]]), directory).devices
    assert (meter.topic, meter.host, meter.profile) == ("sml", None, "tasmota_sml")


def test_what_is_guessed_and_what_is_left_to_its_owner_is_marked() -> None:
    text = render(FOUND)
    assert "signals: [grid_power_w]  # GUESSED: where" in text
    assert "# 192.168.1.8:80: Tasmota; it measures what stands above already" in text
    assert "for the load whose power it cuts, and for no other" in text
    assert "# 192.168.1.10:502: Modbus device: it is something else" in text


def test_a_name_cannot_write_into_the_proposal(directory: Path) -> None:
    text = render(FOUND)
    assert "# Plug?- id: evil" in text
    assert "evil" not in {one.id for one in site_with(text, directory).devices}


def test_a_device_is_shown_with_units_and_what_its_signs_mean(house: House, directory: Path) -> None:
    done = bitgrid("test", "battery", "--config", str(directory))
    assert done.exit_code == 0
    assert done.stdout.split("\n")[:2] == [
        f"  battery_power_w  {house.battery_w:>10,} W  charging the battery",
        f"  battery_soc_pct  {house.soc_pct:>10.1f} %",
    ]


def test_a_sign_that_is_turned_is_said(house: House, directory: Path) -> None:
    yaml = YAML()
    data = yaml.load((directory / "site.yaml").read_bytes())
    data["devices"][2]["invert_sign"] = ["grid_power_w"]
    with (directory / "site.yaml").open("wb") as out:
        yaml.dump(data, out)
    house.extra_load_w = 9000
    house.step(house.now_s + 5)
    line = bitgrid("test", "meter", "--config", str(directory)).stdout
    assert "fed into the grid (turned by invert_sign)" in line


def test_a_load_is_shown_by_its_miner_and_its_relay(house: House, directory: Path) -> None:
    done = bitgrid("test", "miner", "--config", str(directory), "--json")
    told = {line["name"]: line["value"] for line in json.loads(done.stdout)["lines"]}
    assert told["power_w"] == house.miners["miner"].power_w
    assert (told["is_closed"], told["is_asleep"]) == (True, False)
    assert told["auto_off_s"] is not None


def test_what_does_not_answer_is_told_and_the_rest_is_shown(house: House, directory: Path, at: Path) -> None:
    PlantControl(at).fault("relay-silent")
    done = bitgrid("test", "miner", "--config", str(directory))
    assert done.exit_code == 1
    assert "temp_c" in done.stdout
    assert "✗ relay: 127.0.0.1:" in done.stdout
    assert house.faults


def test_an_unknown_name_is_refused_with_those_there_are(directory: Path) -> None:
    done = bitgrid("test", "pool_pump", "--config", str(directory))
    assert done.exit_code == 1
    assert "site.yaml names no pool_pump; it names inverter, battery, meter, miner" in done.stderr


def test_watching_looks_again_after_its_interval_until_it_is_ended() -> None:
    clock, said, looked = HeldClock(boot_s=0.0), [], []

    def look() -> Look:
        looked.append(clock.boot())
        if len(looked) > 3:
            raise KeyboardInterrupt
        return Look((), ("silent",) if len(looked) == 3 else ())

    assert devices.show(look, clock, said.append, every_s=10.0, as_json=False)
    assert looked == [0.0, 10.0, 20.0, 30.0]
    assert said[2] == "  ✗ silent"


def test_looking_once_looks_once() -> None:
    said: list[Any] = []
    assert not devices.show(lambda: Look(()), HeldClock(), said.append, every_s=None, as_json=True)
    assert said == ['{"lines": [], "problems": []}']


def test_the_ports_of_a_site_are_told_apart_by_what_is_spoken_there() -> None:
    found = devices.ports_of(load_config(CONFIG))
    assert (found.modbus, found.miner, found.http) == ((15020, 15021, 15022), (14028,), (18081,))
    assert load_file(CONFIG / "site.yaml", Site).is_loopback_only


@pytest.fixture
def on_mqtt(directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """The house of tests/sites/shelly_and_tasmota.yaml on real sockets and a real broker."""
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    (secrets / "inverter").touch(0o600)
    (secrets / "inverter").write_text("admin:of nobody\n")
    monkeypatch.setenv("BITGRID_SECRETS_DIR", str(secrets))
    (tmp_path / "broker").mkdir()
    broker, (http, miner, relay) = Broker(tmp_path / "broker"), free_ports(3)
    yaml = YAML()
    data = yaml.load((CONFIG.parent / "tests" / "sites" / "shelly_and_tasmota.yaml").read_bytes())
    data["broker"]["port"], data["devices"][0]["port"] = broker.port, http
    data["loads"][0]["miner"]["port"], data["loads"][0]["relay"]["port"] = miner, relay
    with (directory / "site.yaml").open("wb") as out:
        yaml.dump(data, out)
    config = load_config(directory)
    house = House(config.site, load_plant(CONFIG), Still(3000, 500), NOON_S)
    server = PlantServer(house, SystemClock(speed=60.0), tmp_path / "plant.sock", config.profiles)
    server.start()
    over = threading.Event()

    def keep_telling() -> None:
        while not over.wait(0.05):
            server.step()

    teller = threading.Thread(target=keep_telling)
    teller.start()
    yield house
    over.set()
    teller.join()
    server.stop()
    broker.kill()


@pytest.mark.usefixtures("on_mqtt")
def test_a_device_that_tells_by_mqtt_is_waited_for_and_shown(directory: Path) -> None:
    done = bitgrid("test", "battery", "--config", str(directory))
    assert done.exit_code == 0, done.output
    assert "charging the battery" in done.stdout


@pytest.mark.usefixtures("on_mqtt")
def test_a_device_behind_a_digest_is_shown_over_real_sockets(directory: Path) -> None:
    done = bitgrid("test", "inverter", "--config", str(directory))
    assert (done.exit_code, done.stdout) == (0, "  pv_power_w            3,000 W  generated\n")


@pytest.mark.usefixtures("on_mqtt")
def test_a_device_whose_password_is_not_known_is_said_to_be_so(directory: Path, tmp_path: Path) -> None:
    (tmp_path / "secrets" / "inverter").write_text("admin:wrong\n")
    done = bitgrid("test", "inverter", "--config", str(directory))
    assert done.exit_code == 1
    assert "asks for a password, or refused the one it was given" in done.stdout
    assert "wrong" not in done.stdout


def test_a_running_simulated_house_is_scanned_where_it_listens_and_only_then(
    house: House, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = Card(
        pid=1,
        url="",
        speed=60,
        config=str(directory),
        data="",
        run="",
        log="",
        clock="",
        is_simulated=True,
    )
    monkeypatch.setattr(devices, "running", lambda _var: iter([card]))
    assert "5 found at 1 addresses." in bitgrid("scan", "127.0.0.1").stderr
    assert f"{house.battery_w:,} W" in bitgrid("test", "battery").stdout
    real = card.model_copy(update={"is_simulated": False})
    monkeypatch.setattr(devices, "running", lambda _var: iter([real]))
    asked: list[Ports] = []
    monkeypatch.setattr(devices, "Scan", lambda ports, _reach: asked.append(ports) or Nobody())
    bitgrid("scan", "127.0.0.1")
    assert asked == [Ports()]


class Nobody:
    """A scan of an empty network."""

    def run(self, _hosts: list[str]) -> Iterator[list[Found]]:
        return iter([])
