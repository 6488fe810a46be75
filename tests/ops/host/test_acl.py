"""Who may say what on the bus, asked of a real broker with the appliance's own files, by MQTT 5 reason codes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bitgrid.bus import Topics
from bitgrid.config import Config, ConfigError
from bitgrid.ops.errors import Refusal
from bitgrid.ops.host.accounts import FEED_DEVICES, accounts, device_topics
from bitgrid.ops.host.broker_conf import render_acl, render_broker
from bitgrid.ops.host.places import HostPlaces
from ops.host.appliance_broker import (
    BAD_PASSWORD,
    NO_SUBSCRIBERS,
    NOT_AUTHORIZED,
    SUCCESS,
    Talker,
    appliance_broker,
    password_of,
    ports,
)
from ops.host.appliance_site import HEATER_METER, HOME_ASSISTANT, config_of

T = Topics("home")
DEVICES = ("inverter", "battery", "meter", "tank")
TANK_TOPIC = "cellar/tank/room_temp_c"
REQUESTS = (T.override, T.autonomy, T.confirm, T.reload, T.estop, T.export, T.account, T.configure)
TO_HOME_ASSISTANT = {
    *(T.ha(name) for name in ("available", "house", "today", "answer")),
    *(T.ha(name, "miner") for name in ("load", "decision")),
    *(f"homeassistant/device/bitgrid_home{name}/config" for name in ("", "_miner")),
}
BY_HOME_ASSISTANT = {*(T.ha("cmd", name) for name in ("override", "export", "autonomy")), "homeassistant/status"}

MAY_PUBLISH: dict[str, set[str]] = {
    "poller": {
        *(T.telemetry(device, "grid_power_w") for device in DEVICES),
        T.reply,
        T.scanned,
        T.health("poller"),
    },
    "loads": {T.telemetry("miner", "power_w"), T.telemetry("miner", "temp_c"), T.reply, T.health("loads")},
    "rules": {
        T.restart,
        T.energy,
        T.decision,
        T.reply,
        T.load_state("miner"),
        T.command("miner"),
        *(T.event(kind) for kind in ("safety", "health", "audit")),
        T.health("rules"),
        T.health("guard"),
    },
    "recorder": {T.reply, T.health("recorder")},
    "feeds": {*(T.telemetry(device, "grid_power_w") for device in FEED_DEVICES), T.health("feeds")},
    "explain": {T.session, T.health("explain")},
    "web": {*REQUESTS, T.look, T.scan, T.health("web")},
    "bridge": {*TO_HOME_ASSISTANT, T.health("bridge")},
    "doctor": set(),
    "ups": {T.ups},
    "backup": {T.health("backup")},
    "update": {T.health("update")},
    "homeassistant": BY_HOME_ASSISTANT,
    "tank": {TANK_TOPIC},
}
"""Written by hand from the bus contract, not from what renders the access list."""

EVERY_TOPIC = sorted(
    set().union(*MAY_PUBLISH.values())
    | {
        T.ups,
        T.telemetry("stranger", "temp_c"),
        T.health("guard"),
        T.health("nobody"),
        T.command("other"),
        T.load_state("other"),
        T.event("other"),
        "bitgrid/elsewhere/cmd/override",
        "homeassistant/device/miner/config",
        "homeassistant/sensor/stranger/config",
        T.ha("load", "other"),
        T.ha("other"),
        T.ha("cmd"),
        T.ha("cmd", "override", "further"),
        "$SYS/broker/uptime",
        "anything",
    }
)

MAY_HEAR: dict[str, set[str]] = {
    "poller": {TANK_TOPIC, T.look, T.scan, T.restart},
    "loads": {T.command("miner"), T.look, T.restart},
    "rules": {
        T.telemetry("meter", "grid_power_w"),
        *map(T.health, ("loads", "recorder", "feeds")),
        *REQUESTS,
        T.ups,
        T.restart,
    },
    "recorder": {T.telemetry("meter", "grid_power_w"), T.ups, T.restart},
    "feeds": {T.decision, T.restart},
    "explain": {T.decision, T.restart},
    "web": {
        T.telemetry("meter", "grid_power_w"),
        T.energy,
        T.load_state("miner"),
        T.decision,
        *map(T.health, ("rules", "loads", "recorder", "feeds")),
        T.reply,
        T.scanned,
        T.restart,
    },
    "bridge": {*BY_HOME_ASSISTANT, T.restart},
    "doctor": {TANK_TOPIC},
    "ups": {T.reply},
    "backup": set(),
    "update": set(),
    "homeassistant": TO_HOME_ASSISTANT,
    "tank": set(),
}
SAID_BY = {
    TANK_TOPIC: "tank",
    T.command("miner"): "rules",
    T.telemetry("meter", "grid_power_w"): "poller",
    **{T.health(name): name for name in ("loads", "rules", "recorder", "feeds")},
    T.ups: "ups",
    T.energy: "rules",
    T.load_state("miner"): "rules",
    T.decision: "rules",
    T.session: "explain",
    T.reply: "recorder",
    T.event("safety"): "rules",
    T.restart: "rules",
    T.scanned: "poller",
    **dict.fromkeys((*REQUESTS, T.look, T.scan), "web"),
    **dict.fromkeys(TO_HOME_ASSISTANT, "bridge"),
    **dict.fromkeys(BY_HOME_ASSISTANT, "homeassistant"),
}
"""Everything there is to hear, and an account that may say it."""


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Config:
    peers = [HOME_ASSISTANT, HEATER_METER]
    return config_of(tmp_path_factory.mktemp("site") / "config", bridged=True, peers=peers, **ports())


@pytest.fixture(scope="module")
def broker(config: Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    assert {one.name for one in accounts(config)} == set(MAY_PUBLISH)
    with appliance_broker(config, tmp_path_factory.mktemp("broker")):
        yield config.site.broker.port


def talker(port: int, account: str) -> Talker:
    one = Talker(port, account, password_of(account))
    assert one.let_in == SUCCESS
    return one


@pytest.mark.system
@pytest.mark.parametrize("account", MAY_PUBLISH)
def test_an_account_may_publish_what_the_contract_gives_it_and_nothing_else(broker: int, account: str) -> None:
    one = talker(broker, account)
    answers = {topic: one.publish(topic) for topic in EVERY_TOPIC}
    one.close()
    assert {topic for topic, answer in answers.items() if answer in {SUCCESS, NO_SUBSCRIBERS}} == MAY_PUBLISH[
        account
    ]
    assert {answer for topic, answer in answers.items() if topic not in MAY_PUBLISH[account]} == {NOT_AUTHORIZED}


@pytest.mark.system
def test_an_account_hears_what_the_contract_gives_it_and_nothing_else(broker: int) -> None:
    hearers = {account: talker(broker, account) for account in MAY_HEAR}
    for hearer in hearers.values():
        hearer.subscribe("#")
    speakers = {account: talker(broker, account) for account in set(SAID_BY.values())}
    for topic, account in SAID_BY.items():
        assert speakers[account].publish(topic) in {SUCCESS, NO_SUBSCRIBERS}
    for account, hearer in hearers.items():
        _let_pass(hearer)
        assert set(hearer.heard) == MAY_HEAR[account], account
    for one in (*hearers.values(), *speakers.values()):
        one.close()


def _let_pass(hearer: Talker) -> None:
    """What was said before has been delivered once a later question is answered: a connection keeps its order."""
    hearer.subscribe("bitgrid/nothing")


@pytest.mark.system
@pytest.mark.parametrize(("user", "password"), [(None, None), ("rules", "wrong"), ("rules", ""), ("nobody", "x")])
def test_whoever_is_not_known_is_not_let_in(broker: int, user: str | None, password: str | None) -> None:
    one = Talker(broker, user, password)
    assert one.let_in in {BAD_PASSWORD, NOT_AUTHORIZED}
    one.close()


def test_every_topic_that_can_be_named_is_asked_about() -> None:
    named = {
        getattr(T, name) for name, value in vars(Topics).items() if isinstance(value, property) and name != "site"
    }
    assert named <= set(EVERY_TOPIC)


def test_the_feeds_tell_under_the_names_that_are_granted() -> None:
    from bitgrid.feeds import bitcoin, household, prices, pv  # noqa: F401, PLC0415  the rooms that are meant
    from bitgrid.feeds.bitcoin.feed import DEVICE as BITCOIN  # noqa: PLC0415  as above
    from bitgrid.feeds.household.feed import DEVICE as HOUSEHOLD  # noqa: PLC0415  as above
    from bitgrid.feeds.pv.feed import DEVICE as PV  # noqa: PLC0415  as above
    from bitgrid.feeds.tariff import DEVICE as TARIFF  # noqa: PLC0415  as above

    assert {BITCOIN, HOUSEHOLD, PV, TARIFF} == set(FEED_DEVICES)


def test_a_device_that_would_speak_for_the_house_is_no_configuration(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="where the house itself talks"):
        config_of(tmp_path / "config", tank="bitgrid/home/cmd/load")


@pytest.mark.parametrize("topic", ["homeassistant/x", "$SYS/x"])
def test_a_device_that_would_speak_for_another_is_refused(tmp_path: Path, topic: str) -> None:
    with pytest.raises(Refusal, match="Give it a topic of its own"):
        accounts(config_of(tmp_path / "config", tank=topic))


def test_a_line_smuggled_into_a_topic_grants_nothing(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="tank"):
        accounts(config_of(tmp_path / "config", tank="x\ntopic readwrite bitgrid/home/cmd/load"))


def test_a_peer_that_tells_nothing_by_mqtt_is_refused(tmp_path: Path) -> None:
    config = config_of(tmp_path / "config", peers=[{"name": "meter", "kind": "device"}])
    with pytest.raises(Refusal, match="no device of that id tells by MQTT"):
        accounts(config)


def test_without_peers_the_broker_listens_on_this_machine_alone(tmp_path: Path) -> None:
    config = config_of(tmp_path / "config")
    text = render_broker(config.site.broker, HostPlaces(tmp_path))
    assert [line for line in text.splitlines() if line.startswith("listener")] == ["listener 1883 127.0.0.1"]
    assert "allow_anonymous false\n" in text


def test_only_a_declared_device_opens_the_listener_without_tls(tmp_path: Path) -> None:
    config = config_of(tmp_path / "config", peers=[HOME_ASSISTANT])
    lines = render_broker(config.site.broker, HostPlaces(tmp_path)).splitlines()
    assert [line for line in lines if line.startswith("listener ")] == ["listener 1883 127.0.0.1", "listener 8883"]


def test_no_account_may_do_what_another_ones_topics_allow_by_a_wildcard(tmp_path: Path) -> None:
    """The only wildcards that are granted for writing are one level: a device's signals, Home Assistant's wish."""
    config = config_of(tmp_path / "config", bridged=True, peers=[HOME_ASSISTANT, HEATER_METER])
    written = [
        line.split(maxsplit=2)[2] for line in render_acl(accounts(config)).splitlines() if " write " in line
    ]
    assert all("#" not in topic for topic in written)
    levels = ("bitgrid/home/telemetry/", "bitgrid/home/ha/cmd/+")
    assert all("+" not in topic or topic.startswith(levels) for topic in written)


def test_without_home_assistant_there_is_no_bridge_and_its_password_is_the_pages_own(tmp_path: Path) -> None:
    assert "bridge" not in {one.name for one in accounts(config_of(tmp_path / "without"))}
    granted = {one.name: one for one in accounts(config_of(tmp_path / "with", bridged=True))}
    assert granted["bridge"].owner == granted["web"].owner == "bitgrid-web"


def test_home_assistant_hears_just_what_the_bridge_says_and_says_just_what_it_hears(tmp_path: Path) -> None:
    granted = {
        one.name: one for one in accounts(config_of(tmp_path / "with", bridged=True, peers=[HOME_ASSISTANT]))
    }
    bridge, peer = granted["bridge"], granted["homeassistant"]
    assert set(peer.reads) == set(bridge.writes) - {T.health("bridge")}
    assert set(peer.writes) == set(bridge.reads) - {T.restart} == {T.ha("cmd", "+"), "homeassistant/status"}


def test_a_device_tells_what_its_profile_names(tmp_path: Path) -> None:
    config = config_of(tmp_path / "config")
    assert [device_topics(config, device) for device in config.site.devices] == [(), (), (), (TANK_TOPIC,)]
