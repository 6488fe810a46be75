"""A house on two hosts, as each is prepared: who runs where, who may say what."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from bitgrid.bus import Topics
from bitgrid.config import Config
from bitgrid.ops.host.accounts import accounts
from bitgrid.ops.host.house_programs import appliance_programs
from bitgrid.ops.host.places import HostPlaces, Part
from broker import free_port
from ops.host.appliance_broker import NO_SUBSCRIBERS, NOT_AUTHORIZED, SUCCESS, Talker, Tls, appliance_broker, ports
from ops.host.appliance_site import HEATER_METER, HOME_ASSISTANT, config_of

T = Topics("home")
EVERYBODY = {
    "poller",
    "loads",
    "rules",
    "recorder",
    "feeds",
    "explain",
    "web",
    "doctor",
    "backup",
    "update",
    "ups",
}


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Config:
    """A house whose devices are near a gateway called cellar."""
    directory = tmp_path_factory.mktemp("config")
    gateway = {"name": "cellar", "edge": "192.168.1.10", "port": free_port()}
    return config_of(directory, gateway=gateway, peers=[HOME_ASSISTANT, HEATER_METER], **ports())


@pytest.fixture(scope="module")
def places(config: Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostPlaces]:
    """The edge's broker runs."""
    directory = tmp_path_factory.mktemp("edge")
    with appliance_broker(config, directory, Part.EDGE):
        yield HostPlaces(directory)


def names(config: Config, part: Part) -> set[str]:
    return {account.name for account in accounts(config, part)}


def test_who_is_near_the_devices_has_an_account_there_and_everybody_else_at_the_edge(config: Config) -> None:
    assert names(config, Part.GATEWAY) == {"poller", "loads", "doctor", "tank", "gateway"}
    assert names(config, Part.EDGE) == EVERYBODY - {"poller", "loads", "doctor"} | {
        "homeassistant",
        "link",
        "cellar",
    }


def test_each_program_runs_on_one_of_the_two() -> None:
    edge, gateway = (
        {program.name for program in appliance_programs(HostPlaces(), mirrored=True, part=part)}
        for part in (Part.EDGE, Part.GATEWAY)
    )
    assert gateway == {"poller", "loads", "gateway", "reviver"}
    assert edge & gateway == {"reviver"}
    whole = {program.name for program in appliance_programs(HostPlaces(), mirrored=True)}
    assert (edge | gateway) - whole == {"link", "gateway"}


def test_without_a_gateway_in_site_yaml_every_part_is_the_whole(tmp_path: Path) -> None:
    plain = config_of(tmp_path)
    assert names(plain, Part.EDGE) == names(plain, Part.WHOLE) == EVERYBODY


def cellar(config: Config, places: HostPlaces, certificate: str | None = "cellar.crt") -> Talker:
    assert config.site.gateway is not None
    shown = None if certificate is None else places.tls / certificate
    return Talker(config.site.gateway.port, None, None, Tls(places.tls / "ca.crt", shown))


def test_the_gateway_is_known_by_its_certificate_and_may_tell_of_its_devices_alone(
    config: Config, places: HostPlaces
) -> None:
    talker = cellar(config, places)
    assert talker.let_in == SUCCESS
    may = [
        T.telemetry("meter", "grid_power_w"),
        T.telemetry("miner", "power_w"),
        T.health("poller"),
        T.link("ping"),
    ]
    may_not = [T.decision, T.command("miner"), T.override, T.estop, T.energy, T.health("rules"), T.link("request")]
    try:
        assert {talker.publish(topic) for topic in may} <= {SUCCESS, NO_SUBSCRIBERS}
        assert {talker.publish(topic) for topic in may_not} == {NOT_AUTHORIZED}
    finally:
        talker.close()


@pytest.mark.parametrize("certificate", [None, "broker.crt"])
def test_without_its_certificate_nobody_is_let_in(
    config: Config, places: HostPlaces, certificate: str | None
) -> None:
    with pytest.raises((ssl.SSLError, ConnectionError, AssertionError)):
        cellar(config, places, certificate)
