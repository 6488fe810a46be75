"""Who may say and hear what on the bus: the bus contract (`bitgrid.bus.topics`) as one account a client.

What is not granted here is refused by the broker. A subscription to what is not granted is not refused, but
nothing is delivered: Mosquitto's way.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bitgrid.bus.topics import Topics
from bitgrid.config import Config
from bitgrid.config.device import DeviceConfig
from bitgrid.config.network import Gateway, Peer
from bitgrid.config.profiles import TopicProfile
from bitgrid.ops.errors import Refusal
from bitgrid.ops.host.places import IO, USERS, Part

FEED_DEVICES = ("tariff", "forecast", "bitcoin")
"""Under these names the feeds tell what they know (``DEVICE`` in each of `bitgrid.feeds`)."""
HA_TELLS_OF_THE_HOUSE = ("available", "house", "today", "answer")
HA_TELLS_OF_A_LOAD = ("load", "decision")
"""Under these names the bridge speaks; `bitgrid.ha` is above this room, so a test holds them to it."""
NEAR_DEVICES = ("poller", "loads", "doctor")
"""The accounts of those who are where the devices are."""
CERTIFIED = ""
"""The owner of no password: who has this account shows a certificate."""
FORBIDDEN_ROOTS = ("bitgrid/", "homeassistant/", "$")
"""No device may tell anything there: it could command a load, or pass for another."""


@dataclass(frozen=True)
class Account:
    """An account at the broker.

    Args:
        name: what it logs in as.
        owner: Unix user who keeps its password; root for a peer, whose owner takes it elsewhere.
        reads: topics it may hear.
        writes: topics it may publish on.
    """

    name: str
    owner: str
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()


def accounts(config: Config, part: Part = Part.WHOLE) -> list[Account]:
    """Every account of an appliance, or of one of the two hosts of a house that has a gateway.

    Raises:
        Refusal: a device or peer of site.yaml cannot have what it asks for.
    """
    topics, gateway = Topics(config.site.site), config.site.gateway
    found = [*_processes(config, topics), *(_peer(config, topics, peer) for peer in config.site.broker.peers)]
    if part is Part.WHOLE or gateway is None:
        return found
    near = {*NEAR_DEVICES, *(peer.name for peer in config.site.broker.peers if peer.kind == "device")}
    found = [account for account in found if (account.name in near) is (part is Part.GATEWAY)]
    if part is Part.GATEWAY:
        return [*found, _at_gateway(config, topics)]
    return [*found, *_at_edge(config, topics, gateway)]


def _processes(config: Config, topics: Topics) -> Iterator[Account]:
    loads = [load.id for load in config.site.loads]
    told = tuple(topic for device in config.site.devices for topic in device_topics(config, device))
    requests = (
        *(topics.override, topics.autonomy, topics.confirm, topics.reload, topics.estop, topics.export),
        *(topics.account, topics.configure),
    )
    grants: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
        "poller": (
            (*told, topics.look, topics.scan),
            (*_telemetry(topics, [device.id for device in config.site.devices]), topics.reply, topics.scanned),
        ),
        "loads": ((*map(topics.command, loads), topics.look), (*_telemetry(topics, loads), topics.reply)),
        "rules": (
            (
                topics.telemetry("+", "+"),
                *map(topics.health, ("loads", "recorder", "feeds")),
                *requests,
                topics.ups,
            ),
            (
                topics.restart,
                topics.energy,
                topics.decision,
                topics.reply,
                topics.health("guard"),
                *map(topics.load_state, loads),
                *map(topics.command, loads),
                *map(topics.event, ("safety", "health", "audit")),
            ),
        ),
        "recorder": ((topics.telemetry("+", "+"), topics.ups), (topics.reply,)),
        "feeds": ((topics.decision,), tuple(_telemetry(topics, FEED_DEVICES))),
        "explain": ((topics.decision,), (topics.session,)),
        "web": (
            (
                topics.energy,
                topics.load_state("+"),
                topics.decision,
                topics.health("+"),
                topics.reply,
                topics.telemetry("+", "+"),
                topics.scanned,
            ),
            (*requests, topics.look, topics.scan),
        ),
    }
    if config.site.home_assistant.enabled:
        grants["bridge"] = (_asked_by_home_assistant(topics), _told_to_home_assistant(topics, loads))
    if config.site.mirror is not None:
        grants["mirror"] = (), ()
    for name, (reads, writes) in grants.items():
        yield Account(name, USERS[name], (*reads, topics.restart), (*writes, topics.health(name)))
    yield Account("doctor", IO, told)
    yield from _passing(topics)


def _passing(topics: Topics) -> Iterator[Account]:
    """Who comes to tell one thing, and leaves."""
    for name in ("backup", "update"):
        yield Account(name, "root", (), (topics.health(name),))
    yield Account("ups", "nut", (topics.reply,), (topics.ups,))


def _at_edge(config: Config, topics: Topics, gateway: Gateway) -> Iterator[Account]:
    """The two ends of the link, as the edge's broker knows them."""
    named = [device.id for device in config.site.devices] + [load.id for load in config.site.loads]
    told = (topics.link("ping"), topics.link("report"))
    asked = (topics.link("pong"), topics.link("request"))
    yield Account("link", IO, (*told, topics.restart), (*asked, topics.health("link")))
    commands = (topics.command(load.id) for load in config.site.loads)
    health = (topics.health(name) for name in ("poller", "loads", "gateway"))
    yield Account(gateway.name, CERTIFIED, (*asked, *commands), (*told, *_telemetry(topics, named), *health))


def _at_gateway(config: Config, topics: Topics) -> Account:
    """The end of the link on the gateway, as its own broker knows it."""
    told = (topics.telemetry("+", "+"), *map(topics.health, ("poller", "loads")), topics.restart)
    said = (*(topics.command(load.id) for load in config.site.loads), topics.health("gateway"))
    return Account("gateway", USERS["gateway"], told, said)


def _telemetry(topics: Topics, devices: list[str] | tuple[str, ...]) -> Iterator[str]:
    return (topics.telemetry(device, "+") for device in devices)


def _asked_by_home_assistant(topics: Topics) -> tuple[str, ...]:
    """All that Home Assistant may say: its wishes, and that it has started or gone."""
    return topics.ha("cmd", "+"), topics.ha_birth


def _told_to_home_assistant(topics: Topics, loads: Sequence[str]) -> tuple[str, ...]:
    """All that the bridge says to it, and so all that it hears; see `bitgrid.ha`."""
    house = (topics.ha(name) for name in HA_TELLS_OF_THE_HOUSE)
    each = (topics.ha(name, load) for load in loads for name in HA_TELLS_OF_A_LOAD)
    known = (topics.ha_discovery(topics.ha_device(load)) for load in ("", *loads))
    return (*house, *each, *known)


def _peer(config: Config, topics: Topics, peer: Peer) -> Account:
    if peer.kind == "home_assistant":
        # Its wishes are counted by the bridge, so it has no other way to the rules.
        told = _told_to_home_assistant(topics, [load.id for load in config.site.loads])
        return Account(peer.name, "root", told, _asked_by_home_assistant(topics))
    device = next((one for one in config.site.devices if one.id == peer.name), None)
    written = device_topics(config, device) if device else ()
    if not written:
        raise Refusal(
            f"broker.peers in site.yaml names {peer.name} as a device, but no device of that id tells by MQTT. "
            "Name it as under `devices`, or leave the peer out."
        )
    return Account(peer.name, "root", (), written)


def device_topics(config: Config, device: DeviceConfig) -> tuple[str, ...]:
    """What a device that tells by MQTT tells on; nothing for any other.

    Raises:
        Refusal: it would be the house's own topics.
    """
    profile = config.profiles.get(device.profile or "")
    if not isinstance(profile, TopicProfile):
        return ()
    points = [point for name in device.signals for point in profile.signals[name].points]
    found = sorted({point.topic.replace("{topic}", device.topic or "") for point in points})
    wrong = [topic for topic in found if topic.startswith(FORBIDDEN_ROOTS) or not topic.isprintable()]
    if wrong:
        raise Refusal(
            f"the device {device.id} in site.yaml would tell on {wrong[0]!r}, where the house itself speaks. "
            "Give it a topic of its own."
        )
    return tuple(found)
