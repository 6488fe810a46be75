"""How a process is let in at the appliance's broker, by the bus client that every process uses."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from bitgrid.bus.access import Access
from bitgrid.bus.client import MqttBus
from bitgrid.config import Config, ConfigError
from bitgrid.config.network import Broker
from bitgrid.config.secrets import DIRECTORY_VARIABLE
from bitgrid.ops.broker_access import access_for
from bitgrid.ops.host.certificates import Authority
from broker import eventually
from ops.host.appliance_broker import appliance_broker, password_of, ports
from ops.host.appliance_site import HOME_ASSISTANT, config_of


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("appliance")


@pytest.fixture(scope="module")
def config(places: Path) -> Iterator[Config]:
    config = config_of(places / "config", peers=[HOME_ASSISTANT], **ports())
    with appliance_broker(config, places):
        yield config


def bus_of(config: Config, access: Access, port: int | None = None) -> MqttBus:
    bus = MqttBus("rules", config.site.broker.host, port or config.site.broker.port, access=access)
    bus.start()
    return bus


@pytest.mark.system
def test_a_process_is_let_in_by_the_password_in_its_file(
    config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "broker-rules"
    file.write_text(f"rules:{password_of('rules')}\n")
    file.chmod(0o600)
    monkeypatch.setenv(DIRECTORY_VARIABLE, str(tmp_path))
    bus = bus_of(config, access_for(config.site.broker, "rules"))
    eventually(lambda: bus.is_connected, "the process is let in")
    bus.stop()


@pytest.mark.system
def test_without_one_or_with_a_wrong_one_it_is_not_and_says_so(
    config: Config, caplog: pytest.LogCaptureFixture
) -> None:
    for access in (Access(), Access("rules", "wrong")):
        caplog.clear()
        with caplog.at_level(logging.WARNING):
            bus = bus_of(config, access)
            eventually(
                lambda: "broker refused the connection: Not authorized" in caplog.text, "the refusal is told"
            )
        assert not bus.is_connected
        bus.stop()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # paho leaves a refused socket open
@pytest.mark.system
def test_by_tls_it_talks_to_the_broker_of_its_own_authority_and_to_no_other(
    config: Config, places: Path, tmp_path: Path
) -> None:
    known = Access("homeassistant", password_of("homeassistant"), places / "etc/bitgrid/tls/ca.crt")
    bus = bus_of(config, known, config.site.broker.tls_port)
    eventually(lambda: bus.is_connected, "it is let in by TLS")
    bus.stop()
    Authority(tmp_path, "another").make()
    stranger = Access("homeassistant", password_of("homeassistant"), tmp_path / "ca.crt")
    refused = bus_of(config, stranger, config.site.broker.tls_port)
    known_again = bus_of(config, known, config.site.broker.tls_port)
    eventually(lambda: known_again.is_connected, "the broker is there")
    assert not refused.is_connected
    for one in (refused, known_again):
        one.stop()


def test_nothing_is_shown_where_nothing_is_asked(tmp_path: Path) -> None:
    assert access_for(Broker(), "rules", tmp_path) == Access()


def test_a_missing_or_open_file_is_named_with_what_to_do(tmp_path: Path) -> None:
    broker = Broker(log_in="password")
    with pytest.raises(ConfigError, match="broker-rules cannot be read"):
        access_for(broker, "rules", tmp_path)
    (tmp_path / "broker-rules").write_text("rules:x\n")
    (tmp_path / "broker-rules").chmod(0o644)
    with pytest.raises(ConfigError, match="chmod 600"):
        access_for(broker, "rules", tmp_path)


def test_a_password_is_in_no_representation() -> None:
    assert "hush" not in repr(Access("rules", "hush"))


def test_a_certificate_wants_a_key_that_nobody_else_reads(tmp_path: Path) -> None:
    broker = Broker(log_in="certificate", ca_file="/etc/bitgrid/tls/ca.crt")
    with pytest.raises(ConfigError, match=r"broker-poller.key cannot be read"):
        access_for(broker, "poller", tmp_path)
    (tmp_path / "broker-poller.key").touch(mode=0o640)
    with pytest.raises(ConfigError, match="chmod 600"):
        access_for(broker, "poller", tmp_path)
    (tmp_path / "broker-poller.key").chmod(0o600)
    shown = access_for(broker, "poller", tmp_path)
    assert shown.certificate == (tmp_path / "broker-poller.crt", tmp_path / "broker-poller.key")


def test_a_certificate_that_is_none_is_an_error_at_once(tmp_path: Path) -> None:
    (tmp_path / "ca.crt").write_text("nonsense")
    with pytest.raises(ssl.SSLError):
        MqttBus("rules", "127.0.0.1", 1883, access=Access(ca_file=tmp_path / "ca.crt"))


@pytest.mark.parametrize(
    ("broker", "told"),
    [
        ({"log_in": "certificate"}, "needs ca_file"),
        ({"peers": [HOME_ASSISTANT, HOME_ASSISTANT]}, "name of its own"),
        ({"peers": [HOME_ASSISTANT], "tls_port": 1883}, "must differ"),
        ({"peers": [{**HOME_ASSISTANT, "tls": False}]}, "must speak TLS"),
        ({"peers": [{**HOME_ASSISTANT, "name": "rules"}]}, "is a process of the house"),
        ({"ca_file": "ca.crt"}, "pattern"),
    ],
)
def test_what_makes_no_sense_at_the_broker_is_refused(
    tmp_path: Path, broker: dict[str, object], told: str
) -> None:
    with pytest.raises(ConfigError, match=told):
        config_of(tmp_path / "config", **broker)
