"""The firewall, in force: a host, its home and the internet, each a network of its own, made for the test.

Every place is first shown to be reached without rules, so that "not reached" says something about the rules.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Collection, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace

import pytest

from ground.networks import Network, Target, missing, network, wire
from ground.rules import DISK4, METER4, METER6, NAS4, NODE4, PEER4, PLAIN4, UIDS, render, render_closed

pytestmark = [pytest.mark.system, pytest.mark.skipif(bool(missing()), reason=missing())]

HOST4, HOST6, ROUTER4, ROUTER6 = "10.77.0.10", "fd77::10", "10.77.0.1", "fd77::1"
STRANGER4, STRANGER6 = "10.99.0.9", "fd99::9"
WEB4, WEB6 = "203.0.113.5", "2001:db8::5"
OPEN_PORTS = (22, 80, 443, 1883, 8080, 8883)
REFUSED = ("refused4", "refused6")
KNOCK_S = 3.0
"""Machine seconds for knocks that are counted, and so cannot be asked again."""

IO = {"meter": Target(METER4, 502), "meter by IPv6": Target(METER6, 502)}
FEEDS = {
    "a price by HTTPS": Target(WEB4, 443),
    "a price by HTTPS and IPv6": Target(WEB6, 443),
    "the owner's node": Target(NODE4, 8332),
}
NAMES = {"a name": Target(ROUTER4, 53, "udp"), "a name by IPv6": Target(ROUTER6, 53, "udp")}
MIRROR = {"a mirror": Target(WEB4, 80), "a mirror by IPv6": Target(WEB6, 80)}
HTTPS = {name: target for name, target in FEEDS.items() if "HTTPS" in name}
TIME = {"the time": Target(WEB4, 123, "udp"), "the time by IPv6": Target(WEB6, 123, "udp")}
DISK = {"the backup's disk": Target(DISK4, 2222)}
NAS = {"the mirror's server": Target(NAS4, 22)}
NOBODY = {
    "the meter's page": Target(METER4, 80),
    "the meter by UDP": Target(METER4, 502, "udp"),
    "the router's page": Target(ROUTER4, 443),
    "the router's page by IPv6": Target(ROUTER6, 443),
    "a stranger's broker": Target(WEB4, 8883),
    "names outside": Target(WEB4, 53, "udp"),
    "names outside by IPv6": Target(WEB6, 53, "udp"),
    "ssh outside": Target(WEB6, 22),
}
EVERYTHING = IO | FEEDS | NAMES | MIRROR | TIME | DISK | NAS | NOBODY
ALLOWED = {
    "root": {},
    "bitgrid-io": IO,
    "bitgrid-feeds": FEEDS | NAMES,
    "_apt": MIRROR | HTTPS | NAMES,
    "_chrony": TIME | NAMES,
    "avahi": {},
    "backup": DISK,
    "bitgrid-mirror": NAS,
    "bitgrid-core": {},
    "bitgrid-web": {},
    "somebody": {},
}


@dataclass
class House:
    """The three networks."""

    host: Network
    home: Network
    outside: Network


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    """Without any rules so far; everybody listens everywhere."""
    tag = os.getpid()
    with ExitStack() as stack:
        host, home, outside = (stack.enter_context(network(f"bg{tag}-{name}")) for name in ("host", "home", "out"))
        at_home = [ROUTER4, METER4, NODE4, DISK4, NAS4, PEER4, PLAIN4, ROUTER6, METER6]
        wire(host, home, [f"{HOST4}/24", f"{HOST6}/64"], [f"{a}/{64 if ':' in a else 24}" for a in at_home])
        wire(outside, home, [f"{WEB4}/24", f"{WEB6}/64", f"{STRANGER4}/24", f"{STRANGER6}/64"],
             ["203.0.113.1/24", "2001:db8::1/64", "10.99.0.1/24", "fd99::1/64"])  # fmt: skip
        home.run("sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1")
        for net, v4, v6 in ((host, ROUTER4, ROUTER6), (outside, "203.0.113.1", "2001:db8::1")):
            net.run("ip", "route", "add", "default", "via", v4)
            net.run("ip", "-6", "route", "add", "default", "via", v6)
        places = {(target.protocol, target.address, target.port) for target in EVERYTHING.values()}
        for net, is_outside in ((home, False), (outside, True)):
            stack.enter_context(net.listening(sorted(p for p in places if (p[1] in {WEB4, WEB6}) is is_outside)))
        stack.enter_context(host.listening([("tcp", "::", port) for port in OPEN_PORTS] + [("udp", "::", 9)]))
        house = House(host, home, outside)
        # New wires and neighbours take a moment.
        assert any(all(host.reaches(list(EVERYTHING.values()))) for _ in range(10))
        yield house


@pytest.fixture(autouse=True)
def open_again(house: House) -> None:
    """Each test begins without rules."""
    house.host.run("nft", "flush", "ruleset")


def names_reached(house: House, user: str, wanted: Collection[str]) -> set[str]:
    """What a user reaches; ``wanted``, which it should, may take its time."""
    answers = house.host.settles(list(EVERYTHING.values()), [name in wanted for name in EVERYTHING], uid_of(user))
    return {name for name, answer in zip(EVERYTHING, answers, strict=True) if answer}


def places_refused(house: House, user: str) -> set[tuple[str, int]]:
    """What the firewall itself says it kept from a user: a silence has its reason here, not in a slow machine."""
    told = json.loads(house.host.run("nft", "--json", "--numeric", "list", "table", "inet", "bitgrid"))
    sets = [item["set"] for item in told["nftables"] if "set" in item]
    entries = [
        one["elem"]["val"]["concat"] for each in sets if each["name"] in REFUSED for one in each.get("elem", [])
    ]
    return {(address, port) for uid, address, port in entries if uid == uid_of(user)}


def uid_of(user: str) -> int:
    return UIDS.get(user, 61999)


def ports_reached(net: Network, address: str, wanted: Collection[int], source: str = "") -> list[int]:
    """Which ports are open; ``wanted``, which should be, may take their time."""
    targets = [Target(address, port, source=source) for port in OPEN_PORTS]
    answers = net.settles(targets, [port in wanted for port in OPEN_PORTS])
    return [port for port, answer in zip(OPEN_PORTS, answers, strict=True) if answer]


@pytest.mark.parametrize("user", ALLOWED)
def test_a_user_reaches_what_it_is_for_and_nothing_else(house: House, user: str) -> None:
    assert names_reached(house, user, EVERYTHING) == set(EVERYTHING), "or the next line says nothing"
    house.host.load(render())
    assert names_reached(house, user, ALLOWED[user]) == set(ALLOWED[user])
    kept = [target for name, target in EVERYTHING.items() if name not in ALLOWED[user]]
    assert places_refused(house, user) == {(target.address, target.port) for target in kept}


def test_the_browser_on_the_display_reaches_the_page_and_nothing_else_on_the_host(house: House) -> None:
    own = [Target(address, port) for address in ("127.0.0.1", "::1", HOST4) for port in OPEN_PORTS]
    everything, page = [True] * len(own), [target.port == 443 for target in own]
    uid = UIDS["bitgrid-kiosk"]
    assert house.host.settles(own, everything, uid) == everything
    house.host.load(render())
    assert house.host.settles(own, page, uid) == page
    assert places_refused(house, "bitgrid-kiosk") == {(one.address, one.port) for one in own if one.port != 443}
    assert house.host.settles(own, everything, UIDS["bitgrid-web"]) == everything, "the others as before"


def test_the_search_for_devices_reaches_the_home_alone_and_only_while_it_is_let(house: House) -> None:
    house.host.load(render())
    house.host.load("add element inet bitgrid looked_for { 80 }")
    wanted = {*IO, "the meter's page"}
    assert names_reached(house, "bitgrid-io", wanted) == wanted, "and no page on the internet"
    assert names_reached(house, "bitgrid-web", ()) == set()
    house.host.load("flush set inet bitgrid looked_for")
    assert names_reached(house, "bitgrid-io", IO) == set(IO)


def test_what_the_page_adds_is_let_at_home_and_nowhere_else(house: House) -> None:
    """Whoever could write site.yaml could name any address; beyond the home that opens nothing."""
    house.host.load(render())
    house.host.load(f"add element inet bitgrid own4 {{ {ROUTER4} . 443, {WEB4} . 443 }}")
    house.host.load(f"add element inet bitgrid own6 {{ {ROUTER6} . 443, {WEB6} . 443 }}")
    wanted = {*IO, "the router's page", "the router's page by IPv6"}
    assert names_reached(house, "bitgrid-io", wanted) == wanted


def test_from_the_home_only_what_is_declared_is_open(house: House) -> None:
    wanted = {METER4: [22, 443], PEER4: [22, 443, 8883], PLAIN4: [22, 443, 1883]}
    assert ports_reached(house.home, HOST4, OPEN_PORTS, METER4) == list(OPEN_PORTS)
    house.host.load(render())
    for source, open_to_it in wanted.items():
        before = house.host.counted("in_dropped")
        assert ports_reached(house.home, HOST4, open_to_it, source) == sorted(open_to_it)
        dropped = house.host.counted("in_dropped") - before
        assert dropped >= len(OPEN_PORTS) - len(open_to_it), "each of the others was seen, and dropped"
    assert ports_reached(house.home, HOST6, [22, 443], METER6) == [22, 443]


def test_without_a_peer_the_broker_is_shut_to_all(house: House) -> None:
    house.host.load(render(bitgrid_firewall_mqtt_peers=[], bitgrid_firewall_mqtt_plain_devices=[]))
    assert ports_reached(house.home, HOST4, [22, 443], PEER4) == [22, 443]


@pytest.mark.parametrize(("host", "source"), [(HOST4, STRANGER4), (HOST6, STRANGER6)])
def test_from_outside_the_home_nothing_is_open(house: House, host: str, source: str) -> None:
    assert ports_reached(house.outside, host, OPEN_PORTS, source) == list(OPEN_PORTS)
    house.host.load(render())
    assert ports_reached(house.outside, host, [], source) == []
    assert house.host.counted("in_dropped") >= len(OPEN_PORTS), "each was seen, and dropped"


def test_no_datagram_comes_in(house: House) -> None:
    target = [Target(HOST4, 9, "udp", METER4), Target(HOST6, 9, "udp", METER6)]
    assert house.home.settles(target, [True, True]) == [True, True]
    house.host.load(render())
    assert house.home.reaches(target) == [False, False]
    assert house.host.counted("in_dropped") >= 2


def test_nothing_passes_through(house: House) -> None:
    """A host that would forward, between the outside and a network behind it."""
    with network(f"bg{os.getpid()}-back") as behind:
        wire(behind, house.host, ["10.66.0.2/24"], ["10.66.0.1/24"])
        behind.run("ip", "route", "add", "default", "via", "10.66.0.1")
        house.home.run("ip", "route", "add", "10.66.0.0/24", "via", HOST4)
        house.host.run("sysctl", "-qw", "net.ipv4.ip_forward=1")
        target = [Target(METER4, 502)]
        assert behind.settles(target, [True]) == [True]
        house.host.load(render())
        assert behind.reaches(target) == [False]
        assert house.host.counted("forward_dropped") >= 1


def test_who_knocks_too_often_waits_and_the_others_do_not(house: House) -> None:
    house.host.load(render())
    began_s = time.monotonic()
    knocks = house.home.reaches([Target(HOST4, 22, source=METER4)] * 40, wait_s=KNOCK_S)
    more = 1 + (time.monotonic() - began_s) / 3
    assert 20 <= sum(knocks) <= 20 + more, "twenty at once, then one every three seconds"
    assert house.host.counted("in_limited") >= 40 - sum(knocks)
    assert house.home.settles([Target(HOST4, 22, source=PEER4)], [True]) == [True]
    began_s, limited = time.monotonic(), house.host.counted("in_limited")
    assert (
        sum(house.home.reaches([Target(HOST6, 22, source=METER6)] * 40)) <= 21 + (time.monotonic() - began_s) / 3
    )
    assert house.host.counted("in_limited") > limited


def test_what_is_refused_is_counted_for_whom_and_where(house: House) -> None:
    house.host.load(render())
    assert house.host.reaches([Target(WEB4, 443), Target(WEB6, 443)], UIDS["bitgrid-web"]) == [False, False]
    told = json.loads(house.host.run("nft", "--json", "--numeric", "list", "table", "inet", "bitgrid"))
    sets = {item["set"]["name"]: item["set"].get("elem", []) for item in told["nftables"] if "set" in item}
    (user,) = sets["refused_users"]
    assert user["elem"]["val"] == UIDS["bitgrid-web"]
    assert user["elem"]["counter"]["packets"] >= 2
    assert sets["refused4"][0]["elem"]["val"]["concat"] == [UIDS["bitgrid-web"], WEB4, 443]
    assert sets["refused6"][0]["elem"]["val"]["concat"] == [UIDS["bitgrid-web"], WEB6, 443]


def test_ping_is_answered_at_home_and_asked_by_root_alone(house: House) -> None:
    for net in (house.host, house.home):
        net.run("sysctl", "-qw", "net.ipv4.ping_group_range=0 100000")
    asked = [Target(METER4, 0, "ping"), Target(METER6, 0, "ping")]
    assert house.host.settles(asked, [True, True], UIDS["bitgrid-web"]) == [True, True]
    house.host.load(render())
    assert house.home.settles([Target(HOST4, 0, "ping"), Target(HOST6, 0, "ping")], [True, True]) == [True, True]
    assert house.host.settles(asked, [True, True]) == [True, True]
    assert house.host.reaches(asked, UIDS["bitgrid-web"]) == [False, False]


def test_the_host_that_has_no_rules_left_is_closed_but_for_ssh(house: House) -> None:
    house.host.load(render_closed())
    assert ports_reached(house.home, HOST4, [22], METER4) == [22]
    assert ports_reached(house.home, HOST6, [22], METER6) == [22]
    assert ports_reached(house.outside, HOST4, []) == []
    assert names_reached(house, "bitgrid-io", ()) == set()


def test_a_probe_can_tell_both_ways(house: House) -> None:
    """Nobody listens there, and no rule is in the way: not reached."""
    nobody = [replace(IO["meter"], port=503), Target(METER4, 503, "udp")]
    assert house.host.settles([*nobody, IO["meter"]], [False, False, True]) == [False, False, True]
