"""The firewall on the host: the ports that are open, what each user reaches, and a change that nobody confirms."""

from __future__ import annotations

import contextlib
import re
import subprocess
from collections.abc import Iterator

import pytest

from broker import eventually
from ground.host.appliance import (
    AT_HOME,
    BROKER_PORT,
    HOST4,
    HOST6,
    METER4,
    MINER4,
    PEER4,
    RELAY4,
    TABLET4,
    TABLET6,
    WEB4,
    WEB6,
    Appliance,
)
from ground.networks import Network, Target

pytestmark = pytest.mark.system
OPEN = {22, 443}
"""To everybody in the home; the broker's TLS port to declared peers alone."""
OWN = {22, 80, 443, BROKER_PORT}
"""Where the appliance itself listens beyond loopback."""
MDNS = {5353}
"""By UDP, from the home alone."""
OTHERS = {5432, 65535}
"""Where somebody else would, whom nobody declared."""
LISTENED = sorted(OWN | OTHERS)
LOGIN = [Target(HOST4, 22, source=TABLET4)]
SHUT = "flush ruleset\ntable inet bitgrid { chain input { type filter hook input priority 0; policy drop;\n}\n}\n"
PLACES = {
    "meter": Target(METER4, 502),
    "miner": Target(MINER4, 4028),
    "relay": Target(RELAY4, 80),
    "tablet": Target(TABLET4, 80),
    "prices": Target(WEB4, 443),
    "prices by IPv6": Target(WEB6, 443),
    "a mirror": Target(WEB4, 80),
    "the time": Target(WEB4, 123, "udp"),
}
MAY = {
    "root": set(),
    "admin": set(),
    "bitgrid-core": set(),
    "bitgrid-web": set(),
    "bitgrid-mirror": set(),
    "mosquitto": set(),
    "www-data": set(),
    "bitgrid-io": {"meter", "miner", "relay"},
    "bitgrid-feeds": {"prices", "prices by IPv6"},
    "_apt": {"prices", "prices by IPv6", "a mirror"},
    "_chrony": {"the time"},
}


@pytest.fixture(scope="module")
def listening(appliance: Appliance) -> Iterator[Appliance]:
    """Everybody answers everywhere: on the host, at home and outside."""
    places = [(target.protocol, target.address, target.port) for target in PLACES.values()]
    with (
        appliance.host.listening([("tcp", "::", port) for port in OTHERS]),
        appliance.home.listening([place for place in places if place[1] in AT_HOME]),
        appliance.outside.listening([place for place in places if place[1] in {WEB4, WEB6}]),
    ):
        yield appliance


def open_ports(net: Network, address: str, source: str) -> set[int]:
    """Every TCP port of all 65,535 that answers."""
    v6 = ["-6"] if ":" in address else []
    said = net.run(
        "nmap", *v6, "-Pn", "-n", "-sS", "-p-", "-T5", "--min-rate=8000", "--max-retries=1", "-S", source,
        "-e", route_device(net, address), "-oG", "-", address,
    )  # fmt: skip
    return {int(port) for port in re.findall(r"(\d+)/open/tcp", said)}


def route_device(net: Network, address: str) -> str:
    found = re.search(r" dev (\S+)", net.run("ip", "route", "get", address))
    assert found is not None
    return found[1]


@contextlib.contextmanager
def without_rules(appliance: Appliance) -> Iterator[None]:
    """The host as if it had no firewall: what is closed then was never open."""
    appliance.run("nft", "flush", "ruleset")
    try:
        yield
    finally:
        appliance.run("nft", "-f", "/etc/nftables.conf")
        appliance.run("systemctl", "start", "bitgrid-reach.service")


@pytest.mark.parametrize(("address", "source"), [(HOST4, TABLET4), (HOST6, TABLET6)])
def test_the_open_ports_are_the_declared_ones(listening: Appliance, address: str, source: str) -> None:
    with without_rules(listening):
        assert open_ports(listening.home, address, source) == set(LISTENED)
    assert open_ports(listening.home, address, source) == OPEN


def test_the_broker_is_open_to_the_declared_peer(listening: Appliance) -> None:
    assert listening.home.reaches([Target(HOST4, BROKER_PORT, source=PEER4)]) == [True]
    assert listening.home.reaches([Target(HOST4, BROKER_PORT, source=TABLET4)]) == [False]


@pytest.mark.parametrize("address", [HOST4, HOST6])
def test_nothing_is_open_to_the_internet(listening: Appliance, address: str) -> None:
    targets = [Target(address, port) for port in LISTENED]
    with without_rules(listening):
        assert listening.outside.reaches(targets) == [True] * len(LISTENED)
    assert listening.outside.reaches(targets) == [False] * len(LISTENED)


def test_nothing_else_of_its_own_listens_beyond_loopback(appliance: Appliance) -> None:
    lines = appliance.run("ss", "-Hltnup").splitlines()
    own = {line.split()[4] for line in lines if "users:" in line}
    beyond = {place for place in own if not place.startswith(("127.", "[::1]"))}
    assert {int(place.rsplit(":", 1)[1]) for place in beyond} == OWN | MDNS
    assert "127.0.0.1:8080" in own


@pytest.mark.parametrize("user", MAY)
def test_each_user_reaches_what_site_yaml_and_its_task_say(listening: Appliance, user: str) -> None:
    targets = list(PLACES.values())
    with without_rules(listening):
        assert listening.reaches(targets, user) == [True] * len(targets)
    answers = listening.reaches(targets, user)
    assert {name for name, answer in zip(PLACES, answers, strict=True) if answer} == MAY[user]


def test_a_change_that_nobody_confirms_is_undone(appliance: Appliance) -> None:
    before = appliance.run("nft", "--stateless", "list", "table", "inet", "bitgrid")
    appliance.run("tee", "/run/shut.nft", text=SHUT)
    appliance.run("env", "BITGRID_FIREWALL_CONFIRM_S=4", "bitgrid-firewall", "apply", "/run/shut.nft")
    assert appliance.home.reaches(LOGIN) == [False]
    assert any(all(appliance.home.reaches(LOGIN)) for _ in range(30)), "the old rules came back by themselves"
    rules = ("nft", "--stateless", "list", "table", "inet", "bitgrid")
    with contextlib.suppress(AssertionError):  # what differs is shown by the comparison below
        eventually(lambda: shape(appliance.run(*rules)) == shape(before), "they are what they were", 30)
    assert shape(appliance.run(*rules)) == shape(before)
    code, said = appliance.ssh("sudo", "bitgrid-firewall", "confirm")
    assert (code, "no change waits" in said) == (1, True)


def shape(rules: str) -> str:
    """Rules without who has been seen or refused since they were loaded."""
    return re.sub(r"(set (?:refused|ssh_seen|web_seen)\w* \{[^}]*?)\n\s+elements = \{[^}]*\}", r"\1", rules)


def test_a_playbook_that_would_lock_its_owner_out_fails_and_is_undone(appliance: Appliance) -> None:
    locking_out = '{"bitgrid_firewall_lan_prefixes": ["192.0.2.0/24"], "bitgrid_firewall_confirm_s": 4}'
    try:
        said = appliance.play("site.yml", "--tags=firewall", f"--extra-vars={locking_out}", may_fail=True)
        # Its new connection gets nowhere, or, tried again, somewhere only once the rules are undone.
        assert "unreachable=1" in said or "no change waits to be confirmed" in said, said[-2000:]
        assert any(all(appliance.home.reaches(LOGIN)) for _ in range(30))
        left = appliance.run("nft", "list", "ruleset") + appliance.run("cat", "/etc/nftables.conf")
        assert "192.0.2.0" not in left
    finally:
        appliance.play("site.yml", "--tags=firewall")


def test_a_login_older_than_the_change_confirms_nothing(appliance: Appliance) -> None:
    options = [*appliance.ssh_options(), f"admin@{HOST4}"]
    prefix = ["ip", "netns", "exec", appliance.home.name, "ssh"]
    with subprocess.Popen(
        [*prefix, *options, "read -r _; sudo bitgrid-firewall confirm"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    ) as old:  # fmt: skip
        assert any("read -r" in appliance.run("ps", "-A", "-o", "args") for _ in range(100))
        # The next second at the earliest: processes and changes are dated by the second.
        began = appliance.run("cut", "-d.", "-f1", "/proc/uptime")
        assert any(appliance.run("cut", "-d.", "-f1", "/proc/uptime") != began for _ in range(1000))
        assert appliance.ssh("sudo", "bitgrid-firewall", "apply", "/etc/nftables.conf")[0] == 0
        said, _ = old.communicate("\n", timeout=30)
    assert "Log in anew" in said
    assert appliance.ssh("sudo", "bitgrid-firewall", "confirm")[0] == 0


def test_nonsense_is_refused_and_changes_nothing(appliance: Appliance) -> None:
    appliance.run("tee", "/run/nonsense.nft", text="let everything pass\n")
    code, said = appliance.ssh("sudo", "bitgrid-firewall", "apply", "/run/nonsense.nft")
    assert (code, "nothing was changed" in said) == (1, True)
    assert "policy drop" in appliance.run("nft", "list", "chain", "inet", "bitgrid", "input")


def test_rules_that_cannot_be_loaded_at_the_start_leave_the_host_closed(appliance: Appliance) -> None:
    kept = appliance.run("cat", "/etc/nftables.conf")
    try:
        appliance.run("tee", "/etc/nftables.conf", text="broken by a failing card\n")
        appliance.run("nft", "flush", "ruleset")
        appliance.run("systemctl", "restart", "nftables.service", may_fail=True)
        closed = "nft", "list", "table", "inet", "bitgrid_closed"
        assert any("policy drop" in appliance.run(*closed, may_fail=True) for _ in range(50))
    finally:
        appliance.run("tee", "/etc/nftables.conf", text=kept)
        appliance.run("systemctl", "restart", "nftables.service")
    assert appliance.home.reaches(LOGIN) == [True]


@pytest.mark.parametrize("unit", ["bitgrid-reach.service", "bitgrid-follow.service"])
def test_what_follows_a_change_does_so_however_often_there_is_one(appliance: Appliance, unit: str) -> None:
    appliance.run("sh", "-c", f"for _ in 1 2 3 4 5 6 7 8 9 10; do systemctl start {unit} || exit; done")
    assert METER4 in appliance.run("nft", "list", "table", "inet", "bitgrid")


def test_stopping_the_service_opens_nothing(appliance: Appliance) -> None:
    appliance.run("systemctl", "stop", "nftables.service")
    assert "policy drop" in appliance.run("nft", "list", "chain", "inet", "bitgrid", "input")
    appliance.run("systemctl", "start", "nftables.service")
